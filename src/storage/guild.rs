//! The guild's own row.

use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::settings::GuildSettings;

/// How a guild's store is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// Size of the database in bytes, without its write-ahead log.
    pub size_bytes: u64,
    /// What `PRAGMA quick_check` says; `ok` if nothing is wrong.
    pub quick_check: String,
    /// Events that are not over.
    pub live_events: usize,
    /// Rows of the reminder log.
    pub log_rows: usize,
}

/// What the guild itself decided, and how fresh the copies of Discord's facts are.
#[derive(Debug, Clone, Copy)]
pub struct GuildRows<'a> {
    pub(super) store: &'a Lease,
}

impl GuildRows<'_> {
    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn settings(&self) -> Result<GuildSettings, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_settings(&self, settings: &GuildSettings, now: Timestamp) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn name(&self) -> Result<Option<String>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_name(&self, name: &str, now: Timestamp) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn members_synced_at(&self) -> Result<Option<Timestamp>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_members_synced_at(
        &self,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn answers_synced_at(&self) -> Result<Option<Timestamp>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_answers_synced_at(
        &self,
        at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn check(&self) -> Result<StoreHealth, StorageError> {
        unimplemented!()
    }
}
