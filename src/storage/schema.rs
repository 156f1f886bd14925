//! The two schemas, embedded in the binary, and making an empty database with one of them.

use std::path::Path;

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

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

/// The page size of new databases in bytes. A guild's database has some twenty tables and indexes of a page each, most
/// of them nearly empty for ever: 36 kB at this size, 69 kB at SQLite's default of 4,096.
const PAGE_SIZE: u32 = 2_048;

impl Schema {
    /// The number of the newest migration, which a file's `user_version` repeats.
    pub(super) fn version(&self) -> i64 {
        self.migrator.iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// Brings a database up to this schema.
    ///
    /// Boxed: the compiler cannot see by itself that the migrator's own future may change threads.
    pub(super) fn migrate<'a>(&'a self, pool: &'a SqlitePool) -> BoxFuture<'a, Result<(), MigrateError>> {
        self.migrator.run(pool).boxed()
    }

    /// Fills an empty file with this schema, compact and in WAL mode, and closes it.
    ///
    /// Nothing is flushed to the disk on the way; the caller does that once, at the end.
    pub(super) async fn fill(&self, file: &Path) -> Result<(), MigrateError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .page_size(PAGE_SIZE)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
        let filled = async {
            self.migrate(&pool).await?;
            sqlx::query("VACUUM").execute(&pool).await?;
            Ok(())
        };
        let filled = filled.await;
        pool.close().await;
        filled
    }
}
