//! The guild stores.

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;

use super::{DataDir, Events, GuildRows, Members, Reminders, Responses, StorageError};
use crate::clock::SharedClock;
use crate::ids::GuildId;

/// How surely a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Every commit is on the disk before it is reported.
    #[default]
    Full,
    /// A power cut may take the latest commits with it; the file stays sound.
    Normal,
}

/// How guild stores are kept.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Stores open at the same time; exceeded only while all are leased.
    pub max_open: usize,
    /// A store unused for this long is closed by the next sweep.
    pub idle_close: Duration,
    /// How surely a commit survives a power cut.
    pub synchronous: Synchronous,
    /// How long a statement waits for SQLite's lock.
    pub busy_timeout: Duration,
    /// How long a deletion, or the shutdown, waits for leases to come back.
    pub lease_wait: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            max_open: 256,
            idle_close: Duration::from_mins(5),
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            lease_wait: Duration::from_secs(10),
        }
    }
}

/// What the guild stores did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Stores open now.
    pub open: usize,
    /// Of these, how many are leased.
    pub leased: usize,
    /// Leases given of a store that was open already.
    pub hits: u64,
    /// Leases that had to wait for an opening.
    pub misses: u64,
    /// Stores closed to make room.
    pub evictions: u64,
    /// Openings that succeeded, creations included.
    pub opened: u64,
    /// How long these took together.
    pub open_latency: Duration,
}

/// Every guild's store, opened on demand. Cheap to clone.
#[derive(Clone)]
pub struct GuildStores {}

impl GuildStores {
    /// Keeps the stores in `dir`; does no I/O.
    #[must_use]
    pub fn new(dir: Arc<DataDir>, options: StoreOptions, clock: SharedClock) -> Self {
        drop((dir, options, clock));
        Self {}
    }

    /// Notes that Muster is a member of this guild: a store may be created for it.
    pub fn admit(&self, guild: GuildId) {
        unimplemented!("{guild}")
    }

    /// Leases the guild's store; `None` if it has none. Never creates one.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn open(&self, guild: GuildId) -> Result<Option<Lease>, StorageError> {
        unimplemented!("{guild}")
    }

    /// Leases the guild's store, and creates it if it has none.
    ///
    /// # Errors
    /// [`StorageError::NotAMember`] unless admitted; see [`StorageError`].
    pub async fn open_or_create(&self, guild: GuildId) -> Result<Lease, StorageError> {
        unimplemented!("{guild}")
    }

    /// Deletes all that is kept of this guild; whether there was something.
    ///
    /// # Errors
    /// [`StorageError::InUse`]; see [`StorageError`].
    pub async fn delete(&self, guild: GuildId) -> Result<bool, StorageError> {
        unimplemented!("{guild}")
    }

    /// Closes the stores that were not used for a while.
    pub async fn close_idle(&self) {}

    /// Checkpoints and closes every store; no lease is given afterwards.
    pub async fn close(&self) {}

    /// What the guild stores did so far.
    #[must_use]
    pub fn stats(&self) -> StoreStats {
        unimplemented!()
    }

    /// Why this guild's store is set aside, if it is.
    #[must_use]
    pub fn is_quarantined(&self, guild: GuildId) -> Option<String> {
        unimplemented!("{guild}")
    }
}

/// The right to use an open guild store, which stays open until the lease is dropped.
#[derive(Debug)]
pub struct Lease {
    guild: GuildId,
    pool: SqlitePool,
}

impl Lease {
    /// Whose store this is.
    #[must_use]
    pub fn guild_id(&self) -> GuildId {
        self.guild
    }

    /// The connection to the guild's database.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The guild's own row.
    #[must_use]
    pub fn guild(&self) -> GuildRows<'_> {
        GuildRows { store: self }
    }

    /// The guild's events.
    #[must_use]
    pub fn events(&self) -> Events<'_> {
        Events { store: self }
    }

    /// What its members answered.
    #[must_use]
    pub fn responses(&self) -> Responses<'_> {
        Responses { store: self }
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        Members { store: self }
    }

    /// Its reminder log.
    #[must_use]
    pub fn reminders(&self) -> Reminders<'_> {
        Reminders { store: self }
    }
}
