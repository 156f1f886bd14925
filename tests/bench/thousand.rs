//! The whole life of 1,000 guilds by eight at a time: created, ten members written one by one, listed, deleted.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use futures::future::try_join_all;
use muster::ids::GuildId;
use muster::storage::Synchronous;
use rusqlite::params;
use tokio_util::task::TaskTracker;

use crate::bound;
use crate::creating::template;
use crate::ground::{Ground, member, some_time};
use crate::places::Places;
use crate::report::{Report, Target};
use crate::samples::{Rounds, in_turns};

const GUILDS: u64 = 1_000;
const AT_A_TIME: u64 = 8;

/// As in [`muster::storage::Members::upsert`], for one.
const INSERT: &str = "INSERT INTO members (user_id, name, is_bot, roles, created_at, updated_at)
                      VALUES ($1, $2, $3, $4, $5, $5)";
const LIST: &str = "SELECT user_id, name, is_bot, roles FROM members ORDER BY user_id";

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report = Report::new("Create, ten inserts, a query, delete: 1,000 guilds, eight at a time");
    let ground = Arc::new(Ground::new(places.quickest(), Synchronous::Full, 256)?);
    let template = template(&ground).await?;
    let guilds = ground.bound_guilds();
    let muster = || with_muster(Arc::clone(&ground));
    let by_hand = || by_hand(&guilds, &template);
    let rounds = Rounds { rounds: 5, times: 1 };
    report.add(in_turns("all of it", rounds, Target::Times(1.5), muster, by_hand).await?);
    Ok(report)
}

/// The guilds that one of the eight takes care of.
fn share(worker: u64) -> impl Iterator<Item = u64> {
    (1..=GUILDS).filter(move |guild| guild % AT_A_TIME == worker)
}

async fn with_muster(ground: Arc<Ground>) -> Result<Duration> {
    let tasks = TaskTracker::new();
    let started = Instant::now();
    let workers = (0..AT_A_TIME).map(|worker| {
        let ground = Arc::clone(&ground);
        tasks.spawn(async move {
            for guild in share(worker) {
                live(&ground, guild).await?;
            }
            anyhow::Ok(())
        })
    });
    for done in try_join_all(workers).await? {
        done?;
    }
    Ok(started.elapsed())
}

async fn live(ground: &Ground, guild: u64) -> Result<()> {
    let lease = ground.create(guild).await?;
    for number in 0..10 {
        let member = member(number);
        sqlx::query(INSERT)
            .bind(member.user_id)
            .bind(member.name)
            .bind(member.is_bot)
            .bind(serde_json::to_string(&member.roles)?)
            .bind(some_time().timestamp_millis())
            .execute(lease.pool())
            .await?;
    }
    ensure!(lease.members().list().await?.len() == 10);
    drop(lease);
    ensure!(ground.stores.delete(GuildId::new(guild)).await?);
    Ok(())
}

fn by_hand(guilds: &Path, template: &[u8]) -> Result<Duration> {
    let started = Instant::now();
    thread::scope(|scope| {
        let life = |worker| move || share(worker).try_for_each(|guild| live_by_hand(guilds, guild, template));
        let workers: Vec<_> = (0..AT_A_TIME).map(|worker| scope.spawn(life(worker))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread panicked"))?)
    })?;
    Ok(started.elapsed())
}

fn live_by_hand(guilds: &Path, guild: u64, template: &[u8]) -> Result<()> {
    let connection = bound::create(guilds, guild, template, Synchronous::Full)?;
    for number in 0..10 {
        let member = member(number);
        connection.prepare_cached(INSERT)?.execute(params![
            member.user_id.get().cast_signed(),
            member.name,
            member.is_bot,
            serde_json::to_string(&member.roles)?,
            some_time().timestamp_millis(),
        ])?;
    }
    let mut list = connection.prepare_cached(LIST)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let listed: rusqlite::Result<Vec<(i64, String, bool, String)>> = list.query_map((), read)?.collect();
    ensure!(listed?.len() == 10);
    drop(list);
    drop(connection);
    bound::delete(guilds, guild)
}
