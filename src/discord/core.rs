//! What every part of the edge shares.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::catch_up::CatchUp;
use super::drafts::Drafts;
use super::edits::Edits;
use super::freshness::Freshness;
use super::gateway::Inbound;
use super::keyed_locks::KeyedLocks;
use super::link::Link;
use super::members::MemberChange;
use super::reactions::ReactionChange;
use super::roll_call::RollCall;
use super::sender::Sender;
use crate::clock::SharedClock;
use crate::config::Config;
use crate::ids::{GuildId, MessageId};
use crate::scheduler::Agenda;
use crate::storage::{GuildStores, Lease, Registry, StorageError};
use crate::upkeep::Upkeep;

/// The handles and the memory of the edge.
pub(super) struct Core {
    /// The databases of the guilds.
    pub(super) stores: GuildStores,
    /// What is known of all guilds without opening one.
    pub(super) registry: Arc<Registry>,
    /// What is due next.
    pub(super) agenda: Agenda,
    /// Looking after the guilds' data.
    pub(super) upkeep: Upkeep,
    /// What the operator decided.
    pub(super) config: Arc<Config>,
    /// The time.
    pub(super) clock: SharedClock,
    /// Where tasks are spawned.
    pub(super) tracker: TaskTracker,
    /// The way out.
    pub(super) sender: Sender,
    /// How the gateway is doing.
    pub(super) link: Arc<Link>,
    /// Where what the gateway tells is taken in.
    pub(super) inbox: UnboundedSender<Inbound>,
    /// What permissions are computed from.
    pub(super) access: Access,
    /// What may be believed without asking.
    pub(super) freshness: Freshness,
    /// Event messages that wait to be rewritten.
    pub(super) edits: Edits,
    /// Where the posting of an event may have been interrupted.
    pub(super) drafts: Drafts,
    /// Which guilds Discord listed.
    pub(super) roll_call: Mutex<RollCall>,
    /// One at a time joins, leaves or deletes a guild.
    pub(super) membership: KeyedLocks<GuildId>,
    /// One at a time reads a guild's members and reactions.
    pub(super) reading: KeyedLocks<GuildId>,
    /// Changes of members that came while they were read.
    pub(super) member_changes: CatchUp<GuildId, MemberChange>,
    /// Changes of reactions that came while they were read.
    pub(super) reaction_changes: CatchUp<(GuildId, MessageId), ReactionChange>,
    /// Nothing is deleted of guilds that are absent: too many of them are, or not every shard has listed its guilds yet.
    pub(super) absence_doubted: AtomicBool,
    /// Woken when changes may have been missed, or can be heard again.
    pub(super) stale: Notify,
    /// Woken when a guild was left or found absent.
    pub(super) departures: Notify,
}

impl Core {
    /// Which guilds Discord listed; held for a moment, never while something is waited for.
    pub(super) fn roll_call(&self) -> MutexGuard<'_, RollCall> {
        self.roll_call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open store of a guild that may have live events; `None` costs nothing and opens nothing.
    ///
    /// # Errors
    /// [`StorageError`] if the store cannot be opened.
    pub(super) async fn live_store(&self, guild: GuildId) -> Result<Option<Lease>, StorageError> {
        if self.registry.has_live_events(guild) { self.stores.open(guild).await } else { Ok(None) }
    }

    /// Sets index and agenda to what the store says, after something in it was written.
    ///
    /// # Errors
    /// [`StorageError`]; index and agenda are then early, which is harmless.
    pub(super) async fn sync_due(&self, store: &Lease) -> Result<(), StorageError> {
        crate::scheduler::sync_due(store, &self.registry, &self.agenda).await
    }
}
