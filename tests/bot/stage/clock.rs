//! A clock that the test turns.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use muster::clock::{Clock, SystemClock, Timestamp};
use tokio::sync::watch;

/// Runs along with the machine's clock, so much ahead of it as the test has turned it.
#[derive(Debug)]
pub(crate) struct TestClock {
    ahead: Mutex<TimeDelta>,
    turned: watch::Sender<()>,
}

impl Default for TestClock {
    fn default() -> Self {
        Self { ahead: Mutex::new(TimeDelta::zero()), turned: watch::Sender::new(()) }
    }
}

impl TestClock {
    /// Turns the clock forward, or back by less than nothing, and wakes everything that waits for it.
    pub(crate) fn advance(&self, by: TimeDelta) {
        *self.ahead.lock().unwrap() += by;
        self.turned.send_replace(());
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + *self.ahead.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        let mut turned = self.turned.subscribe();
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            _ = turned.changed() => {}
        }
    }
}
