//! Opening a guild's file, or making one, and seeing whether it is what it should be.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::OnceCell;

use super::{StoreOptions, Synchronous};
use crate::clock::SharedClock;
use crate::ids::GuildId;
use crate::storage::data_dir::OnDisk;
use crate::storage::guild_db::GuildDb;
use crate::storage::quarantine::{self, Quarantine};
use crate::storage::stopwatch::Stopwatch;
use crate::storage::{DataDir, StorageError, files, schema};

/// Opens and creates the guilds' files. One caller at a time per guild, which the slots see to.
pub(super) struct Opener {
    dir: Arc<DataDir>,
    connect: SqliteConnectOptions,
    synchronous: Synchronous,
    stopwatch: Stopwatch,
    clock: SharedClock,
    quarantine: Arc<Quarantine>,
    /// An empty guild database, byte for byte: writing a copy is five times quicker than running the migrations.
    template: OnceCell<Arc<[u8]>>,
}

/// What a file says about itself.
#[derive(sqlx::FromRow)]
struct Identity {
    application_id: i64,
    user_version: i64,
    guild_id: Option<i64>,
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
            stopwatch: Stopwatch { slow_after: options.slow_statement },
            clock,
            quarantine,
            template: OnceCell::new(),
        }
    }

    /// Looks for the guild's file, without opening it: `None` if the guild has no store.
    pub(super) fn find(&self, guild: GuildId) -> Result<Option<PathBuf>, StorageError> {
        match self.dir.look_up(guild)? {
            OnDisk::Nothing => Ok(None),
            OnDisk::Database(file) => Ok(Some(file)),
            OnDisk::Unusable(reason) => Err(self.quarantine.add(guild, reason)),
        }
    }

    /// Makes an empty store for a guild that has none.
    pub(super) async fn create(&self, guild: GuildId) -> Result<PathBuf, StorageError> {
        let template = Arc::clone(self.template.get_or_try_init(|| self.make_template(guild)).await?);
        let dir = Arc::clone(&self.dir);
        blocking(guild, move || dir.create_guild(guild, &template)).await
    }

    /// Opens the guild's file and checks that it is the guild's own and of this version, older ones after
    /// migrating.
    pub(super) async fn open(&self, guild: GuildId, file: &Path) -> Result<GuildDb, StorageError> {
        let pool = SqlitePoolOptions::new()
            // One connection, which the manager closes: everything of a guild takes its turn on it.
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(self.connect.clone().filename(file));
        let db = GuildDb { guild, pool, quarantine: Arc::clone(&self.quarantine), stopwatch: self.stopwatch };
        match self.check(&db).await {
            Ok(()) => {
                self.quarantine.remove(guild);
                Ok(db)
            }
            Err(error) => {
                db.pool.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self, db: &GuildDb) -> Result<(), StorageError> {
        let aside = |reason: String| Err(self.quarantine.add(db.guild, reason));
        let identity = match identity(&db.pool).await {
            Ok(identity) => identity,
            Err(error) if quarantine::is_foreign_schema(&error) => {
                return aside(format!("its file is not a guild database of Muster's ({error})"));
            }
            Err(error) => return Err(db.failed("open")(error)),
        };
        let known = schema::GUILD.version();
        if identity.application_id != schema::GUILD.application_id {
            return aside("its file is not a guild database of Muster's".to_owned());
        }
        if identity.user_version > known {
            let version = identity.user_version;
            return aside(format!("its file has schema {version}, and this version of Muster knows {known}"));
        }
        if identity.user_version < known
            && let Err(error) = schema::GUILD.migrate(&db.pool).await
        {
            return aside(format!(
                "its schema {} could not be brought to {known}: {error}",
                identity.user_version
            ));
        }
        match identity.guild_id.map(u64::try_from) {
            None => self.adopt(db).await?,
            Some(Ok(owner)) if owner == db.guild.get() => {}
            Some(_) => return aside("its file belongs to another guild".to_owned()),
        }
        if self.quarantine.find(db.guild).is_some() {
            let found = quick_check(&db.pool).await.map_err(db.failed("check itself"))?;
            if found != "ok" {
                return aside(format!("its file is corrupt ({found})"));
            }
        }
        Ok(())
    }

    /// Writes the guild's number into a file fresh from the template.
    ///
    /// A power cut may lose this row before anything that follows it; the next opening then writes it again. So it
    /// is not worth waiting for the disk.
    async fn adopt(&self, db: &GuildDb) -> Result<(), StorageError> {
        let now = self.clock.now().timestamp_millis();
        let insert = sqlx::query(
            "INSERT INTO guild (id, guild_id, created_at, updated_at) VALUES (1, $1, $2, $2)
             ON CONFLICT DO NOTHING",
        )
        .bind(db.guild)
        .bind(now);
        let written = async {
            sqlx::query("PRAGMA synchronous = NORMAL").execute(&db.pool).await?;
            insert.execute(&db.pool).await?;
            if self.synchronous == Synchronous::Full {
                sqlx::query("PRAGMA synchronous = FULL").execute(&db.pool).await?;
            }
            Ok(())
        };
        written.await.map_err(db.failed("create"))?;
        tracing::info!(guild.id = %db.guild, "created the store of a guild");
        Ok(())
    }

    async fn make_template(&self, guild: GuildId) -> Result<Arc<[u8]>, StorageError> {
        let file = self.dir.path().join(".template.db");
        files::private_file(&file).map_err(files::failed("write", &file))?;
        let filled = schema::GUILD.fill(&file).await.map_err(|error| StorageError::Sqlite {
            guild,
            operation: "prepare a new database",
            source: sqlx::Error::from(error),
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

async fn identity(pool: &SqlitePool) -> sqlx::Result<Identity> {
    sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id) AS application_id,
                (SELECT user_version FROM pragma_user_version) AS user_version,
                (SELECT guild_id FROM guild) AS guild_id",
    )
    .fetch_one(pool)
    .await
}

/// What `PRAGMA quick_check` finds first; `ok` if it finds nothing.
pub(in crate::storage) async fn quick_check(pool: &SqlitePool) -> sqlx::Result<String> {
    sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(pool).await
}

fn connect_options(options: &StoreOptions) -> SqliteConnectOptions {
    let synchronous = match options.synchronous {
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Normal => SqliteSynchronous::Normal,
    };
    SqliteConnectOptions::new()
        .create_if_missing(false)
        .foreign_keys(true)
        .synchronous(synchronous)
        .busy_timeout(options.busy_timeout)
        // A write-ahead log that grew once is cut back to this many bytes.
        .pragma("journal_size_limit", "1048576")
        // Each cached statement costs 6 to 9 KiB, times the stores that are open.
        .statement_cache_capacity(16)
        .row_buffer_size(256)
}
