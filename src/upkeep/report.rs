//! What upkeep tells: plain data that crosses the control socket and the command line as JSON.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::storage::Membership;

/// What is known of a guild without opening its store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildSummary {
    /// Which guild.
    pub guild_id: GuildId,
    /// Whether Muster is in it; `None` if the registry does not know the guild.
    pub membership: Option<Membership>,
    /// What there is of a store.
    pub store: StoreState,
    /// Since when Muster has been in it.
    pub joined_at: Option<Timestamp>,
    /// When Muster was removed from it.
    pub left_at: Option<Timestamp>,
    /// When something may be due there next.
    pub next_due_at: Option<Timestamp>,
    /// The size of its files in bytes, backups not counted.
    pub size_bytes: u64,
    /// How many backups it has.
    pub backups: usize,
    /// When the newest of them was taken.
    pub last_backup_at: Option<Timestamp>,
}

/// What there is of a guild's store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// None yet: it begins with the first event.
    None,
    /// One that can be opened, as far as is known without doing so.
    Ready,
    /// It was damaged, and nothing took its place.
    SetAside,
}

/// What is known of a guild and its store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildInfo {
    /// What is known without opening the store.
    #[serde(flatten)]
    pub summary: GuildSummary,
    /// What the guild is called.
    pub name: Option<String>,
    /// Members that are known.
    pub members: u64,
    /// Events that are not over.
    pub live_events: u64,
    /// All events.
    pub events: u64,
    /// Answers.
    pub responses: u64,
    /// Rows of the reminder log.
    pub log_rows: u64,
    /// When the oldest of these was due.
    pub oldest_log_at: Option<Timestamp>,
    /// The version of the store's schema.
    pub schema_version: i64,
    /// What is wrong with the store, as the end of a sentence; `None`: it is sound.
    pub problem: Option<String>,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Whose store.
    pub guild_id: GuildId,
    /// The backup that took its place.
    pub from: PathBuf,
    /// Where the store is now that was replaced; `None` if there was none.
    pub set_aside: Option<PathBuf>,
    /// Reminders that were due before, and are not sent any more.
    pub skipped: u64,
}

/// What a look at a whole store showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Whose store.
    pub guild_id: GuildId,
    /// What was wrong with it, as the end of a sentence; `None`: it is sound.
    pub problem: Option<String>,
    /// The instant of the backup that took the place of a damaged store; `None` if nothing did.
    pub restored_from: Option<Timestamp>,
}

/// What an optimisation achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optimized {
    /// Whose store.
    pub guild_id: GuildId,
    /// The size of the store before, in bytes, its write-ahead log included.
    pub before_bytes: u64,
    /// Its size afterwards.
    pub after_bytes: u64,
}

/// What a deletion found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Whose data.
    pub guild_id: GuildId,
    /// Whether there was any.
    pub existed: bool,
}

/// What a clean-up removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanedUp {
    /// Whose reminder log.
    pub guild_id: GuildId,
    /// How many rows went.
    pub rows: u64,
}
