//! Backups: a snapshot of a store, taken while it is used.

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;

use super::file_check::{self, refused};
use super::leasing::finished;
use super::opening::{NotOpened, blocking};
use super::{GuildStores, Shared};
use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::storage::guild_db::GuildDb;
use crate::storage::pool_of_one::PoolOfOne;
use crate::storage::{Backup, DataDir, StorageError, files};
use crate::telemetry::metric;

impl GuildStores {
    /// Takes a backup of the guild's store as it is at this moment, and removes its oldest beyond `backup_keep`; `None` if
    /// it has no store. Whatever else is asked of the store meanwhile waits for it.
    ///
    /// # Errors
    /// As [`GuildStores::open`]; a failure leaves the older backups as they are.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the backup.
    pub async fn back_up(&self, guild: GuildId) -> Result<Option<Backup>, StorageError> {
        let shared = Arc::clone(&self.shared);
        finished(guild, self.shared.tasks.spawn(async move { shared.back_up(guild).await })).await
    }
}

impl Shared {
    async fn back_up(self: &Arc<Self>, guild: GuildId) -> Result<Option<Backup>, StorageError> {
        let Some(visit) = self.visit(guild).await? else { return Ok(None) };
        let taken = {
            // One at a time: they would write to the same file.
            let _turn = visit.lease.slot().snapshot.lock().await;
            if visit.lease.pool().is_closed() {
                // The guild's data goes, or has gone: nothing may be made of it any more, not even a directory.
                Err(StorageError::Closed { guild }.into())
            } else {
                take(visit.lease.db(), &self.dir, self.options.backup_keep, self.clock.now()).await
            }
        };
        self.end_visit(visit);
        taken.map(Some).map_err(|refused| self.doubted(guild, refused))
    }

    /// The error for a caller; a store that was found damaged is doubted from here on.
    pub(super) fn doubted(&self, guild: GuildId, refused: NotOpened) -> StorageError {
        match refused {
            NotOpened::Damaged(reason) => self.quarantine.doubt(guild, reason),
            NotOpened::Failed(error) => error,
        }
    }
}

/// Writes a snapshot of an open database, checks it, flushes it, and only then gives it its name.
pub(super) async fn take(
    db: &GuildDb,
    dir: &Arc<DataDir>,
    keep: usize,
    now: Timestamp,
) -> Result<Backup, NotOpened> {
    let guild = db.guild;
    let begun = Arc::clone(dir);
    let unfinished = blocking(guild, move || begun.begin_backup(guild)).await?;
    let written = async {
        let file = unfinished.to_string_lossy();
        let vacuum = sqlx::query("VACUUM INTO $1").bind(file.as_ref()).execute(&db.pool);
        vacuum.await.map_err(|error| refused(guild, "write a backup", error))?;
        check(db, &unfinished).await
    };
    if let Err(error) = written.await {
        let dir = Arc::clone(dir);
        blocking(guild, move || dir.give_up_backup(guild)).await?;
        return Err(error);
    }
    let dir = Arc::clone(dir);
    let backup = blocking(guild, move || {
        files::seal(&unfinished)?;
        dir.finish_backup(guild, &unfinished, now, keep)
    });
    let backup = backup.await?;
    metrics::counter!(metric::BACKUPS).increment(1);
    tracing::debug!(guild.id = %guild, file = %backup.file.display(), size_bytes = backup.size_bytes, "took a backup");
    Ok(backup)
}

/// Reads a snapshot from its first byte to its last, as a restore would have to.
async fn check(db: &GuildDb, snapshot: &Path) -> Result<(), NotOpened> {
    let options = SqliteConnectOptions::new().filename(snapshot).read_only(true).create_if_missing(false);
    let pool = PoolOfOne::open(options).await.map_err(|error| refused(db.guild, "open its backup", error))?;
    let snapshot = GuildDb { pool, ..db.clone() };
    let checked = async {
        file_check::identity(&snapshot).await?.belongs_to(db.guild)?;
        file_check::whole(&snapshot).await
    };
    let checked = checked.await;
    snapshot.pool.close().await;
    checked
}
