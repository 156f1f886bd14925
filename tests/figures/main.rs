//! What Muster does in time, and what it takes of the machine: `cargo bench --bench figures`.
//!
//! Measures the real program on an emulator of Discord, prints tables, writes `BENCHMARKS.md`, and fails if a target is
//! missed. `cargo bench --bench figures -- answers guilds` measures these only and writes nothing; `-- --help` lists them.
//!
//! What needs the machine for itself is measured first, one after the other. What mostly waits for the rate limit, of which
//! each program has its own, is measured side by side.
//!
//! To add a measurement: a file with a function that returns a [`Table`], a variant of [`What`], and its place in [`QUIET`] or
//! [`SIDE_BY_SIDE`].

mod answers;
mod drain;
mod due;
mod fairness;
mod ground;
mod guilds;
mod lateness;
mod page;
mod pause;
#[path = "../bench/places.rs"]
mod places;
mod process;
mod program;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, anyhow};
use clap::{Parser, ValueEnum};

use places::Places;
use report::Table;

/// Measures the program against its targets.
#[derive(Debug, Parser)]
struct Options {
    /// What to measure; everything without one.
    what: Vec<What>,
    /// A directory on a real disk, where a flush costs what it costs.
    #[arg(long, env = "MUSTER_BENCH_DISK", default_value = env!("CARGO_TARGET_TMPDIR"))]
    disk: PathBuf,
    /// A directory in memory, where a flush costs nothing.
    #[arg(long, env = "MUSTER_BENCH_TMPFS", default_value = "/dev/shm")]
    tmpfs: PathBuf,
    /// Measures with only one part of so many of everything, to see whether it works at all. Writes nothing.
    #[arg(long, env = "MUSTER_BENCH_PART", default_value_t = 1)]
    part: usize,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much of everything is measured: one part of so many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(usize);

impl Size {
    /// So much of this, and never nothing.
    pub(crate) fn of(self, whole: usize) -> usize {
        whole.div_ceil(self.0.max(1))
    }
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Lateness of reminders while the limiter is free.
    Lateness,
    /// How soon commands and buttons are acknowledged.
    Answers,
    /// A thousand reminders due within one second.
    Burst,
    /// Ten thousand due at once, ten to a channel.
    Shared,
    /// Ten thousand due at once, each in its own channel.
    Separate,
    /// One guild with ten thousand due next to guilds with one.
    Fairness,
    /// A global 429 of three seconds.
    Pause,
    /// Memory, threads, start and idling with 1, 1,000 and 10,000 guilds.
    Guilds,
}

/// What needs the machine for itself, in this order.
const QUIET: &[What] = &[What::Lateness, What::Answers];

/// What mostly waits: these rows side by side, each row one after the other.
const SIDE_BY_SIDE: &[&[What]] =
    &[&[What::Burst, What::Pause, What::Guilds], &[What::Shared], &[What::Separate], &[What::Fairness]];

impl What {
    async fn measure(self, places: &Places, size: Size) -> Result<Table> {
        let table = match self {
            Self::Lateness => lateness::free(places, size).await,
            Self::Answers => answers::measure(places, size).await,
            Self::Burst => lateness::burst(places, size).await,
            Self::Shared => drain::shared(places, size).await,
            Self::Separate => drain::separate(places, size).await,
            Self::Fairness => fairness::measure(places, size).await,
            Self::Pause => pause::measure(places, size).await,
            Self::Guilds => guilds::measure(places, size, &[1, 1_000, 10_000]).await,
        };
        let table = table.with_context(|| format!("{self:?} could not be measured"))?;
        page::print(&table);
        Ok(table)
    }
}

fn main() -> Result<ExitCode> {
    let options = Options::parse();
    let places = Places::new(options.disk.clone(), options.tmpfs.clone())?;
    let measure = |row: &[What]| {
        let is_wanted = |what: &&What| options.what.is_empty() || options.what.contains(what);
        // Each row has its own, so that the emulators of two do not wait for each other.
        let runtime = tokio::runtime::Runtime::new()?;
        let row = row.iter().filter(is_wanted);
        row.map(|what| runtime.block_on(what.measure(&places, Size(options.part))))
            .collect::<Result<Vec<_>>>()
    };
    let load = page::load()?;
    let mut tables = measure(QUIET)?;
    let measured = thread::scope(|scope| {
        let rows: Vec<_> = SIDE_BY_SIDE.iter().map(|row| scope.spawn(|| measure(row))).collect();
        let joined = rows.into_iter().map(|row| row.join().map_err(|_| anyhow!("a measurement panicked"))?);
        joined.collect::<Result<Vec<_>>>()
    });
    tables.extend(measured?.into_iter().flatten());
    let missed: usize = tables.iter().map(Table::missed).sum();
    page::print_verdict(missed);
    if options.what.is_empty() && options.part == 1 {
        page::write(&Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md"), &load, &tables)?;
    }
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
