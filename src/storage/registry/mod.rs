//! The registry of guilds.

use super::{DataDir, StorageError};
use crate::clock::{SharedClock, Timestamp};
use crate::ids::GuildId;

/// Whether Muster is in a guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is, as far as is known.
    Joined,
    /// It was removed; the guild's data goes after the grace period.
    Left,
}

/// What is known about a guild without opening its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildRecord {
    /// Whether Muster is in the guild.
    pub membership: Membership,
    /// Since when.
    pub joined_at: Timestamp,
    /// When it was removed; only if it left.
    pub left_at: Option<Timestamp>,
    /// Since when Discord has not listed the guild.
    pub absent_since: Option<Timestamp>,
    /// Whether the guild may have events that are not over.
    pub live: bool,
    /// The earliest instant at which something may be due there; never later than the truth.
    pub next_due_at: Option<Timestamp>,
}

/// The facts about all guilds: read from memory, kept in the system store.
#[derive(Debug)]
pub struct Registry {}

impl Registry {
    /// Opens the system store and reads the registry.
    ///
    /// # Errors
    /// See [`StorageError`].
    pub async fn open(dir: &DataDir, clock: SharedClock) -> Result<Self, StorageError> {
        unimplemented!("{} {}", dir.path().display(), clock.now())
    }

    /// The guilds that Muster is in, in ascending order.
    #[must_use]
    pub fn joined_guilds(&self) -> Vec<GuildId> {
        unimplemented!()
    }
    /// What is known about a guild.
    #[must_use]
    pub fn find(&self, guild: GuildId) -> Option<GuildRecord> {
        unimplemented!("{guild}")
    }
    /// Whether Muster is in the guild.
    #[must_use]
    pub fn is_member(&self, guild: GuildId) -> bool {
        unimplemented!("{guild}")
    }
    /// Whether the guild may have events that are not over.
    #[must_use]
    pub fn has_live_events(&self, guild: GuildId) -> bool {
        unimplemented!("{guild}")
    }
    /// Notes that Muster is in the guild; whether that is new.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_joined(&self, guild: GuildId, now: Timestamp) -> Result<bool, StorageError> {
        unimplemented!("{guild} {now}")
    }
    /// Notes that Muster was removed.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_left(&self, guild: GuildId, now: Timestamp) -> Result<(), StorageError> {
        unimplemented!("{guild} {now}")
    }
    /// Notes that Discord does not list the guild; an earlier absence stays.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn note_absent(&self, guild: GuildId, since: Timestamp) -> Result<(), StorageError> {
        unimplemented!("{guild} {since}")
    }
    /// Notes that the guild is not absent.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn clear_absent(&self, guild: GuildId) -> Result<(), StorageError> {
        unimplemented!("{guild}")
    }
    /// The absent guilds, longest absent first.
    #[must_use]
    pub fn absent(&self) -> Vec<(GuildId, Timestamp)> {
        unimplemented!()
    }
    /// The guilds that Muster was removed from, earliest first.
    #[must_use]
    pub fn left(&self) -> Vec<(GuildId, Timestamp)> {
        unimplemented!()
    }
    /// Forgets a guild, once its directory is gone.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn forget(&self, guild: GuildId) -> Result<(), StorageError> {
        unimplemented!("{guild}")
    }
    /// Notes when something is due next in the guild.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_next_due(&self, guild: GuildId, due: Option<Timestamp>) -> Result<(), StorageError> {
        unimplemented!("{guild} {due:?}")
    }
    /// When something is due next, of every guild that Muster is in and that has something, earliest first.
    #[must_use]
    pub fn next_due(&self) -> Vec<(GuildId, Timestamp)> {
        unimplemented!()
    }
    /// Notes whether the guild has events that are not over.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_live(&self, guild: GuildId, live: bool) -> Result<(), StorageError> {
        unimplemented!("{guild} {live}")
    }
    /// The fingerprint of the commands that were registered last.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn command_fingerprint(&self) -> Result<Option<String>, StorageError> {
        unimplemented!()
    }
    /// Notes the fingerprint of the commands that were registered.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn set_command_fingerprint(&self, fingerprint: &str) -> Result<(), StorageError> {
        unimplemented!("{fingerprint}")
    }
    /// Whether the process before this one closed the registry in order.
    #[must_use]
    pub fn was_clean_stop(&self) -> bool {
        unimplemented!()
    }
    /// Closes the system store; `clean` says that every guild's due instant is exact.
    ///
    /// # Errors
    /// [`StorageError::System`].
    pub async fn close(&self, clean: bool) -> Result<(), StorageError> {
        unimplemented!("{clean}")
    }
}
