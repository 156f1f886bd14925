//! What becomes of a damaged store: it is set aside whole, and its newest good backup takes its place.

use std::sync::Arc;

use super::Shared;
use super::opening::{NotOpened, blocking};
use super::slot::Slot;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::storage::data_dir::Telling;
use crate::storage::guild_db::GuildDb;
use crate::storage::{Backup, StorageError};
use crate::telemetry::metric;

impl Shared {
    /// Sets a damaged store aside and opens its newest good backup in its place. Only for whoever opens the store.
    ///
    /// # Errors
    /// [`StorageError::Quarantined`] if it has no good backup, or cannot be moved.
    pub(super) async fn rescue(&self, slot: &Slot, reason: String) -> Result<GuildDb, StorageError> {
        let guild = slot.guild;
        let (dir, now, why) = (Arc::clone(&self.dir), self.clock.now(), reason.clone());
        let moved = blocking(guild, move || dir.set_aside(guild, &why, Telling::Organisers, now)).await;
        let aside = match moved {
            Ok(aside) => aside,
            Err(error) => {
                let error = chain(&error);
                tracing::error!(guild.id = %guild, reason, error, "the store of this guild is damaged and stays in its place");
                return Err(self.quarantine.set_aside(guild, reason));
            }
        };
        metrics::counter!(metric::QUARANTINES).increment(1);
        tracing::error!(
            guild.id = %guild, reason, set_aside = %aside.display(), "the store of this guild is set aside, its files untouched"
        );
        self.recover(slot, reason).await
    }

    /// Opens the newest good backup of a guild whose store was set aside.
    ///
    /// # Errors
    /// [`StorageError::Quarantined`] if it has none.
    pub(super) async fn recover(&self, slot: &Slot, reason: String) -> Result<GuildDb, StorageError> {
        let guild = slot.guild;
        let dir = Arc::clone(&self.dir);
        for backup in blocking(guild, move || dir.backups(guild)).await? {
            match self.opener.install(guild, &backup, self.clock.now()).await {
                Ok(skipped) => {
                    let db = self.open_restored(guild, &backup, skipped).await?;
                    // Only one opening fills a slot.
                    slot.rescued_from.get_or_init(|| reason);
                    return Ok(db);
                }
                Err(NotOpened::Damaged(reason)) => {
                    let file = backup.file.display();
                    tracing::warn!(guild.id = %guild, %file, reason, "a backup cannot be used; trying the one before it");
                }
                Err(NotOpened::Failed(error)) => return Err(error),
            }
        }
        tracing::warn!(
            guild.id = %guild, "this guild has no good backup, so its commands and reminders rest until its store is \
             restored or deleted"
        );
        let set_aside = self.quarantine.set_aside(guild, reason);
        self.casualties.note(guild);
        Err(set_aside)
    }

    async fn open_restored(
        &self,
        guild: GuildId,
        backup: &Backup,
        skipped: u64,
    ) -> Result<GuildDb, StorageError> {
        // Whether it opens now or later: what is known of the guild is that of another store.
        self.casualties.note(guild);
        let file = self.dir.guild_dir(guild).join(crate::storage::data_dir::GUILD_DB);
        let db = self.opener.open(guild, &file).await.map_err(|not_opened| match not_opened {
            NotOpened::Damaged(reason) => self.quarantine.doubt(guild, reason),
            NotOpened::Failed(error) => error,
        })?;
        let (file, taken_at) = (backup.file.display(), backup.taken_at);
        tracing::warn!(guild.id = %guild, %file, %taken_at, skipped, "a backup took the place of a damaged store");
        Ok(db)
    }
}
