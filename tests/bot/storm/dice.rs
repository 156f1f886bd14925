//! Chance that can be had again: the same seed throws the same numbers.

use std::ops::Range;
use std::time::Duration;

/// A stream of numbers, `SplitMix64` as in the emulator's faults.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    state: u64,
}

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for one purpose, so that what others throw does not change it.
    pub(super) fn fork(&self, purpose: u64) -> Self {
        let mut fork = Self::of(self.state ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
        fork.throw();
        fork
    }

    pub(super) fn throw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.throw() % (range.end - range.start)
    }

    pub(super) fn ms(&mut self, range: Range<u64>) -> Duration {
        Duration::from_millis(self.within(range))
    }

    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.within(0..100) < percent
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let length = u64::try_from(among.len()).expect("a list fits");
        &among[usize::try_from(self.within(0..length)).expect("it is below the length")]
    }
}
