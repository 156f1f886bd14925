//! Stores that were set aside: `quarantine/<guild id>/<UTC time>/`, each as it was found, never deleted but with its guild.
//!
//! Beside a store that was damaged stands `<UTC time>.notice`, which says why; it is called `<UTC time>.told` once the
//! guild's organisers know. That of a store which a restore
//! replaced is called so from the beginning.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::guild_dirs::guild_named;
use super::stamp::{parse_stamp, stamp};
use super::{DataDir, names_in};
use crate::clock::Timestamp;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::files::{failed, kind, make_private_dir, sync_dir, write_private};

const UNTOLD: &str = "notice";
const TOLD: &str = "told";

/// A damaged store that was set aside, of which the guild's organisers do not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideNotice {
    /// Whose store it was.
    pub guild: GuildId,
    /// When it was set aside.
    pub at: Timestamp,
    /// What was wrong with it, as the end of a sentence for the operator.
    pub reason: String,
    /// When the backup was taken that replaced it; `None` if there was none.
    pub restored_from: Option<Timestamp>,
    file: PathBuf,
}

/// Whether the guild's organisers are to hear that their store was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage) enum Telling {
    /// They are.
    Organisers,
    /// They are not: somebody asked for it.
    Nobody,
}

/// What a notice says on the disk.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    reason: String,
    restored_from: Option<Timestamp>,
}

impl DataDir {
    /// Moves a guild's directory, whatever is in it, to where it harms nobody, and returns where that is.
    pub(in crate::storage) fn set_aside(
        &self,
        guild: GuildId,
        reason: &str,
        telling: Telling,
        now: Timestamp,
    ) -> Result<PathBuf, StorageError> {
        let quarantine = self.quarantine_of(guild);
        make_private_dir(&quarantine)?;
        let mut at = now;
        while kind(&quarantine.join(stamp(at)))?.is_some() {
            at += TimeDelta::milliseconds(1);
        }
        let aside = quarantine.join(stamp(at));
        let extension = match telling {
            Telling::Organisers => UNTOLD,
            Telling::Nobody => TOLD,
        };
        // First of all: a notice without its store says nothing, a store without its notice would be kept quiet.
        write_notice(&aside.with_added_extension(extension), reason, None)?;
        move_dir(&self.guild_dir(guild), &aside)?;
        sync_dir(&quarantine)?;
        sync_dir(&self.quarantine_dir())?;
        sync_dir(&self.guilds_dir())?;
        Ok(aside)
    }

    /// Whether there is something beside the place of the system store that belongs to one.
    pub(in crate::storage) fn has_system_leftovers(&self) -> Result<bool, StorageError> {
        Ok(names_in(&self.root)?.iter().any(|name| name.starts_with("system.db")))
    }

    /// Moves the system store with its write-ahead log to where it harms nobody, and returns where that is.
    pub(in crate::storage) fn set_system_aside(&self, now: Timestamp) -> Result<PathBuf, StorageError> {
        let aside = self.quarantine_dir().join("system").join(stamp(now));
        make_private_dir(&aside)?;
        let mut names = names_in(&self.root)?;
        names.retain(|name| name.starts_with("system.db"));
        // The database last: interrupted before that, it is found damaged again.
        names.sort_unstable_by_key(|name| std::cmp::Reverse(name.len()));
        for name in names {
            move_dir(&self.root.join(&name), &aside.join(&name))?;
        }
        sync_dir(&aside)?;
        sync_dir(&self.root)?;
        Ok(aside)
    }

    /// Adds to the notices of a guild that a backup of this instant took the place of what was set aside.
    pub(in crate::storage) fn note_restored(
        &self,
        guild: GuildId,
        taken_at: Timestamp,
    ) -> Result<(), StorageError> {
        for notice in self.set_aside_notices_of(guild)? {
            if notice.restored_from.is_none() {
                write_notice(&notice.file, &notice.reason, Some(taken_at))?;
            }
        }
        Ok(())
    }

    /// The guilds of which a store was set aside at some time, in ascending order.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn guilds_set_aside(&self) -> Result<Vec<GuildId>, StorageError> {
        let names = names_in(&self.quarantine_dir())?;
        let mut guilds: Vec<GuildId> = names.iter().filter_map(|name| guild_named(name)).collect();
        guilds.sort_unstable();
        Ok(guilds)
    }

    /// Whether a store of the guild was set aside at some time.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn was_set_aside(&self, guild: GuildId) -> Result<bool, StorageError> {
        Ok(self.reason_set_aside(guild)?.is_some())
    }

    /// The damaged stores of which their guilds' organisers do not know yet, in the order in which they were set aside. A
    /// guild of which this cannot be read hides none of another.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn set_aside_notices(&self) -> Result<Vec<SetAsideNotice>, StorageError> {
        let mut notices = Vec::new();
        for guild in self.guilds_set_aside()? {
            match self.set_aside_notices_of(guild) {
                Ok(found) => notices.extend(found),
                Err(error) => {
                    tracing::warn!(guild.id = %guild, error = chain(&error), "what was set aside of a guild cannot be read");
                }
            }
        }
        notices.sort_unstable_by_key(|notice| (notice.at, notice.guild));
        Ok(notices)
    }

    /// Notes that a guild's organisers know.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn note_told(&self, notice: &SetAsideNotice) -> Result<(), StorageError> {
        let told = notice.file.with_extension(TOLD);
        match std::fs::rename(&notice.file, &told) {
            // The guild was deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed.map_err(failed("create", &told)),
        }
    }

    /// Why the latest damaged store of a guild was set aside; `None` if none ever was.
    pub(super) fn reason_set_aside(&self, guild: GuildId) -> Result<Option<String>, StorageError> {
        let quarantine = self.quarantine_of(guild);
        let names = names_in(&quarantine)?;
        let latest = names.iter().filter(|name| stem(name, UNTOLD).or(stem(name, TOLD)).is_some()).max();
        let Some(latest) = latest else { return Ok(None) };
        Ok(Some(read_notice(&quarantine.join(latest)).map_or_else(
            |_| format!("it was set aside in {}", quarantine.display()),
            |content| content.reason,
        )))
    }

    pub(super) fn quarantine_of(&self, guild: GuildId) -> PathBuf {
        self.quarantine_dir().join(guild.to_string())
    }

    /// The damaged stores of one guild of which its organisers do not know yet.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn set_aside_notices_of(&self, guild: GuildId) -> Result<Vec<SetAsideNotice>, StorageError> {
        let quarantine = self.quarantine_of(guild);
        let mut notices = Vec::new();
        for name in names_in(&quarantine)? {
            let Some(stem) = stem(&name, UNTOLD) else { continue };
            let Some(at) = parse_stamp(stem) else { continue };
            // Without its store beside it, it was written just before a crash, and is not true.
            if kind(&quarantine.join(stem))?.is_none() {
                continue;
            }
            let file = quarantine.join(&name);
            let content = read_notice(&file).unwrap_or_else(|_| Content {
                reason: "its notice cannot be read".to_owned(),
                restored_from: None,
            });
            let Content { reason, restored_from } = content;
            notices.push(SetAsideNotice { guild, at, reason, restored_from, file });
        }
        Ok(notices)
    }
}

fn write_notice(file: &Path, reason: &str, restored_from: Option<Timestamp>) -> Result<(), StorageError> {
    let content = Content { reason: reason.to_owned(), restored_from };
    let text = serde_json::to_string_pretty(&content).map_err(|error| failed("write", file)(error.into()))?;
    write_private(file, text.as_bytes()).map_err(failed("write", file))
}

/// The name of the set-aside store that a notice belongs to.
fn stem<'a>(name: &'a str, extension: &str) -> Option<&'a str> {
    name.strip_suffix(extension)?.strip_suffix('.')
}

fn read_notice(file: &Path) -> io::Result<Content> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

/// Moves a directory, or whatever is in its place. One that its owner may not write to is opened to its owner first:
/// moving changes its entry for the parent.
fn move_dir(from: &Path, to: &Path) -> Result<(), StorageError> {
    let refused = match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => error,
        moved => return moved.map_err(failed("set aside", from)),
    };
    std::fs::set_permissions(from, PermissionsExt::from_mode(0o700))
        .and_then(|()| std::fs::rename(from, to))
        .map_err(|_| failed("set aside", from)(refused))
}
