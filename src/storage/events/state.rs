//! What becomes of an event at somebody's wish: paused, resumed, another interval, another title.

use super::Events;
use super::row::title_key;
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::interval::Interval;
use crate::storage::StorageError;
use crate::storage::notices;
use crate::storage::pool_of_one::begin;

impl Events<'_> {
    /// Lets the reminders rest; false if the event is over, unknown, or paused already.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn pause(self, event: EventId, now: Timestamp) -> Result<bool, StorageError> {
        let pause = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let pause = sqlx::query(
                "UPDATE events SET paused = 1, next_due_at = NULL, suspended_reason = NULL, updated_at = $2
                 WHERE id = $1 AND paused = 0 AND ended_at IS NULL",
            );
            let pause = pause.bind(event.0).bind(now.timestamp_millis()).execute(&mut *transaction).await?;
            notices::withdraw(&mut transaction, event, now).await?;
            transaction.commit().await?;
            Ok(pause.rows_affected() > 0)
        };
        self.db.run("pause an event", pause).await
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
    use crate::storage::testing::{at, open_store, watch};

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
