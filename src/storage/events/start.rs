//! How an event comes into being: posted by Muster, in two steps with Discord in between, or watched.

use sqlx::sqlite::SqliteArguments;
use sqlx::types::Json;
use sqlx::{Sqlite, SqliteConnection};

use super::row::{origin_word, title_key};
use super::{Events, NewEvent, Watched};
use crate::clock::Timestamp;
use crate::domain::event::{Event, EventId};
use crate::ids::MessageId;
use crate::storage::StorageError;
use crate::storage::notices;
use crate::storage::pool_of_one::begin;

fn insert(event: &NewEvent, now: Timestamp) -> sqlx::query::QueryAs<'_, Sqlite, Event, SqliteArguments> {
    sqlx::query_as(
        "INSERT INTO events (channel_id, message_id, origin, title, title_key, description, interval_ms,
                             next_due_at, grid_at, required_reactions, role_id, author_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $12) RETURNING *",
    )
    .bind(event.channel_id)
    .bind(event.message_id)
    .bind(origin_word(event.origin))
    .bind(&event.title)
    .bind(title_key(&event.title))
    .bind(&event.description)
    .bind(event.interval.as_millis())
    .bind(event.next_due_at.timestamp_millis())
    .bind(Json(&event.choices))
    .bind(event.role)
    .bind(event.author_id)
    .bind(now.timestamp_millis())
}

/// Sets interval and choices anew and makes the event active; who watches one that was over becomes its author.
async fn watch_again(
    connection: &mut SqliteConnection,
    event: &NewEvent,
    now: Timestamp,
) -> sqlx::Result<Option<Event>> {
    sqlx::query_as(
        "UPDATE events
         SET interval_ms = $2, next_due_at = $3, grid_at = $3, paused = 0, suspended_reason = NULL,
             author_id = CASE WHEN ended_at IS NULL THEN author_id ELSE $4 END,
             required_reactions = $6, ended_at = NULL, end_reason = NULL, updated_at = $5
         WHERE message_id = $1 RETURNING *",
    )
    .bind(event.message_id)
    .bind(event.interval.as_millis())
    .bind(event.next_due_at.timestamp_millis())
    .bind(event.author_id)
    .bind(now.timestamp_millis())
    .bind(Json(&event.choices))
    .fetch_optional(connection)
    .await
}

impl Events<'_> {
    /// Keeps an event whose message is about to be posted. It is never due before [`Events::attach_message`].
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn insert_draft(self, event: &NewEvent, now: Timestamp) -> Result<EventId, StorageError> {
        let inserted = self.db.run("keep a new event", insert(event, now).fetch_one(&self.db.pool)).await?;
        Ok(inserted.id)
    }

    /// Notes the message that Discord made of a draft; false if there is no such draft.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn attach_message(
        self,
        event: EventId,
        message: MessageId,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let attach = sqlx::query(
            "UPDATE events SET message_id = $2, updated_at = $3 WHERE id = $1 AND message_id IS NULL",
        );
        let attach = attach.bind(event.0).bind(message).bind(now.timestamp_millis());
        self.db.change("note the message of an event", attach).await
    }

    /// Deletes a draft that could not be posted; false if there is no such draft.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn delete_draft(self, event: EventId) -> Result<bool, StorageError> {
        let delete = sqlx::query("DELETE FROM events WHERE id = $1 AND message_id IS NULL").bind(event.0);
        self.db.change("delete a draft", delete).await
    }

    /// Watches a message. If it is known already, it gets the interval, the next instant and the choices of `event` and
    /// is active again, whatever it was; title and answers stay, though answers that are no choice any more do not count.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn watch(self, event: &NewEvent, now: Timestamp) -> Result<Watched, StorageError> {
        let watch = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let watched = match watch_again(&mut transaction, event, now).await? {
                Some(known) => {
                    notices::withdraw(&mut transaction, known.id, now).await?;
                    Watched::Again(known)
                }
                None => Watched::New(insert(event, now).fetch_one(&mut *transaction).await?),
            };
            transaction.commit().await?;
            Ok(watched)
        };
        self.db.run("watch a message", watch).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::choice::Choices;
    use crate::domain::event::{EndReason, Origin, State};
    use crate::domain::interval::Interval;
    use crate::ids::{RoleId, UserId};
    use crate::storage::testing::{at, new_event, open_store};

    #[tokio::test]
    async fn a_draft_becomes_an_event_when_discord_has_its_message() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let draft = NewEvent {
            message_id: None,
            origin: Origin::Posted,
            role: Some(RoleId::new(3)),
            ..new_event(0, "Raid")
        };
        let id = events.insert_draft(&draft, at(0)).await.unwrap();
        assert_eq!(events.drafts().await.unwrap().len(), 1);
        assert_eq!(events.earliest_instant().await.unwrap(), None);

        let message = MessageId::new(77);
        assert!(events.attach_message(id, message, at(1)).await.unwrap());
        assert!(!events.attach_message(id, MessageId::new(78), at(1)).await.unwrap());
        assert!(!events.delete_draft(id).await.unwrap(), "it is an event by now");
        assert_eq!(events.drafts().await.unwrap(), []);
        let event = events.find_by_message(message).await.unwrap().unwrap();
        assert_eq!((event.id, event.origin, event.role), (id, Origin::Posted, draft.role));
        assert_eq!((event.state, event.next_due_at), (State::Active, Some(at(60))));
        assert_eq!((event.choices, event.created_at), (draft.choices, at(0)));
    }

    #[tokio::test]
    async fn the_number_of_a_deleted_draft_is_never_used_again() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let draft = NewEvent { message_id: None, origin: Origin::Posted, ..new_event(0, "Raid") };
        let first = events.insert_draft(&draft, at(0)).await.unwrap();
        assert!(events.delete_draft(first).await.unwrap());
        assert!(events.insert_draft(&draft, at(1)).await.unwrap() > first);
    }

    #[tokio::test]
    async fn watching_again_changes_the_interval_and_revives_what_was_paused_or_over() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let first = events.watch(&new_event(5, "Raid"), at(0)).await.unwrap();
        let Watched::New(first) = first else { panic!("{first:?}") };
        let again = NewEvent {
            interval: Interval::from_millis(120_000).unwrap(),
            next_due_at: at(130),
            author_id: UserId::new(10),
            choices: Choices::parse("🎉").unwrap(),
            ..new_event(5, "Another title")
        };
        events.pause(first.id, at(1)).await.unwrap();
        let second = events.watch(&again, at(10)).await.unwrap();
        let Watched::Again(second) = second else { panic!("{second:?}") };
        assert_eq!((second.id, second.state, second.next_due_at), (first.id, State::Active, Some(at(130))));
        assert_eq!((second.interval, second.title), (again.interval, first.title));
        assert_eq!(second.choices, again.choices);
        assert_eq!(second.author_id, first.author_id, "a live event keeps its author");

        events.end(first.id, EndReason::MessageDeleted, at(20)).await.unwrap();
        let third = events.watch(&again, at(30)).await.unwrap().into_event();
        assert_eq!((third.state, third.author_id), (State::Active, again.author_id));
        assert_eq!(events.count_live().await.unwrap(), 1);
    }
}
