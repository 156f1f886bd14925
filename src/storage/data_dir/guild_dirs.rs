//! The guilds' own directories: found, created, replaced and removed whole.

use std::io::{self, Write};
use std::path::PathBuf;

use rustix::fs::Access;

use super::{DataDir, names_in};
use crate::errors::chain;
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::files::{failed, kind, make_private_dir, private_file, remove_all, sync_dir};

/// A directory that is on its way in or out carries one of these behind the guild's number, and is no guild's.
const UNFINISHED: &str = "new";
const DISCARDED: &str = "deleted";

/// The name of a guild's database inside its directory.
pub(in crate::storage) const GUILD_DB: &str = "guild.db";

/// What is at the place of a guild's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::storage) enum OnDisk {
    /// Nothing: the guild has no store.
    Nothing,
    /// A database file that is worth opening.
    Database(PathBuf),
    /// Something that cannot be a store; the reason is the end of a sentence.
    Unusable(String),
    /// Nothing, because what was there was set aside for this reason, and nothing took its place.
    SetAside(String),
}

/// Whether a guild's backups go with its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backups {
    /// They do.
    #[default]
    Delete,
    /// They stay where they are.
    Keep,
}

impl DataDir {
    /// Where a guild's data is, or would be.
    #[must_use]
    pub fn guild_dir(&self, guild: GuildId) -> PathBuf {
        self.guilds_dir().join(guild.to_string())
    }

    /// The guilds that have a directory, in ascending order.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn guilds_on_disk(&self) -> Result<Vec<GuildId>, StorageError> {
        let names = names_in(&self.guilds_dir())?;
        let mut guilds: Vec<GuildId> = names.iter().filter_map(|name| guild_named(name)).collect();
        guilds.sort_unstable();
        Ok(guilds)
    }

    /// The size in bytes of a guild's store on the disk; `None` if it has none.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn guild_size(&self, guild: GuildId) -> Result<Option<u64>, StorageError> {
        let dir = self.guild_dir(guild);
        match std::fs::symlink_metadata(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("look at", &dir)(error)),
            Ok(found) if !found.is_dir() => return Ok(Some(found.len())),
            Ok(_) => {}
        }
        // A file that goes or may not be looked at while this looks counts for nothing, and so does what SQLite keeps on the
        // disk only for itself, as long as the store is open.
        let sizes = names_in(&dir).unwrap_or_default().into_iter().filter(|name| !name.ends_with("-shm"));
        Ok(Some(
            sizes
                .filter_map(|name| std::fs::symlink_metadata(dir.join(name)).ok())
                .map(|found| found.len())
                .sum(),
        ))
    }

    /// Looks for a guild's database, without opening it.
    pub(in crate::storage) fn look_up(&self, guild: GuildId) -> Result<OnDisk, StorageError> {
        let dir = self.guild_dir(guild);
        match kind(&dir)? {
            None => {
                let reason = self.reason_set_aside(guild)?;
                return Ok(reason.map_or(OnDisk::Nothing, OnDisk::SetAside));
            }
            Some(found) if !found.is_dir() => {
                return Ok(OnDisk::Unusable(format!("{} is not a directory", dir.display())));
            }
            Some(_) => {}
        }
        let file = dir.join(GUILD_DB);
        let unusable = |what: &str| Ok(OnDisk::Unusable(format!("{} {what}", file.display())));
        if !self.may_use(&dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)? {
            return Ok(OnDisk::Unusable(format!("{} may not be entered or written to", dir.display())));
        }
        match kind(&file)? {
            None => unusable("is missing"),
            Some(found) if !found.is_file() => unusable("is not a file"),
            Some(found) if found.len() == 0 => unusable("is empty"),
            Some(_) if !self.may_use(&file, Access::READ_OK | Access::WRITE_OK)? => {
                unusable("may not be read or written")
            }
            Some(_) => Ok(OnDisk::Database(file)),
        }
    }

    /// Whether this process may use a path of a guild. Only a refusal that concerns this path alone is a `false`: where the
    /// whole directory of guilds refuses, it is an error, and no guild's fault.
    ///
    /// Asked without opening the file: closing it again would take SQLite's locks with it.
    fn may_use(&self, path: &std::path::Path, access: Access) -> Result<bool, StorageError> {
        match rustix::fs::access(path, access) {
            Ok(()) => Ok(true),
            Err(rustix::io::Errno::ACCESS) => {
                let guilds = self.guilds_dir();
                let whole = rustix::fs::access(&guilds, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK);
                whole.map(|()| false).map_err(|error| failed("write to", &guilds)(error.into()))
            }
            Err(error) => Err(failed("use", path)(error.into())),
        }
    }

    /// Gives a guild its directory with this database in it, whole or not at all, and returns the file. It is there to
    /// stay after [`sync_guilds`](Self::sync_guilds).
    ///
    /// The bytes are on the disk before the directory has its name: no power cut leaves half a store.
    pub(in crate::storage) fn create_guild(
        &self,
        guild: GuildId,
        database: &[u8],
    ) -> Result<PathBuf, StorageError> {
        let file = self.begin_guild(guild)?;
        private_file(&file)
            .and_then(|mut file| file.write_all(database).and_then(|()| file.sync_all()))
            .map_err(failed("write", &file))?;
        self.name_guild(guild)
    }

    /// Makes sure that the guilds' directories have their names after a power cut.
    pub(in crate::storage) fn sync_guilds(&self) -> Result<(), StorageError> {
        sync_dir(&self.guilds_dir())
    }

    /// Begins a directory for a guild, and returns where its database belongs. It is nobody's until it is finished, and
    /// what an earlier beginning left in it is gone.
    pub(in crate::storage) fn begin_guild(&self, guild: GuildId) -> Result<PathBuf, StorageError> {
        let unfinished = self.unfinished_dir(guild);
        if kind(&unfinished)?.is_some() {
            remove_all(&unfinished)?;
        }
        make_private_dir(&unfinished)?;
        Ok(unfinished.join(GUILD_DB))
    }

    /// Gives the directory that was begun its name, in place of nothing. The database in it must have been flushed.
    pub(in crate::storage) fn finish_guild(&self, guild: GuildId) -> Result<PathBuf, StorageError> {
        let file = self.name_guild(guild)?;
        self.sync_guilds()?;
        Ok(file)
    }

    fn name_guild(&self, guild: GuildId) -> Result<PathBuf, StorageError> {
        let (unfinished, dir) = (self.unfinished_dir(guild), self.guild_dir(guild));
        sync_dir(&unfinished)?;
        std::fs::rename(&unfinished, &dir).map_err(failed("create", &dir))?;
        Ok(dir.join(GUILD_DB))
    }

    /// Removes a directory that was begun, and is perhaps ready.
    pub(in crate::storage) fn give_up_guild(&self, guild: GuildId) -> Result<(), StorageError> {
        for dir in [self.unfinished_dir(guild), self.ready_dir(guild)] {
            if kind(&dir)?.is_some() {
                remove_all(&dir)?;
            }
        }
        Ok(())
    }

    pub(super) fn unfinished_dir(&self, guild: GuildId) -> PathBuf {
        self.guilds_dir().join(format!("{guild}.{UNFINISHED}"))
    }

    /// Removes all that is kept of a guild: its store, what was set aside of it, and its backups unless they are to be
    /// kept. Whether there was something.
    ///
    /// Everything loses its name first, the store last: an interrupted removal leaves either the guild, to be removed
    /// again, or only what the next start clears away.
    pub(in crate::storage) fn remove_guild(
        &self,
        guild: GuildId,
        backups: Backups,
    ) -> Result<bool, StorageError> {
        let mut going = vec![
            self.unfinished_dir(guild),
            self.ready_dir(guild),
            self.quarantine_of(guild),
            self.guild_dir(guild),
        ];
        if backups == Backups::Delete {
            going.insert(0, self.backups_of(guild));
        }
        let mut discarded = Vec::new();
        for dir in going {
            if kind(&dir)?.is_some() {
                discarded.push(self.discard(guild, &dir)?);
            }
        }
        sync_dir(&self.guilds_dir())?;
        for dir in &discarded {
            remove_all(dir)?;
        }
        Ok(!discarded.is_empty())
    }

    /// Takes a directory's name away, and returns the name under which it is to be removed.
    fn discard(&self, guild: GuildId, dir: &std::path::Path) -> Result<PathBuf, StorageError> {
        let name = |number: u32| self.guilds_dir().join(format!("{guild}.{number}.{DISCARDED}"));
        // Another number, in case an earlier removal did not come to its end.
        let mut number = 0;
        while kind(&name(number))?.is_some() {
            number += 1;
        }
        let discarded = name(number);
        match std::fs::rename(dir, &discarded) {
            Ok(()) => Ok(discarded),
            // Backups may be on a disk of their own; then they go where they are.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(dir.to_owned()),
            Err(error) => Err(failed("remove", dir)(error)),
        }
    }

    /// Removes what it can; the rest is in nobody's way.
    pub(super) fn clear_leftovers(&self) -> Result<(), StorageError> {
        for name in names_in(&self.guilds_dir())? {
            let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
            if suffix.is_some_and(|suffix| suffix == UNFINISHED || suffix == DISCARDED) {
                tracing::info!(
                    directory = name,
                    "removing what an interrupted creation or deletion left behind"
                );
                if let Err(error) = remove_all(&self.guilds_dir().join(name)) {
                    tracing::warn!(error = chain(&error), "what was left behind stays");
                }
            }
        }
        Ok(())
    }
}

/// The guild whose directory has this name.
pub(super) fn guild_named(name: &str) -> Option<GuildId> {
    name.parse().ok().filter(|guild: &GuildId| guild.to_string() == name)
}
