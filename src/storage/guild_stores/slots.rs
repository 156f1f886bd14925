//! The map of slots. It is private to this file: every access is short, synchronous, and returns an `Arc`, so that
//! no guard of the map can be held across an await.

use std::sync::Arc;

use dashmap::DashMap;

use super::slot::{Entrance, Slot};
use crate::ids::GuildId;

/// The slots of all stores that are being opened, open, or being closed.
///
/// The default hasher, on purpose: a faster one that keeps the low bits together puts the snowflakes of one
/// millisecond into one shard (measured: 150 times slower at 100,000 guilds).
#[derive(Debug, Default)]
pub(super) struct Slots {
    by_guild: DashMap<GuildId, Arc<Slot>>,
}

impl Slots {
    /// Takes a lease of the guild's slot, a new one if it has none.
    pub(super) fn enter(&self, guild: GuildId) -> Entrance {
        self.find_or_insert(guild).enter()
    }

    /// The guild's slot with further leases refused, because its data goes; a new one if it has none, so that
    /// nobody else opens the store meanwhile. An error with the slot if it is just being closed: wait for that.
    pub(super) fn begin_deletion(&self, guild: GuildId) -> Result<Arc<Slot>, Arc<Slot>> {
        let slot = self.find_or_insert(guild);
        if slot.begin_deletion() { Ok(slot) } else { Err(slot) }
    }

    /// The guild's slot with further leases put off, because another file takes the place of its store; a new one if it
    /// has none. An error with the slot if it is just being closed: wait for that.
    pub(super) fn begin_replacement(&self, guild: GuildId) -> Result<Arc<Slot>, Arc<Slot>> {
        let slot = self.find_or_insert(guild);
        if slot.begin_close() { Ok(slot) } else { Err(slot) }
    }

    /// Whether the guild's store is open and stays so for now.
    pub(super) fn is_open(&self, guild: GuildId) -> bool {
        self.by_guild.get(&guild).is_some_and(|slot| slot.db.initialized() && !slot.is_closing())
    }

    fn find_or_insert(&self, guild: GuildId) -> Arc<Slot> {
        // Nearly always it is there: a look under the shared lock first.
        if let Some(slot) = self.by_guild.get(&guild) {
            return Arc::clone(&slot);
        }
        Arc::clone(&self.by_guild.entry(guild).or_insert_with(|| Slot::new(guild)))
    }

    /// Takes out a slot whose store is closed, and wakes who waited for that.
    pub(super) fn remove(&self, slot: &Arc<Slot>) {
        self.by_guild.remove_if(&slot.guild, |_, present| Arc::ptr_eq(present, slot));
        slot.closed.cancel();
    }

    /// Begins to close the open store that was leased longest ago and that nobody uses; `None` if all are used.
    pub(super) fn begin_eviction(&self) -> Option<Arc<Slot>> {
        loop {
            let unused = self.by_guild.iter().filter(|slot| slot.is_unused() && slot.db.initialized());
            let oldest = unused.min_by_key(|slot| slot.turn()).map(|slot| Arc::clone(&slot))?;
            // It may have been leased since; then look for another one.
            if oldest.begin_close_if_unused() {
                return Some(oldest);
            }
        }
    }

    /// Begins to close every open store that nobody uses and that was not leased since `limit_ms` or is set aside.
    pub(super) fn begin_closing_idle(
        &self,
        limit_ms: i64,
        is_set_aside: impl Fn(GuildId) -> bool,
    ) -> Vec<Arc<Slot>> {
        let idle = |slot: &Slot| slot.last_leased_at() <= limit_ms || is_set_aside(slot.guild);
        let candidates = self.by_guild.iter().filter(|slot| slot.db.initialized() && idle(slot));
        candidates.filter(|slot| slot.begin_close_if_unused()).map(|slot| Arc::clone(&slot)).collect()
    }

    /// The open stores that hold on to what they prepared although they are not among the `keep` leased last, and that
    /// nobody uses. They count as cool from here on.
    pub(super) fn begin_cooling(&self, keep: usize) -> Vec<Arc<Slot>> {
        let is_warm = |slot: &Slot| slot.is_warm() && slot.db.initialized();
        // The position is read once: others lease meanwhile, and what changes while it is sorted by has no order.
        let mut warm: Vec<_> = self
            .by_guild
            .iter()
            .filter(|slot| is_warm(slot))
            .map(|slot| (std::cmp::Reverse(slot.turn()), Arc::clone(&slot)))
            .collect();
        if warm.len() <= keep {
            return Vec::new();
        }
        warm.sort_unstable_by_key(|(turn, _)| *turn);
        let cooling: Vec<_> =
            warm.into_iter().skip(keep).map(|(_, slot)| slot).filter(|slot| slot.is_unused()).collect();
        for slot in &cooling {
            slot.cool();
        }
        cooling
    }

    /// All slots.
    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.by_guild.iter().map(|slot| Arc::clone(&slot)).collect()
    }
}
