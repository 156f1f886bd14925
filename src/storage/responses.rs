//! Answers.

use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::emoji::Emoji;
use crate::domain::event::EventId;
use crate::domain::response::Response;
use crate::ids::UserId;

/// What the members of one guild answered.
#[derive(Debug, Clone, Copy)]
pub struct Responses<'a> {
    pub(super) store: &'a Lease,
}

impl Responses<'_> {
    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_button(
        &self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn add_reaction(
        &self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn remove_reaction(
        &self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn clear_reactions(&self, event: EventId) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn clear_emoji(&self, event: EventId, choice: &Emoji) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn replace_reactions(
        &self,
        event: EventId,
        reactions: &[(UserId, Emoji)],
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn of_event(&self, event: EventId) -> Result<Vec<Response>, StorageError> {
        unimplemented!()
    }
}
