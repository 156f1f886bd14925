//! What becomes of an event: paused, resumed, suspended, ended; another interval, another title.

use sqlx::Row;

use super::Events;
use super::row::{end_reason_word, title_key};
use crate::clock::Timestamp;
use crate::domain::event::{EndReason, EventId};
use crate::domain::interval::Interval;
use crate::ids::ChannelId;
use crate::storage::StorageError;

impl Events<'_> {
    /// Lets the reminders rest; false if the event is over, unknown, or paused already.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn pause(self, event: EventId, now: Timestamp) -> Result<bool, StorageError> {
        let pause = sqlx::query(
            "UPDATE events SET paused = 1, next_due_at = NULL, suspended_reason = NULL, updated_at = $2
             WHERE id = $1 AND paused = 0 AND ended_at IS NULL",
        );
        let pause = pause.bind(event.0).bind(now.timestamp_millis());
        self.db.change("pause an event", pause).await
    }

    /// Lets the reminders go on at `next_due`, from which the due grid counts; false if the event is not paused.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn resume(
        self,
        event: EventId,
        next_due: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let resume = sqlx::query(
            "UPDATE events SET paused = 0, next_due_at = $2, grid_at = $2, updated_at = $3
             WHERE id = $1 AND paused = 1 AND ended_at IS NULL",
        );
        let resume = resume.bind(event.0).bind(next_due.timestamp_millis()).bind(now.timestamp_millis());
        self.db.change("resume an event", resume).await
    }

    /// Changes the distance between reminders, and with `next_due` the due grid, and the next instant unless the event is
    /// paused; false if the event is over or unknown.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_interval(
        self,
        event: EventId,
        interval: Interval,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let set = sqlx::query(
            "UPDATE events
             SET interval_ms = $2, next_due_at = CASE WHEN paused = 0 THEN coalesce($3, next_due_at) END,
                 grid_at = coalesce($3, grid_at), updated_at = $4
             WHERE id = $1 AND ended_at IS NULL",
        );
        let set = set
            .bind(event.0)
            .bind(interval.as_millis())
            .bind(next_due.map(|due| due.timestamp_millis()))
            .bind(now.timestamp_millis());
        self.db.change("change the interval of an event", set).await
    }

    /// Notes that Discord refuses the reminders, and when to try the next, which is not on the due grid; false if the
    /// event is paused, over or unknown.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn suspend(
        self,
        event: EventId,
        reason: &str,
        retry_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let suspend = sqlx::query(
            "UPDATE events SET suspended_reason = $2, next_due_at = $3, updated_at = $4
             WHERE id = $1 AND paused = 0 AND ended_at IS NULL",
        );
        let suspend =
            suspend.bind(event.0).bind(reason).bind(retry_at.timestamp_millis()).bind(now.timestamp_millis());
        self.db.change("suspend an event", suspend).await
    }

    /// Notes that Discord takes the reminders again, and when the next one is due if `next_due` is not `None`. False if
    /// the event is not suspended.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn lift_suspension(
        self,
        event: EventId,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let lift = sqlx::query(
            "UPDATE events SET suspended_reason = NULL, next_due_at = coalesce($2, next_due_at), updated_at = $3
             WHERE id = $1 AND suspended_reason IS NOT NULL AND ended_at IS NULL",
        );
        let next_due = next_due.map(|due| due.timestamp_millis());
        let lift = lift.bind(event.0).bind(next_due).bind(now.timestamp_millis());
        self.db.change("lift the suspension of an event", lift).await
    }

    /// Ends an event; false if it is over already or unknown. Its pending reminders are left to the scheduler.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end(self, event: EventId, reason: EndReason, now: Timestamp) -> Result<bool, StorageError> {
        let end = sqlx::query(
            "UPDATE events SET ended_at = $3, end_reason = $2, next_due_at = NULL, updated_at = $3
             WHERE id = $1 AND ended_at IS NULL",
        );
        let end = end.bind(event.0).bind(end_reason_word(reason)).bind(now.timestamp_millis());
        self.db.change("end an event", end).await
    }

    /// Ends the events of a channel that was deleted, and returns those that were live.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end_in_channel(
        self,
        channel: ChannelId,
        now: Timestamp,
    ) -> Result<Vec<EventId>, StorageError> {
        let end = sqlx::query(
            "UPDATE events SET ended_at = $3, end_reason = $2, next_due_at = NULL, updated_at = $3
             WHERE channel_id = $1 AND ended_at IS NULL RETURNING id",
        );
        let end = end
            .bind(channel)
            .bind(end_reason_word(EndReason::ChannelDeleted))
            .bind(now.timestamp_millis())
            .try_map(|row| row.try_get("id").map(EventId));
        self.db.run("end the events of a channel", end.fetch_all(&self.db.pool)).await
    }

    /// Changes the title, and the description if there is one; false if nothing changes, or the event is over or
    /// unknown.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn retitle(
        self,
        event: EventId,
        title: &str,
        description: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let retitle = sqlx::query(
            "UPDATE events SET title = $2, title_key = $3, description = coalesce($4, description), updated_at = $5
             WHERE id = $1 AND ended_at IS NULL AND (title <> $2 OR description <> coalesce($4, description))",
        );
        let retitle = retitle
            .bind(event.0)
            .bind(title)
            .bind(title_key(title))
            .bind(description)
            .bind(now.timestamp_millis());
        self.db.change("change the title of an event", retitle).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::State;
    use crate::storage::NewEvent;
    use crate::storage::testing::{at, new_event, open_store, watch};

    #[tokio::test]
    async fn a_paused_event_is_not_due_until_it_is_resumed() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.pause(id, at(1)).await.unwrap());
        assert!(!events.pause(id, at(2)).await.unwrap());
        let paused = events.find(id).await.unwrap().unwrap();
        assert_eq!((paused.state, paused.next_due_at), (State::Paused, None));
        let interval = Interval::from_millis(90_000).unwrap();
        assert_eq!(paused.grid_at, at(60), "a pause keeps the grid");
        assert!(events.set_interval(id, interval, Some(at(90)), at(3)).await.unwrap());
        assert_eq!(events.earliest_instant().await.unwrap(), None);
        assert_eq!(events.find(id).await.unwrap().unwrap().grid_at, at(90));
        assert!(events.resume(id, at(180), at(4)).await.unwrap());
        assert!(!events.resume(id, at(999), at(5)).await.unwrap());
        let resumed = events.find(id).await.unwrap().unwrap();
        assert_eq!((resumed.state, resumed.next_due_at), (State::Active, Some(at(180))));
        assert_eq!(resumed.interval, interval);
    }

    #[tokio::test]
    async fn a_suspended_event_is_due_at_its_next_try() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.suspend(id, "may not send", at(300), at(61)).await.unwrap());
        assert_eq!(events.due(at(299), None, 9).await.unwrap(), []);
        let due = events.due(at(300), None, 9).await.unwrap();
        assert_eq!(due.first().map(|event| &event.state), Some(&State::Suspended("may not send".to_owned())));
        assert!(events.lift_suspension(id, Some(at(360)), at(301)).await.unwrap());
        assert!(!events.lift_suspension(id, None, at(302)).await.unwrap());
        let event = events.find(id).await.unwrap().unwrap();
        assert_eq!((event.state, event.next_due_at, event.grid_at), (State::Active, Some(at(360)), at(60)));
    }

    #[tokio::test]
    async fn an_ended_event_stays_and_changes_no_more() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.end(id, EndReason::MessageDeleted, at(1)).await.unwrap());
        assert!(!events.end(id, EndReason::Unwatched, at(2)).await.unwrap());
        assert!(!events.pause(id, at(2)).await.unwrap());
        assert!(!events.suspend(id, "", at(3), at(2)).await.unwrap());
        assert!(!events.retitle(id, "Other", None, at(2)).await.unwrap());
        let event = events.find(id).await.unwrap().unwrap();
        assert_eq!((event.state, event.next_due_at), (State::Ended(EndReason::MessageDeleted), None));
    }

    #[tokio::test]
    async fn a_deleted_channel_ends_its_live_events_and_no_others() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let here = watch(&lease, 1).await;
        let over = watch(&lease, 2).await;
        events.end(over.id, EndReason::Unwatched, at(1)).await.unwrap();
        let elsewhere = NewEvent { channel_id: ChannelId::new(51), ..new_event(3, "Elsewhere") };
        events.watch(&elsewhere, at(0)).await.unwrap();
        assert_eq!(events.end_in_channel(here.channel_id, at(2)).await.unwrap(), [here.id]);
        assert_eq!(events.count_live().await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_new_title_is_found_and_the_description_stays_unless_given() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.retitle(id, "Élan", Some("bring cake"), at(1)).await.unwrap());
        assert!(events.retitle(id, "Élan vital", None, at(2)).await.unwrap());
        assert!(!events.retitle(id, "Élan vital", None, at(3)).await.unwrap());
        let found = events.search_live("éLAN v", 9).await.unwrap();
        assert_eq!(found.first().map(|event| event.description.as_str()), Some("bring cake"));
    }
}
