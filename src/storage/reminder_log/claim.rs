//! Claiming a reminder: the log row and the event's next instant in one transaction, so that neither a crash nor a
//! second tick can lose or double it.

use chrono::TimeDelta;
use sqlx::types::Json;
use sqlx::{Row, Sqlite, Transaction};

use super::{NewReminder, Reminders, Skip};
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::reminder::{self, Reminder, ReminderId};
use crate::ids::UserId;
use crate::storage::StorageError;
use crate::storage::columns::as_integer;
use crate::storage::pool_of_one::begin;

impl Reminders<'_> {
    /// Claims the reminders of due instants and moves their events on, in one transaction. Left out is where somebody else
    /// was quicker: the event is no longer due at that instant, or the instant has its row.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; then nothing was claimed.
    pub async fn claim_all(self, due: &[NewReminder], now: Timestamp) -> Result<Vec<Reminder>, StorageError> {
        let claim = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let mut claimed = Vec::with_capacity(due.len());
            for new in due {
                if move_on(&mut transaction, new.event_id, new.scheduled_at, new.next_due_at, now).await? {
                    // Without a row (the instant has one already) the event moves on all the same, or it stayed due
                    // for ever.
                    claimed.extend(self.insert_pending(&mut transaction, new, new.scheduled_at, now).await?);
                }
            }
            transaction.commit().await?;
            Ok(claimed)
        };
        self.db.run("claim reminders", claim).await
    }

    /// The same for one; `None` if somebody else was quicker.
    #[cfg(test)]
    pub(crate) async fn claim(
        self,
        new: &NewReminder,
        now: Timestamp,
    ) -> Result<Option<Reminder>, StorageError> {
        Ok(self.claim_all(std::slice::from_ref(new), now).await?.pop())
    }

    /// Claims a reminder out of turn, for this very instant, of a live event whether it is paused or not. Its due
    /// grid stays: `new.scheduled_at` and `new.next_due_at` do not matter. An instant of the grid is left to the grid's own
    /// reminder, which may have to stand for others that were missed. `None` if the event is over or unknown,
    /// or has a reminder of this millisecond.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; then nothing was claimed.
    pub async fn claim_now(
        self,
        new: &NewReminder,
        now: Timestamp,
    ) -> Result<Option<Reminder>, StorageError> {
        let claim = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let noted = sqlx::query(
                "UPDATE events SET last_reminder_at = $2, updated_at = $2
                 WHERE id = $1 AND ended_at IS NULL AND message_id IS NOT NULL
                 RETURNING ($2 - grid_at) % interval_ms = 0 AS is_on_grid",
            );
            let noted = noted.bind(new.event_id.0).bind(now.timestamp_millis());
            let Some(row) = noted.fetch_optional(&mut *transaction).await? else { return Ok(None) };
            let is_on_grid: bool = row.try_get("is_on_grid")?;
            let instant = if is_on_grid { now + TimeDelta::milliseconds(1) } else { now };
            let claimed = self.insert_pending(&mut transaction, new, instant, now).await?;
            transaction.commit().await?;
            Ok(claimed)
        };
        self.db.run("claim a reminder out of turn", claim).await
    }

    /// Logs that nobody is reminded at a due instant, and moves the event on; false if somebody else was quicker.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn skip(self, skip: &Skip, now: Timestamp) -> Result<bool, StorageError> {
        let skipped = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let (event, scheduled_at) = (skip.event_id, skip.scheduled_at);
            if !move_on(&mut transaction, event, scheduled_at, Some(skip.next_due_at), now).await? {
                return Ok(false);
            }
            let insert = sqlx::query(
                "INSERT INTO reminder_log (event_id, scheduled_at, next_due_at, responded, status, error,
                                           addressed_at, created_at, updated_at)
                 VALUES ($1, $2, $3, $4, 'skipped', $5, $6, $6, $6)
                 ON CONFLICT (event_id, scheduled_at) DO NOTHING",
            );
            let insert = insert
                .bind(event.0)
                .bind(scheduled_at.timestamp_millis())
                .bind(skip.next_due_at.timestamp_millis())
                .bind(as_integer(skip.responded))
                .bind(skip.why)
                .bind(now.timestamp_millis());
            let inserted = insert.execute(&mut *transaction).await?.rows_affected() > 0;
            transaction.commit().await?;
            Ok(inserted)
        };
        self.db.run("log a skipped reminder", skipped).await
    }

    /// Inserts a pending row with its nonce; `None` if the event has a row of this instant. The row keeps the
    /// event's next instant as it is by now.
    async fn insert_pending(
        self,
        transaction: &mut Transaction<'_, Sqlite>,
        new: &NewReminder,
        scheduled_at: Timestamp,
        now: Timestamp,
    ) -> sqlx::Result<Option<Reminder>> {
        let insert = sqlx::query_as::<_, (i64,)>(
            "INSERT INTO reminder_log (event_id, scheduled_at, next_due_at, recipients, responded, status,
                                       next_attempt_at, addressed_at, created_at, updated_at)
             SELECT id, $2, next_due_at, $3, $4, 'pending', $5, $5, $5, $5 FROM events WHERE id = $1
             ON CONFLICT (event_id, scheduled_at) DO NOTHING RETURNING id",
        );
        let insert = insert
            .bind(new.event_id.0)
            .bind(scheduled_at.timestamp_millis())
            .bind(Json::<&[UserId]>(&new.recipients))
            .bind(as_integer(new.responded))
            .bind(now.timestamp_millis());
        let Some((id,)) = insert.fetch_optional(&mut **transaction).await? else { return Ok(None) };
        let nonce = reminder::nonce(self.db.guild, ReminderId(id), now);
        sqlx::query_as("UPDATE reminder_log SET nonce = $2 WHERE id = $1 RETURNING *")
            .bind(id)
            .bind(nonce)
            .fetch_optional(&mut **transaction)
            .await
    }
}

/// Moves an event from one due instant to the next; false if it is not due at the first.
async fn move_on(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    from: Timestamp,
    to: Option<Timestamp>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let moved = sqlx::query(
        "UPDATE events SET next_due_at = $3, grid_at = coalesce($3, grid_at), last_reminder_at = $2, updated_at = $4
         WHERE id = $1 AND next_due_at = $2 AND message_id IS NOT NULL",
    );
    let moved = moved
        .bind(event.0)
        .bind(from.timestamp_millis())
        .bind(to.map(|to| to.timestamp_millis()))
        .bind(now.timestamp_millis());
    Ok(moved.execute(&mut **transaction).await?.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EndReason;
    use crate::domain::reminder::Status;
    use crate::storage::testing::{at, new_reminder, open_store, watch};
    use futures::future::join_all;

    fn skipped(event_id: EventId, why: Option<&'static str>) -> Skip {
        Skip { event_id, scheduled_at: at(60), next_due_at: at(120), responded: 7, why }
    }

    #[tokio::test]
    async fn a_due_instant_is_claimed_once_and_moves_the_event_on() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await;
        let new = new_reminder(event.id, 60);
        let reminders = lease.reminders();
        let claims = join_all((0..20).map(|_| reminders.claim(&new, at(61)))).await;
        let claimed: Vec<_> = claims.into_iter().filter_map(Result::unwrap).collect();
        let [row] = claimed.as_slice() else { panic!("claimed {} times", claimed.len()) };
        assert_eq!((row.status, row.attempts, row.next_attempt_at), (Status::Pending, 0, Some(at(61))));
        assert_eq!((row.scheduled_at, row.claimed_at, row.next_due_at), (at(60), at(61), Some(at(120))));
        assert_eq!((&row.recipients, row.responded), (&new.recipients, 2));
        assert_eq!(row.nonce, reminder::nonce(lease.guild_id(), row.id, at(61)));
        let event = lease.events().find(event.id).await.unwrap().unwrap();
        assert_eq!((event.last_reminder_at, event.next_due_at), (Some(at(60)), Some(at(120))));
    }

    #[tokio::test]
    async fn an_event_that_is_paused_over_or_due_at_another_instant_is_not_claimed() {
        let (_tmp, lease) = open_store().await;
        let (events, reminders) = (lease.events(), lease.reminders());
        let (paused, over, moved) =
            (watch(&lease, 1).await.id, watch(&lease, 2).await.id, watch(&lease, 3).await.id);
        events.pause(paused, at(1)).await.unwrap();
        events.end(over, EndReason::Unwatched, at(1)).await.unwrap();
        let interval = crate::domain::interval::Interval::from_millis(60_000).unwrap();
        events.set_interval(moved, interval, Some(at(61)), at(1)).await.unwrap();
        for event in [paused, over, moved, EventId(404)] {
            assert_eq!(reminders.claim(&new_reminder(event, 60), at(70)).await.unwrap(), None);
            assert!(!reminders.skip(&skipped(event, None), at(70)).await.unwrap());
        }
        assert!(reminders.pending(at(999), 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_reminder_out_of_turn_leaves_the_grid_alone() {
        let (_tmp, lease) = open_store().await;
        let (events, reminders) = (lease.events(), lease.reminders());
        let id = watch(&lease, 1).await.id;
        let row = reminders.claim_now(&new_reminder(id, 0), at(30)).await.unwrap().unwrap();
        assert_eq!((row.scheduled_at, row.next_due_at), (at(30), Some(at(60))));
        assert_eq!(reminders.claim_now(&new_reminder(id, 0), at(30)).await.unwrap(), None);
        assert_eq!(events.find(id).await.unwrap().unwrap().next_due_at, Some(at(60)));
        events.pause(id, at(31)).await.unwrap();
        let row = reminders.claim_now(&new_reminder(id, 0), at(40)).await.unwrap().unwrap();
        assert_eq!(row.next_due_at, None);
        events.end(id, EndReason::Unwatched, at(41)).await.unwrap();
        assert_eq!(reminders.claim_now(&new_reminder(id, 0), at(50)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_instant_that_has_its_row_is_passed_over() {
        let (_tmp, lease) = open_store().await;
        let id = watch(&lease, 1).await.id;
        let reminders = lease.reminders();
        assert!(reminders.claim(&new_reminder(id, 60), at(60)).await.unwrap().is_some());
        // As after a restored backup: the event is due once more.
        let due = sqlx::query("UPDATE events SET next_due_at = $1").bind(at(60).timestamp_millis());
        due.execute(lease.pool()).await.unwrap();
        assert_eq!(reminders.claim(&new_reminder(id, 60), at(60)).await.unwrap(), None);
        assert_eq!(lease.events().find(id).await.unwrap().unwrap().next_due_at, Some(at(120)));
        assert_eq!(reminders.history(id, 9, 0).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_reminder_out_of_turn_takes_no_instant_of_the_grid() {
        let (_tmp, lease) = open_store().await;
        let id = watch(&lease, 1).await.id;
        let asked_for = lease.reminders().claim_now(&new_reminder(id, 0), at(60)).await.unwrap().unwrap();
        assert_eq!(asked_for.scheduled_at, at(60) + TimeDelta::milliseconds(1));
        let late = lease.reminders().claim(&new_reminder(id, 60), at(70)).await.unwrap();
        assert_eq!(late.map(|row| row.scheduled_at), Some(at(60)), "it stands for all that were missed");
    }

    #[tokio::test]
    async fn a_skipped_instant_is_logged_without_recipients() {
        let (_tmp, lease) = open_store().await;
        let id = watch(&lease, 1).await.id;
        let skip = skipped(id, Some("another was on its way"));
        assert!(lease.reminders().skip(&skip, at(61)).await.unwrap());
        assert!(!lease.reminders().skip(&skip, at(62)).await.unwrap());
        let history = lease.reminders().history(id, 9, 0).await.unwrap();
        let [row] = history.as_slice() else { panic!("{history:?}") };
        assert_eq!((row.status, row.responded, row.recipients.len()), (Status::Skipped, 7, 0));
        assert_eq!(row.error.as_deref(), Some("another was on its way"));
        assert_eq!(lease.events().earliest_instant().await.unwrap(), Some(at(120)));
    }
}
