//! What the guild stores did, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::telemetry::metric;

/// What the guild stores did so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Stores open now, or being opened or closed.
    pub open: usize,
    /// Of these, how many somebody has a lease of.
    pub leased: usize,
    /// Leases of a store that was open already.
    pub hits: u64,
    /// Leases that waited for an opening.
    pub misses: u64,
    /// Stores closed to make room for others.
    pub evictions: u64,
    /// Openings that succeeded, creations included.
    pub opened: u64,
    /// How long these took together.
    pub open_latency: Duration,
    /// Stores that may not be used at present because they are damaged.
    pub quarantined: usize,
}

/// The counters behind [`StoreStats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
    opened: AtomicU64,
    open_latency_us: AtomicU64,
    turns: AtomicU64,
}

impl Counters {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn eviction(&self) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(metric::STORE_EVICTIONS).increment(1);
    }

    pub(super) fn opening(&self, elapsed: Duration) {
        let us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.open_latency_us.fetch_add(us, Ordering::Relaxed);
        metrics::histogram!(metric::STORE_OPEN_LATENCY).record(elapsed.as_secs_f64());
    }

    /// The number of the next lease, ascending over all stores.
    pub(super) fn next_turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn read(&self, open: usize, leased: usize, quarantined: usize) -> StoreStats {
        StoreStats {
            open,
            leased,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evictions.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            open_latency: Duration::from_micros(self.open_latency_us.load(Ordering::Relaxed)),
            quarantined,
        }
    }
}
