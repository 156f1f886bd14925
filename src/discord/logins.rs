//! How often Muster logs in. serenity logs in again by itself as often as Discord ends a session, and Discord resets the
//! token of a bot that logs in a thousand times a day.
//!
//! Source: <https://docs.discord.com/developers/events/gateway#session-start-limit-object>

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// More logins of a shard than this in [`SHORT`] or in [`LONG`] are a loop that does not end by itself.
const SHORT_LIMIT: usize = 5;
const LONG_LIMIT: usize = 50;
const SHORT: Duration = Duration::from_mins(2);
const LONG: Duration = Duration::from_hours(1);

/// The logins of one client.
#[derive(Debug, Default)]
pub(super) struct Logins {
    recent: HashMap<u32, VecDeque<Instant>>,
    made: u32,
    allowed: u32,
}

impl Logins {
    /// A client may log in so often before Discord is asked again how much of the budget is left.
    pub(super) fn begin(&mut self, allowed: u32) {
        *self = Self { allowed, ..Self::default() };
    }

    /// A shard logged in.
    pub(super) fn note(&mut self, shard: u32) {
        let recent = self.recent.entry(shard).or_default();
        recent.push_back(Instant::now());
        if recent.len() > LONG_LIMIT {
            recent.pop_front();
        }
        self.made += 1;
    }

    /// Whether the client has to stop before it uses the budget up.
    pub(super) fn are_too_many(&self) -> bool {
        let within = |recent: &VecDeque<Instant>, span: Duration| {
            recent.iter().filter(|login| login.elapsed() < span).count()
        };
        self.made > self.allowed
            || self
                .recent
                .values()
                .any(|recent| within(recent, SHORT) >= SHORT_LIMIT || within(recent, LONG) >= LONG_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins() -> Logins {
        let mut logins = Logins::default();
        logins.begin(900);
        logins
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_loop_of_logins_is_noticed_at_the_fifth_and_a_slow_one_within_the_hour() {
        for (gap, allowed) in [(5, 5), (60, 50)] {
            let mut logins = logins();
            for number in 1..=allowed {
                assert!(!logins.are_too_many(), "{number} logins, one each {gap} s");
                logins.note(0);
                tokio::time::advance(Duration::from_secs(gap)).await;
            }
            assert!(logins.are_too_many());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_shards_that_log_in_once_are_no_loop() {
        let mut logins = logins();
        for shard in 0..200 {
            logins.note(shard);
        }
        assert!(!logins.are_too_many());
        logins.begin(2);
        for shard in 0..3 {
            assert!(!logins.are_too_many());
            logins.note(shard);
        }
        assert!(logins.are_too_many());
    }
}
