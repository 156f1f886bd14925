//! What the guild stores cost, next to what SQLite itself costs: `cargo bench --bench stores`.
//!
//! Each row is measured in this run, on this machine, next to a **bound**: raw rusqlite that does the same work with
//! the same copy of SQLite. The two take turns, so that whatever else the machine does hits both; the ratio of
//! their medians is what a target is about, and what can be compared between machines. The program fails if a
//! target is missed.
//!
//! `cargo bench --bench stores -- open lease` measures these groups only; `-- --help` lists them.
//!
//! To add a measurement: a [`Row`](report::Row) in the file of its group.

mod bound;
mod creating;
mod ground;
mod leasing;
mod many;
mod memory;
mod opening;
mod places;
mod process;
mod report;
mod samples;
mod statements;
mod thousand;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, ValueEnum};

use places::Places;
use process::Processors;
use report::Report;

/// Measures the guild stores next to raw rusqlite.
#[derive(Debug, Parser)]
struct Options {
    /// What to measure; everything without one.
    groups: Vec<Group>,
    /// A directory on a real disk, where a flush costs what it costs.
    #[arg(long, env = "MUSTER_BENCH_DISK", default_value = env!("CARGO_TARGET_TMPDIR"))]
    disk: PathBuf,
    /// A directory in memory, where a flush costs nothing; rows that need one are left out if it is missing.
    #[arg(long, env = "MUSTER_BENCH_TMPFS", default_value = "/dev/shm")]
    tmpfs: PathBuf,
    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A group of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Group {
    /// What an idle open store takes of the memory. First, while no freed memory can hide it.
    Memory,
    /// Opening the store of a known guild.
    Open,
    /// Making the store of a new guild.
    Create,
    /// Reading and writing.
    Statements,
    /// Leasing a store that is open.
    Lease,
    /// The whole life of 1,000 guilds.
    Thousand,
    /// 10,000 guilds with room for 128.
    Many,
}

impl Group {
    /// One processor for what is compared step by step: otherwise luck decides which threads share one.
    fn processors(self) -> Processors {
        match self {
            Self::Thousand | Self::Many => Processors::All,
            _ => Processors::One,
        }
    }

    async fn measure(self, places: Arc<Places>) -> anyhow::Result<Report> {
        match self {
            Self::Memory => memory::measure(&places).await,
            Self::Open => opening::measure(&places).await,
            Self::Create => creating::measure(&places).await,
            Self::Statements => statements::measure(&places).await,
            Self::Lease => leasing::measure(&places).await,
            Self::Thousand => thousand::measure(&places).await,
            Self::Many => many::measure(&places).await,
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let places = Arc::new(Places::new(options.disk, options.tmpfs)?);
    let all = process::processors()?;
    let mut missed = 0;
    report::head();
    for group in Group::value_variants() {
        if !options.groups.is_empty() && !options.groups.contains(group) {
            continue;
        }
        process::use_processors(group.processors(), &all)?;
        // As many threads as there are processors to use, like the bot's own.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let measured = runtime.block_on(runtime.spawn(group.measure(Arc::clone(&places))));
        let report = measured?.with_context(|| format!("the group {group:?} could not be measured"))?;
        report.print();
        missed += report.missed();
    }
    report::verdict(missed);
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
