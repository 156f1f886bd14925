//! Events.

use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::choice::Choices;
use crate::domain::event::{EndReason, Event, EventId, Origin};
use crate::domain::interval::Interval;
use crate::ids::{ChannelId, MessageId, RoleId, UserId};

/// An event that is not in the store yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Where its message is.
    pub channel_id: ChannelId,
    /// Its message; `None` while it still has to be posted.
    pub message_id: Option<MessageId>,
    /// Who wrote the message.
    pub origin: Origin,
    /// One line.
    pub title: String,
    /// May be empty.
    pub description: String,
    /// The distance between reminders.
    pub interval: Interval,
    /// The first instant of the due grid.
    pub next_due_at: Timestamp,
    /// The answers that count.
    pub choices: Choices,
    /// Only members with this role are asked.
    pub role: Option<RoleId>,
    /// Who created or watched it.
    pub author_id: UserId,
}

/// What became of watching a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// It was not watched before.
    New(Event),
    /// It was known already; the interval is the new one, and it is active.
    Again(Event),
}

/// The events of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    pub(super) store: &'a Lease,
}

impl Events<'_> {
    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn insert_draft(&self, event: &NewEvent, now: Timestamp) -> Result<EventId, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn attach_message(
        &self,
        event: EventId,
        message: MessageId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn delete_draft(&self, event: EventId) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn drafts(&self) -> Result<Vec<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn watch(&self, event: &NewEvent, now: Timestamp) -> Result<Watched, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find(&self, event: EventId) -> Result<Option<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find_by_message(&self, message: MessageId) -> Result<Option<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn list_live(&self, limit: usize, offset: usize) -> Result<Vec<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn count_live(&self) -> Result<usize, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn search_live(&self, needle: &str, limit: usize) -> Result<Vec<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn pause(&self, event: EventId, now: Timestamp) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn resume(
        &self,
        event: EventId,
        next_due: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_interval(
        &self,
        event: EventId,
        interval: Interval,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn suspend(
        &self,
        event: EventId,
        reason: &str,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn lift_suspension(&self, event: EventId, now: Timestamp) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end(&self, event: EventId, reason: EndReason, now: Timestamp) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end_in_channel(
        &self,
        channel: ChannelId,
        now: Timestamp,
    ) -> Result<Vec<EventId>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn retitle(
        &self,
        event: EventId,
        title: &str,
        description: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Event>, StorageError> {
        unimplemented!()
    }

    /// See the contract.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn earliest_instant(&self) -> Result<Option<Timestamp>, StorageError> {
        unimplemented!()
    }
}
