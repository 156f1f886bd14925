//! Looking after the guilds' data: backups, restores, checks, deletion; for the schedule, for `/database`, and for the
//! operator's command line.
//!
//! **Invariants**
//! - Whoever asks, the same code does it, on the same stores as everybody else: nothing here opens a file past them.
//! - After a store was replaced or deleted, registry and agenda say what the new one says.
//! - The schedule yields: one store at a time, and none while the disk is nearly full.
//!
//! **Does not know** who asks, and whether they may.
//!
//! To add something that can be asked: a method of [`Upkeep`], its report in [`report`], and a variant in [`request`].

mod error;
mod export;
mod offline;
mod report;
mod request;
mod schedule;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::TimeDelta;

pub use error::UpkeepError;
pub use export::{
    ExportedChoice, ExportedEvent, ExportedGuild, ExportedMember, ExportedReminder, ExportedResponse,
    ExportedState, GuildExport,
};
pub use offline::Offline;
pub use report::{CleanedUp, Deleted, GuildInfo, GuildSummary, Optimized, Restored, StoreState, Verified};
pub use request::{Answer, Request};
pub use schedule::{back_up_regularly, look_through};

use crate::clock::SharedClock;
use crate::config::StorageConfig;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::scheduler::{self, Agenda};
use crate::storage::{Backup, DataDir, GuildStores, Lease, Registry, StorageError, StoreOptions, Verdict};

/// Looks after the guilds' data. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    /// The data directory.
    pub data_dir: Arc<DataDir>,
    /// The databases of the guilds.
    pub stores: GuildStores,
    /// What is known of all guilds without opening one.
    pub registry: Arc<Registry>,
    /// What is due next.
    pub agenda: Agenda,
    /// The time.
    pub clock: SharedClock,
}

impl Upkeep {
    /// Opens the data directory, which nobody else may use from here on, with the registry and the agenda that it fills.
    ///
    /// # Errors
    /// [`StorageError::InUseByAnother`] while another process has it; otherwise what is wrong with the directory or the system
    /// store.
    pub async fn open(config: &StorageConfig, clock: SharedClock) -> Result<Self, StorageError> {
        let data_dir = Arc::new(DataDir::open(&config.data_dir)?);
        let registry = Registry::open(&data_dir, Arc::clone(&clock)).await?;
        let registry = Arc::new(registry.logging_slow_statements(config.slow_statement));
        let stores = GuildStores::new(Arc::clone(&data_dir), StoreOptions::of(config), Arc::clone(&clock));
        let agenda = Agenda::default();
        scheduler::load_agenda(&registry, &agenda);
        Ok(Self { data_dir, stores, registry, agenda, clock })
    }

    /// All guilds that the registry or the disk knows, in ascending order.
    ///
    /// # Errors
    /// [`UpkeepError::Storage`] if the data directory cannot be read.
    pub fn list(&self) -> Result<Vec<GuildSummary>, UpkeepError> {
        let mut guilds = self.data_dir.guilds_on_disk()?;
        guilds.extend(self.data_dir.guilds_with_backups()?);
        guilds.extend(self.data_dir.guilds_set_aside()?);
        guilds.extend(self.registry.guilds());
        guilds.sort_unstable();
        guilds.dedup();
        guilds.into_iter().map(|guild| self.summary(guild)).collect()
    }

    /// What is known of a guild and its store. Reads the whole store: for people who ask.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`] if nothing at all is known of the guild; [`UpkeepError::Storage`].
    pub async fn info(&self, guild: GuildId) -> Result<GuildInfo, UpkeepError> {
        let empty = |problem| GuildInfo {
            summary: summary_of_nothing(guild),
            name: None,
            members: 0,
            live_events: 0,
            events: 0,
            responses: 0,
            log_rows: 0,
            oldest_log_at: None,
            schema_version: 0,
            problem,
        };
        let mut info = match self.stores.open(guild).await {
            Ok(Some(store)) => in_store(&store, empty(None)).await?,
            Ok(None) if !self.is_known(guild)? => return Err(UpkeepError::NoStore { guild }),
            Ok(None) => empty(None),
            Err(StorageError::Quarantined { reason, .. }) => empty(Some(reason)),
            Err(error) => return Err(error.into()),
        };
        info.summary = self.summary(guild)?;
        Ok(info)
    }

    /// Takes a backup of a guild's store now.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`], or [`UpkeepError::Storage`]; older backups stay as they are.
    pub async fn back_up(&self, guild: GuildId) -> Result<Backup, UpkeepError> {
        self.stores.back_up(guild).await?.ok_or(UpkeepError::NoStore { guild })
    }

    /// Puts a backup in the place of a guild's store, which is set aside: the file `from`, or the newest backup that is good.
    /// Reminders that were due before are skipped.
    ///
    /// A file name without a directory is looked for among the guild's backups.
    ///
    /// # Errors
    /// [`UpkeepError::NoBackup`], or [`UpkeepError::Storage`]; the store is then as it was.
    pub async fn restore(&self, guild: GuildId, from: Option<PathBuf>) -> Result<Restored, UpkeepError> {
        let candidates = match from {
            Some(file) if file.components().count() == 1 => vec![self.data_dir.backups_of(guild).join(file)],
            Some(file) => vec![file],
            None => self.data_dir.backups(guild)?.into_iter().map(|backup| backup.file).collect(),
        };
        let mut refused = UpkeepError::NoBackup { guild };
        for from in candidates {
            match self.stores.restore(guild, &from).await {
                Ok(done) => {
                    self.settle(guild).await?;
                    let (set_aside, skipped) = (done.set_aside, done.skipped);
                    return Ok(Restored { guild_id: guild, from, set_aside, skipped });
                }
                Err(error @ StorageError::BadBackup { .. }) => refused = error.into(),
                Err(error) => return Err(error.into()),
            }
        }
        Err(refused)
    }

    /// Reads a guild's whole store and says whether it is sound. A damaged one is set aside, and its newest good backup takes
    /// its place.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`], or [`UpkeepError::Storage`] if it cannot be found out.
    pub async fn verify(&self, guild: GuildId) -> Result<Verified, UpkeepError> {
        let verdict = self.stores.verify(guild).await?.ok_or(UpkeepError::NoStore { guild })?;
        let (problem, restored_from) = match verdict {
            Verdict::Sound => (None, None),
            Verdict::SetAside { problem } => (Some(problem), None),
            Verdict::Restored { problem } => {
                self.settle(guild).await?;
                (Some(problem), self.data_dir.backups(guild)?.first().map(|backup| backup.taken_at))
            }
        };
        Ok(Verified { guild_id: guild, problem, restored_from })
    }

    /// Rewrites a guild's store so that it takes no more room than it needs.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`], or [`UpkeepError::Storage`].
    pub async fn optimize(&self, guild: GuildId) -> Result<Optimized, UpkeepError> {
        let done = self.stores.optimize(guild).await?.ok_or(UpkeepError::NoStore { guild })?;
        let (before_bytes, after_bytes) = (done.before_bytes, done.after_bytes);
        Ok(Optimized { guild_id: guild, before_bytes, after_bytes })
    }

    /// Deletes everything of a guild: its store, its backups unless the operator keeps them, and what was set aside. Where Muster
    /// is still a member it starts afresh.
    ///
    /// # Errors
    /// [`UpkeepError::Storage`]; ask again, it goes on from there.
    pub async fn delete(&self, guild: GuildId) -> Result<Deleted, UpkeepError> {
        let existed = self.stores.delete(guild).await?;
        self.agenda.cancel(guild);
        self.registry.set_next_due(guild, None).await?;
        self.registry.set_live(guild, false).await?;
        if self.registry.is_member(guild) {
            self.stores.admit(guild);
        }
        Ok(Deleted { guild_id: guild, existed })
    }

    /// Everything known about a guild, as one readable document.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`], or [`UpkeepError::Storage`].
    pub async fn export(&self, guild: GuildId) -> Result<GuildExport, UpkeepError> {
        let store = self.stores.open(guild).await?.ok_or(UpkeepError::NoStore { guild })?;
        let contents = store.contents().await?;
        let record = self.registry.find(guild);
        Ok(GuildExport::compose(guild, contents, record.as_ref(), self.clock.now()))
    }

    /// Removes finished rows of a guild's reminder log that were due more than `days` days ago.
    ///
    /// # Errors
    /// [`UpkeepError::NoStore`], or [`UpkeepError::Storage`].
    pub async fn clean_up(&self, guild: GuildId, days: u32) -> Result<CleanedUp, UpkeepError> {
        let store = self.stores.open(guild).await?.ok_or(UpkeepError::NoStore { guild })?;
        let before = self.clock.now().checked_sub_signed(TimeDelta::days(days.into()));
        let rows = match before {
            Some(before) => store.reminders().delete_before(before).await?,
            None => 0,
        };
        Ok(CleanedUp { guild_id: guild, rows })
    }

    /// Brings registry and agenda in line with a store that took another's place.
    ///
    /// # Errors
    /// [`StorageError`]; they are then early, which is harmless.
    pub async fn settle(&self, guild: GuildId) -> Result<(), StorageError> {
        match self.stores.open(guild).await? {
            Some(store) => scheduler::sync_due(&store, &self.registry, &self.agenda).await.map(drop),
            None => Ok(()),
        }
    }

    /// Brings registry and agenda in line with every store that took another's place and that nobody has looked at since;
    /// whether that is done. What is due there would be known to nobody after a clean stop.
    pub async fn settle_casualties(&self) -> bool {
        let mut all_settled = true;
        for guild in self.stores.take_casualties() {
            match self.settle(guild).await {
                Ok(()) | Err(StorageError::Quarantined { .. }) => {}
                Err(error) => {
                    tracing::warn!(guild.id = %guild, error = chain(&error), "what is due in this guild could not be read");
                    all_settled = false;
                }
            }
        }
        all_settled
    }

    fn is_known(&self, guild: GuildId) -> Result<bool, StorageError> {
        Ok(self.registry.find(guild).is_some() || !self.data_dir.backups(guild)?.is_empty())
    }

    fn summary(&self, guild: GuildId) -> Result<GuildSummary, UpkeepError> {
        let (record, backups) = (self.registry.find(guild), self.data_dir.backups(guild)?);
        let size_bytes = self.data_dir.guild_size(guild)?;
        let store = match size_bytes {
            Some(_) if self.stores.is_quarantined(guild).is_none() => StoreState::Ready,
            Some(_) => StoreState::SetAside,
            None if self.data_dir.was_set_aside(guild)? => StoreState::SetAside,
            None => StoreState::None,
        };
        Ok(GuildSummary {
            membership: record.as_ref().map(|record| record.membership),
            store,
            joined_at: record.as_ref().map(|record| record.joined_at),
            left_at: record.as_ref().and_then(|record| record.left_at),
            next_due_at: record.as_ref().and_then(|record| record.next_due_at),
            size_bytes: size_bytes.unwrap_or_default(),
            backups: backups.len(),
            last_backup_at: backups.first().map(|backup| backup.taken_at),
            ..summary_of_nothing(guild)
        })
    }
}

fn summary_of_nothing(guild_id: GuildId) -> GuildSummary {
    GuildSummary {
        guild_id,
        membership: None,
        store: StoreState::None,
        joined_at: None,
        left_at: None,
        next_due_at: None,
        size_bytes: 0,
        backups: 0,
        last_backup_at: None,
    }
}

async fn in_store(store: &Lease, empty: GuildInfo) -> Result<GuildInfo, StorageError> {
    let health = store.guild().check().await?;
    Ok(GuildInfo {
        name: store.guild().name().await?,
        members: health.members,
        live_events: health.live_events,
        events: health.events,
        responses: health.responses,
        log_rows: health.log_rows,
        oldest_log_at: health.oldest_log_at,
        schema_version: health.schema_version,
        problem: (health.integrity != "ok").then_some(health.integrity),
        ..empty
    })
}
