//! Reminders that share a message: as long as they are on their way they have the same nonce, and go through each step in
//! one transaction, so that no crash can tear them apart.

use sqlx::Row;
use sqlx::types::Json;

use super::Reminders;
use crate::clock::Timestamp;
use crate::domain::reminder::{Reminder, ReminderId};
use crate::ids::MessageId;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;
use crate::storage::pool_of_one::begin;

impl Reminders<'_> {
    /// Pending reminders whose next attempt has come, the longest waiting first, in the company in which they set out last.
    /// Who is in company comes along, due or not: half of a message under the nonce of the whole would lose the other half.
    ///
    /// `limit` is a number of companies.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn pending(self, now: Timestamp, limit: usize) -> Result<Vec<Vec<Reminder>>, StorageError> {
        let query = sqlx::query_as::<_, Reminder>(
            "WITH due AS (
                 SELECT nonce AS company, min(next_attempt_at) AS since FROM reminder_log
                 WHERE status = 'pending' AND next_attempt_at <= $1
                 GROUP BY nonce ORDER BY since, company LIMIT $2
             )
             SELECT reminder_log.* FROM reminder_log JOIN due ON company = nonce
             WHERE status = 'pending' ORDER BY since, company, id",
        );
        let query = query.bind(now.timestamp_millis()).bind(as_integer(limit));
        let rows = self.db.run("list the pending reminders", query.fetch_all(&self.db.pool)).await?;
        Ok(rows.chunk_by(|one, next| one.nonce == next.nonce).map(<[Reminder]>::to_vec).collect())
    }

    /// Counts an attempt of these reminders that begins now, all of them under `nonce`, and puts the next one off to
    /// `retry_at` in case this process dies in between. Returns those that are still pending: only they may be sent.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; then none set out.
    pub async fn set_out(
        self,
        reminders: &[ReminderId],
        nonce: &str,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<ReminderId>, StorageError> {
        let set_out = sqlx::query(
            "UPDATE reminder_log
             SET attempts = attempts + 1, nonce = $2, next_attempt_at = $3, updated_at = $4
             WHERE id IN (SELECT value FROM json_each($1)) AND status = 'pending' RETURNING id",
        );
        let set_out = set_out
            .bind(numbers(reminders))
            .bind(nonce)
            .bind(retry_at.timestamp_millis())
            .bind(now.timestamp_millis())
            .try_map(|row| row.try_get("id").map(ReminderId));
        self.db.run("begin an attempt", set_out.fetch_all(&self.db.pool)).await
    }

    /// Gives each of these reminders a nonce of its own, all in one transaction: from then on they travel apart. As long as only
    /// some had one, the others would be taken for what the first became.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; then they are still together.
    pub async fn part(self, nonces: &[(ReminderId, String)], now: Timestamp) -> Result<(), StorageError> {
        let part = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            for (reminder, nonce) in nonces {
                let part = sqlx::query(
                    "UPDATE reminder_log SET nonce = $2, updated_at = $3 WHERE id = $1 AND status = 'pending'",
                );
                let part = part.bind(reminder.0).bind(nonce).bind(now.timestamp_millis());
                part.execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        self.db.run("part reminders", part).await
    }

    /// Notes that Discord accepted the one message that carries all these reminders; `None`: and somebody deleted it since.
    /// Returns those that were still pending, and count as sent from now on.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; then nothing was noted of any of them.
    pub async fn mark_delivered(
        self,
        reminders: &[ReminderId],
        message: Option<MessageId>,
        now: Timestamp,
    ) -> Result<Vec<ReminderId>, StorageError> {
        let mark = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            // What had ended while it was on its way keeps its end, but where it stands is worth knowing.
            let note = sqlx::query(
                "UPDATE reminder_log SET message_ids = json_array($2), updated_at = $3
                 WHERE id IN (SELECT value FROM json_each($1))",
            );
            let note = note
                .bind(numbers(reminders))
                .bind(message.map(|message| message.to_string()))
                .bind(now.timestamp_millis());
            note.execute(&mut *transaction).await?;
            let mark = sqlx::query(
                "UPDATE reminder_log
                 SET status = 'sent', sent_at = $2, users_notified = json_array_length(recipients),
                     recipients = '[]', next_attempt_at = NULL, error = NULL
                 WHERE id IN (SELECT value FROM json_each($1)) AND status = 'pending' RETURNING id",
            );
            let mark = mark
                .bind(numbers(reminders))
                .bind(now.timestamp_millis())
                .try_map(|row| row.try_get("id").map(ReminderId));
            let marked = mark.fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(marked)
        };
        self.db.run("mark reminders as sent", mark).await
    }
}

fn numbers(reminders: &[ReminderId]) -> Json<Vec<i64>> {
    Json(reminders.iter().map(|reminder| reminder.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reminder::Status;
    use crate::storage::Lease;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    async fn claimed(lease: &Lease, events: u64) -> Vec<Reminder> {
        let mut due = Vec::new();
        for event in 1..=events {
            due.push(new_reminder(watch(lease, event).await.id, 60));
        }
        lease.reminders().claim_all(&due, at(60)).await.unwrap()
    }

    fn ids(reminders: &[Reminder]) -> Vec<ReminderId> {
        reminders.iter().map(|reminder| reminder.id).collect()
    }

    #[tokio::test]
    async fn reminders_that_set_out_together_come_back_together_even_if_only_one_is_due() {
        let (_tmp, lease) = open_store().await;
        let reminders = lease.reminders();
        let rows = claimed(&lease, 3).await;
        assert_eq!(reminders.pending(at(60), 9).await.unwrap().len(), 3, "each for itself at first");
        let company = &ids(&rows)[..2];
        assert_eq!(reminders.set_out(company, "shared", at(90), at(60)).await.unwrap(), company);
        reminders.retry_at(rows[0].id, at(80), "an outage", at(61)).await.unwrap();
        reminders.retry_at(rows[2].id, at(95), "an outage", at(61)).await.unwrap();
        let pending = reminders.pending(at(80), 1).await.unwrap();
        assert_eq!(pending.iter().map(|company| ids(company)).collect::<Vec<_>>(), [company.to_vec()]);
        assert_eq!(pending[0].iter().map(|row| row.attempts).collect::<Vec<_>>(), [1, 1]);
        reminders.mark_skipped(rows[0].id, "its event is over", at(81)).await.unwrap();
        let left = reminders.set_out(company, "shared", at(99), at(82)).await.unwrap();
        assert_eq!(left, [rows[1].id], "who has ended does not set out again");
    }

    #[tokio::test]
    async fn one_message_delivers_all_that_are_still_wanted() {
        let (_tmp, lease) = open_store().await;
        let reminders = lease.reminders();
        let rows = claimed(&lease, 2).await;
        let all = ids(&rows);
        reminders.set_out(&all, "shared", at(90), at(60)).await.unwrap();
        reminders.mark_skipped(rows[0].id, "its event is over", at(61)).await.unwrap();
        let marked = reminders.mark_delivered(&all, Some(MessageId::new(70)), at(62)).await.unwrap();
        assert_eq!(marked, [rows[1].id]);
        let row = reminders.find(rows[1].id).await.unwrap().unwrap();
        assert_eq!(
            (row.status, row.sent_at, row.notified),
            (Status::Sent, Some(at(62)), rows[1].recipients.len())
        );
        assert_eq!((row.recipients, row.message_ids), (Vec::new(), vec![Some(MessageId::new(70))]));
        let ended = reminders.find(rows[0].id).await.unwrap().unwrap();
        assert_eq!((ended.status, ended.message_ids), (Status::Skipped, vec![Some(MessageId::new(70))]));
        assert_eq!(reminders.mark_delivered(&all, None, at(63)).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_deleted_message_leaves_its_place_empty() {
        let (_tmp, lease) = open_store().await;
        let rows = claimed(&lease, 1).await;
        lease.reminders().mark_delivered(&ids(&rows), None, at(62)).await.unwrap();
        let row = lease.reminders().find(rows[0].id).await.unwrap().unwrap();
        assert_eq!((row.status, row.message_ids), (Status::Sent, vec![None]));
    }
}
