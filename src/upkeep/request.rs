//! Everything that can be asked of upkeep, as data: the command line asks the same of a bot that runs as of its own process.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::report::{CleanedUp, Deleted, GuildInfo, GuildSummary, Optimized, Restored, Verified};
use super::{GuildExport, Upkeep, UpkeepError};
use crate::ids::GuildId;
use crate::storage::Backup;

/// Something that is asked of upkeep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// [`Upkeep::list`].
    List,
    /// [`Upkeep::info`].
    Info(GuildId),
    /// [`Upkeep::back_up`].
    BackUp(GuildId),
    /// [`Upkeep::restore`].
    Restore {
        /// Whose store.
        guild: GuildId,
        /// Which backup; `None`: the newest good one.
        from: Option<PathBuf>,
    },
    /// [`Upkeep::verify`].
    Verify(GuildId),
    /// [`Upkeep::optimize`].
    Optimize(GuildId),
    /// [`Upkeep::delete`].
    Delete(GuildId),
    /// [`Upkeep::export`].
    Export(GuildId),
    /// [`Upkeep::clean_up`].
    CleanUp {
        /// Whose reminder log.
        guild: GuildId,
        /// Rows older than this many days go.
        days: u32,
    },
}

/// What upkeep answers, a variant for each [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The guilds.
    List(Vec<GuildSummary>),
    /// What is known of one.
    Info(Box<GuildInfo>),
    /// The backup that was taken.
    BackUp(Backup),
    /// What the restore did.
    Restore(Restored),
    /// Whether the store is sound.
    Verify(Verified),
    /// What the optimisation achieved.
    Optimize(Optimized),
    /// Whether there was something to delete.
    Delete(Deleted),
    /// Everything known about the guild.
    Export(Box<GuildExport>),
    /// What the clean-up removed.
    CleanUp(CleanedUp),
}

impl Upkeep {
    /// Does what is asked.
    ///
    /// # Errors
    /// [`UpkeepError`].
    pub async fn answer(&self, request: Request) -> Result<Answer, UpkeepError> {
        Ok(match request {
            Request::List => Answer::List(self.list_aside().await?),
            Request::Info(guild) => Answer::Info(Box::new(self.info(guild).await?)),
            Request::BackUp(guild) => Answer::BackUp(self.back_up(guild).await?),
            Request::Restore { guild, from } => Answer::Restore(self.restore(guild, from).await?),
            Request::Verify(guild) => Answer::Verify(self.verify(guild).await?),
            Request::Optimize(guild) => Answer::Optimize(self.optimize(guild).await?),
            Request::Delete(guild) => Answer::Delete(self.delete(guild).await?),
            Request::Export(guild) => Answer::Export(Box::new(self.export(guild).await?)),
            Request::CleanUp { guild, days } => Answer::CleanUp(self.clean_up(guild, days).await?),
        })
    }

    /// [`Upkeep::list`] on a thread that may be blocked: it looks at files of every guild.
    async fn list_aside(&self) -> Result<Vec<GuildSummary>, UpkeepError> {
        let upkeep = self.clone();
        match tokio::task::spawn_blocking(move || upkeep.list()).await {
            Ok(list) => list,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
