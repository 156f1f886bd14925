//! Making the store of a new guild: from the template, next to the migrator and next to a copy by hand.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use muster::ids::GuildId;
use muster::storage::Synchronous;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::bound;
use crate::ground::Ground;
use crate::places::Places;
use crate::report::{Report, Target};
use crate::samples::{Rounds, in_turns};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/guild");

const ROUNDS: Rounds = Rounds { rounds: 20, times: 5 };

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report =
        Report::new("Creating the store of a new guild, FULL, flushed to a disk (one processor)");
    let ground = Ground::new(&places.disk, Synchronous::Full, 4)?;
    let guilds = ground.bound_guilds();
    let mut next = 1;
    let mut migrated = 1;
    let muster = || {
        next += 1;
        create(&ground, next)
    };
    let migrator = || {
        migrated += 1;
        block_in_place(|| Handle::current().block_on(migrate(&guilds, migrated)))
    };
    let row = in_turns("next to the migrator", ROUNDS, Target::Times(0.3), muster, migrator).await?;
    report.add(row);

    let template = template(&ground).await?;
    let mut copied = 1_000_000;
    let muster = || {
        next += 1;
        create(&ground, next)
    };
    let by_hand = || {
        copied += 1;
        let started = Instant::now();
        let connection = bound::create(&guilds, copied, &template, Synchronous::Full)?;
        let elapsed = started.elapsed();
        drop(connection);
        bound::delete(&guilds, copied)?;
        Ok(elapsed)
    };
    let row = in_turns("next to a copy of the same bytes", ROUNDS, Target::Nothing, muster, by_hand).await?;
    report.add(row);
    Ok(report)
}

/// The file of a guild in which nothing was written yet but whose it is.
pub(crate) async fn template(ground: &Ground) -> Result<Vec<u8>> {
    const GUILD: u64 = 999_999_999;
    let lease = ground.create(GUILD).await?;
    sqlx::query("DELETE FROM guild").execute(lease.pool()).await?;
    drop(lease);
    let file = ground.copy_for_bound(GUILD).await?;
    let bytes = fs::read(file)?;
    ground.stores.delete(GuildId::new(GUILD)).await?;
    Ok(bytes)
}

async fn create(ground: &Ground, guild: u64) -> Result<Duration> {
    let started = Instant::now();
    let lease = ground.create(guild).await?;
    let elapsed = started.elapsed();
    drop(lease);
    ground.stores.delete(GuildId::new(guild)).await?;
    Ok(elapsed)
}

/// Makes a store as one is made without a template: an empty file, then every migration, each flushed.
async fn migrate(guilds: &Path, guild: u64) -> Result<Duration> {
    let directory = bound::directory(guilds, guild);
    let started = Instant::now();
    fs::create_dir(&directory)?;
    let options = SqliteConnectOptions::new()
        .filename(directory.join("guild.db"))
        .create_if_missing(true)
        .page_size(2_048)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    MIGRATIONS.run(&pool).await?;
    sqlx::query("INSERT INTO guild (id, guild_id, created_at, updated_at) VALUES (1, $1, 0, 0)")
        .bind(guild.cast_signed())
        .execute(&pool)
        .await?;
    let elapsed = started.elapsed();
    pool.close().await;
    fs::remove_dir_all(directory)?;
    Ok(elapsed)
}
