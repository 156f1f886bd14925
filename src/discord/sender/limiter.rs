//! What holds for all requests together: the global limit, and the count of refused ones.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use super::call::Urgency;

/// Requests that Discord takes in any second, all routes together.
///
/// Source: <https://docs.discord.com/developers/topics/rate-limits#global-rate-limit>
const GLOBAL_LIMIT: u32 = 50;
/// How many may leave without a gap after a pause, as far as the rate leaves room for it below Discord's limit.
const BURST: u32 = 3;
/// What part of the rate a backlog takes at most: one half leaves room for what becomes due meanwhile.
const BACKLOG_SHARE: u32 = 2;

/// Lets requests leave one after the other at the global rate, those that somebody waits for before the others.
#[derive(Debug)]
pub(super) struct Limiter {
    pace: DefaultDirectRateLimiter,
    /// Who goes next. A fair mutex: first come, first served.
    front: tokio::sync::Mutex<()>,
    /// Who of the background goes to the front next, so that however many they are, they take one place in that row.
    background: tokio::sync::Mutex<()>,
    /// Who of the backlog joins the background next, at a pace of its own: one place in that row.
    backlog: tokio::sync::Mutex<()>,
    backlog_pace: DefaultDirectRateLimiter,
    /// Nothing leaves before this instant: Discord said so.
    paused_until: Mutex<Option<Instant>>,
}

impl Limiter {
    /// A limiter of `per_second` requests a second.
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let burst = GLOBAL_LIMIT.saturating_sub(per_second.get()).clamp(1, BURST);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let slower = NonZeroU32::new(per_second.get() / BACKLOG_SHARE).unwrap_or(NonZeroU32::MIN);
        Self {
            pace: RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst)),
            front: tokio::sync::Mutex::default(),
            background: tokio::sync::Mutex::default(),
            backlog: tokio::sync::Mutex::default(),
            backlog_pace: RateLimiter::direct(Quota::per_second(slower).allow_burst(NonZeroU32::MIN)),
            paused_until: Mutex::default(),
        }
    }

    /// Waits until it is this request's turn.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place and has no other effect.
    pub(super) async fn turn(&self, urgency: Urgency) {
        match urgency {
            Urgency::Callback | Urgency::FollowUp => {}
            Urgency::Interactive => self.at_the_front().await,
            Urgency::Background => self.in_the_background().await,
            Urgency::Backlog => {
                let _place = self.backlog.lock().await;
                self.backlog_pace.until_ready().await;
                self.in_the_background().await;
            }
        }
    }

    async fn in_the_background(&self) {
        let _place = self.background.lock().await;
        self.at_the_front().await;
    }

    async fn at_the_front(&self) {
        let _place = self.front.lock().await;
        while let Some(until) = self.pause() {
            tokio::time::sleep_until(until).await;
        }
        self.pace.until_ready().await;
    }

    /// Lets nobody leave for a while, because Discord answered that the global limit was reached.
    pub(super) fn pause_for(&self, after: Duration) {
        let until = Instant::now() + after;
        let mut paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some(paused.map_or(until, |present| present.max(until)));
    }

    fn pause(&self) -> Option<Instant> {
        let paused = self.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        paused.filter(|until| *until > Instant::now())
    }
}

/// Refused requests in ten minutes at which the operator is warned; Discord bans an address at 10,000.
///
/// Source: <https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans>
const WARN_AT: u32 = 500;
/// Refused requests in ten minutes at which nothing but answers to interactions leaves any more.
const STOP_AT: u32 = 2_000;

/// Counts the answers 401, 403 and 429 of the last ten minutes, minute by minute.
#[derive(Debug)]
pub(super) struct RefusedCount {
    started: Instant,
    minutes: Mutex<[(u64, u32); 10]>,
}

impl RefusedCount {
    /// Nothing was refused yet.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), minutes: Mutex::default() }
    }

    /// Whether so many were refused that going on would risk a ban.
    pub(super) fn is_too_high(&self) -> bool {
        self.at(Instant::now(), 0) >= STOP_AT
    }

    /// Counts one more, and warns at the two thresholds.
    pub(super) fn add(&self) {
        match self.at(Instant::now(), 1) {
            WARN_AT => tracing::warn!(
                refused = WARN_AT,
                "Discord refused {WARN_AT} requests within ten minutes; at 10,000 it would ban this address"
            ),
            STOP_AT => tracing::error!(
                refused = STOP_AT,
                "Discord refused {STOP_AT} requests within ten minutes; nothing but answers to commands is sent until \
                 that count falls"
            ),
            _ => {}
        }
    }

    /// The count of the ten minutes before `now`, after adding `more` to the present one.
    fn at(&self, now: Instant, more: u32) -> u32 {
        let minute = now.saturating_duration_since(self.started).as_secs() / 60;
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(minute % 10).unwrap_or_default();
        if let Some(slot) = minutes.get_mut(place) {
            *slot = if slot.0 == minute { (minute, slot.1.saturating_add(more)) } else { (minute, more) };
        }
        minutes.iter().filter(|(at, _)| minute - at < 10).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_requests_are_forgotten_after_ten_minutes() {
        let count = RefusedCount::new();
        let minute = |number: u64| count.started + Duration::from_secs(60 * number);
        for _ in 0..1_500 {
            count.at(minute(0), 1);
        }
        assert_eq!(count.at(minute(9), 500), 2_000);
        assert_eq!(count.at(minute(10), 0), 500);
        assert_eq!(count.at(minute(25), 1), 1);
    }

    #[tokio::test]
    async fn somebody_who_waits_goes_before_the_backlog() {
        let limiter = Limiter::new(NonZeroU32::new(20).unwrap());
        let order = Mutex::new(Vec::new());
        let backlog = async {
            futures::future::join_all((0..10).map(|_| async {
                limiter.turn(Urgency::Background).await;
                order.lock().unwrap().push("background");
            }))
            .await;
        };
        let person = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            limiter.turn(Urgency::Interactive).await;
            order.lock().unwrap().push("person");
        };
        tokio::join!(backlog, person);
        let place = order.lock().unwrap().iter().position(|who| *who == "person").unwrap();
        assert!(place <= 5, "the person came at place {place}");
    }

    #[tokio::test]
    async fn a_fresh_reminder_goes_before_the_backlog() {
        let limiter = Limiter::new(NonZeroU32::new(20).unwrap());
        let order = Mutex::new(Vec::new());
        let send = async |who, urgency| {
            limiter.turn(urgency).await;
            order.lock().unwrap().push(who);
        };
        let backlog = futures::future::join_all((0..6).map(|_| send("late", Urgency::Backlog)));
        let fresh = futures::future::join_all((0..6).map(|_| send("fresh", Urgency::Background)));
        tokio::join!(backlog, fresh);
        let order = order.lock().unwrap();
        let last_fresh = order.iter().rposition(|who| *who == "fresh").unwrap();
        let late_before = order[..last_fresh].iter().filter(|who| **who == "late").count();
        assert!(late_before <= 4, "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_global_pause_stops_everybody_but_callbacks() {
        let limiter = Limiter::new(NonZeroU32::new(45).unwrap());
        let start = Instant::now();
        limiter.pause_for(Duration::from_secs(2));
        limiter.turn(Urgency::Callback).await;
        assert!(start.elapsed() < Duration::from_secs(1));
        limiter.turn(Urgency::Interactive).await;
        assert!(start.elapsed() >= Duration::from_secs(2));
    }
}
