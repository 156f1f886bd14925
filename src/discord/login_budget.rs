//! How often Muster may log in: at most 200 times in any 24 hours for each shard, some 20 of them at once.
//!
//! Discord resets the token of a bot that logs in a thousand times a day. A login costs eight minutes, and up to 160 may
//! be owed at any time: twenty logins at once and one each eight minutes after that are 200 in the worst day.
//! So the whole budget is one instant, until which the logins so far are paid for, and it survives in the system store.
//!
//! Source: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>

use std::time::Duration;

use chrono::TimeDelta;

use crate::clock::Timestamp;

/// What a login costs where there is one shard.
const COST: TimeDelta = TimeDelta::minutes(8);
/// How many logins there may be at once, for each shard.
const AT_ONCE: i32 = 20;

/// The budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoginBudget {
    paid_until: Timestamp,
}

impl LoginBudget {
    /// What is left where the logins so far are paid for until this instant.
    pub(super) fn new(paid_until: Timestamp) -> Self {
        Self { paid_until }
    }

    /// Until when the logins so far are paid for.
    pub(super) fn paid_until(self) -> Timestamp {
        self.paid_until
    }

    /// How long it takes until one of so many shards may log in.
    pub(super) fn wait(self, shards: u32, now: Timestamp) -> Duration {
        let owed = self.owed_until(now) - now;
        (owed - (limit() - cost(shards))).to_std().unwrap_or_default()
    }

    /// One of so many shards logs in.
    pub(super) fn spend(&mut self, shards: u32, now: Timestamp) {
        self.paid_until = self.owed_until(now) + cost(shards);
    }

    /// Never further away than is allowed: a clock that was set back is not to keep Muster out for as long.
    fn owed_until(self, now: Timestamp) -> Timestamp {
        self.paid_until.clamp(now, now + limit())
    }
}

fn limit() -> TimeDelta {
    COST * AT_ONCE
}

fn cost(shards: u32) -> TimeDelta {
    COST / i32::try_from(shards.max(1)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    /// The instants of all logins in three days of a storm, with a pause at the beginning.
    fn storm(shards: u32, calm: TimeDelta) -> Vec<Timestamp> {
        let start = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
        let (mut now, mut logins) = (start + calm, Vec::new());
        let mut budget = LoginBudget::new(start);
        while now < start + TimeDelta::days(3) {
            let wait = budget.wait(shards, now);
            if wait.is_zero() {
                // As after a crash: only the instant is kept.
                budget = LoginBudget::new(budget.paid_until());
                budget.spend(shards, now);
                logins.push(now);
            }
            now += TimeDelta::from_std(wait).unwrap().max(TimeDelta::seconds(1));
        }
        logins
    }

    #[test]
    fn in_the_worst_storm_there_are_200_logins_in_any_24_hours_and_twenty_at_once() {
        for (shards, calm) in [(1_u32, TimeDelta::zero()), (1, TimeDelta::hours(5)), (4, TimeDelta::zero())] {
            let logins = storm(shards, calm);
            let within = |span: TimeDelta| {
                let count = |from: &Timestamp| {
                    logins.iter().filter(|login| *login >= from && **login < *from + span).count()
                };
                logins.iter().map(count).max().unwrap()
            };
            let shards = usize::try_from(shards).unwrap();
            assert!(within(TimeDelta::days(1)) <= 200 * shards, "{}", within(TimeDelta::days(1)));
            assert!(within(TimeDelta::days(1)) > 190 * shards, "{}", within(TimeDelta::days(1)));
            assert!((20 * shards..=21 * shards).contains(&within(TimeDelta::minutes(5))));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out_for_long() {
        let now = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
        let budget = LoginBudget::new(now + TimeDelta::days(365));
        assert_eq!(budget.wait(1, now), Duration::from_mins(8));
    }
}
