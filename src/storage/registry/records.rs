//! The registry in memory: the map is private to this file, and every access is short and synchronous.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use dashmap::DashMap;

use super::record::GuildRecord;
use crate::ids::GuildId;

/// All records, and which of them the disk does not have yet.
#[derive(Debug, Default)]
pub(super) struct Records {
    by_guild: DashMap<GuildId, GuildRecord>,
    changes: Mutex<Changes>,
}

#[derive(Debug, Default)]
struct Changes {
    /// The guilds to be written.
    guilds: HashSet<GuildId>,
    /// How many changes there were.
    count: u64,
}

impl Records {
    /// Puts in what the disk has.
    pub(super) fn load(&self, guild: GuildId, record: GuildRecord) {
        self.by_guild.insert(guild, record);
    }

    pub(super) fn find(&self, guild: GuildId) -> Option<GuildRecord> {
        self.by_guild.get(&guild).map(|record| record.clone())
    }

    /// Everything that `pick` makes of a record, in no order.
    pub(super) fn pick<T>(&self, pick: impl Fn(GuildId, &GuildRecord) -> Option<T>) -> Vec<T> {
        self.by_guild.iter().filter_map(|entry| pick(*entry.key(), entry.value())).collect()
    }

    /// Lets `change` make a new record of the present one, `None` standing for no record, and returns what it returns with
    /// the number of the change to wait for.
    pub(super) fn change<T>(
        &self,
        guild: GuildId,
        change: impl FnOnce(&mut Option<GuildRecord>) -> T,
    ) -> (T, u64) {
        // This lock covers the record as well: changes of one guild are written in the order in which they were made.
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.find(guild);
        let mut after = before.clone();
        let result = change(&mut after);
        if after != before {
            match after {
                Some(record) => drop(self.by_guild.insert(guild, record)),
                None => drop(self.by_guild.remove(&guild)),
            }
            changes.guilds.insert(guild);
            changes.count += 1;
        }
        (result, changes.count)
    }

    /// Takes the guilds that have to be written, each with its present record.
    pub(super) fn take_changed(&self) -> Taken<'_> {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let guilds = std::mem::take(&mut changes.guilds);
        let rows = guilds.into_iter().map(|guild| (guild, self.find(guild))).collect();
        Taken { records: self, rows, number: changes.count }
    }
}

/// Records on their way to the disk. Dropped before they are there, they are left to the next write.
pub(super) struct Taken<'a> {
    records: &'a Records,
    /// `None` stands for a guild to be forgotten.
    pub(super) rows: Vec<(GuildId, Option<GuildRecord>)>,
    /// The number of the latest change among them.
    number: u64,
}

impl Taken<'_> {
    /// Says that the disk has them; returns the number of the latest change.
    pub(super) fn written(mut self) -> u64 {
        self.rows.clear();
        self.number
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut changes = self.records.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.guilds.extend(self.rows.iter().map(|(guild, _)| *guild));
    }
}
