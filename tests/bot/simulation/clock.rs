//! A clock that stands until the simulation moves it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use muster::clock::{Clock, Timestamp};
use tokio::sync::{Notify, watch};

/// What the wall clock says, and beside it how much time has passed, which alone ends a sleep: a clock that is set, or a
/// machine that was suspended, wakes nobody.
#[derive(Debug)]
pub(super) struct SimulatedClock {
    face: Mutex<Face>,
    /// Milliseconds that have passed.
    passed: watch::Sender<i64>,
    /// Told whenever somebody goes to sleep.
    slept: Notify,
}

#[derive(Debug)]
struct Face {
    wall_ms: i64,
    /// Who sleeps, and until how much time has passed.
    sleepers: BTreeMap<u64, i64>,
    /// How often somebody went to sleep.
    sleeps: u64,
}

impl SimulatedClock {
    /// A clock that says this.
    pub(super) fn at(wall_ms: i64) -> Self {
        let face = Face { wall_ms, sleepers: BTreeMap::new(), sleeps: 0 };
        Self { face: Mutex::new(face), passed: watch::Sender::new(0), slept: Notify::new() }
    }

    /// What it says, in milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.face.lock().unwrap().wall_ms
    }

    /// How much time has passed, in milliseconds.
    pub(super) fn passed_ms(&self) -> i64 {
        *self.passed.borrow()
    }

    /// In how many milliseconds the first sleeper wakes.
    pub(super) fn until_first_wakes(&self) -> Option<i64> {
        let passed = self.passed_ms();
        self.face.lock().unwrap().sleepers.values().min().map(|until| (until - passed).max(0))
    }

    /// Lets time pass.
    pub(super) fn pass(&self, ms: i64) {
        self.set_by(ms);
        self.passed.send_modify(|passed| *passed += ms);
    }

    /// Sets the clock forward or back; no time passes.
    pub(super) fn set_by(&self, ms: i64) {
        self.face.lock().unwrap().wall_ms += ms;
    }

    /// How often somebody went to sleep so far.
    pub(super) fn sleeps(&self) -> u64 {
        self.face.lock().unwrap().sleeps
    }

    /// Returns once somebody has gone to sleep since the last call.
    pub(super) async fn slept(&self) {
        self.slept.notified().await;
    }
}

/// Takes a sleeper off the list, however the sleep ends.
struct Asleep<'a>(&'a SimulatedClock, u64);

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.0.face.lock().unwrap().sleepers.remove(&self.1);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        instant(self.now_ms())
    }

    async fn sleep(&self, duration: Duration) {
        let mut passed = self.passed.subscribe();
        // A part of a millisecond counts as a whole one.
        let until = *passed.borrow() + i64::try_from(duration.as_micros().div_ceil(1_000)).unwrap();
        let asleep = {
            let mut face = self.face.lock().unwrap();
            face.sleeps += 1;
            let name = face.sleeps;
            face.sleepers.insert(name, until);
            Asleep(self, name)
        };
        self.slept.notify_one();
        passed.wait_for(|passed| *passed >= until).await.unwrap();
        drop(asleep);
    }
}

/// An instant of so many milliseconds.
pub(super) fn instant(ms: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(ms)
}
