//! What an idle open store takes of the memory.

use anyhow::Result;
use muster::domain::emoji::Emoji;
use muster::storage::{Lease, Synchronous};

use crate::ground::{Ground, member, some_time, watch};
use crate::places::Places;
use crate::process;
use crate::report::{Report, Row, Spread, Target, Unit};

const STORES: u64 = 200;
/// Opened before, so that what the process needs once is not counted.
const FIRST: u64 = 16;

/// What is done with a store before it idles.
#[derive(Debug, Clone, Copy)]
enum Use {
    Nothing,
    Evening,
}

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report = Report::new("The memory of an idle open store (mean of 200)");
    let fresh = Ground::new(places.quickest(), Synchronous::Full, 256)?;
    report.add(row("opened", taken(&fresh, Use::Nothing).await?, Target::AtMost(160)));
    // The others stay open: what they would free would hide what these take.
    let used = Ground::new(places.quickest(), Synchronous::Full, 256)?;
    report.add(row("opened, and used like an evening", taken(&used, Use::Evening).await?, Target::Nothing));
    Ok(report)
}

fn row(what: &str, taken: u64, target: Target) -> Row {
    let muster = Spread { p50: taken, p99: None };
    Row { what: what.to_owned(), unit: Unit::Kibibytes, muster, bound: None, target }
}

/// How many kibibytes a store takes after this use.
async fn taken(ground: &Ground, what: Use) -> Result<u64> {
    let mut before = 0;
    for guild in 1..=FIRST + STORES {
        if guild == FIRST + 1 {
            before = process::resident_kib()?;
        }
        let lease = ground.create(guild).await?;
        match what {
            Use::Nothing => {}
            Use::Evening => use_like_an_evening(&lease).await?,
        }
    }
    Ok(process::resident_kib()?.saturating_sub(before).div_ceil(STORES))
}

/// An event, who is in the guild, some answers, and what the commands and the scheduler ask.
async fn use_like_an_evening(lease: &Lease) -> Result<()> {
    let now = some_time();
    let members: Vec<_> = (0..30).map(member).collect();
    lease.members().replace_all(&members, now).await?;
    let event = watch(lease, 1).await?;
    let yes = Emoji::Unicode("✅".into());
    for member in &members {
        lease.responses().add_reaction(event, member.user_id, &yes, now).await?;
    }
    lease.responses().of_event(event).await?;
    lease.events().due(now, None, 25).await?;
    lease.events().find(event).await?;
    lease.events().list_live(10, 0).await?;
    lease.events().earliest_instant().await?;
    lease.members().list().await?;
    lease.guild().settings().await?;
    Ok(())
}
