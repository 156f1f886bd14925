//! How long the reminder log goes back.

use chrono::TimeDelta;

use super::Reminders;
use crate::clock::Timestamp;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;

/// For how many days after its due instant a row is kept: a season to look back on, and at the shortest interval of
/// five minutes some 26,000 rows of an event.
pub(super) const KEPT_DAYS: i64 = 90;

/// Rows deleted by one statement at most, so that nobody waits long for the connection.
const AT_ONCE: usize = 1_000;

impl Reminders<'_> {
    /// Deletes rows that are too old, some thousand at a time, and says how many these were.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn delete_old(self, now: Timestamp) -> Result<u64, StorageError> {
        self.delete_some_before(now - TimeDelta::days(KEPT_DAYS)).await
    }

    /// Deletes all finished rows whose reminder was due before an instant, and says how many these were.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; some may be gone by then.
    pub async fn delete_before(self, limit: Timestamp) -> Result<u64, StorageError> {
        let mut deleted = 0;
        loop {
            match self.delete_some_before(limit).await? {
                0 => return Ok(deleted),
                some => deleted += some,
            }
        }
    }

    async fn delete_some_before(self, limit: Timestamp) -> Result<u64, StorageError> {
        let delete = sqlx::query(
            "DELETE FROM reminder_log WHERE id IN (
                 SELECT id FROM reminder_log
                 WHERE status IN ('sent', 'failed', 'skipped') AND scheduled_at < $1 LIMIT $2)",
        );
        let delete = delete.bind(limit.timestamp_millis()).bind(as_integer(AT_ONCE));
        let done = self.db.run("delete old reminders", delete.execute(&self.db.pool)).await?;
        Ok(done.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    #[tokio::test]
    async fn rows_that_have_ended_go_after_ninety_days_and_pending_ones_stay() {
        let (_tmp, lease) = open_store().await;
        let (event, reminders) = (watch(&lease, 1).await.id, lease.reminders());
        let mut rows = Vec::new();
        for turn in 1..=3 {
            let row = reminders.claim(&new_reminder(event, turn * 60), at(turn * 60)).await.unwrap().unwrap();
            rows.push(row.id);
        }
        let [old, pending, young] = rows.try_into().unwrap();
        reminders.mark_sent(old, 3, at(61)).await.unwrap();
        reminders.mark_failed(young, "no", at(181)).await.unwrap();
        let later = |seconds| at(seconds) + TimeDelta::days(KEPT_DAYS);
        assert_eq!(reminders.delete_old(later(60)).await.unwrap(), 0);
        assert_eq!(reminders.delete_old(later(180)).await.unwrap(), 1);
        assert_eq!(reminders.find(old).await.unwrap(), None);
        assert!(reminders.find(pending).await.unwrap().is_some());
        assert!(reminders.find(young).await.unwrap().is_some());
    }
}
