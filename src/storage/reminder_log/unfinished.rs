//! What is still on its way: whether there is such a reminder, and whom it is for by now.

use sqlx::types::Json;

use super::Reminders;
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::reminder::{self, Reminder, ReminderId};
use crate::ids::UserId;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;

/// Whom a reminder is for by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    /// The messages that were accepted: whom they mention cannot change any more.
    pub accepted: usize,
    /// The members it mentions, in the order of its messages, those of the accepted ones first.
    pub recipients: Vec<UserId>,
    /// How many of the audience have answered.
    pub responded: usize,
    /// Whether the messages to come are to say that they may be repeats.
    pub perhaps_sent_before: bool,
}

impl Reminders<'_> {
    /// Whether a reminder of this event was claimed and has not reached its end.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn has_pending(self, event: EventId) -> Result<bool, StorageError> {
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM reminder_log WHERE event_id = $1 AND status = 'pending')",
        )
        .bind(event.0);
        self.db.run("look for a pending reminder", query.fetch_one(&self.db.pool)).await
    }

    /// Changes whom a reminder is for, since some have answered while it waited, and gives it a new nonce: what it
    /// says is no longer the same. `None` if it is no longer pending, or another number of its messages was accepted.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn readdress(
        self,
        reminder: ReminderId,
        address: &NewAddress,
        now: Timestamp,
    ) -> Result<Option<Reminder>, StorageError> {
        let update = sqlx::query_as(
            "UPDATE reminder_log
             SET recipients = $3, responded = $4, perhaps_sent_before = $5, nonce = $6, addressed_at = $7,
                 updated_at = $7,
                 next_due_at = (SELECT events.next_due_at FROM events WHERE events.id = reminder_log.event_id)
             WHERE id = $1 AND status = 'pending' AND json_array_length(message_ids) = $2 RETURNING *",
        );
        let update = update
            .bind(reminder.0)
            .bind(as_integer(address.accepted))
            .bind(Json(&address.recipients))
            .bind(as_integer(address.responded))
            .bind(address.perhaps_sent_before)
            .bind(reminder::nonce(self.db.guild, reminder, now))
            .bind(now.timestamp_millis());
        self.db.run("readdress a reminder", update.fetch_optional(&self.db.pool)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MessageId;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    fn to(accepted: usize, recipients: &[u64]) -> NewAddress {
        let recipients = recipients.iter().copied().map(UserId::new).collect();
        NewAddress { accepted, recipients, responded: 3, perhaps_sent_before: true }
    }

    #[tokio::test]
    async fn only_a_claimed_reminder_that_has_not_ended_is_on_its_way() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let reminders = lease.reminders();
        assert!(!reminders.has_pending(event).await.unwrap());
        let row = reminders.claim(&new_reminder(event, 60), at(60)).await.unwrap().unwrap();
        assert!(reminders.has_pending(event).await.unwrap());
        reminders.mark_sent(row.id, 1, at(61)).await.unwrap();
        assert!(!reminders.has_pending(event).await.unwrap());
    }

    #[tokio::test]
    async fn a_readdressed_reminder_says_something_else_under_another_nonce() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let reminders = lease.reminders();
        let row = reminders.claim(&new_reminder(event, 60), at(60)).await.unwrap().unwrap();
        lease.events().pause(event, at(90)).await.unwrap();
        let changed = reminders.readdress(row.id, &to(0, &[9]), at(300)).await.unwrap().unwrap();
        assert_eq!((&changed.recipients, changed.responded), (&vec![UserId::new(9)], 3));
        assert_eq!((changed.claimed_at, changed.addressed_at, changed.next_due_at), (at(60), at(300), None));
        assert!(changed.perhaps_sent_before && !row.perhaps_sent_before);
        assert_ne!(changed.nonce, row.nonce);
        assert_eq!(reminders.find(row.id).await.unwrap(), Some(changed));
    }

    #[tokio::test]
    async fn a_reminder_is_readdressed_only_with_the_messages_that_the_caller_knows_of() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let reminders = lease.reminders();
        let row = reminders.claim(&new_reminder(event, 60), at(60)).await.unwrap().unwrap();
        reminders.record_part(row.id, 0, Some(MessageId::new(5)), at(62)).await.unwrap();
        assert_eq!(reminders.readdress(row.id, &to(0, &[]), at(63)).await.unwrap(), None);
        assert!(reminders.readdress(row.id, &to(1, &[11]), at(63)).await.unwrap().is_some());
        reminders.mark_sent(row.id, 1, at(64)).await.unwrap();
        assert_eq!(reminders.readdress(row.id, &to(1, &[]), at(65)).await.unwrap(), None);
    }
}
