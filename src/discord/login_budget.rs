//! How often Muster may log in: at most 200 times in any 24 hours for each shard.
//!
//! Discord resets the token of a bot that logs in a thousand times a day. Most of the budget may be spent at once, so that
//! whoever starts Muster a hundred times waits for none of them; the last of it is handed out slowly, so that Muster is never
//! away for a whole day. That sessions which end as soon as they begin do not use it up in minutes is for the shards' own
//! pauses. The logins of the last 24 hours survive in the system store.
//!
//! Source: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>

use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Timestamp;

const DAY: TimeDelta = TimeDelta::hours(24);
/// Logins in a day, for each shard.
const A_DAY: usize = 200;
/// Of these, how many may follow each other at once.
const AT_ONCE: usize = 180;
/// How far apart the others are, for each shard: a day has as much time as they need.
const SLOW_GAP: TimeDelta = TimeDelta::minutes(72);

/// The budget: the logins of the last 24 hours, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LoginBudget {
    recent: Vec<Timestamp>,
}

impl LoginBudget {
    /// What is left after the logins of earlier processes.
    pub(super) fn new(mut recent: Vec<Timestamp>) -> Self {
        recent.sort_unstable();
        Self { recent }
    }

    /// The logins that count.
    pub(super) fn recent(&self) -> &[Timestamp] {
        &self.recent
    }

    /// How long it takes until one of so many shards may log in.
    pub(super) fn wait(&mut self, shards: u32, now: Timestamp) -> Duration {
        self.forget_old(now);
        let shards = usize::try_from(shards.max(1)).unwrap_or(usize::MAX);
        let (count, latest) = (self.recent.len(), self.recent.last());
        let next = if count >= A_DAY.saturating_mul(shards) {
            // The one that has to be a day old by then.
            self.recent.get(count - A_DAY.saturating_mul(shards)).map(|first| *first + DAY)
        } else if count >= AT_ONCE.saturating_mul(shards) {
            latest.map(|latest| *latest + SLOW_GAP / i32::try_from(shards).unwrap_or(i32::MAX))
        } else {
            None
        };
        next.and_then(|next| (next - now).to_std().ok()).unwrap_or_default()
    }

    /// A shard logs in.
    pub(super) fn spend(&mut self, now: Timestamp) {
        self.forget_old(now);
        self.recent.push(now);
    }

    fn forget_old(&mut self, now: Timestamp) {
        for login in &mut self.recent {
            // The clock was set back since: nobody knows how long ago that was, but it was not later than now.
            *login = now.min(*login);
        }
        self.recent.retain(|login| now - *login < DAY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn start() -> Timestamp {
        DateTime::from_timestamp_millis(1_800_000_000_000).unwrap()
    }

    /// The instants of all logins in three days of a storm that logs in whenever it may.
    fn storm(shards: u32) -> Vec<Timestamp> {
        let (mut now, mut logins) = (start(), Vec::new());
        let mut budget = LoginBudget::default();
        while now < start() + TimeDelta::days(3) {
            let wait = budget.wait(shards, now);
            if wait.is_zero() {
                // As after a crash: only what is on the disk is kept.
                budget.spend(now);
                budget = LoginBudget::new(budget.recent().to_vec());
                logins.push(now);
            }
            now += TimeDelta::from_std(wait).unwrap().max(TimeDelta::seconds(1));
        }
        logins
    }

    #[test]
    fn in_the_worst_storm_there_are_200_logins_in_any_24_hours_and_never_a_day_without_one() {
        for shards in [1_u32, 4] {
            let logins = storm(shards);
            let times = usize::try_from(shards).unwrap();
            for (first, from) in logins.iter().enumerate() {
                let within = logins[first..].iter().take_while(|login| **login - *from < DAY).count();
                assert!(within <= 200 * times, "{within}");
            }
            let longest = logins.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
            assert!(longest <= TimeDelta::hours(2), "{longest}");
            let at_once =
                logins.iter().take_while(|login| **login - start() < TimeDelta::minutes(15)).count();
            assert_eq!(at_once, 180 * times);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing_and_keeps_nobody_out_for_long() {
        let mut budget = LoginBudget::new(vec![start() + TimeDelta::days(365); 180]);
        assert_eq!(budget.wait(1, start()), Duration::from_mins(72));
        assert_eq!(budget.wait(1, start() + TimeDelta::minutes(72)), Duration::ZERO);
        assert_eq!(budget.recent().len(), 180);
    }
}
