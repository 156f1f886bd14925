//! How guild stores are kept.

use std::time::Duration;

use bytesize::ByteSize;

use crate::config::{self, StorageConfig};
use crate::storage::data_dir::Backups;

/// How surely a commit survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Synchronous {
    /// Every commit is on the disk before it is reported.
    #[default]
    Full,
    /// A power cut may take the latest commits with it; the file stays sound.
    Normal,
}

/// How guild stores are kept.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Stores open at the same time, at least one. Exceeded only while all are leased. Each costs a thread and
    /// three file descriptors.
    pub max_open: usize,
    /// Stores that keep their prepared statements and the pages they read: those leased last. The others give up two thirds of
    /// their memory and stay open.
    pub max_warm: usize,
    /// A store that nobody leased for this long is closed by the next [`GuildStores::close_idle`].
    ///
    /// [`GuildStores::close_idle`]: super::GuildStores::close_idle
    pub idle_close: Duration,
    /// How surely a commit survives a power cut.
    pub synchronous: Synchronous,
    /// How long a statement waits for a lock on the file, which only a foreign process can hold.
    pub busy_timeout: Duration,
    /// How many backups of a guild are kept, at least one.
    pub backup_keep: usize,
    /// Whether a guild's backups go when the guild is deleted.
    pub deleted_backups: Backups,
    /// A statement that takes longer than this, with its wait for the store's one connection, is logged; zero: none is.
    pub slow_statement: Duration,
    /// Bytes to keep free on the disk: below that nothing new is begun. At most a twentieth of the file system counts.
    pub min_free: ByteSize,
    /// How long a deletion waits for the leases of a store to come back; and then for the statement that is running.
    pub lease_wait: Duration,
    /// How long the shutdown waits for leases to come back. Short: the work that holds them was waited for before, and
    /// what is left is to be left behind.
    pub stop_wait: Duration,
}

impl StoreOptions {
    /// What the operator decided.
    #[must_use]
    pub fn of(config: &StorageConfig) -> Self {
        Self {
            max_open: config.max_open,
            idle_close: config.idle_close,
            synchronous: match config.synchronous {
                config::Synchronous::Full => Synchronous::Full,
                config::Synchronous::Normal => Synchronous::Normal,
            },
            busy_timeout: config.busy_timeout,
            slow_statement: config.slow_statement,
            min_free: config.min_free,
            backup_keep: config.backup_keep,
            deleted_backups: if config.keep_deleted_backups { Backups::Keep } else { Backups::Delete },
            ..Self::default()
        }
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            max_open: 256,
            max_warm: 32,
            idle_close: Duration::from_mins(5),
            synchronous: Synchronous::Full,
            busy_timeout: Duration::from_secs(5),
            backup_keep: 7,
            deleted_backups: Backups::Delete,
            slow_statement: Duration::from_millis(250),
            min_free: ByteSize::mb(64),
            lease_wait: Duration::from_secs(10),
            stop_wait: Duration::from_millis(500),
        }
    }
}
