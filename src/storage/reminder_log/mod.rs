//! The reminder log.

mod unfinished;

use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::reminder::{Reminder, ReminderId};
use crate::ids::{MessageId, UserId};

/// A reminder that is about to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReminder {
    /// The event it belongs to.
    pub event_id: EventId,
    /// The due instant; `claim_now` puts its `now` in its place.
    pub scheduled_at: Timestamp,
    /// The due instant after this one; `claim_now` keeps the event's own.
    pub next_due_at: Option<Timestamp>,
    /// The members it mentions, in the order of its messages.
    pub recipients: Vec<UserId>,
    /// How many of the audience have answered.
    pub responded: usize,
}

/// The reminder log of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Reminders<'a> {
    pub(super) store: &'a Lease,
}

impl Reminders<'_> {
    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn claim(
        &self,
        reminder: &NewReminder,
        now: Timestamp,
    ) -> Result<Option<Reminder>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn claim_now(
        &self,
        reminder: &NewReminder,
        now: Timestamp,
    ) -> Result<Option<Reminder>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn skip(
        &self,
        event: EventId,
        scheduled_at: Timestamp,
        next_due_at: Timestamp,
        responded: usize,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn pending(&self, now: Timestamp, limit: usize) -> Result<Vec<Reminder>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn begin_attempt(
        &self,
        reminder: ReminderId,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn record_part(
        &self,
        reminder: ReminderId,
        part: usize,
        message: MessageId,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_sent(
        &self,
        reminder: ReminderId,
        users_notified: usize,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_failed(
        &self,
        reminder: ReminderId,
        error: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_skipped(
        &self,
        reminder: ReminderId,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn retry_at(
        &self,
        reminder: ReminderId,
        at: Timestamp,
        error: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find(&self, reminder: ReminderId) -> Result<Option<Reminder>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn history(
        &self,
        event: EventId,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Reminder>, StorageError> {
        unimplemented!()
    }
}
