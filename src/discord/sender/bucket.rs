//! Discord's limits per route, as its headers tell them.
//!
//! A window is asked before each request and told the headers after it. What a route allows is learnt once for all
//! channels or guilds; how much of it is left is counted for each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::call::RouteKey;

/// How soon to look again while the first request of a route is under way and nobody knows what it allows.
const UNKNOWN_POLL: Duration = Duration::from_millis(10);
/// Windows kept before those that have run out are thrown away.
const SWEEP_AT: usize = 1_024;
/// What `allowed` is for a route that Discord does not limit by itself.
const UNLIMITED: u32 = u32::MAX;

/// What the headers of an answer say about its route.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quota {
    /// Requests in a window.
    pub(super) limit: u32,
    /// Requests left in this window.
    pub(super) remaining: u32,
    /// How long this window lasts.
    pub(super) reset_after: Duration,
}

impl Quota {
    /// Reads `x-ratelimit-limit`, `-remaining` and `-reset-after`; `None` unless all three are there.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let seconds: f64 = text("x-ratelimit-reset-after")?.parse().ok()?;
        Some(Self {
            limit: text("x-ratelimit-limit")?.parse().ok()?,
            remaining: text("x-ratelimit-remaining")?.parse().ok()?,
            reset_after: Duration::try_from_secs_f64(seconds).ok()?,
        })
    }
}

/// The present window of one route and channel.
#[derive(Debug, Clone, Copy)]
struct Window {
    remaining: u32,
    resets_at: Instant,
    in_flight: u32,
}

/// The windows of all routes in use.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    allowed: HashMap<(reqwest::Method, &'static str), u32>,
    windows: HashMap<RouteKey, Window>,
}

/// The right to send one request of a route; dropping it tells that the request is over.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    buckets: &'a Buckets,
    key: RouteKey,
}

impl Buckets {
    /// Waits until the route allows a request, but gives up where that would take longer than `patience`.
    ///
    /// # Errors
    /// How long the wait would have been.
    ///
    /// # Cancel safety
    /// Dropping the future takes nothing.
    pub(super) async fn acquire(&self, key: &RouteKey, patience: Duration) -> Result<Permit<'_>, Duration> {
        let give_up_at = Instant::now() + patience;
        loop {
            let now = Instant::now();
            let taken = self.lock().try_take(key, now);
            match taken {
                Ok(()) => return Ok(Permit { buckets: self, key: key.clone() }),
                Err(wait) if now + wait > give_up_at => return Err(wait),
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Counters only: a panic between two of them would at most cost one request's place.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Learns from the headers of a good answer; an answer without them means that the route has no limit.
    pub(super) fn learn(&self, quota: Option<Quota>) {
        self.buckets.lock().learn(&self.key, quota, Instant::now());
    }

    /// Lets nothing of this route and channel leave for a while.
    pub(super) fn block(&self, after: Duration) {
        self.buckets.lock().block(&self.key, after, Instant::now());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if let Some(window) = self.buckets.lock().windows.get_mut(&self.key) {
            window.in_flight = window.in_flight.saturating_sub(1);
        }
    }
}

impl Inner {
    fn try_take(&mut self, key: &RouteKey, now: Instant) -> Result<(), Duration> {
        if self.windows.len() >= SWEEP_AT {
            self.windows.retain(|_, window| window.in_flight > 0 || window.resets_at > now);
        }
        let allowed = self.allowed.get(&(key.method.clone(), key.template)).copied();
        let window = self.windows.entry(key.clone()).or_insert(Window {
            remaining: allowed.unwrap_or(1),
            resets_at: now,
            in_flight: 0,
        });
        if window.resets_at <= now {
            // One at a time until the first answer says how many may be.
            window.remaining = allowed.unwrap_or(1).saturating_sub(window.in_flight);
        }
        if window.remaining == 0 {
            let wait = window.resets_at.saturating_duration_since(now);
            return Err(wait.max(UNKNOWN_POLL));
        }
        window.remaining -= 1;
        window.in_flight += 1;
        Ok(())
    }

    fn learn(&mut self, key: &RouteKey, quota: Option<Quota>, now: Instant) {
        let limit = quota.map_or(UNLIMITED, |quota| quota.limit);
        self.allowed.insert((key.method.clone(), key.template), limit);
        let (Some(window), Some(quota)) = (self.windows.get_mut(key), quota) else { return };
        let others = window.in_flight.saturating_sub(1);
        let fresh = quota.remaining.saturating_sub(others);
        // Answers overtake each other: inside a window only the lowest count is to be believed.
        let same_window = window.resets_at > now;
        window.remaining = if same_window { window.remaining.min(fresh) } else { fresh };
        window.resets_at =
            if same_window { window.resets_at.max(now + quota.reset_after) } else { now + quota.reset_after };
    }

    fn block(&mut self, key: &RouteKey, after: Duration, now: Instant) {
        if let Some(window) = self.windows.get_mut(key) {
            window.remaining = 0;
            window.resets_at = window.resets_at.max(now + after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(major: u64) -> RouteKey {
        RouteKey { method: reqwest::Method::POST, template: "/channels/{channel}/messages", major }
    }

    fn quota(limit: u32, remaining: u32, seconds: u64) -> Quota {
        Quota { limit, remaining, reset_after: Duration::from_secs(seconds) }
    }

    #[test]
    fn an_unknown_route_goes_one_at_a_time_until_it_is_known() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        assert_eq!(inner.try_take(&key(1), now), Ok(()));
        assert_eq!(inner.try_take(&key(1), now), Err(UNKNOWN_POLL));
        inner.learn(&key(1), Some(quota(5, 4, 5)), now);
        for _ in 0..4 {
            assert_eq!(inner.try_take(&key(1), now), Ok(()));
        }
        assert_eq!(inner.try_take(&key(1), now), Err(Duration::from_secs(5)));
    }

    #[test]
    fn what_one_channel_taught_holds_for_the_next_and_each_counts_alone() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        inner.try_take(&key(1), now).unwrap();
        inner.learn(&key(1), Some(quota(5, 0, 5)), now);
        assert!(inner.try_take(&key(1), now).is_err());
        for _ in 0..5 {
            assert_eq!(inner.try_take(&key(2), now), Ok(()));
        }
        assert!(inner.try_take(&key(2), now).is_err());
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_nothing_back() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        inner.try_take(&key(1), now).unwrap();
        inner.learn(&key(1), Some(quota(3, 2, 5)), now);
        inner.windows.get_mut(&key(1)).unwrap().in_flight = 0;
        inner.try_take(&key(1), now).unwrap();
        inner.try_take(&key(1), now).unwrap();
        inner.learn(&key(1), Some(quota(3, 1, 5)), now);
        assert!(inner.try_take(&key(1), now).is_err());
    }

    #[test]
    fn a_window_that_ran_out_is_full_again_less_what_is_under_way() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        inner.try_take(&key(1), now).unwrap();
        inner.learn(&key(1), Some(quota(2, 0, 5)), now);
        let later = now + Duration::from_secs(6);
        assert_eq!(inner.try_take(&key(1), later), Ok(()));
        assert!(inner.try_take(&key(1), later).is_err());
    }

    #[test]
    fn a_blocked_route_waits_as_long_as_it_was_told() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        inner.try_take(&key(1), now).unwrap();
        inner.block(&key(1), Duration::from_secs(3), now);
        assert_eq!(inner.try_take(&key(1), now), Err(Duration::from_secs(3)));
    }

    #[test]
    fn a_route_without_headers_is_not_limited() {
        let (mut inner, now) = (Inner::default(), Instant::now());
        inner.try_take(&key(1), now).unwrap();
        inner.learn(&key(1), None, now);
        for _ in 0..100 {
            assert_eq!(inner.try_take(&key(1), now + Duration::from_secs(1)), Ok(()));
        }
    }
}
