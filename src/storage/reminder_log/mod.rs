//! Table `reminder_log`: the durable record of every reminder, and what a crash leaves to be finished.
//!
//! **Invariants**
//! - An event has at most one row per `scheduled_at`.
//! - A row says everything that its messages say. It is claimed once, and addressed anew only by [`unfinished`].
//! - Pending rows with the same nonce travel in one message, and are read and moved together.
//! - Only a pending row changes its status, and only a pending row has a next attempt and recipients.
//! - A row is kept for [`KEPT_DAYS`](retention::KEPT_DAYS) after its reminder was due.
//!
//! **Does not know** who is asked, how a message looks, or when to try again.

mod claim;
mod delivery;
mod retention;
mod row;
mod together;
mod unfinished;

pub use unfinished::NewAddress;

use super::StorageError;
use super::columns::as_integer;
use super::guild_db::GuildDb;
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::reminder::{Reminder, ReminderId};
use crate::ids::UserId;

/// The reminder log of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Reminders<'a> {
    pub(super) db: &'a GuildDb,
}

/// A reminder that is about to be claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReminder {
    /// The event it belongs to.
    pub event_id: EventId,
    /// The due instant.
    pub scheduled_at: Timestamp,
    /// The due instant after this one, the event's next.
    pub next_due_at: Option<Timestamp>,
    /// The members it mentions, in the order of its messages.
    pub recipients: Vec<UserId>,
    /// How many of the audience have answered.
    pub responded: usize,
}

/// A due instant at which nobody is reminded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The event that is due.
    pub event_id: EventId,
    /// The due instant.
    pub scheduled_at: Timestamp,
    /// The due instant after this one, the event's next.
    pub next_due_at: Timestamp,
    /// How many of the audience have answered.
    pub responded: usize,
    /// Why, as a part of a sentence; `None`: nobody was missing.
    pub why: Option<&'static str>,
}

impl Reminders<'_> {
    /// The reminder with this number.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find(self, reminder: ReminderId) -> Result<Option<Reminder>, StorageError> {
        let query = sqlx::query_as("SELECT * FROM reminder_log WHERE id = $1").bind(reminder.0);
        self.db.run("find a reminder", query.fetch_optional(&self.db.pool)).await
    }

    /// The reminders of an event, newest first.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn history(
        self,
        event: EventId,
        limit: usize,
        offset: usize,
    ) -> Result<Vec<Reminder>, StorageError> {
        let query = sqlx::query_as(
            "SELECT * FROM reminder_log WHERE event_id = $1 ORDER BY scheduled_at DESC LIMIT $2 OFFSET $3",
        )
        .bind(event.0)
        .bind(as_integer(limit))
        .bind(as_integer(offset));
        self.db.run("list the reminders of an event", query.fetch_all(&self.db.pool)).await
    }
}
