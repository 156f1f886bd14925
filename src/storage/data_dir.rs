//! The data directory.

use std::path::{Path, PathBuf};

use super::StorageError;
use crate::ids::GuildId;

/// The directory that holds everything Muster keeps, and the lock that lets one process have it.
#[derive(Debug)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Creates the directory if it is missing, checks that it can be written, and locks it.
    ///
    /// # Errors
    /// Every [`StorageError`] here names the path and the user id.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        Ok(Self { root: path.to_owned() })
    }

    /// Writes and removes a file, as the readiness check wants.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn check_writable(&self) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Where a guild's data is, or would be.
    #[must_use]
    pub fn guild_dir(&self, guild: GuildId) -> PathBuf {
        self.root.join("guilds").join(guild.to_string())
    }

    /// The system store.
    #[must_use]
    pub fn system_db(&self) -> PathBuf {
        self.root.join("system.db")
    }

    /// The guilds that have a directory, in ascending order.
    ///
    /// # Errors
    /// [`StorageError::DataDir`].
    pub fn guilds_on_disk(&self) -> Result<Vec<GuildId>, StorageError> {
        unimplemented!()
    }
}
