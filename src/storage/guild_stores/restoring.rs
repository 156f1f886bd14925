//! Restoring: a backup takes the place of a guild's store while Muster runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::timeout;

use super::leasing::finished;
use super::opening::{NotOpened, Opener, blocking};
use super::slot::Slot;
use super::{GuildStores, Shared};
use crate::clock::Timestamp;
use crate::domain::reminder::first_on_grid;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::storage::data_dir::taken_at;
use crate::storage::guild_db::GuildDb;
use crate::storage::{Backup, Events, Reminders, Skip, StorageError, files};

/// Why the reminders are skipped that were due before a restore.
const WHY: &str = "the server's data was restored from a backup";

/// Events whose missed reminders are skipped at a time.
const EVENTS_AT_ONCE: usize = 500;

/// How far the numbers of events and reminders jump: some of those in between may stand on messages that were sent after
/// the backup was taken, and must never mean something else.
const NUMBERS_SKIPPED: i64 = 1_000_000;

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// Where the store is now that was replaced; `None` if there was none.
    pub set_aside: Option<PathBuf>,
    /// Reminders that were due before, and are not sent any more.
    pub skipped: u64,
}

impl GuildStores {
    /// Puts a backup in the place of the guild's store, which is set aside. Whoever asks for the store meanwhile waits, and
    /// gets the restored one.
    ///
    /// # Errors
    /// [`StorageError::BadBackup`] if the file is not a good backup of this guild; [`StorageError::InUse`] if the store
    /// stays leased for `lease_wait`. Then everything is as it was.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the restore.
    pub async fn restore(&self, guild: GuildId, backup: &Path) -> Result<Restoration, StorageError> {
        let (shared, backup) = (Arc::clone(&self.shared), backup.to_owned());
        let restore = async move { shared.restore(guild, &backup).await };
        finished(guild, self.shared.tasks.spawn(restore)).await
    }
}

impl Shared {
    async fn restore(self: &Arc<Self>, guild: GuildId, backup: &Path) -> Result<Restoration, StorageError> {
        let slot = self.take_out(guild).await?;
        let restored = self.replace(guild, backup).await;
        // A new slot opens what is there now, whether that is the old store or the restored one.
        drop(slot.stand_up());
        self.slots.remove(&slot);
        // Whether it went well or not: it may have failed after the last step.
        self.casualties.note(guild);
        restored
    }

    /// Closes a guild's store and keeps everybody out of its slot until that is removed.
    async fn take_out(self: &Arc<Self>, guild: GuildId) -> Result<Arc<Slot>, StorageError> {
        let slot = loop {
            if self.stopping.load(Ordering::SeqCst) {
                return Err(StorageError::Closed { guild });
            }
            match self.slots.begin_replacement(guild) {
                Ok(slot) => break slot,
                Err(closing) => closing.closed.cancelled().await,
            }
        };
        let waited = self.options.lease_wait;
        if timeout(waited, slot.drained()).await.is_err() {
            let shared = Arc::clone(self);
            self.tasks.spawn(async move {
                slot.drained().await;
                drop(shared.finish_close(&slot).await);
            });
            return Err(StorageError::InUse { guild, waited });
        }
        slot.release(&self.tasks).await;
        Ok(slot)
    }

    async fn replace(&self, guild: GuildId, backup: &Path) -> Result<Restoration, StorageError> {
        let now = self.clock.now();
        let bad = |not_opened| match not_opened {
            NotOpened::Damaged(reason) => StorageError::BadBackup { file: backup.to_owned(), guild, reason },
            NotOpened::Failed(error) => error,
        };
        let skipped = self.opener.prepare(guild, backup, now).await.map_err(bad)?;
        let dir = Arc::clone(&self.dir);
        let source = backup.to_owned();
        let replaced = blocking(guild, move || {
            let aside = dir.replace_guild(guild, "a backup took its place", now)?;
            if let Err(error) = taken_at(&source).and_then(|taken_at| dir.note_restored(guild, taken_at)) {
                tracing::warn!(guild.id = %guild, error = chain(&error), "its organisers may hear that nothing took its place");
            }
            Ok(aside)
        });
        let set_aside = replaced.await?;
        self.quarantine.remove(guild);
        tracing::info!(guild.id = %guild, backup = %backup.display(), skipped, "restored the store of a guild");
        Ok(Restoration { set_aside, skipped })
    }
}

impl Opener {
    /// Makes a guild's store of one of its backups, where there is none; how many reminders are not sent any more.
    pub(super) async fn install(
        &self,
        guild: GuildId,
        backup: &Backup,
        now: Timestamp,
    ) -> Result<u64, NotOpened> {
        let skipped = self.prepare(guild, &backup.file, now).await?;
        let (dir, taken_at) = (Arc::clone(&self.dir), backup.taken_at);
        let finished = blocking(guild, move || {
            // First: killed in between, this is done once more, and otherwise nobody would ever note it.
            dir.note_restored(guild, taken_at)?;
            dir.finish_guild(guild)
        });
        finished.await?;
        Ok(skipped)
    }

    /// Makes a store of a copy of a backup, in a directory that only has to get its name.
    async fn prepare(&self, guild: GuildId, backup: &Path, now: Timestamp) -> Result<u64, NotOpened> {
        let prepared = self.prepare_copy(guild, backup, now).await;
        if prepared.is_err() {
            let dir = Arc::clone(&self.dir);
            blocking(guild, move || dir.give_up_guild(guild)).await?;
        }
        prepared
    }

    async fn prepare_copy(&self, guild: GuildId, backup: &Path, now: Timestamp) -> Result<u64, NotOpened> {
        let (dir, source) = (Arc::clone(&self.dir), backup.to_owned());
        let copied = blocking(guild, move || {
            let copy = dir.begin_guild(guild)?;
            std::fs::copy(&source, &copy).map_err(files::failed("copy", &source))?;
            // The copy has the mode of a file that perhaps nobody may write to.
            files::seal(&copy)?;
            Ok(copy)
        });
        let copy = copied.await?;
        let db = self.open_copy(guild, &copy).await?;
        let skipped = settle(&db, now).await;
        db.pool.close().await;
        blocking(guild, move || files::seal(&copy)).await?;
        Ok(skipped?)
    }
}

/// Skips every reminder that was due by now, of which nobody can know any more whether it was sent, and lets the numbers of
/// events and reminders jump.
async fn settle(db: &GuildDb, now: Timestamp) -> Result<u64, StorageError> {
    let (events, reminders) = (Events { db }, Reminders { db });
    let mut skipped = reminders.skip_pending(WHY, now).await?;
    loop {
        let due = events.due(now, None, EVENTS_AT_ONCE).await?;
        for event in &due {
            let Some(scheduled_at) = event.next_due_at else { continue };
            let next_due_at = first_on_grid(event.grid_at, event.interval, now);
            let skip = Skip { event_id: event.id, scheduled_at, next_due_at, responded: 0, why: Some(WHY) };
            skipped += u64::from(reminders.skip(&skip, now).await?);
        }
        if due.len() < EVENTS_AT_ONCE {
            break;
        }
    }
    db.skip_numbers(NUMBERS_SKIPPED).await?;
    Ok(skipped)
}
