//! Opening a guild's file, or making one, and seeing whether it is what it should be.

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::OnceCell;

use super::as_found::AsFound;
use super::{StoreOptions, Synchronous, file_check, snapshot};
use crate::clock::SharedClock;
use crate::ids::GuildId;
use crate::storage::guild_db::GuildDb;
use crate::storage::pool_of_one::PoolOfOne;
use crate::storage::quarantine::{self, Quarantine};
use crate::storage::stopwatch::Stopwatch;
use crate::storage::{DataDir, StorageError, files, schema};
use crate::telemetry::metric;

/// Opens and creates the guilds' files. One caller at a time per guild, which the slots see to.
pub(super) struct Opener {
    pub(super) dir: Arc<DataDir>,
    connect: SqliteConnectOptions,
    synchronous: Synchronous,
    /// How many backups of a guild are kept.
    backup_keep: usize,
    stopwatch: Stopwatch,
    clock: SharedClock,
    quarantine: Arc<Quarantine>,
    /// An empty guild database, byte for byte: writing a copy is five times quicker than running the migrations.
    template: OnceCell<Arc<[u8]>>,
}

/// Why a guild's file could not be opened.
pub(super) enum NotOpened {
    /// It is not what it should be; the reason is the end of a sentence.
    Damaged(String),
    /// Something around it failed; it may work later.
    Failed(StorageError),
}

impl From<StorageError> for NotOpened {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}

impl Opener {
    pub(super) fn new(
        dir: Arc<DataDir>,
        options: &StoreOptions,
        clock: SharedClock,
        quarantine: Arc<Quarantine>,
    ) -> Self {
        Self {
            dir,
            connect: connect_options(options),
            synchronous: options.synchronous,
            backup_keep: options.backup_keep,
            stopwatch: Stopwatch { slow_after: options.slow_statement },
            clock,
            quarantine,
            template: OnceCell::new(),
        }
    }

    /// Makes an empty store for a guild that has none, and opens it.
    pub(super) async fn create(&self, guild: GuildId) -> Result<GuildDb, NotOpened> {
        let template = Arc::clone(self.template.get_or_try_init(|| self.make_template(guild)).await?);
        let dir = Arc::clone(&self.dir);
        let file = blocking(guild, move || dir.create_guild(guild, &template)).await?;
        // The disk notes the name while the file is being opened; nobody has the store before both are done.
        let dir = Arc::clone(&self.dir);
        let noted = blocking(guild, move || dir.sync_guilds());
        let (noted, db) = tokio::join!(noted, self.open(guild, &file));
        let db = db?;
        if let Err(error) = noted {
            db.pool.close().await;
            return Err(error.into());
        }
        Ok(db)
    }

    /// Opens the guild's file and checks that it is the guild's own and of this version; an older one is migrated, after a
    /// backup of it was taken.
    pub(super) async fn open(&self, guild: GuildId, file: &Path) -> Result<GuildDb, NotOpened> {
        let db = self.connect(guild, file).await?;
        match self.check(&db).await {
            Ok(()) => {
                self.quarantine.remove(guild);
                Ok(db)
            }
            Err(NotOpened::Damaged(reason)) => {
                // Closing writes the log into the database, damaged or not.
                let found = AsFound::copy(file);
                db.pool.close().await;
                found.put_back();
                Err(NotOpened::Damaged(reason))
            }
            Err(failed) => {
                db.pool.close().await;
                Err(failed)
            }
        }
    }

    /// Opens a copy of a backup to make a store of it: checked whole, and migrated if it is older.
    pub(super) async fn open_copy(&self, guild: GuildId, copy: &Path) -> Result<GuildDb, NotOpened> {
        let db = self.connect(guild, copy).await?;
        let checked = async {
            let identity = file_check::identity(&db).await?;
            identity.belongs_to(guild)?;
            file_check::whole(&db).await?;
            // A backup is no write-ahead log database; a store is one from its first moment.
            let wal = sqlx::query("PRAGMA journal_mode = WAL").execute(&db.pool).await;
            wal.map_err(|error| file_check::refused(guild, "become a store", error))?;
            if identity.user_version < schema::GUILD.version() {
                migrate(&db, identity.user_version).await?;
            }
            Ok(())
        };
        match checked.await {
            Ok(()) => Ok(db),
            Err(not_opened) => {
                db.pool.close().await;
                Err(not_opened)
            }
        }
    }

    /// Opens a file without reading it: what is wrong with it is found by a statement, after which the connection can be
    /// closed in order. One that fails while it is being opened is closed at some later time by its own thread, which
    /// would take away the log of whatever has the file's place by then.
    async fn connect(&self, guild: GuildId, file: &Path) -> Result<GuildDb, NotOpened> {
        let pool = PoolOfOne::open(self.connect.clone().filename(file)).await;
        let pool = pool.map_err(|error| file_check::refused(guild, "open", error))?;
        Ok(GuildDb { guild, pool, quarantine: Arc::clone(&self.quarantine), stopwatch: self.stopwatch })
    }

    async fn check(&self, db: &GuildDb) -> Result<(), NotOpened> {
        let identity = file_check::identity(db).await?;
        identity.belongs_to(db.guild)?;
        if self.synchronous == Synchronous::Normal {
            let normal = sqlx::query("PRAGMA synchronous = NORMAL").persistent(false).execute(&db.pool);
            normal.await.map_err(|error| file_check::refused(db.guild, "open", error))?;
        }
        if identity.user_version < schema::GUILD.version() {
            // Whatever the migration does to it, this can be gone back to.
            snapshot::take(db, &self.dir, self.backup_keep, self.clock.now()).await?;
            migrate(db, identity.user_version).await?;
        }
        if identity.guild_id.is_none() {
            self.adopt(db).await?;
        }
        if self.quarantine.find(db.guild).is_some() {
            file_check::whole(db).await?;
        }
        Ok(())
    }

    /// Writes the guild's number into a file fresh from the template.
    ///
    /// Nothing is flushed for it. A power cut may lose this row before anything that follows it, and the next opening then
    /// writes it again; what follows is flushed together with it, for it is in the same, new log.
    async fn adopt(&self, db: &GuildDb) -> Result<(), StorageError> {
        let now = self.clock.now().timestamp_millis();
        let insert = sqlx::query(
            "INSERT INTO guild (id, guild_id, created_at, updated_at) VALUES (1, $1, $2, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(db.guild)
        .bind(now);
        // Once in the life of a store: none of these is worth keeping prepared.
        let written = async {
            sqlx::query("PRAGMA synchronous = OFF").persistent(false).execute(&db.pool).await?;
            insert.persistent(false).execute(&db.pool).await?;
            let again = match self.synchronous {
                Synchronous::Full => "PRAGMA synchronous = FULL",
                Synchronous::Normal => "PRAGMA synchronous = NORMAL",
            };
            sqlx::query(again).persistent(false).execute(&db.pool).await?;
            Ok(())
        };
        written.await.map_err(db.failed("create"))?;
        tracing::info!(guild.id = %db.guild, "created the store of a guild");
        Ok(())
    }

    async fn make_template(&self, guild: GuildId) -> Result<Arc<[u8]>, StorageError> {
        let file = self.dir.path().join(".template.db");
        files::private_file(&file).map_err(files::failed("write", &file))?;
        let filled = schema::GUILD.fill(&file).await.map_err(|source| StorageError::Sqlite {
            guild,
            operation: "prepare a new database",
            source,
        });
        let read = std::fs::read(&file).map_err(files::failed("read", &file));
        std::fs::remove_file(&file).map_err(files::failed("remove", &file))?;
        filled.and(read).map(Arc::from)
    }
}

/// Runs what blocks on the file system on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    guild: GuildId,
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only a runtime that shuts down cancels it.
        Err(_) => Err(StorageError::Closed { guild }),
    }
}

/// Brings a database from an older schema straight to the newest.
async fn migrate(db: &GuildDb, from: i64) -> Result<(), NotOpened> {
    let known = schema::GUILD.version();
    let migrated = async { schema::GUILD.migrate(&mut *db.turn().await?).await };
    match migrated.await {
        Ok(()) => {
            metrics::counter!(metric::MIGRATIONS).increment(1);
            tracing::info!(guild.id = %db.guild, from, to = known, "brought the store of a guild to this version");
            Ok(())
        }
        Err(source) if quarantine::is_passing(&source) => {
            let operation = "be brought to this version";
            Err(StorageError::Sqlite { guild: db.guild, operation, source }.into())
        }
        Err(source) => {
            Err(NotOpened::Damaged(format!("its schema {from} could not be brought to {known}: {source}")))
        }
    }
}

/// None of these reads the file. `synchronous` is FULL unless it is said otherwise.
fn connect_options(options: &StoreOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        // A write-ahead log that grew once is cut back to this many bytes.
        .pragma("journal_size_limit", "1048576")
        // Each cached statement costs 6 to 9 KiB, times the stores that are open.
        .statement_cache_capacity(16)
        .row_buffer_size(256)
}
