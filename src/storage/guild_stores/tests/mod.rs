//! The contract of the guild stores, point by point.

mod deletion;
mod eviction;
mod hammer;
mod killed;
mod opening;
mod quarantine;
mod restoring;
mod schedules;
mod steps;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::*;
use crate::domain::event::EventId;
use crate::ids::MessageId;
use crate::storage::testing::{GUILD, StandingClock, at, new_event, stores_in, watch};

const OTHER: GuildId = GuildId::new(2_000);

fn options(max_open: usize) -> StoreOptions {
    StoreOptions { max_open, lease_wait: Duration::from_millis(500), ..StoreOptions::default() }
}

async fn create(stores: &GuildStores, guild: GuildId) -> Lease {
    stores.admit(guild);
    stores.open_or_create(guild).await.unwrap()
}

fn guild_dir(tmp: &TempDir, guild: GuildId) -> PathBuf {
    tmp.path().join("data/guilds").join(guild.to_string())
}

/// Waits for a fact that a background task brings about.
async fn eventually(fact: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !fact() {
        assert!(tokio::time::Instant::now() < deadline, "waited ten seconds in vain");
        tokio::task::yield_now().await;
    }
}

/// When a closing has to be over that nothing holds up.
fn soon() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(10)
}

/// Creates the store of `GUILD` and closes everything.
async fn closed_store(tmp: &TempDir) {
    let stores = stores_in(tmp, options(4));
    drop(create(&stores, GUILD).await);
    stores.close(soon()).await;
}
