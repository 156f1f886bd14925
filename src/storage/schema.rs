//! The two schemas, embedded in the binary, and making an empty database with one of them.

use std::path::Path;

use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

/// A schema: its migrations, and how a file says that it has it.
#[derive(Debug)]
pub(super) struct Schema {
    /// What SQLite's `application_id` says in such a file.
    pub(super) application_id: i64,
    migrator: Migrator,
}

/// The schema of a guild's database.
pub(super) static GUILD: Schema =
    Schema { application_id: 0x4D55_5354, migrator: sqlx::migrate!("migrations/guild") };

/// The schema of the system store.
pub(super) static SYSTEM: Schema =
    Schema { application_id: 0x4D53_5953, migrator: sqlx::migrate!("migrations/system") };

/// The page size of new databases in bytes. A guild's database has some twenty tables and indexes of a page each,
/// most of them nearly empty for ever: 37 kB at this size, 66 kB at SQLite's default of 4,096.
const PAGE_SIZE: u32 = 2_048;

impl Schema {
    /// The number of the newest migration, which a file's `user_version` repeats.
    pub(super) fn version(&self) -> i64 {
        self.migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// Brings a database up to this schema.
    ///
    /// Boxed, and by the hidden door: the compiler cannot see by itself that the migrator's own future may change threads.
    pub(super) fn migrate<'a>(
        &'a self,
        connection: &'a mut SqliteConnection,
    ) -> BoxFuture<'a, sqlx::Result<()>> {
        self.migrator.run_direct(None, connection, false).map_err(what_failed).boxed()
    }

    /// Fills an empty file with this schema, compact and in WAL mode, and closes it.
    ///
    /// Nothing is flushed to the disk on the way; the caller does that once, at the end.
    pub(super) async fn fill(&self, file: &Path) -> sqlx::Result<()> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .page_size(PAGE_SIZE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off);
        let mut connection = options.connect().await?;
        let filled = async {
            self.migrate(&mut connection).await?;
            sqlx::query("VACUUM").execute(&mut connection).await?;
            Ok(())
        };
        let filled = filled.await;
        connection.close().await?;
        filled
    }
}

/// What SQLite said to a migration, as of any other statement: whether it is the file's fault is read from that.
fn what_failed(error: MigrateError) -> sqlx::Error {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => source,
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::open_store;

    #[tokio::test]
    async fn the_file_says_which_schema_it_has_and_the_migrator_agrees() {
        let (_tmp, lease) = open_store().await;
        let said: (i64, i64) = sqlx::query_as(
            "SELECT (SELECT application_id FROM pragma_application_id),
                    (SELECT user_version FROM pragma_user_version)",
        )
        .fetch_one(&lease.db().pool)
        .await
        .unwrap();
        assert_eq!(said, (GUILD.application_id, GUILD.version()));
        GUILD.migrate(&mut lease.db().pool.turn().await.unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn a_migration_that_finds_no_room_says_nothing_about_the_file() {
        let tmp = tempfile::tempdir().unwrap();
        let file = SqliteConnectOptions::new().filename(tmp.path().join("guild.db")).create_if_missing(true);
        let mut connection = file.pragma("max_page_count", "4").connect().await.unwrap();
        let full = GUILD.migrate(&mut connection).await.unwrap_err();
        assert!(crate::storage::quarantine::is_passing(&full), "{full:?}");
    }

    #[tokio::test]
    async fn every_frequent_question_has_its_index() {
        let (_tmp, lease) = open_store().await;
        for (question, index) in [
            (
                "EXPLAIN QUERY PLAN SELECT * FROM events WHERE next_due_at <= 1 AND next_due_at IS NOT NULL
                 AND message_id IS NOT NULL ORDER BY next_due_at, id",
                "events_due",
            ),
            ("EXPLAIN QUERY PLAN SELECT count(*) FROM events WHERE ended_at IS NULL", "events_live"),
            (
                "EXPLAIN QUERY PLAN SELECT * FROM events WHERE ended_at IS NULL ORDER BY created_at DESC, id DESC",
                "events_live",
            ),
            ("EXPLAIN QUERY PLAN SELECT * FROM events WHERE message_id = 1", "sqlite_autoindex_events_1"),
            ("EXPLAIN QUERY PLAN SELECT * FROM responses WHERE event_id = 1", "PRIMARY KEY"),
            (
                "EXPLAIN QUERY PLAN SELECT * FROM reminder_log WHERE event_id = 1 ORDER BY scheduled_at DESC",
                "sqlite_autoindex_reminder_log_1",
            ),
            (
                "EXPLAIN QUERY PLAN SELECT * FROM reminder_log WHERE status = 'pending' AND next_attempt_at <= 1",
                "reminder_log_by_status",
            ),
        ] {
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(question).fetch_all(&lease.db().pool).await.unwrap();
            let [(.., step)] = plan.as_slice() else { panic!("{question}: more than one step: {plan:?}") };
            assert!(step.starts_with("SEARCH") || step.contains(index), "{question}: {step}");
            assert!(step.contains(index), "{question}: {step}");
        }
    }
}
