//! What is still on its way: whether there is such a reminder, and whom it is for by now.

use sqlx::types::Json;

use super::Reminders;
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::reminder::ReminderId;
use crate::ids::UserId;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;

impl Reminders<'_> {
    /// Whether a reminder of this event was claimed and has not reached its end.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn has_pending(self, event: EventId) -> Result<bool, StorageError> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM reminder_log WHERE event_id = $1 AND status = 'pending')",
        )
        .bind(event.0)
        .fetch_one(&self.db.pool)
        .await
        .map_err(self.db.failed("look for a pending reminder"))
    }

    /// Changes whom a reminder is for, since some have answered while it waited; false if it is no longer pending,
    /// or a part of it was accepted already.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn readdress(
        self,
        reminder: ReminderId,
        recipients: &[UserId],
        responded: usize,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let update = sqlx::query(
            "UPDATE reminder_log SET recipients = $2, responded = $3, updated_at = $4
             WHERE id = $1 AND status = 'pending' AND json_array_length(message_ids) = 0",
        );
        let update = update
            .bind(reminder.0)
            .bind(Json(recipients))
            .bind(as_integer(responded))
            .bind(now.timestamp_millis());
        self.changed("readdress a reminder", update).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MessageId;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

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
    async fn a_reminder_is_readdressed_only_before_its_first_message() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let reminders = lease.reminders();
        let row = reminders.claim(&new_reminder(event, 60), at(60)).await.unwrap().unwrap();
        assert!(reminders.readdress(row.id, &[UserId::new(9)], 3, at(61)).await.unwrap());
        let changed = reminders.find(row.id).await.unwrap().unwrap();
        assert_eq!((changed.recipients, changed.responded), (vec![UserId::new(9)], 3));
        reminders.record_part(row.id, 0, Some(MessageId::new(5)), at(62)).await.unwrap();
        assert!(!reminders.readdress(row.id, &[], 4, at(63)).await.unwrap());
    }
}
