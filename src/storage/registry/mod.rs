//! The registry: what must be known about all guilds without opening their stores.
//!
//! Reads come from memory. A write changes memory first and returns once the system store has it; writes that come
//! together reach the disk together, in one commit, so that their number does not matter to a slow disk.
//!
//! **Invariants**
//! - `next_due_at` of a guild is never later than the truth in its store, and `live` never false while it has a
//!   live event. Callers see to it: the earlier instant before the guild's commit, the exact one after it.
//! - A record outlives the guild's directory: it goes last, by [`Registry::forget`]. A directory without a record gets
//!   one at the start, so that losing the system store loses no guild.
//! - What is noted about a guild without a record is not kept, except that it was joined.
//!
//! **Does not know** what is due, or whether a guild still exists.

mod notes;
mod opening;
mod record;
mod records;
mod system_store;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

pub use self::record::{GuildRecord, Membership};
use self::records::Records;
use self::system_store::SystemStore;
use super::{DataDir, StorageError, schema};
use crate::clock::{SharedClock, Timestamp};
use crate::ids::GuildId;

const CLEAN_STOP: &str = "clean_stop";
const GUILD_SCHEMA: &str = "guild_schema";
const COMMAND_FINGERPRINT: &str = "command_fingerprint";
const RECENT_LOGINS: &str = "recent_logins";

/// The facts about all guilds: read from memory, kept in the system store.
pub struct Registry {
    records: Records,
    system: SystemStore,
    /// One write at a time; it carries every change made until it begins.
    writing: Mutex<()>,
    /// The number of the latest change that the disk has.
    written: AtomicU64,
    was_clean_stop: bool,
    clock: SharedClock,
}

impl Registry {
    /// Opens the system store, creates it if it is missing, and reads the registry.
    ///
    /// Guilds that have a directory but no record are taken for joined and live: it can only have been lost. Those that
    /// Muster is no longer in are found out like all others.
    ///
    /// # Errors
    /// [`StorageError::SystemUnusable`] if it or the guilds' stores are from a newer version; a failure of the file system or of SQLite. A
    /// damaged one is set aside and made anew.
    pub async fn open(dir: &DataDir, clock: SharedClock) -> Result<Self, StorageError> {
        let system = SystemStore::open(dir, clock.now()).await?;
        refuse_newer_guilds(&system, clock.now()).await?;
        let records = Records::default();
        for known in system.load().await? {
            records.load(known.guild, known.record);
        }
        // Without a word from the last process there was none, unless it left guilds behind, which are seen below.
        let was_clean_stop = system.value(CLEAN_STOP).await?.is_none_or(|clean| clean == "yes");
        system.set_value(CLEAN_STOP, "no", clock.now()).await?;
        let (writing, written) = (Mutex::new(()), AtomicU64::new(0));
        let mut registry = Self { records, system, writing, written, was_clean_stop, clock };
        let mut guilds = dir.guilds_on_disk()?;
        guilds.extend(dir.guilds_set_aside()?);
        if registry.adopt(guilds).await? > 0 {
            registry.was_clean_stop = false;
        }
        Ok(registry)
    }

    /// Checks, without opening it, that the system store can be written, if there is one.
    ///
    /// # Errors
    /// [`StorageError::DataDir`], which names the file and the user.
    pub fn check_writable(dir: &DataDir) -> Result<(), StorageError> {
        opening::check_writable(dir)
    }

    /// Logs the statements on the system store that take longer than this; zero: none.
    #[must_use]
    pub fn logging_slow_statements(mut self, slower_than: Duration) -> Self {
        self.system.stopwatch.slow_after = slower_than;
        self
    }

    /// Gives a record to those of these guilds that have none, and says how many these were.
    async fn adopt(&self, guilds: Vec<GuildId>) -> Result<usize, StorageError> {
        let orphans: Vec<_> = guilds.into_iter().filter(|guild| self.find(*guild).is_none()).collect();
        if orphans.is_empty() {
            return Ok(0);
        }
        tracing::warn!(
            guilds = orphans.len(),
            "the system store does not know all guilds that have data; they are looked through now"
        );
        for guild in &orphans {
            let record = GuildRecord { live: true, ..GuildRecord::joined(self.clock.now()) };
            self.records.change(*guild, |known| _ = known.get_or_insert(record));
        }
        let _turn = self.writing.lock().await;
        self.write_changes().await?;
        Ok(orphans.len())
    }

    /// The guilds that Muster is in, in ascending order.
    #[must_use]
    pub fn joined_guilds(&self) -> Vec<GuildId> {
        let joined = |guild, record: &GuildRecord| (record.membership == Membership::Joined).then_some(guild);
        let mut guilds = self.records.pick(joined);
        guilds.sort_unstable();
        guilds
    }

    /// All guilds that have a record, in no order.
    #[must_use]
    pub fn guilds(&self) -> Vec<GuildId> {
        self.records.pick(|guild, _| Some(guild))
    }

    /// What is known about a guild.
    #[must_use]
    pub fn find(&self, guild: GuildId) -> Option<GuildRecord> {
        self.records.find(guild)
    }

    /// Whether Muster is in the guild.
    #[must_use]
    pub fn is_member(&self, guild: GuildId) -> bool {
        self.find(guild).is_some_and(|record| record.membership == Membership::Joined)
    }

    /// Whether the guild may have events that are not over.
    #[must_use]
    pub fn has_live_events(&self, guild: GuildId) -> bool {
        self.find(guild).is_some_and(|record| record.live)
    }

    /// The guilds that Discord does not list although Muster should be in them, longest absent first.
    #[must_use]
    pub fn absent(&self) -> Vec<(GuildId, Timestamp)> {
        let absent =
            |_, record: &GuildRecord| record.absent_since.filter(|_| record.membership == Membership::Joined);
        self.by_instant(absent)
    }

    /// The guilds that Muster was removed from and whose data is not gone yet, earliest first.
    #[must_use]
    pub fn left(&self) -> Vec<(GuildId, Timestamp)> {
        self.by_instant(|_, record| record.left_at)
    }

    /// When something is due next, of every guild that Muster is in and that has something, earliest first.
    #[must_use]
    pub fn next_due(&self) -> Vec<(GuildId, Timestamp)> {
        let due =
            |_, record: &GuildRecord| record.next_due_at.filter(|_| record.membership == Membership::Joined);
        self.by_instant(due)
    }

    /// The fingerprint of the commands that were registered with Discord last.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn command_fingerprint(&self) -> Result<Option<String>, StorageError> {
        self.system.value(COMMAND_FINGERPRINT).await
    }

    /// Notes the fingerprint of the commands that were just registered.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_command_fingerprint(&self, fingerprint: &str) -> Result<(), StorageError> {
        self.system.set_value(COMMAND_FINGERPRINT, fingerprint, self.clock.now()).await
    }

    /// When Muster logged in at Discord's gateway in the last day or so.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn recent_logins(&self) -> Result<Vec<Timestamp>, StorageError> {
        let noted = self.system.value(RECENT_LOGINS).await?;
        let instants: Vec<i64> =
            noted.and_then(|noted| serde_json::from_str(&noted).ok()).unwrap_or_default();
        Ok(instants.into_iter().filter_map(Timestamp::from_timestamp_millis).collect())
    }

    /// Notes when Muster logged in at Discord's gateway.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_logins(&self, logins: &[Timestamp]) -> Result<(), StorageError> {
        let instants: Vec<_> = logins.iter().map(|login| login.timestamp_millis().to_string()).collect();
        let noted = format!("[{}]", instants.join(","));
        self.system.set_value(RECENT_LOGINS, &noted, self.clock.now()).await
    }

    /// Whether the process before this one ended in order and no record was lost since; otherwise the guilds' stores have
    /// to be looked through.
    #[must_use]
    pub fn was_clean_stop(&self) -> bool {
        self.was_clean_stop
    }

    /// Writes what is left to write and closes the system store; `clean` says that every record is exact, so that
    /// the next start need not look through the guilds' stores.
    ///
    /// # Errors
    /// [`StorageError::System`]; the store is closed all the same.
    pub async fn close(&self, clean: bool) -> Result<(), StorageError> {
        let write = async {
            let _turn = self.writing.lock().await;
            self.write_changes().await?;
            if clean { self.system.set_value(CLEAN_STOP, "yes", self.clock.now()).await } else { Ok(()) }
        };
        let written = write.await;
        self.system.close().await;
        written
    }

    fn by_instant(
        &self,
        pick: impl Fn(GuildId, &GuildRecord) -> Option<Timestamp>,
    ) -> Vec<(GuildId, Timestamp)> {
        let mut picked = self.records.pick(|guild, record| pick(guild, record).map(|at| (guild, at)));
        picked.sort_unstable_by_key(|&(guild, at)| (at, guild));
        picked
    }

    /// Writes all changes made so far. Only under `writing`.
    async fn write_changes(&self) -> Result<(), StorageError> {
        let changed = self.records.take_changed();
        if !changed.rows.is_empty() {
            self.system.write(&changed.rows, self.clock.now()).await?;
        }
        self.written.store(changed.written(), Ordering::Release);
        Ok(())
    }
}

/// Refuses the data of a newer version as a whole, and notes this one's. One newer file among many is damage, and a backup takes
/// its place; an older program on all of them is a mistake, and must not throw every guild back.
async fn refuse_newer_guilds(system: &SystemStore, now: Timestamp) -> Result<(), StorageError> {
    let known = schema::GUILD.version();
    let noted = system.value(GUILD_SCHEMA).await?.and_then(|noted| noted.parse::<i64>().ok());
    match noted {
        Some(noted) if noted > known => Err(StorageError::NewerGuilds { noted, known }),
        Some(noted) if noted == known => Ok(()),
        _ => system.set_value(GUILD_SCHEMA, &known.to_string(), now).await,
    }
}
