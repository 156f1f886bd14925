//! Numbers that look like chance and are the same in every run of a seed.

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number from `low` up to `high`, both among them.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high - low).unsigned_abs() + 1;
        low.saturating_add_unsigned(self.roll() % span)
    }

    /// Whether something comes true that does so in `percent` of all cases.
    pub(super) fn says(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        let last = i64::try_from(among.len()).unwrap() - 1;
        &among[usize::try_from(self.between(0, last)).unwrap()]
    }
}

/// A number out of 10,000 that depends on all of these and on nothing else.
pub(super) fn lot(of: &[u64]) -> u64 {
    of.iter().fold(0x5EED, |mix, part| mixed(mix ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15))) % 10_000
}

/// Source: <https://prng.di.unimi.it/splitmix64.c>
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
