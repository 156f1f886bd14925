//! Why upkeep did not do what it was asked to.

use crate::ids::GuildId;
use crate::storage::StorageError;

/// Why upkeep did not do what it was asked to, as a sentence for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// There is nothing to look after.
    #[error("Guild {guild} has no data here.")]
    NoStore {
        /// Which guild.
        guild: GuildId,
    },
    /// There is nothing to go back to.
    #[error("Guild {guild} has no backup that can be used.")]
    NoBackup {
        /// Which guild.
        guild: GuildId,
    },
    /// The store failed, or is set aside.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
