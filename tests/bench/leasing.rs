//! Leasing a store that is open already: what every command and every reminder begins with.

use std::time::Instant;

use anyhow::{Context, Result};
use futures::FutureExt;
use muster::ids::GuildId;
use muster::storage::Synchronous;

use crate::ground::Ground;
use crate::places::Places;
use crate::report::{Report, Row, Target, Unit};
use crate::samples::Samples;

/// One lease is too short for the clock.
const LEASES: u32 = 1_000;
/// Stores open at the same time, so that a lease has to find its own.
const STORES: u64 = 100;

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report = Report::new("Leasing a store that is open (one processor)");
    let ground = Ground::new(places.quickest(), Synchronous::Full, 256)?;
    for guild in 1..=STORES {
        drop(ground.create(guild).await?);
    }
    let mut samples = Samples::new()?;
    for _ in 0..500 {
        let started = Instant::now();
        for guild in (1..=STORES).cycle().take(usize::try_from(LEASES)?) {
            lease(&ground, guild)?;
        }
        samples.add(started.elapsed() / LEASES)?;
    }
    report.add(Row {
        what: "a lease, taken and given back".to_owned(),
        unit: Unit::Nanoseconds,
        muster: samples.spread(),
        bound: None,
        target: Target::AtMost(1_000),
    });
    Ok(report)
}

/// Takes a lease and gives it back, without waiting for anything.
fn lease(ground: &Ground, guild: u64) -> Result<()> {
    let lease = ground.stores.open(GuildId::new(guild)).now_or_never();
    lease.context("the lease of an open store had to wait")??.context("the guild has no store")?;
    Ok(())
}
