//! How long a shard waits before its next connection.
//!
//! A gateway that is back is found within some five seconds, however long it was away. Sessions that end soon after their
//! login follow each other ever more slowly, so that a fault at Discord's does not use up the logins of a day in minutes.

use std::time::Duration;

use tokio::time::Instant;

/// The first wait after a connection that came to nothing, and the longest.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
/// The longest wait between connections that served: resuming costs no login, and members wait.
const LONGEST_SERVED: Duration = Duration::from_secs(1);
/// So many connections in a row may end soon after they began without any wait; Discord moves sessions now and then.
const FREE: u32 = 5;
/// A connection that lasted this long was a good one.
const LASTING: Duration = Duration::from_secs(10);
/// So many logins may follow another without a wait of our own: a dozen sessions lost in ten minutes each come back at once. What
/// the logins of a day cost is bounded by their budget.
const FREE_LOGINS: u32 = 12;
/// The wait before the first login after those, and the longest.
const LOGIN_FIRST: Duration = Duration::from_secs(5);
const LOGIN_LONGEST: Duration = Duration::from_mins(8);
/// A session that began this long ago was a good one.
const STEADY: Duration = Duration::from_mins(10);

/// What one shard went through lately.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// Connections since the last one that served.
    failures: u32,
    /// Connections in a row that served for a moment only.
    hasty: u32,
    /// Logins in a row that followed each other soon.
    logins: u32,
    logged_in_at: Option<Instant>,
}

impl Pauses {
    /// A connection serves: it has a session.
    pub(super) fn served(&mut self) {
        self.failures = 0;
    }

    /// How many connections have come to nothing since one served.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// How long to wait after a connection that served for so long, if it did.
    pub(super) fn after(&mut self, served_for: Option<Duration>) -> Duration {
        let grown = |times: u32| jittered(LONGEST.min(FIRST * 2_u32.saturating_pow(times.min(16))));
        match served_for {
            None => {
                self.failures = self.failures.saturating_add(1);
                grown(self.failures - 1)
            }
            Some(lasted) if lasted >= LASTING => {
                self.hasty = 0;
                Duration::ZERO
            }
            Some(_) => {
                self.hasty = self.hasty.saturating_add(1);
                if self.hasty <= FREE { Duration::ZERO } else { grown(self.hasty - FREE).min(LONGEST_SERVED) }
            }
        }
    }

    /// How long to wait before a connection that is to log in; counts it.
    pub(super) fn before_login(&mut self) -> Duration {
        let is_soon = self.logged_in_at.is_some_and(|at| at.elapsed() < STEADY);
        self.logged_in_at = Some(Instant::now());
        self.logins = if is_soon { self.logins.saturating_add(1) } else { 0 };
        match self.logins.checked_sub(FREE_LOGINS + 1) {
            None => Duration::ZERO,
            Some(more) => LOGIN_LONGEST.min(LOGIN_FIRST * 2_u32.saturating_pow(more.min(16))),
        }
    }
}

/// What Discord wants between a session that it called invalid and the next login: one to five seconds, by chance.
///
/// Source: <https://docs.discord.com/developers/events/gateway#resuming>
pub(super) fn after_invalid_session() -> Duration {
    Duration::from_secs(1) + Duration::from_secs(4).mul_f64(fastrand::f64())
}

/// Shards and bots that lost the same gateway are not to come back in step.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + fastrand::f64() / 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_is_back_is_found_soon_however_long_it_was_away() {
        let mut pauses = Pauses::default();
        assert!(pauses.after(None) <= FIRST);
        for _ in 0..100 {
            assert!(pauses.after(None) <= LONGEST);
        }
        assert!(pauses.after(None) >= LONGEST / 2);
        pauses.served();
        assert!(pauses.after(None) <= FIRST);
    }

    #[test]
    fn sessions_may_be_moved_now_and_then_and_a_loop_is_slowed_down() {
        let mut pauses = Pauses::default();
        assert!((0..FREE).all(|_| pauses.after(Some(Duration::ZERO)).is_zero()));
        assert!(!pauses.after(Some(Duration::ZERO)).is_zero());
        assert!(pauses.after(Some(LASTING)).is_zero() && pauses.after(Some(Duration::ZERO)).is_zero());
    }

    #[tokio::test(start_paused = true)]
    async fn sessions_that_die_young_follow_each_other_ever_more_slowly() {
        let mut pauses = Pauses::default();
        let mut waits = Vec::new();
        for _ in 0..=FREE_LOGINS {
            assert!(pauses.before_login().is_zero());
        }
        for _ in 0..10 {
            let wait = pauses.before_login();
            tokio::time::advance(wait).await;
            waits.push(wait.as_secs());
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 480, 480, 480]);
        tokio::time::advance(STEADY).await;
        assert!(pauses.before_login().is_zero());
    }
}
