//! The right to use an open guild store.

use std::sync::Arc;

use sqlx::SqlitePool;

use super::slot::{Hold, Slot};
use crate::ids::GuildId;
use crate::storage::guild_db::GuildDb;
use crate::storage::{Events, GuildRows, Members, Notices, Reminders, Responses};

/// The right to use an open guild store, which stays open until the lease is dropped.
///
/// Hold it for one piece of work, not for longer: a deletion waits for it, but not for ever, and a store that is
/// leased cannot give way to another.
#[derive(Debug)]
pub struct Lease {
    db: GuildDb,
    hold: Hold,
}

impl Lease {
    pub(super) fn new(hold: Hold, db: GuildDb) -> Self {
        Self { db, hold }
    }

    /// The slot that it holds.
    pub(super) fn slot(&self) -> &Arc<Slot> {
        &self.hold.slot
    }

    /// The open database, for the files of this room.
    pub(in crate::storage) fn db(&self) -> &GuildDb {
        &self.db
    }

    /// Whose store this is.
    #[must_use]
    pub fn guild_id(&self) -> GuildId {
        self.db.guild
    }

    /// The guild's own pool, for statements that no repository has. These have their turn on one connection of it; whoever uses
    /// the pool itself gets another, which goes when it is given back.
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        self.db.pool.sqlx()
    }

    /// The guild's own row.
    #[must_use]
    pub fn guild(&self) -> GuildRows<'_> {
        GuildRows { db: &self.db }
    }

    /// Its events.
    #[must_use]
    pub fn events(&self) -> Events<'_> {
        Events { db: &self.db }
    }

    /// What its members answered.
    #[must_use]
    pub fn responses(&self) -> Responses<'_> {
        Responses { db: &self.db }
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> Members<'_> {
        Members { db: &self.db }
    }

    /// What its organisers have to be told.
    #[must_use]
    pub fn notices(&self) -> Notices<'_> {
        Notices { db: &self.db }
    }

    /// Its reminder log.
    #[must_use]
    pub fn reminders(&self) -> Reminders<'_> {
        Reminders { db: &self.db }
    }
}
