//! Members.

use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::ids::UserId;

/// The members of one guild, as far as Muster knows them.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    pub(super) store: &'a Lease,
}

impl Members<'_> {
    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn replace_all(&self, members: &[Member], now: Timestamp) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn upsert(&self, member: &Member, now: Timestamp) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn remove(&self, user: UserId) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn list(&self) -> Result<Vec<Member>, StorageError> {
        unimplemented!()
    }
}
