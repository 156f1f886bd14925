//! What an idle open store takes of the memory.

use anyhow::Result;
use muster::domain::emoji::Emoji;
use muster::storage::{Lease, Synchronous};

use crate::ground::{Ground, Places, member, some_time, watch};
use crate::process;
use crate::report::{Report, Row, Spread, Target, Unit};

const STORES: u64 = 200;
/// Opened before, so that what the process needs once is not counted.
const FIRST: u64 = 16;

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report =
        Report::new("The memory of an idle open store (mean of 200, each after an evening's work)");
    let ground = Ground::new(places.quickest(), Synchronous::Full, 256)?;
    for guild in 1..=FIRST {
        use_like_an_evening(&ground.create(guild).await?).await?;
    }
    let before = process::resident_kib()?;
    for guild in FIRST + 1..=FIRST + STORES {
        use_like_an_evening(&ground.create(guild).await?).await?;
    }
    let taken = process::resident_kib()?.saturating_sub(before);
    report.add(Row {
        what: "resident".to_owned(),
        unit: Unit::Kibibytes,
        muster: Spread { p50: taken.div_ceil(STORES), p99: None },
        bound: None,
        target: Target::AtMost(160),
    });
    Ok(report)
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
    lease.events().due(now, 25).await?;
    lease.events().find(event).await?;
    lease.events().list_live(10, 0).await?;
    lease.events().earliest_instant().await?;
    lease.members().list().await?;
    lease.guild().settings().await?;
    Ok(())
}
