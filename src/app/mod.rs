//! What a command may use: a few handles, and the two steps that keep the agenda true.
//!
//! **Invariants**
//! - The index of due instants may be early, never late: [`App::expect_due`] comes before the commit that makes
//!   something due, [`App::sync_due`] after it.
//!
//! **Does not know** serenity, SQL, or any single command.

mod discord;

use std::sync::Arc;

pub use discord::{ChannelInfo, ChannelKind, Discord, DiscordError, MembersMode, MessageInfo};

use crate::clock::{SharedClock, Timestamp};
use crate::config::Config;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::scheduler::Agenda;
use crate::storage::{GuildStores, Lease, Registry, StorageError};
use crate::upkeep::Upkeep;

/// The handles that commands share.
#[derive(Clone)]
pub struct App {
    /// The databases of the guilds.
    pub stores: GuildStores,
    /// What is known of all guilds without opening one.
    pub registry: Arc<Registry>,
    /// What is due next.
    pub agenda: Agenda,
    /// Backups, restores and deletion of guilds' data.
    pub upkeep: Upkeep,
    /// Discord, as far as commands need it.
    pub discord: Arc<dyn Discord>,
    /// What the operator decided.
    pub config: Arc<Config>,
    /// The time.
    pub clock: SharedClock,
}

impl App {
    /// Announces that something in `guild` will be due at `at`, before it is written.
    ///
    /// After a crash between the two the scheduler looks once for nothing; the other way round it would not look.
    ///
    /// # Errors
    /// [`StorageError`] of the system store; then the write must not happen.
    pub async fn expect_due(&self, guild: GuildId, at: Timestamp) -> Result<(), StorageError> {
        self.registry.set_live(guild, true).await?;
        let earlier =
            self.registry.find(guild).and_then(|record| record.next_due_at).is_some_and(|due| due <= at);
        if !earlier {
            self.registry.set_next_due(guild, Some(at)).await?;
        }
        self.agenda.pull_forward(guild, at);
        Ok(())
    }

    /// Sets the agenda to what the store says, after something in it was written.
    ///
    /// What was written stands whether this works or not, and nobody may be told otherwise: the agenda is then early, which
    /// is harmless.
    pub async fn sync_due(&self, store: &Lease) {
        if let Err(error) = crate::scheduler::sync_due(store, &self.registry, &self.agenda).await {
            let error = chain(&error);
            tracing::warn!(guild.id = %store.guild_id(), error, "the agenda of a guild is early for now");
        }
    }
}
