//! What time it is, and waiting until it is later.
//!
//! Everything that depends on the time takes a [`Clock`], so that a test can play a month in a second. No other
//! file asks the system for the time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};

/// An instant in UTC. The databases keep it as Unix milliseconds.
pub type Timestamp = DateTime<Utc>;

/// A source of wall-clock time.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The present instant, whole milliseconds.
    fn now(&self) -> Timestamp;

    /// Returns once `duration` of this clock has passed, or a little later; never waits for ever.
    ///
    /// Callers compare [`Clock::now`] with what they wait for and wait again if it is too early: the wall clock may
    /// step, and the machine may have slept.
    ///
    /// # Cancel safety
    /// Dropping the future stops the wait and has no other effect.
    async fn sleep(&self, duration: Duration);
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
