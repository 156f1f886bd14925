//! Opening the store of a known guild, next to opening its file and asking the same question.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use anyhow::Result;
use muster::storage::Synchronous;
use rustix::fs::{Advice, fadvise};

use crate::bound;
use crate::ground::{Ground, member, watch};
use crate::places::Places;
use crate::report::{Report, Row, Target};
use crate::samples::{Rounds, in_turns};

const GUILD: u64 = 1_000_000_000_000_000_007;

/// What the system has of the file in memory when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageCache {
    Warm,
    Dropped,
}

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report = Report::new("Opening the store of a known guild (one processor)");
    let target = Target::Times(2.5);
    report.add(open("warm, on a disk", &places.disk, PageCache::Warm, target).await?);
    if let Some(tmpfs) = &places.tmpfs {
        report.add(open("warm, in memory", tmpfs, PageCache::Warm, target).await?);
    }
    report.add(open("cold, on a disk", &places.disk, PageCache::Dropped, Target::Nothing).await?);
    Ok(report)
}

async fn open(what: &str, place: &Path, cache: PageCache, target: Target) -> Result<Row> {
    let ground = Ground::new(place, Synchronous::Full, 4)?;
    let lease = ground.create(GUILD).await?;
    watch(&lease, 1).await?;
    for number in 0..20 {
        lease.members().upsert(&member(number), crate::ground::some_time()).await?;
    }
    drop(lease);
    let copy = ground.copy_for_bound(GUILD).await?;
    let own = ground.file(GUILD);
    let (ground, own) = (&ground, &own);
    let muster = || async move {
        prepare(own, cache)?;
        let started = Instant::now();
        let lease = ground.open(GUILD).await?;
        let elapsed = started.elapsed();
        drop(lease);
        ground.stores.close_idle().await;
        Ok(elapsed)
    };
    let bound = || {
        prepare(&copy, cache)?;
        let started = Instant::now();
        let connection = bound::open(&copy, Synchronous::Full)?;
        let elapsed = started.elapsed();
        drop(connection);
        Ok(elapsed)
    };
    in_turns(what, Rounds { rounds: 40, times: 25 }, target, muster, bound).await
}

fn prepare(file: &Path, cache: PageCache) -> Result<()> {
    if cache == PageCache::Dropped {
        let file = File::open(file)?;
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}
