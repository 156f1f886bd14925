//! The connection to one guild's database, and what its failures mean.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, Transaction};

use super::StorageError;
use super::quarantine::{self, Quarantine};
use crate::ids::GuildId;

/// The open database of one guild. Cheap to clone; the repositories borrow it from a lease.
#[derive(Debug, Clone)]
pub(super) struct GuildDb {
    pub(super) guild: GuildId,
    pub(super) pool: SqlitePool,
    pub(super) quarantine: Arc<Quarantine>,
}

impl GuildDb {
    /// Begins a transaction that writes. It takes the write lock at once: an upgrade from reading would fail with 517.
    pub(super) async fn begin(
        &self,
        operation: &'static str,
    ) -> Result<Transaction<'static, Sqlite>, StorageError> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(self.failed(operation))
    }

    /// Adds guild and operation to a failure of SQLite; a file found corrupt is set aside from here on.
    pub(super) fn failed(&self, operation: &'static str) -> impl FnOnce(sqlx::Error) -> StorageError {
        let guild = self.guild;
        move |source| match source {
            sqlx::Error::PoolClosed => StorageError::Closed { guild },
            source if quarantine::is_corruption(&source) => {
                let reason = format!("it turned out to be corrupt while trying to {operation} ({source})");
                self.quarantine.add(guild, reason)
            }
            source => StorageError::Sqlite { guild, operation, source },
        }
    }
}
