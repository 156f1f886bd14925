//! The course of a claimed reminder: attempts, messages that Discord accepted, and how it ended.

use super::Reminders;
use crate::clock::Timestamp;
use crate::domain::reminder::ReminderId;
use crate::ids::MessageId;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;

impl Reminders<'_> {
    /// Notes the message that Discord made of one part, counted from zero; `None` for one that somebody deleted
    /// since. Parts are noted in their order; false if an earlier one is missing, or the reminder is unknown.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn record_part(
        self,
        reminder: ReminderId,
        part: usize,
        message: Option<MessageId>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let record = sqlx::query(
            "UPDATE reminder_log
             SET message_ids = json_set(message_ids, '$[' || $2 || ']', $3), updated_at = $4
             WHERE id = $1 AND json_array_length(message_ids) >= $2",
        );
        let record = record
            .bind(reminder.0)
            .bind(as_integer(part))
            .bind(message.map(|message| message.to_string()))
            .bind(now.timestamp_millis());
        self.db.change("note a message of a reminder", record).await
    }

    /// Notes that Discord accepted all messages; false if the reminder is no longer pending.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_sent(
        self,
        reminder: ReminderId,
        users_notified: usize,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mark = sqlx::query(
            "UPDATE reminder_log
             SET status = 'sent', sent_at = $3, users_notified = $2, recipients = '[]', next_attempt_at = NULL,
                 error = NULL, updated_at = $3
             WHERE id = $1 AND status = 'pending'",
        );
        let mark = mark.bind(reminder.0).bind(as_integer(users_notified)).bind(now.timestamp_millis());
        self.db.change("mark a reminder as sent", mark).await
    }

    /// Notes that it will not be sent, and why; false if the reminder is no longer pending.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_failed(
        self,
        reminder: ReminderId,
        error: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mark = sqlx::query(
            "UPDATE reminder_log
             SET status = 'failed', error = $2, recipients = '[]', next_attempt_at = NULL, updated_at = $3
             WHERE id = $1 AND status = 'pending'",
        );
        let mark = mark.bind(reminder.0).bind(error).bind(now.timestamp_millis());
        self.db.change("mark a reminder as failed", mark).await
    }

    /// Notes that there is no use in sending it any more, and why; false if the reminder is no longer pending.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn mark_skipped(
        self,
        reminder: ReminderId,
        why: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mark = sqlx::query(
            "UPDATE reminder_log
             SET status = 'skipped', error = $2, recipients = '[]', next_attempt_at = NULL, updated_at = $3
             WHERE id = $1 AND status = 'pending'",
        );
        let mark = mark.bind(reminder.0).bind(why).bind(now.timestamp_millis());
        self.db.change("mark a reminder as skipped", mark).await
    }

    /// Notes of all that is pending that there is no use in sending it any more, and why; how many these were.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn skip_pending(self, why: &str, now: Timestamp) -> Result<u64, StorageError> {
        let skip = sqlx::query(
            "UPDATE reminder_log
             SET status = 'skipped', error = $1, recipients = '[]', next_attempt_at = NULL, updated_at = $2
             WHERE status = 'pending'",
        );
        let skip = skip.bind(why).bind(now.timestamp_millis()).execute(&self.db.pool);
        Ok(self.db.run("skip the pending reminders", skip).await?.rows_affected())
    }

    /// Puts the next attempt off to `at` because of `error`; false if the reminder is no longer pending.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn retry_at(
        self,
        reminder: ReminderId,
        at: Timestamp,
        error: &str,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let retry = sqlx::query(
            "UPDATE reminder_log SET next_attempt_at = $2, error = $3, updated_at = $4
             WHERE id = $1 AND status = 'pending'",
        );
        let retry =
            retry.bind(reminder.0).bind(at.timestamp_millis()).bind(error).bind(now.timestamp_millis());
        self.db.change("put off a reminder", retry).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reminder::{Reminder, Status};
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    async fn claimed(lease: &crate::storage::Lease) -> Reminder {
        let event = watch(lease, 1).await;
        lease.reminders().claim(&new_reminder(event.id, 60), at(60)).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_reminder_goes_from_claim_to_sent_with_its_messages() {
        let (_tmp, lease) = open_store().await;
        let row = claimed(&lease).await;
        let reminders = lease.reminders();
        assert_eq!(reminders.pending(at(60), 9).await.unwrap(), [vec![row.clone()]]);
        assert!(!reminders.set_out(&[row.id], &row.nonce, at(180), at(60)).await.unwrap().is_empty());
        assert!(reminders.pending(at(179), 9).await.unwrap().is_empty(), "the attempt is a lease");
        let first = MessageId::new(1_300_000_000_000_000_001);
        assert!(
            !reminders.record_part(row.id, 1, Some(first), at(61)).await.unwrap(),
            "the first part is missing"
        );
        assert!(reminders.record_part(row.id, 0, Some(first), at(61)).await.unwrap());
        assert!(reminders.record_part(row.id, 1, None, at(62)).await.unwrap());
        assert!(reminders.record_part(row.id, 1, Some(MessageId::new(3)), at(63)).await.unwrap());
        assert!(reminders.mark_sent(row.id, 3, at(64)).await.unwrap());
        assert!(!reminders.mark_sent(row.id, 3, at(65)).await.unwrap());
        assert!(reminders.set_out(&[row.id], &row.nonce, at(999), at(66)).await.unwrap().is_empty());
        let sent = reminders.find(row.id).await.unwrap().unwrap();
        assert_eq!((sent.status, sent.sent_at, sent.attempts), (Status::Sent, Some(at(64)), 1));
        assert_eq!(
            (sent.message_ids, sent.next_attempt_at),
            (vec![Some(first), Some(MessageId::new(3))], None)
        );
        assert_eq!((sent.notified, sent.nonce), (3, row.nonce));
        assert_eq!(sent.recipients, [], "nobody needs the names any more");
    }

    #[tokio::test]
    async fn a_retry_is_pending_at_its_time_and_counts_for_the_agenda() {
        let (_tmp, lease) = open_store().await;
        let row = claimed(&lease).await;
        let reminders = lease.reminders();
        assert!(reminders.retry_at(row.id, at(90), "Discord answered 503.", at(61)).await.unwrap());
        assert_eq!(lease.events().earliest_instant().await.unwrap(), Some(at(90)));
        assert!(reminders.pending(at(89), 9).await.unwrap().is_empty());
        let pending = reminders.pending(at(90), 9).await.unwrap().concat();
        assert_eq!(pending.first().and_then(|row| row.error.as_deref()), Some("Discord answered 503."));
        assert!(reminders.mark_failed(row.id, "Discord answered 403.", at(91)).await.unwrap());
        assert!(!reminders.mark_skipped(row.id, "too late", at(92)).await.unwrap());
        assert_eq!(
            lease.events().earliest_instant().await.unwrap(),
            Some(at(120)),
            "only the event's own is left"
        );
        let failed = reminders.find(row.id).await.unwrap().unwrap();
        assert_eq!(failed.recipients, []);
        assert_eq!((failed.status, failed.error.as_deref()), (Status::Failed, Some("Discord answered 403.")));
    }

    #[tokio::test]
    async fn history_is_newest_first_a_page_at_a_time() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        for turn in 1..=4 {
            lease.reminders().claim(&new_reminder(event, turn * 60), at(turn * 60)).await.unwrap().unwrap();
        }
        let page = lease.reminders().history(event, 2, 1).await.unwrap();
        let scheduled: Vec<_> = page.iter().map(|row| row.scheduled_at).collect();
        assert_eq!(scheduled, [at(180), at(120)]);
    }
}
