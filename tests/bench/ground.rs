//! What is measured: guild stores in a directory of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use muster::clock::{SystemClock, Timestamp};
use muster::domain::audience::Member;
use muster::domain::choice::Choices;
use muster::domain::event::{EventId, Origin};
use muster::domain::interval::Interval;
use muster::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use muster::storage::{DataDir, GuildStores, Lease, NewEvent, StoreOptions, Synchronous};
use tempfile::TempDir;

/// Guild stores in a directory that goes when they go, and room beside them for the bound's files.
pub(crate) struct Ground {
    pub(crate) stores: GuildStores,
    tmp: TempDir,
}

impl Ground {
    /// Stores below `place`, of which `max_open` stay open.
    pub(crate) fn new(place: &Path, synchronous: Synchronous, max_open: usize) -> Result<Self> {
        let tmp = tempfile::tempdir_in(place)?;
        let dir = DataDir::open(&tmp.path().join("data"))?;
        fs::create_dir(tmp.path().join("bound"))?;
        // Whatever is not leased counts as idle, so that a store can be closed at will.
        let options =
            StoreOptions { max_open, synchronous, idle_close: Duration::ZERO, ..StoreOptions::default() };
        let stores = GuildStores::new(Arc::new(dir), options, Arc::new(SystemClock));
        Ok(Self { stores, tmp })
    }

    /// The store of a new guild.
    pub(crate) async fn create(&self, guild: u64) -> Result<Lease> {
        let guild = GuildId::new(guild);
        self.stores.admit(guild);
        Ok(self.stores.open_or_create(guild).await?)
    }

    /// The store of a guild that has one.
    pub(crate) async fn open(&self, guild: u64) -> Result<Lease> {
        let lease = self.stores.open(GuildId::new(guild)).await?;
        lease.with_context(|| format!("guild {guild} has no store"))
    }

    /// Where the bound keeps its guilds.
    pub(crate) fn bound_guilds(&self) -> PathBuf {
        self.tmp.path().join("bound")
    }

    /// Muster's own file of a guild.
    pub(crate) fn file(&self, guild: u64) -> PathBuf {
        self.tmp.path().join(format!("data/guilds/{guild}/guild.db"))
    }

    /// Closes every store and copies the file of one, byte for byte, for the bound to work on.
    pub(crate) async fn copy_for_bound(&self, guild: u64) -> Result<PathBuf> {
        self.stores.close_idle().await;
        let copy = self.bound_guilds().join(format!("{guild}.db"));
        fs::copy(self.file(guild), &copy)?;
        fs::File::open(&copy)?.sync_all()?;
        Ok(copy)
    }
}

/// An arbitrary instant.
pub(crate) fn some_time() -> Timestamp {
    Timestamp::from_timestamp_nanos(1_800_000_000_000_000_000)
}

/// A member with this number.
pub(crate) fn member(number: u64) -> Member {
    // As large as Discord's ids are.
    let user_id = UserId::new(1_200_000_000_000_000_000 + number);
    let roles = vec![RoleId::new(1_100_000_000_000_000_001), RoleId::new(1_100_000_000_000_000_002)];
    Member { user_id, name: format!("Member {number}"), is_bot: false, roles }
}

/// Watches the message with this number.
pub(crate) async fn watch(lease: &Lease, message: u64) -> Result<EventId> {
    let event = NewEvent {
        channel_id: ChannelId::new(1_000_000_000_000_000_001),
        message_id: Some(MessageId::new(1_300_000_000_000_000_000 + message)),
        origin: Origin::Watched,
        title: format!("Raid {message}"),
        description: "At the usual place, with the usual people.".to_owned(),
        interval: Interval::from_millis(3_600_000).context("an hour is an interval")?,
        next_due_at: some_time(),
        choices: Choices::default(),
        role: None,
        author_id: UserId::new(1_200_000_000_000_000_000),
    };
    Ok(lease.events().watch(&event, some_time()).await?.into_event().id)
}
