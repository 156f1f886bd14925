//! The data directory: the one place that builds paths, and the lock that gives it to one process.
//!
//! ```text
//! data/                                  mode 0700; every file 0600
//!   lock                                 held by the one process that uses the directory
//!   system.db                            the registry of guilds
//!   guilds/<guild id>/guild.db           a guild's store (+ -wal, -shm while it is open)
//!   backups/<guild id>/<UTC time>.db     its backups
//!   quarantine/<guild id>/<UTC time>/    stores of it that were set aside, each as it was found
//! ```
//!
//! Everything here blocks for as long as the file system does; callers inside the runtime decide whether that
//! matters.

mod backups;
mod guild_dirs;
mod replacing;
mod set_aside;
mod stamp;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind::{NotADirectory, NotFound};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::StorageError;
use super::files::{failed, kind, make_private_dir, private_file, user_id};

pub use backups::Backup;
pub use guild_dirs::Backups;
pub use set_aside::SetAsideNotice;

pub(super) use backups::taken_at;
pub(super) use guild_dirs::{GUILD_DB, OnDisk};
pub(super) use set_aside::Telling;

/// The directory that holds everything Muster keeps, and the lock that lets one process have it.
///
/// The lock goes with the last reference, or with the process.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Creates the directory if it is missing, takes the lock, writes a file everywhere to see that it can, ends what an
    /// interrupted restore began, and clears away what an interrupted creation or deletion left behind.
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
        for part in [dir.guilds_dir(), dir.backups_dir(), dir.quarantine_dir()] {
            make_private_dir(&part)?;
            check_writable(&part)?;
        }
        check_writable(&dir.root)?;
        dir.end_replacements()?;
        dir.clear_leftovers()?;
        Ok(dir)
    }

    /// Writes a file, flushes it to the disk, and removes it, in each directory that Muster cannot do without.
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

    fn guilds_dir(&self) -> PathBuf {
        self.root.join("guilds")
    }

    fn backups_dir(&self) -> PathBuf {
        self.root.join("backups")
    }

    fn quarantine_dir(&self) -> PathBuf {
        self.root.join("quarantine")
    }
}

/// The names in a directory; none if there is no such directory.
fn names_in(dir: &Path) -> Result<Vec<String>, StorageError> {
    let read = || -> io::Result<Vec<String>> {
        std::fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect()
    };
    match read() {
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(Vec::new()),
        names => names.map_err(failed("list", dir)),
    }
}

fn check_writable(dir: &Path) -> Result<(), StorageError> {
    // One name for all times: what a process leaves that is killed here, the next one takes away.
    let probe = dir.join(".writable");
    let written = private_file(&probe)
        .and_then(|mut file| file.write_all(b"muster").and_then(|()| file.sync_all()))
        .map_err(failed("write to", dir));
    let removed = match std::fs::remove_file(&probe) {
        // Another check was quicker, or it was never there.
        Err(error) if error.kind() == NotFound => Ok(()),
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
