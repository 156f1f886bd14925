//! The guilds' backups: `backups/<guild id>/<UTC time>.db`.

use std::io;
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
use crate::storage::files::{failed, kind, make_private_dir, remove_all, sync_dir};

/// A snapshot of a guild's store that is not written yet begins with this.
const UNFINISHED: &str = ".unfinished-";
const EXTENSION: &str = ".db";

/// A snapshot of a guild's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Whose it is.
    pub guild_id: GuildId,
    /// Where it is.
    pub file: PathBuf,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Its size in bytes.
    pub size_bytes: u64,
}

impl DataDir {
    /// The guilds that have backups, in ascending order.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn guilds_with_backups(&self) -> Result<Vec<GuildId>, StorageError> {
        let names = names_in(&self.backups_dir())?;
        let mut guilds: Vec<GuildId> = names.iter().filter_map(|name| guild_named(name)).collect();
        guilds.sort_unstable();
        Ok(guilds)
    }

    /// A guild's backups, newest first. A link among them is none.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn backups(&self, guild: GuildId) -> Result<Vec<Backup>, StorageError> {
        let dir = self.backups_of(guild);
        let mut backups = Vec::new();
        for name in names_in(&dir)? {
            let Some(taken_at) = name.strip_suffix(EXTENSION).and_then(parse_stamp) else { continue };
            let file = dir.join(&name);
            match std::fs::symlink_metadata(&file) {
                Ok(found) if found.is_file() => {
                    backups.push(Backup { guild_id: guild, file, taken_at, size_bytes: found.len() });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed("look at", &file)(error)),
            }
        }
        backups.sort_unstable_by_key(|backup| std::cmp::Reverse(backup.taken_at));
        Ok(backups)
    }

    /// Where the backups of a guild are, or would be.
    #[must_use]
    pub fn backups_of(&self, guild: GuildId) -> PathBuf {
        self.backups_dir().join(guild.to_string())
    }

    /// Where a snapshot may be written until it is whole; nothing is there.
    pub(in crate::storage) fn begin_backup(&self, guild: GuildId) -> Result<PathBuf, StorageError> {
        let dir = self.backups_of(guild);
        make_private_dir(&dir)?;
        for name in names_in(&dir)? {
            if name.starts_with(UNFINISHED) {
                remove_file(&dir.join(name))?;
            }
        }
        Ok(dir.join(format!("{UNFINISHED}{}", std::process::id())))
    }

    /// Gives a snapshot that is whole and flushed its name, and removes all but the newest `keep` of the guild.
    ///
    /// It is always the newest: where the clock was set back, or two are taken in one millisecond, it is dated just after
    /// the one before it. Otherwise it would be the first to go, and the last to be restored.
    pub(in crate::storage) fn finish_backup(
        &self,
        guild: GuildId,
        snapshot: &Path,
        now: Timestamp,
        keep: usize,
    ) -> Result<Backup, StorageError> {
        let dir = self.backups_of(guild);
        let newest = self.backups(guild)?.first().map(|backup| backup.taken_at + TimeDelta::milliseconds(1));
        let taken_at = newest.map_or(now, |after| now.max(after));
        let file = dir.join(stamp(taken_at) + EXTENSION);
        std::fs::rename(snapshot, &file).map_err(failed("create", &file))?;
        sync_dir(&dir)?;
        sync_dir(&self.backups_dir())?;
        let backups = self.backups(guild)?;
        for old in backups.iter().skip(keep.max(1)) {
            // The new one is there all the same; an error would have it taken again and again.
            if let Err(error) = remove_file(&old.file) {
                tracing::warn!(guild.id = %guild, error = chain(&error), "a backup beyond those to be kept stays");
            }
        }
        let size_bytes =
            backups.iter().find(|backup| backup.file == file).map_or(0, |backup| backup.size_bytes);
        // Read back, so that it is told exactly as the next look will tell it.
        let taken_at = parse_stamp(&stamp(taken_at)).unwrap_or(taken_at);
        Ok(Backup { guild_id: guild, file, taken_at, size_bytes })
    }

    /// Removes what was written of a snapshot that is not to be; a directory without any is not left behind.
    pub(in crate::storage) fn give_up_backup(&self, guild: GuildId) -> Result<(), StorageError> {
        let dir = self.backups_of(guild);
        let names = names_in(&dir)?;
        for name in names.iter().filter(|name| name.starts_with(UNFINISHED)) {
            remove_file(&dir.join(name))?;
        }
        let is_empty = names.iter().all(|name| name.starts_with(UNFINISHED));
        if is_empty && kind(&dir)?.is_some() { remove_all(&dir) } else { Ok(()) }
    }
}

/// When a backup was taken, by its name; of one that was renamed, when it was written.
pub(in crate::storage) fn taken_at(file: &Path) -> Result<Timestamp, StorageError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if let Some(taken_at) = name.strip_suffix(EXTENSION).and_then(parse_stamp) {
        return Ok(taken_at);
    }
    let written = std::fs::metadata(file).and_then(|found| found.modified());
    Ok(written.map_err(failed("look at", file))?.into())
}

fn remove_file(path: &Path) -> Result<(), StorageError> {
    std::fs::remove_file(path).map_err(failed("remove", path))
}
