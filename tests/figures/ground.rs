//! A Discord and a data directory that know of the same guilds and events.
//!
//! The events are written through the bot's own library before the program starts: ten thousand commands would take longer
//! than most measurements.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::TimeDelta;
use discord_emulator::{Builder, Channel, Emulator, Guild, Snowflake};
use futures::{StreamExt, TryStreamExt, stream};
use muster::clock::{Clock, SystemClock, Timestamp};
use muster::config::Config;
use muster::domain::choice::Choices;
use muster::domain::event::Origin;
use muster::domain::interval::Interval;
use muster::ids::{ChannelId, GuildId, MessageId, UserId};
use muster::scheduler;
use muster::storage::NewEvent;
use muster::upkeep::Upkeep;
use tempfile::TempDir;
use tokio::time::Instant;

use crate::program::{PATIENCE, Program};

/// No event is reminded of twice during a measurement.
const INTERVAL: TimeDelta = TimeDelta::days(1);
/// Guilds whose stores are written at the same time.
const AT_ONCE: usize = 16;

/// Where a measurement takes place.
pub(crate) struct Ground {
    pub(crate) discord: Emulator,
    tmp: TempDir,
}

/// An event that is about to be.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    pub(crate) channel: Channel,
    /// No two events of a measurement have the same.
    pub(crate) title: String,
    pub(crate) due: Timestamp,
}

impl Ground {
    /// A Discord that checks no request, since it shares the machine with what is measured.
    pub(crate) async fn new(place: &Path, discord: Builder) -> Result<Self> {
        let discord = discord.check_requests(false).identify_interval(Duration::ZERO);
        let discord = discord.wait_deadline(PATIENCE).start().await.context("the emulator does not start")?;
        Ok(Self { discord, tmp: tempfile::tempdir_in(place)? })
    }

    /// The program's data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.tmp.path().join("data")
    }

    /// Starts the program.
    pub(crate) async fn start(&self, settings: &[(&str, &str)]) -> Result<Program> {
        Program::start(&self.discord, &self.data(), settings).await
    }

    /// Has the owners of guilds write messages, and writes down that these are watched.
    pub(crate) async fn sow(&self, seeds: &[Seed]) -> Result<()> {
        let mut guilds: HashMap<Snowflake, (Guild, Vec<&Seed>)> = HashMap::new();
        for seed in seeds {
            let guild = seed.channel.guild().context("a channel without a guild")?;
            guilds.entry(guild.id()).or_insert((guild, Vec::new())).1.push(seed);
        }
        let upkeep = self.open_data().await?;
        let sown = stream::iter(guilds.values()).map(|(guild, seeds)| sow_in(&upkeep, guild, seeds));
        sown.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        close(&upkeep).await
    }

    /// How late the reminder log says each reminder was sent; those that were not are left out.
    pub(crate) async fn logged_lateness(&self, guilds: &[Guild]) -> Result<Vec<Duration>> {
        let upkeep = self.open_data().await?;
        let mut lateness = Vec::new();
        for guild in guilds {
            let id = GuildId::new(guild.id().get());
            // One in which nothing falls due has none.
            let Some(store) = upkeep.stores.open(id).await? else { continue };
            let sent = "SELECT sent_at - scheduled_at FROM reminder_log WHERE status = 'sent'";
            let rows: Vec<i64> = sqlx::query_scalar(sent).fetch_all(store.pool()).await?;
            let late = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or_default());
            lateness.extend(rows.into_iter().map(late));
        }
        close(&upkeep).await?;
        Ok(lateness)
    }

    async fn open_data(&self) -> Result<Upkeep> {
        // In a power cut nothing is lost but time.
        let settings = [
            ("MUSTER__STORAGE__DATA_DIR", self.data().display().to_string()),
            ("MUSTER__STORAGE__SYNCHRONOUS", "normal".to_owned()),
        ];
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let config = Config::load_from(None, settings)?;
        Ok(Upkeep::open(&config.storage, Arc::new(SystemClock)).await?)
    }
}

async fn sow_in(upkeep: &Upkeep, guild: &Guild, seeds: &[&Seed]) -> Result<()> {
    let (id, now, owner) = (GuildId::new(guild.id().get()), SystemClock.now(), guild.owner());
    upkeep.registry.note_joined(id, now).await?;
    upkeep.stores.admit(id);
    let store = upkeep.stores.open_or_create(id).await?;
    for seed in seeds {
        let message = owner.says(&seed.channel, &seed.title);
        let event = NewEvent {
            channel_id: ChannelId::new(seed.channel.id().get()),
            message_id: Some(MessageId::new(message.id().get())),
            origin: Origin::Watched,
            title: seed.title.clone(),
            description: String::new(),
            interval: Interval::from_millis(INTERVAL.num_milliseconds()).context("a day is an interval")?,
            next_due_at: seed.due,
            choices: Choices::default(),
            role: None,
            author_id: UserId::new(owner.id().get()),
        };
        store.events().watch(&event, now).await?;
    }
    scheduler::sync_due(&store, &upkeep.registry, &upkeep.agenda).await?;
    Ok(())
}

async fn close(upkeep: &Upkeep) -> Result<()> {
    upkeep.stores.close(Instant::now() + PATIENCE).await;
    Ok(upkeep.registry.close(true).await?)
}
