//! The connection to one guild's database, and what its failures mean.

use std::sync::Arc;

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::StorageError;
use super::pool_of_one::{PoolOfOne, Turn};
use super::quarantine::{self, Quarantine};
use super::stopwatch::{Owner, Stopwatch};
use crate::ids::GuildId;

/// The open database of one guild. Cheap to clone; the repositories borrow it from a lease.
#[derive(Debug, Clone)]
pub(super) struct GuildDb {
    pub(super) guild: GuildId,
    pub(super) pool: PoolOfOne,
    pub(super) quarantine: Arc<Quarantine>,
    pub(super) stopwatch: Stopwatch,
}

impl GuildDb {
    /// Runs a statement, or a transaction from its beginning to its commit. Everything that the repositories do goes
    /// through here, so that it is measured, and a failure says whose store failed to do what.
    ///
    /// What is measured includes the wait for the guild's one connection.
    pub(super) fn run<'a, T>(
        &'a self,
        operation: &'static str,
        statement: impl Future<Output = sqlx::Result<T>> + Send + 'a,
    ) -> impl Future<Output = Result<T, StorageError>> + Send + 'a {
        let done = self.stopwatch.time(Owner::Guild(self.guild), operation, statement);
        async move { done.await.map_err(self.failed(operation)) }
    }

    /// Runs a statement that writes, and says whether it changed a row.
    pub(super) async fn change(
        &self,
        operation: &'static str,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<bool, StorageError> {
        let done = self.run(operation, statement.execute(&self.pool)).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Waits for the connection, inside what is [`run`](Self::run), for a transaction.
    pub(super) async fn turn(&self) -> sqlx::Result<Turn> {
        self.pool.turn().await
    }

    /// Adds guild and operation to a failure of SQLite; a file found corrupt is doubted from here on.
    pub(super) fn failed(&self, operation: &'static str) -> impl FnOnce(sqlx::Error) -> StorageError {
        let guild = self.guild;
        move |source| match source {
            sqlx::Error::PoolClosed => StorageError::Closed { guild },
            source if quarantine::is_corruption(&source) => {
                let reason = format!("it turned out to be corrupt while trying to {operation} ({source})");
                self.quarantine.doubt(guild, reason)
            }
            source => StorageError::Sqlite { guild, operation, source },
        }
    }

    /// Lets the numbers of the events and reminders to come begin so much higher.
    pub(super) async fn skip_numbers(&self, by: i64) -> Result<(), StorageError> {
        let skip = sqlx::query(
            "WITH counted (name) AS (VALUES ('events'), ('reminder_log'))
             INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM counted
             WHERE name NOT IN (SELECT name FROM sqlite_sequence)",
        );
        self.change("skip numbers", skip).await?;
        let skip = sqlx::query("UPDATE sqlite_sequence SET seq = seq + $1").bind(by);
        self.change("skip numbers", skip).await?;
        Ok(())
    }
}
