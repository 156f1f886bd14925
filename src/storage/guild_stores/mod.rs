//! Every guild's store: opened on demand, leased, closed when it is not needed, deleted with its guild.
//!
//! Owns the slots, one per store that is open, and the files below `guilds/`.
//!
//! **Invariants**
//! - One opening per guild at a time, however many ask; a failed one is not remembered.
//! - A store is visible only once its file was checked and its migrations ran.
//! - A leased store is not closed, except by a deletion after `lease_wait`, or the shutdown after `stop_wait`.
//! - Nothing is created without [`GuildStores::admit`], and never in place of a file that is missing or broken.
//! - What a caller begins (opening, closing, deleting) runs to its end on the stores' own task tracker, even if the
//!   caller goes away: no store is left half open.
//! - A damaged store is moved aside whole and never deleted; its newest good backup takes its place, if there is one.
//! - Nothing awaits while a guard of a map is held.
//!
//! **Does not know** what is in a store beyond its schema version and whose it is.

mod as_found;
mod care;
mod casualties;
mod closing;
mod file_check;
mod lease;
mod leasing;
mod opening;
mod options;
mod rescue;
mod restoring;
mod room;
mod slot;
mod slots;
mod snapshot;
mod stats;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use dashmap::DashSet;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use care::{Optimization, Verdict};
pub(super) use file_check::integrity_check;
pub use lease::Lease;
pub use options::{StoreOptions, Synchronous};
pub use restoring::Restoration;
pub use stats::StoreStats;

use self::casualties::Casualties;
use self::leasing::IfMissing;
use self::opening::Opener;
use self::room::Room;
use self::slots::Slots;
use self::stats::Counters;
use super::quarantine::Quarantine;
use super::{DataDir, DiskSpace, StorageError};
use crate::clock::SharedClock;
use crate::ids::GuildId;

/// Every guild's store. Cheap to clone.
#[derive(Clone)]
pub struct GuildStores {
    shared: Arc<Shared>,
}

/// What all clones share.
struct Shared {
    slots: Slots,
    room: Arc<Room>,
    opener: Opener,
    quarantine: Arc<Quarantine>,
    /// The guilds for which a store may be created.
    admitted: DashSet<GuildId>,
    counters: Counters,
    casualties: Casualties,
    /// Openings, closings and deletions that were begun.
    tasks: TaskTracker,
    /// How many of these close a store.
    closing: AtomicUsize,
    /// Wakes who waits for one of those to be done.
    freed: Notify,
    stopping: AtomicBool,
    dir: Arc<DataDir>,
    disk: DiskSpace,
    options: StoreOptions,
    clock: SharedClock,
}

impl GuildStores {
    /// Keeps the stores in `dir`; does no I/O.
    #[must_use]
    pub fn new(dir: Arc<DataDir>, options: StoreOptions, clock: SharedClock) -> Self {
        let quarantine = Arc::new(Quarantine::default());
        let opener = Opener::new(Arc::clone(&dir), &options, Arc::clone(&clock), Arc::clone(&quarantine));
        let shared = Shared {
            slots: Slots::default(),
            room: Room::new(options.max_open),
            opener,
            quarantine,
            admitted: DashSet::new(),
            counters: Counters::default(),
            casualties: Casualties::default(),
            tasks: TaskTracker::new(),
            closing: AtomicUsize::new(0),
            freed: Notify::new(),
            stopping: AtomicBool::new(false),
            disk: DiskSpace::new(dir.path(), options.min_free),
            dir,
            options,
            clock,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Notes that Muster is a member of this guild: a store may be created for it.
    pub fn admit(&self, guild: GuildId) {
        self.shared.admitted.insert(guild);
    }

    /// Leases the guild's store; `None` if it has none. Never creates one.
    ///
    /// # Errors
    /// [`StorageError::Quarantined`] if the file is not usable, [`StorageError::Deleted`] while it is being
    /// deleted, [`StorageError::Closed`] after [`GuildStores::close`], or a failure of the file system or of
    /// SQLite.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the lease; an opening that was begun is finished and serves the next caller.
    pub async fn open(&self, guild: GuildId) -> Result<Option<Lease>, StorageError> {
        self.shared.lease(guild, IfMissing::Leave).await
    }

    /// Leases the guild's store, and creates it if it has none.
    ///
    /// # Errors
    /// [`StorageError::NotAMember`] unless the guild was admitted; otherwise like [`GuildStores::open`].
    ///
    /// # Cancel safety
    /// Like [`GuildStores::open`]; a store may have been created all the same.
    pub async fn open_or_create(&self, guild: GuildId) -> Result<Lease, StorageError> {
        if !self.shared.admitted.contains(&guild) {
            return Err(StorageError::NotAMember { guild });
        }
        let lease = self.shared.lease(guild, IfMissing::Create).await?;
        // A deletion came first and the guild is admitted no more.
        lease.ok_or(StorageError::NotAMember { guild })
    }

    /// The room on the disk that the stores are on.
    #[must_use]
    pub fn disk(&self) -> &DiskSpace {
        &self.shared.disk
    }

    /// What the guild stores did so far.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        let leased = self.shared.slots.all().iter().filter(|slot| slot.leases() > 0).count();
        self.shared.counters.read(self.shared.room.taken(), leased, self.shared.quarantine.len())
    }

    /// Why this guild's store may not be used at present, as far as is known without looking.
    #[must_use]
    pub fn is_quarantined(&self, guild: GuildId) -> Option<String> {
        self.shared.quarantine.find(guild).map(|case| case.reason().to_owned())
    }
}
