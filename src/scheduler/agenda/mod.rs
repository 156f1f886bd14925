//! The order of what is due next: one instant per guild.

mod order;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use self::order::Order;
use super::turns::Turns;
use crate::clock::Timestamp;
use crate::ids::GuildId;

/// The earliest due instant of each guild, in order; a cheap clone of one shared structure.
///
/// A plain mutex serves: every operation is a few comparisons, and none waits. A guild takes some fifty bytes.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    order: Mutex<Order>,
    /// Woken when the earliest instant of all became earlier.
    earlier: Notify,
    turns: Turns,
}

impl Agenda {
    /// Sets when a guild next has something due; `None`: nothing.
    pub fn set(&self, guild: GuildId, due: Option<Timestamp>) {
        self.change(|order| match due {
            Some(due) => order.put(guild, due),
            None => order.take(guild),
        });
    }

    /// Sets when a guild next has something due, unless it already has something earlier.
    pub fn pull_forward(&self, guild: GuildId, due: Timestamp) {
        self.change(|order| {
            if order.find(guild).is_none_or(|present| due < present) {
                order.put(guild, due);
            }
        });
    }

    /// Waits until nobody else brings this guild's instant in line with its store: between reading the one and setting the
    /// other, nobody may set what was read before.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the row.
    pub(super) async fn turn(&self, guild: GuildId) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.turns.of(guild).lock().await
    }

    /// Forgets a guild.
    pub fn cancel(&self, guild: GuildId) {
        self.set(guild, None);
    }

    /// The earliest due instant of all guilds.
    #[must_use]
    pub fn earliest(&self) -> Option<Timestamp> {
        self.lock().first()
    }

    /// Takes out the guilds with something due at `now`, earliest first, at most `limit` of them.
    #[must_use]
    pub fn take_due(&self, now: Timestamp, limit: usize) -> Vec<(GuildId, Timestamp)> {
        let mut order = self.lock();
        std::iter::from_fn(|| order.take_first_due(now)).take(limit).collect()
    }

    /// How many guilds have something due at some time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nothing will ever be due.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns when the earliest instant of all has become earlier.
    ///
    /// # Cancel safety
    /// A change between two calls is not missed: the second call returns at once.
    pub async fn changed(&self) {
        self.inner.earlier.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut Order)) {
        let mut order = self.lock();
        let before = order.first();
        change(&mut order);
        let after = order.first();
        drop(order);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.inner.earlier.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Order> {
        // No code that can panic runs under the lock, and a half-made change would only be early or late by one look.
        self.inner.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[derive(Debug, Clone)]
    enum Step {
        Set(u64, Option<i64>),
        PullForward(u64, i64),
        TakeDue(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u64..40, proptest::option::of(0i64..50)).prop_map(|(guild, due)| Step::Set(guild, due)),
            (0u64..40, 0i64..50).prop_map(|(guild, due)| Step::PullForward(guild, due)),
            (0i64..50).prop_map(Step::TakeDue),
        ]
    }

    proptest! {
        #[test]
        fn the_agenda_equals_a_sorted_list(steps in proptest::collection::vec(step(), 0..200)) {
            let agenda = Agenda::default();
            let mut model: HashMap<u64, i64> = HashMap::new();
            for step in steps {
                match step {
                    Step::Set(guild, due) => {
                        agenda.set(GuildId::new(guild), due.map(at));
                        match due {
                            Some(due) => model.insert(guild, due),
                            None => model.remove(&guild),
                        };
                    }
                    Step::PullForward(guild, due) => {
                        agenda.pull_forward(GuildId::new(guild), at(due));
                        let entry = model.entry(guild).or_insert(due);
                        *entry = due.min(*entry);
                    }
                    Step::TakeDue(now) => {
                        let mut expected: Vec<_> = model.iter().filter(|(_, due)| **due <= now).map(|(g, d)| (*d, *g)).collect();
                        expected.sort_unstable();
                        model.retain(|_, due| *due > now);
                        let taken = agenda.take_due(at(now), usize::MAX);
                        let taken: Vec<_> = taken.into_iter().map(|(g, d)| (d.timestamp(), g.get())).collect();
                        prop_assert_eq!(taken, expected);
                    }
                }
                prop_assert_eq!(agenda.len(), model.len());
                prop_assert_eq!(agenda.earliest(), model.values().min().copied().map(at));
            }
        }
    }

    #[tokio::test]
    async fn only_an_earlier_instant_wakes() {
        let agenda = Agenda::default();
        agenda.set(GuildId::new(1), Some(at(10)));
        agenda.changed().await;
        agenda.set(GuildId::new(2), Some(at(20)));
        agenda.set(GuildId::new(1), None);
        agenda.set(GuildId::new(3), Some(at(5)));
        agenda.changed().await;
        assert_eq!(agenda.earliest(), Some(at(5)));
    }
}
