//! 10,000 guilds touched at random with room for 128: what the process takes, and whether anything fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use muster::storage::Synchronous;
use tokio_util::task::TaskTracker;

use crate::ground::{Ground, member, some_time};
use crate::places::Places;
use crate::process;
use crate::report::{Report, Row, Spread, Target, Unit};
use crate::samples::Samples;

const GUILDS: u64 = 10_000;
const MAX_OPEN: usize = 128;
const TASKS: u64 = 32;
/// How often each task touches a guild.
const TOUCHES: u64 = 1_000;

/// The most that was seen of something.
#[derive(Debug, Default)]
struct Peak(AtomicU64);

impl Peak {
    fn see(&self, amount: u64) {
        self.0.fetch_max(amount, Ordering::Relaxed);
    }

    fn row(&self, what: &str, target: u64) -> Row {
        let muster = Spread { p50: self.0.load(Ordering::Relaxed), p99: None };
        Row { what: what.to_owned(), unit: Unit::Pieces, muster, bound: None, target: Target::AtMost(target) }
    }
}

/// What the tasks saw together.
#[derive(Debug, Default)]
struct Seen {
    descriptors: Peak,
    threads: Peak,
    failures: Peak,
}

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report =
        Report::new("10,000 guilds touched at random by 32 tasks, with room for 128 open stores");
    let ground = Arc::new(Ground::new(places.quickest(), Synchronous::Full, MAX_OPEN)?);
    let seen = Arc::new(Seen::default());
    in_tasks(|task| populate(Arc::clone(&ground), task)).await?;
    let touched = in_tasks(|task| touch(Arc::clone(&ground), Arc::clone(&seen), task)).await?;
    let mut samples = Samples::new()?;
    for of_task in &touched {
        samples.merge(of_task)?;
    }
    report.add(Row {
        what: "a lease and a read, nearly always of a closed store".to_owned(),
        unit: Unit::Nanoseconds,
        muster: samples.spread(),
        bound: None,
        target: Target::Nothing,
    });
    report.add(seen.descriptors.row("most descriptors", 599));
    report.add(seen.threads.row("most threads", 199));
    report.add(seen.failures.row("failures, closed under their user or else", 0));
    Ok(report)
}

async fn in_tasks<T: Send + 'static, F>(work: impl Fn(u64) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>> + Send + 'static,
{
    let tasks = TaskTracker::new();
    let running: Vec<_> = (0..TASKS).map(|task| tasks.spawn(work(task))).collect();
    try_join_all(running).await?.into_iter().collect()
}

/// Creates this task's share of the guilds.
async fn populate(ground: Arc<Ground>, task: u64) -> Result<()> {
    for guild in (1..=GUILDS).filter(|guild| guild % TASKS == task) {
        ground.create(guild).await?.members().upsert(&member(guild), some_time()).await?;
    }
    Ok(())
}

/// Touches guilds at random: reads, and writes now and then.
async fn touch(ground: Arc<Ground>, seen: Arc<Seen>, task: u64) -> Result<Samples> {
    let mut samples = Samples::new()?;
    let mut failures = 0;
    let mut dice = task + 1;
    for touch in 0..TOUCHES {
        let guild = roll(&mut dice) % GUILDS + 1;
        let started = Instant::now();
        let read = read(&ground, guild).await;
        samples.add(started.elapsed())?;
        let used = match read {
            Ok(()) if touch % 8 == 0 => write(&ground, guild, touch).await,
            read => read,
        };
        failures += u64::from(used.is_err());
        if touch % 16 == 0 {
            seen.descriptors.see(process::descriptors()?);
            seen.threads.see(process::threads()?);
        }
    }
    seen.failures.0.fetch_add(failures, Ordering::Relaxed);
    Ok(samples)
}

async fn read(ground: &Ground, guild: u64) -> Result<()> {
    let lease = ground.open(guild).await?;
    let name: String = sqlx::query_scalar("SELECT name FROM members WHERE user_id = $1")
        .bind(member(guild).user_id)
        .fetch_optional(lease.pool())
        .await?
        .context("its member is gone")?;
    ensure!(name == member(guild).name, "it is the store of another guild");
    Ok(())
}

async fn write(ground: &Ground, guild: u64, touch: u64) -> Result<()> {
    let lease = ground.open(guild).await?;
    lease.members().upsert(&member(GUILDS + touch), some_time()).await?;
    Ok(())
}

/// The next number of an even distribution that is the same in every run.
///
/// Source: <https://prng.di.unimi.it/splitmix64.c>
fn roll(dice: &mut u64) -> u64 {
    *dice = dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*dice ^ (*dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
