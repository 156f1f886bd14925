//! Events whose reminders Discord refuses: held up, one or a whole channel, until somebody mends the cause.

use sqlx::Row;

use super::Events;
use crate::clock::Timestamp;
use crate::domain::event::{Event, EventId};
use crate::domain::notice::Cause;
use crate::ids::ChannelId;
use crate::storage::StorageError;
use crate::storage::notices;
use crate::storage::pool_of_one::begin;

impl Events<'_> {
    /// Live events whose reminders Discord refuses, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn list_suspended(self) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query_as(
            "SELECT * FROM events WHERE suspended_reason IS NOT NULL AND ended_at IS NULL ORDER BY id",
        );
        self.db.run("list the suspended events", query.fetch_all(&self.db.pool)).await
    }

    /// Notes that Discord refuses the reminders, and when to try the next, which is not on the due grid; the organisers
    /// are told if that is new. False if the event is paused, over or unknown.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn suspend(
        self,
        event: EventId,
        cause: Cause,
        reason: &str,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let suspend = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let known = sqlx::query(
                "SELECT suspended_reason IS NOT NULL AS known FROM events
                 WHERE id = $1 AND paused = 0 AND ended_at IS NULL",
            );
            let Some(row) = known.bind(event.0).fetch_optional(&mut *transaction).await? else {
                return Ok(false);
            };
            let suspend = sqlx::query(
                "UPDATE events SET suspended_reason = $2, next_due_at = max(next_due_at, $3), updated_at = $4
                     WHERE id = $1",
            );
            let suspend = suspend.bind(event.0).bind(reason).bind(retry_at.timestamp_millis());
            suspend.bind(now.timestamp_millis()).execute(&mut *transaction).await?;
            if row.try_get("known")? {
                notices::still_held_up(&mut transaction, event, cause, reason).await?;
            } else {
                notices::held_up(&mut transaction, event, cause, reason, now).await?;
            }
            transaction.commit().await?;
            Ok(true)
        };
        self.db.run("suspend an event", suspend).await
    }

    /// The same for all events of a channel in which Muster may not write; what is due later than `retry_at` stays where it is.
    /// Returns those that were not held up before.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn suspend_channel(
        self,
        channel: ChannelId,
        cause: Cause,
        reason: &str,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<EventId>, StorageError> {
        let suspend = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let concerned = sqlx::query(
                "SELECT id, suspended_reason IS NOT NULL AS known FROM events
                 WHERE channel_id = $1 AND paused = 0 AND ended_at IS NULL AND message_id IS NOT NULL ORDER BY id",
            );
            let concerned = concerned.bind(channel).fetch_all(&mut *transaction).await?;
            let mut fresh = Vec::new();
            for row in concerned {
                let event = EventId(row.try_get("id")?);
                let suspend = sqlx::query(
                    "UPDATE events SET suspended_reason = $2, next_due_at = $3, updated_at = $4 WHERE id = $1",
                );
                let suspend = suspend.bind(event.0).bind(reason).bind(retry_at.timestamp_millis());
                suspend.bind(now.timestamp_millis()).execute(&mut *transaction).await?;
                if row.try_get("known")? {
                    notices::still_held_up(&mut transaction, event, cause, reason).await?;
                } else {
                    notices::held_up(&mut transaction, event, cause, reason, now).await?;
                    fresh.push(event);
                }
            }
            transaction.commit().await?;
            Ok(fresh)
        };
        self.db.run("suspend the events of a channel", suspend).await
    }

    /// Notes that Discord takes the reminders again, and when the next one is due if `next_due` is not `None`; what the
    /// organisers have not been told of it by now, they need not hear. False if the event is not suspended.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn lift_suspension(
        self,
        event: EventId,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let lift = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let lift = sqlx::query(
                "UPDATE events SET suspended_reason = NULL, next_due_at = coalesce($2, next_due_at), updated_at = $3
                 WHERE id = $1 AND suspended_reason IS NOT NULL AND ended_at IS NULL",
            );
            let next_due = next_due.map(|due| due.timestamp_millis());
            let lift = lift.bind(event.0).bind(next_due).bind(now.timestamp_millis());
            let is_lifted = lift.execute(&mut *transaction).await?.rows_affected() > 0;
            if is_lifted {
                notices::withdraw(&mut transaction, event, now).await?;
            }
            transaction.commit().await?;
            Ok(is_lifted)
        };
        self.db.run("lift the suspension of an event", lift).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::State;
    use crate::domain::notice::{NoticeKind, Started};
    use crate::storage::testing::{at, open_store, watch};

    const DAY: i64 = 86_400;

    #[tokio::test]
    async fn a_suspended_event_is_due_at_its_next_try() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.suspend(id, Cause::Permission, "may not send", at(300), at(61)).await.unwrap());
        assert_eq!(events.due(at(299), None, 9).await.unwrap(), []);
        let due = events.due(at(300), None, 9).await.unwrap();
        assert_eq!(due.first().map(|event| &event.state), Some(&State::Suspended("may not send".to_owned())));
        assert!(events.lift_suspension(id, Some(at(360)), at(301)).await.unwrap());
        assert!(!events.lift_suspension(id, None, at(302)).await.unwrap());
        let event = events.find(id).await.unwrap().unwrap();
        assert_eq!((event.state, event.next_due_at, event.grid_at), (State::Active, Some(at(360)), at(60)));
    }

    #[tokio::test]
    async fn a_channel_is_held_up_as_a_whole_and_told_of_in_one_message() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let (first, second) = (watch(&lease, 1).await, watch(&lease, 2).await.id);
        let paused = watch(&lease, 3).await.id;
        events.pause(paused, at(1)).await.unwrap();
        let channel = first.channel_id;
        let suspend = |seconds| events.suspend_channel(channel, Cause::Access, "no", at(9_000), at(seconds));
        assert_eq!(suspend(61).await.unwrap(), [first.id, second]);
        assert_eq!(suspend(62).await.unwrap(), []);
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(66)), "the notice comes first");
        assert_eq!(notices.due(at(65)).await.unwrap(), []);
        let due = notices.due(at(66)).await.unwrap();
        let told: Vec<_> = due.iter().map(|notice| (notice.event.id, notice.kind, notice.since)).collect();
        let held_up = NoticeKind::HeldUp(Cause::Access);
        assert_eq!(told, [(first.id, held_up, at(61)), (second, held_up, at(61))]);
        notices.told(&due, at(67)).await.unwrap();
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(9_000)));
        assert_eq!(notices.cause_of(second).await.unwrap(), Some(Cause::Access));
    }

    #[tokio::test]
    async fn what_is_mended_before_it_was_told_is_not_told() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let id = watch(&lease, 1).await.id;
        events.suspend(id, Cause::Permission, "no", at(9_000), at(61)).await.unwrap();
        events.lift_suspension(id, Some(at(120)), at(62)).await.unwrap();
        assert_eq!(notices.due(at(900)).await.unwrap(), []);
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(120)));
    }

    #[tokio::test]
    async fn what_comes_and_goes_is_told_once_a_day() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let id = watch(&lease, 1).await.id;
        let lose = |seconds| events.suspend(id, Cause::Permission, "no", at(seconds + 43_200), at(seconds));
        lose(0).await.unwrap();
        notices.told(&notices.due(at(10)).await.unwrap(), at(10)).await.unwrap();
        events.lift_suspension(id, Some(at(120)), at(20)).await.unwrap();
        lose(30).await.unwrap();
        assert_eq!(notices.due(at(DAY)).await.unwrap(), []);
        assert_eq!(notices.due(at(DAY + 10)).await.unwrap().len(), 1, "it is still so a day later");
        events.lift_suspension(id, Some(at(120)), at(40)).await.unwrap();
        assert_eq!(notices.due(at(3 * DAY)).await.unwrap(), []);
        lose(3 * DAY).await.unwrap();
        assert_eq!(notices.due(at(3 * DAY + 5)).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_message_that_was_begun_is_known_again_after_a_crash_and_what_came_since_waits() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let (first, second) = (watch(&lease, 1).await.id, watch(&lease, 2).await.id);
        events.suspend(first, Cause::Refused, "no", at(9_000), at(61)).await.unwrap();
        let message = Started { at: at(70), channel: ChannelId::new(77) };
        let due = notices.due(at(70)).await.unwrap();
        notices.begin_message(&due, message, at(75)).await.unwrap();
        events.suspend(second, Cause::Refused, "no", at(9_000), at(71)).await.unwrap();
        let again = notices.due(at(75)).await.unwrap();
        let [notice] = again.as_slice() else { panic!("{again:?}") };
        assert_eq!((notice.event.id, notice.started, notice.attempts), (first, Some(message), 1));
        notices.told(&again, at(76)).await.unwrap();
        assert_eq!(notices.due(at(135)).await.unwrap(), [], "not twice in a minute");
        assert_eq!(notices.due(at(136)).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_neither_loses_a_notice_nor_tells_it_twice() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let id = watch(&lease, 1).await.id;
        events.suspend(id, Cause::Permission, "no", at(DAY + 43_200), at(DAY)).await.unwrap();
        let due = notices.due(at(10)).await.unwrap();
        assert_eq!(due.len(), 1);
        notices.told(&due, at(10)).await.unwrap();
        assert_eq!(notices.due(at(2 * DAY)).await.unwrap(), []);
    }
}
