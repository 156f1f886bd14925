//! The data directory: the one place that builds paths, and the lock that gives it to one process.
//!
//! Everything here blocks for as long as the file system does; callers inside the runtime decide whether that
//! matters.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::files::{failed, kind, make_private_dir, private_file, remove_all, sync_dir, user_id};
use crate::errors::chain;
use crate::ids::GuildId;

/// A directory that is on its way in or out carries one of these behind the guild's number, and is no guild's.
const UNFINISHED: &str = "new";
const DISCARDED: &str = "deleted";

/// The name of a guild's database inside its directory.
pub(super) const GUILD_DB: &str = "guild.db";

/// The directory that holds everything Muster keeps, and the lock that lets one process have it.
///
/// The lock goes with the last reference, or with the process.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    _lock: File,
}

/// What is at the place of a guild's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OnDisk {
    /// Nothing: the guild has no store.
    Nothing,
    /// A database file that is worth opening.
    Database(PathBuf),
    /// Something that cannot be a store; the reason is the end of a sentence.
    Unusable(String),
}

impl DataDir {
    /// Creates the directory if it is missing, takes the lock, writes a file to see that it can, and clears away
    /// what an interrupted creation or deletion left behind.
    ///
    /// # Errors
    /// [`StorageError::DataDir`], [`StorageError::Symlink`], or [`StorageError::InUseByAnother`]; all name the
    /// path.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let absolute = std::path::absolute(path).map_err(failed("find", path))?;
        // Without a slash at its end, so that a link is seen as one.
        let root: PathBuf = absolute.components().collect();
        make_private_dir(&root)?;
        let lock = lock(&root)?;
        let dir = Self { root, _lock: lock };
        make_private_dir(&dir.guilds_dir())?;
        dir.check_writable()?;
        dir.clear_leftovers()?;
        Ok(dir)
    }

    /// Writes a file, flushes it to the disk, and removes it, in each directory that Muster writes to.
    ///
    /// # Errors
    /// [`StorageError::DataDir`], which names the path and the user.
    pub fn check_writable(&self) -> Result<(), StorageError> {
        check_writable(&self.root)?;
        check_writable(&self.guilds_dir())
    }

    /// The directory itself, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The system store.
    #[must_use]
    pub fn system_db(&self) -> PathBuf {
        self.root.join("system.db")
    }

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
        let names = self.names_of_guild_dirs()?;
        let guild = |name: &String| name.parse().ok().filter(|guild: &GuildId| guild.to_string() == *name);
        let mut guilds: Vec<GuildId> = names.iter().filter_map(guild).collect();
        guilds.sort_unstable();
        Ok(guilds)
    }

    /// Looks for a guild's database, without opening it.
    pub(super) fn look_up(&self, guild: GuildId) -> Result<OnDisk, StorageError> {
        let dir = self.guild_dir(guild);
        let file = dir.join(GUILD_DB);
        let unusable = |what: &str| Ok(OnDisk::Unusable(format!("{} {what}", file.display())));
        match kind(&dir)? {
            None => return Ok(OnDisk::Nothing),
            Some(found) if !found.is_dir() => {
                return Ok(OnDisk::Unusable(format!("{} is not a directory", dir.display())));
            }
            Some(_) => {}
        }
        match kind(&file)? {
            None => unusable("is missing"),
            Some(found) if !found.is_file() => unusable("is not a file"),
            Some(found) if found.len() == 0 => unusable("is empty"),
            Some(_) => Ok(OnDisk::Database(file)),
        }
    }

    /// Gives a guild its directory with this database in it, whole or not at all, and returns the file.
    ///
    /// The bytes are on the disk before the directory has its name: no power cut leaves half a store.
    pub(super) fn create_guild(&self, guild: GuildId, database: &[u8]) -> Result<PathBuf, StorageError> {
        let unfinished = self.guilds_dir().join(format!("{guild}.{UNFINISHED}"));
        let dir = self.guild_dir(guild);
        make_private_dir(&unfinished)?;
        let file = unfinished.join(GUILD_DB);
        private_file(&file)
            .and_then(|mut file| file.write_all(database).and_then(|()| file.sync_all()))
            .map_err(failed("write", &file))?;
        sync_dir(&unfinished)?;
        std::fs::rename(&unfinished, &dir).map_err(failed("create", &dir))?;
        sync_dir(&self.guilds_dir())?;
        Ok(dir.join(GUILD_DB))
    }

    /// Removes a guild's directory with all that is in it; whether there was one.
    ///
    /// It loses its name first, in one step: what is interrupted afterwards is finished at the next start.
    pub(super) fn remove_guild(&self, guild: GuildId) -> Result<bool, StorageError> {
        let dir = self.guild_dir(guild);
        if kind(&dir)?.is_none() {
            return Ok(false);
        }
        let guilds = self.guilds_dir();
        // A number behind it, in case an earlier removal did not come to its end.
        let mut number = 0_u32;
        let mut discarded = guilds.join(format!("{guild}.{number}.{DISCARDED}"));
        while kind(&discarded)?.is_some() {
            number += 1;
            discarded = guilds.join(format!("{guild}.{number}.{DISCARDED}"));
        }
        std::fs::rename(&dir, &discarded).map_err(failed("remove", &dir))?;
        sync_dir(&guilds)?;
        remove_all(&discarded)?;
        Ok(true)
    }

    fn guilds_dir(&self) -> PathBuf {
        self.root.join("guilds")
    }

    fn names_of_guild_dirs(&self) -> Result<Vec<String>, StorageError> {
        let guilds = self.guilds_dir();
        let read = || -> io::Result<Vec<String>> {
            std::fs::read_dir(&guilds)?
                .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
                .collect()
        };
        read().map_err(failed("list", &guilds))
    }

    /// Removes what it can; the rest is in nobody's way.
    fn clear_leftovers(&self) -> Result<(), StorageError> {
        for name in self.names_of_guild_dirs()? {
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

fn check_writable(dir: &Path) -> Result<(), StorageError> {
    let probe = dir.join(format!(".writable-{}", std::process::id()));
    let written = private_file(&probe)
        .and_then(|mut file| file.write_all(b"muster").and_then(|()| file.sync_all()))
        .map_err(failed("write to", dir));
    let removed = match std::fs::remove_file(&probe) {
        // Another check was quicker, or it was never there.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(failed("remove a file from", dir)),
    };
    written.and(removed)
}

fn lock(root: &Path) -> Result<File, StorageError> {
    let path = root.join("lock");
    if let Some(found) = kind(&path)?
        && !found.is_file()
    {
        return Err(failed("lock", &path)(io::Error::from(io::ErrorKind::InvalidInput)));
    }
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StorageError::InUseByAnother { path: root.to_owned(), uid: user_id() })
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_this_user_can_enter_the_directories_and_read_the_files() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(&tmp.path().join("data")).unwrap();
        let file = dir.create_guild(GuildId::new(7), b"bytes").unwrap();
        for path in [dir.path(), &dir.guilds_dir(), &dir.guild_dir(GuildId::new(7))] {
            assert_eq!(mode(path), 0o700, "{}", path.display());
        }
        for path in [&dir.path().join("lock"), &file] {
            assert_eq!(mode(path), 0o600, "{}", path.display());
        }
    }

    #[test]
    fn a_directory_that_was_open_to_others_is_closed_to_them() {
        let tmp = tempfile::tempdir().unwrap();
        std::fs::set_permissions(tmp.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o700);
    }

    #[test]
    fn a_second_process_is_refused_until_the_first_is_gone() {
        let tmp = tempfile::tempdir().unwrap();
        let first = DataDir::open(tmp.path()).unwrap();
        let refused = DataDir::open(tmp.path()).unwrap_err();
        assert!(matches!(refused, StorageError::InUseByAnother { .. }), "{refused}");
        assert!(refused.to_string().contains(&format!("user id {}", user_id())), "{refused}");
        drop(first);
        DataDir::open(tmp.path()).unwrap();
    }

    #[test]
    fn symbolic_links_are_refused() {
        let tmp = tempfile::tempdir().unwrap();
        let real = tmp.path().join("real");
        let dir = DataDir::open(&real).unwrap();
        symlink(&real, tmp.path().join("link")).unwrap();
        for spelling in ["link", "link/", "link/."] {
            let refused = DataDir::open(&tmp.path().join(spelling)).unwrap_err();
            assert!(matches!(refused, StorageError::Symlink { .. }), "{spelling}: {refused}");
        }
        std::fs::create_dir(tmp.path().join("elsewhere")).unwrap();
        symlink(tmp.path().join("elsewhere"), dir.guild_dir(GuildId::new(1))).unwrap();
        assert!(matches!(dir.look_up(GuildId::new(1)), Err(StorageError::Symlink { .. })));
        assert!(matches!(dir.remove_guild(GuildId::new(1)), Err(StorageError::Symlink { .. })));
        std::fs::create_dir(dir.guild_dir(GuildId::new(2))).unwrap();
        symlink("/etc/hostname", dir.guild_dir(GuildId::new(2)).join(GUILD_DB)).unwrap();
        assert!(matches!(dir.look_up(GuildId::new(2)), Err(StorageError::Symlink { .. })));
    }

    #[test]
    fn a_path_that_cannot_be_used_is_named_with_the_user() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("file");
        std::fs::write(&file, "not a directory").unwrap();
        let refused = DataDir::open(&file.join("data")).unwrap_err().to_string();
        assert!(refused.contains("file/data") && refused.contains("user id"), "{refused}");
    }

    #[test]
    fn what_an_interrupted_creation_or_deletion_left_is_cleared_away_and_nothing_else() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        dir.create_guild(GuildId::new(9), b"kept").unwrap();
        for name in ["5.new", "6.0.deleted", "007"] {
            std::fs::create_dir(dir.guilds_dir().join(name)).unwrap();
        }
        drop(dir);
        let dir = DataDir::open(tmp.path()).unwrap();
        let mut names = dir.names_of_guild_dirs().unwrap();
        names.sort_unstable();
        assert_eq!(names, ["007", "9"]);
        assert_eq!(dir.guilds_on_disk().unwrap(), [GuildId::new(9)]);
    }

    #[test]
    fn a_leftover_that_cannot_be_removed_does_not_stop_the_start() {
        let tmp = tempfile::tempdir().unwrap();
        let leftover = DataDir::open(tmp.path()).unwrap().guilds_dir().join("5.new");
        // Whatever it is that cannot be removed: a directory is expected.
        std::fs::write(&leftover, "not a directory").unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        assert!(leftover.exists());
        assert_eq!(dir.guilds_on_disk().unwrap(), []);
    }

    #[test]
    fn a_directory_of_guilds_that_cannot_be_written_to_is_named() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        dir.check_writable().unwrap();
        std::fs::remove_dir(dir.guilds_dir()).unwrap();
        let refused = dir.check_writable().unwrap_err().to_string();
        assert!(refused.contains("/guilds") && refused.contains("user id"), "{refused}");
    }

    #[test]
    fn removing_a_guild_leaves_nothing_of_it() {
        let tmp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        let guild = GuildId::new(9);
        dir.create_guild(guild, b"bytes").unwrap();
        assert!(dir.remove_guild(guild).unwrap());
        assert!(!dir.remove_guild(guild).unwrap());
        assert_eq!(dir.look_up(guild).unwrap(), OnDisk::Nothing);
        assert!(dir.names_of_guild_dirs().unwrap().is_empty());
    }
}
