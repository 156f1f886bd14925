//! What is noted in the registry: memory first, and the disk before it is reported.

use std::sync::atomic::Ordering;

use super::{GuildRecord, Membership, Registry};
use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::storage::StorageError;

impl Registry {
    /// Notes that Muster is in the guild, and that it is not absent; whether that is new, or Muster had left.
    ///
    /// # Errors
    /// [`StorageError::System`]; then memory has it and the next write takes it along. So for all that write.
    pub async fn note_joined(&self, guild: GuildId, now: Timestamp) -> Result<bool, StorageError> {
        let note = |record: &mut Option<GuildRecord>| match record {
            None => {
                *record = Some(GuildRecord::joined(now));
                true
            }
            Some(known) => {
                let returned = known.membership == Membership::Left;
                if returned {
                    (known.membership, known.joined_at, known.left_at) = (Membership::Joined, now, None);
                }
                known.absent_since = None;
                returned
            }
        };
        self.change(guild, note).await
    }

    /// Notes that Muster was removed. An earlier removal stays as it is.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_left(&self, guild: GuildId, now: Timestamp) -> Result<(), StorageError> {
        let note = |record: &mut GuildRecord| {
            record.membership = Membership::Left;
            record.left_at.get_or_insert(now);
            record.absent_since = None;
        };
        self.change_known(guild, note).await
    }

    /// Notes that Discord does not list the guild. An earlier absence stays as it is.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_absent(&self, guild: GuildId, since: Timestamp) -> Result<(), StorageError> {
        self.change_known(guild, |record| _ = record.absent_since.get_or_insert(since)).await
    }

    /// Forgets a guild, once its directory is gone.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn forget(&self, guild: GuildId) -> Result<(), StorageError> {
        self.change(guild, |record| *record = None).await
    }

    /// Notes when something is due next in the guild.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_next_due(&self, guild: GuildId, due: Option<Timestamp>) -> Result<(), StorageError> {
        self.change_known(guild, |record| record.next_due_at = due).await
    }

    /// Notes whether the guild has events that are not over.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_live(&self, guild: GuildId, live: bool) -> Result<(), StorageError> {
        self.change_known(guild, |record| record.live = live).await
    }

    async fn change_known(
        &self,
        guild: GuildId,
        change: impl FnOnce(&mut GuildRecord),
    ) -> Result<(), StorageError> {
        self.change(guild, |record| record.as_mut().map(change).unwrap_or_default()).await
    }

    /// Changes a record in memory and returns once the disk has it.
    async fn change<T>(
        &self,
        guild: GuildId,
        change: impl FnOnce(&mut Option<GuildRecord>) -> T,
    ) -> Result<T, StorageError> {
        let (result, number) = self.records.change(guild, change);
        if self.written.load(Ordering::Acquire) < number {
            let _turn = self.writing.lock().await;
            // While this waited, somebody else may have written it along.
            if self.written.load(Ordering::Acquire) < number {
                self.write_changes().await?;
            }
        }
        Ok(result)
    }
}
