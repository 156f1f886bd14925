//! Upkeep while the bot does not run: the command line opens the data directory itself.

use std::time::Duration;

use tokio::time::Instant;

use super::Upkeep;
use crate::clock::SharedClock;
use crate::config::StorageConfig;
use crate::storage::StorageError;

/// How long the closing of the stores may take.
const CLOSING: Duration = Duration::from_secs(30);

/// The data directory of a bot that does not run, opened to be looked after.
pub struct Offline {
    /// What can be asked.
    pub upkeep: Upkeep,
}

impl Offline {
    /// Opens the data directory, which nobody else may use from here on.
    ///
    /// # Errors
    /// [`StorageError::InUseByAnother`] while the bot runs; otherwise what is wrong with the directory or the system store.
    pub async fn open(config: &StorageConfig, clock: SharedClock) -> Result<Self, StorageError> {
        Ok(Self { upkeep: Upkeep::open(config, clock).await? })
    }

    /// Closes everything. A crash of the bot before this is not forgotten: its next start looks through all guilds.
    ///
    /// # Errors
    /// [`StorageError`] if the registry cannot be written; the next start then looks through all guilds.
    pub async fn close(self) -> Result<(), StorageError> {
        let is_exact = self.upkeep.settle_casualties().await;
        let Upkeep { stores, registry, .. } = self.upkeep;
        stores.close(Instant::now() + CLOSING).await;
        registry.close(registry.was_clean_stop() && is_exact).await
    }
}
