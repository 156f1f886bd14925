//! The table: what was measured, what the bound took, and whether the target is met.
#![expect(clippy::print_stdout, reason = "a table is what a benchmark is for")]

use std::time::Duration;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    Kibibytes,
    Pieces,
}

impl Unit {
    fn show(self, amount: u64) -> String {
        match self {
            Self::Pieces => amount.to_string(),
            Self::Kibibytes => format!("{amount} KiB"),
            Self::Nanoseconds => {
                let seconds = Duration::from_nanos(amount).as_secs_f64();
                match amount {
                    0..1_000 => format!("{amount} ns"),
                    1_000..1_000_000 => format!("{:.1} µs", seconds * 1e6),
                    1_000_000..1_000_000_000 => format!("{:.2} ms", seconds * 1e3),
                    _ => format!("{seconds:.2} s"),
                }
            }
        }
    }
}

/// The middle of what was measured, and what only one in a hundred exceeds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) p50: u64,
    /// `None` where there is one number only.
    pub(crate) p99: Option<u64>,
}

/// What a row promises.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// The median is at most this many times that of the bound.
    Times(f64),
    /// The median is at most this, in the unit of the row.
    AtMost(u64),
    /// Nothing: for information.
    Nothing,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) muster: Spread,
    pub(crate) bound: Option<Spread>,
    pub(crate) target: Target,
}

impl Row {
    /// How many times as much as the bound.
    fn ratio(&self) -> Option<f64> {
        let bound = Duration::from_nanos(self.bound?.p50);
        Some(Duration::from_nanos(self.muster.p50).div_duration_f64(bound))
    }

    fn is_met(&self) -> bool {
        match self.target {
            Target::Times(times) => self.ratio().is_some_and(|ratio| ratio <= times),
            Target::AtMost(amount) => self.muster.p50 <= amount,
            Target::Nothing => true,
        }
    }

    fn print(&self) {
        let show = |amount: Option<u64>| amount.map(|amount| self.unit.show(amount)).unwrap_or_default();
        let ratio = self.ratio().map(|ratio| format!("{ratio:.2}×")).unwrap_or_default();
        let target = match self.target {
            Target::Times(times) => format!("≤ {times}×"),
            Target::AtMost(amount) => format!("≤ {}", self.unit.show(amount)),
            Target::Nothing => String::new(),
        };
        let verdict = match self.target {
            Target::Nothing => "",
            _ if self.is_met() => "ok",
            _ => "OVER",
        };
        println!(
            "  {:<50} {:>10} {:>10}   {:>10} {:>10}   {ratio:>7}   {target:<10} {verdict}",
            self.what,
            show(Some(self.muster.p50)),
            show(self.muster.p99),
            show(self.bound.map(|bound| bound.p50)),
            show(self.bound.and_then(|bound| bound.p99)),
        );
    }
}

/// The rows of one group.
#[derive(Debug)]
pub(crate) struct Report {
    title: &'static str,
    rows: Vec<Row>,
}

impl Report {
    /// A group without rows yet.
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn print(&self) {
        println!("{}", self.title);
        for row in &self.rows {
            row.print();
        }
    }

    /// How many targets were missed.
    pub(crate) fn missed(&self) -> usize {
        self.rows.iter().filter(|row| !row.is_met()).count()
    }
}

/// The columns' names.
pub(crate) fn head() {
    println!(
        "  {:<50} {:>10} {:>10}   {:>10} {:>10}   {:>7}   target",
        "", "Muster p50", "p99", "bound p50", "p99", "ratio"
    );
}

/// The last line.
pub(crate) fn verdict(missed: usize) {
    match missed {
        0 => println!("Every target is met."),
        1 => println!("One target is missed."),
        _ => println!("{missed} targets are missed."),
    }
}
