//! What was measured: figures with their targets, in tables with a word on what they mean.

use std::fmt;
use std::time::Duration;

/// One number with what it counts.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Amount {
    Time(Duration),
    Kibibytes(u64),
    Pieces(usize),
    PerSecond(f64),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Pieces(pieces) => write!(f, "{pieces}"),
            Self::PerSecond(rate) => write!(f, "{rate:.1} a second"),
            Self::Kibibytes(kib) if kib < 1_024 => write!(f, "{kib} KiB"),
            Self::Kibibytes(kib) => write!(f, "{}.{} MiB", kib / 1_024, kib % 1_024 * 10 / 1_024),
            Self::Time(time) => match time.as_nanos() {
                0..1_000_000 => write!(f, "{} µs", time.as_micros()),
                1_000_000..10_000_000 => write!(f, "{:.1} ms", time.as_secs_f64() * 1e3),
                10_000_000..1_000_000_000 => write!(f, "{} ms", time.as_millis()),
                _ => write!(f, "{:.2} s", time.as_secs_f64()),
            },
        }
    }
}

/// What a figure should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtMost(Amount),
    AtLeast(Amount),
    /// Nothing: for information.
    Nothing,
}

/// One line of a table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) figure: Amount,
    pub(crate) target: Target,
}

impl Row {
    pub(crate) fn is_met(&self) -> bool {
        match self.target {
            Target::AtMost(most) => self.figure <= most,
            Target::AtLeast(least) => self.figure >= least,
            Target::Nothing => true,
        }
    }

    /// The target in signs, and whether it is met; nothing where there is none.
    pub(crate) fn verdict(&self) -> (String, &'static str) {
        let verdict = if self.is_met() { "met" } else { "**missed**" };
        match self.target {
            Target::AtMost(most) => (format!("≤ {most}"), verdict),
            Target::AtLeast(least) => (format!("≥ {least}"), verdict),
            Target::Nothing => (String::new(), ""),
        }
    }
}

/// The figures of one measurement.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: &'static str,
    /// What was done, and what the figures mean.
    pub(crate) meaning: String,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// A table without rows yet.
    pub(crate) fn new(title: &'static str, meaning: impl Into<String>) -> Self {
        Self { title, meaning: meaning.into(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, what: impl Into<String>, figure: Amount, target: Target) {
        self.rows.push(Row { what: what.into(), figure, target });
    }

    /// How late or slow something was: the middle, what one in a hundred exceeds, and the worst. The target is for the second.
    pub(crate) fn add_times(&mut self, what: &str, times: &Times, target: Target) {
        self.add(format!("{what}, p50"), Amount::Time(times.quantile(0.5)), Target::Nothing);
        self.add(format!("{what}, p99"), Amount::Time(times.quantile(0.99)), target);
        self.add(format!("{what}, worst"), Amount::Time(times.quantile(1.0)), Target::Nothing);
    }

    /// How many targets were missed.
    pub(crate) fn missed(&self) -> usize {
        self.rows.iter().filter(|row| !row.is_met()).count()
    }
}

/// How long something took, many times over.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl FromIterator<Duration> for Times {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }
}

impl Times {
    /// The shortest time that this share of all does not exceed; nothing if there is none.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let ranks = self.0.iter().zip(1_u32..);
        let wanted = f64::from(u32::try_from(self.0.len()).unwrap_or(u32::MAX)) * share;
        let mut reached = ranks.filter(|(_, rank)| f64::from(*rank) >= wanted);
        reached.next().map(|(time, _)| *time).unwrap_or_default()
    }
}
