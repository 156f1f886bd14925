//! How an event ends: somebody ends it, or its message or channel is deleted, of which its organisers are to hear.

use sqlx::{Row, Sqlite, Transaction};

use super::Events;
use super::row::end_reason_word;
use crate::clock::Timestamp;
use crate::domain::event::{EndReason, EventId};
use crate::ids::ChannelId;
use crate::storage::StorageError;
use crate::storage::notices;
use crate::storage::pool_of_one::begin;

impl Events<'_> {
    /// Ends an event; false if it is over already or unknown. Its pending reminders are left to the scheduler, and unless
    /// somebody ended it with a command, the organisers are told.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end(self, event: EventId, reason: EndReason, now: Timestamp) -> Result<bool, StorageError> {
        let end = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let end = sqlx::query(
                "UPDATE events SET ended_at = $3, end_reason = $2, next_due_at = NULL, updated_at = $3
                 WHERE id = $1 AND ended_at IS NULL RETURNING message_id IS NOT NULL AS posted",
            );
            let end = end.bind(event.0).bind(end_reason_word(reason)).bind(now.timestamp_millis());
            let Some(row) = end.fetch_optional(&mut *transaction).await? else { return Ok(false) };
            let is_posted = row.try_get("posted")?;
            note(&mut transaction, event, reason, is_posted, now).await?;
            transaction.commit().await?;
            Ok(true)
        };
        self.db.run("end an event", end).await
    }

    /// Ends the events of a channel that was deleted, and returns those that were live; the organisers are told.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn end_in_channel(
        self,
        channel: ChannelId,
        now: Timestamp,
    ) -> Result<Vec<EventId>, StorageError> {
        let reason = EndReason::ChannelDeleted;
        let end = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let end = sqlx::query(
                "UPDATE events SET ended_at = $3, end_reason = $2, next_due_at = NULL, updated_at = $3
                 WHERE channel_id = $1 AND ended_at IS NULL RETURNING id, message_id IS NOT NULL AS posted",
            );
            let end = end.bind(channel).bind(end_reason_word(reason)).bind(now.timestamp_millis());
            let rows = end.fetch_all(&mut *transaction).await?;
            let mut ended = Vec::with_capacity(rows.len());
            for row in rows {
                let event = EventId(row.try_get("id")?);
                note(&mut transaction, event, reason, row.try_get("posted")?, now).await?;
                ended.push(event);
            }
            transaction.commit().await?;
            Ok(ended)
        };
        self.db.run("end the events of a channel", end).await
    }
}

/// A draft that was never posted is nobody's loss, and who ends an event by a command knows of it.
async fn note(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    reason: EndReason,
    is_posted: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    if reason == EndReason::Unwatched || !is_posted {
        return notices::withdraw(transaction, event, now).await;
    }
    notices::over(transaction, event, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::State;
    use crate::domain::notice::{Cause, NoticeKind};
    use crate::storage::NewEvent;
    use crate::storage::testing::{at, new_event, open_store, watch};

    #[tokio::test]
    async fn an_ended_event_stays_and_changes_no_more() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let id = watch(&lease, 1).await.id;
        assert!(events.end(id, EndReason::MessageDeleted, at(1)).await.unwrap());
        assert!(!events.end(id, EndReason::Unwatched, at(2)).await.unwrap());
        assert!(!events.pause(id, at(2)).await.unwrap());
        assert!(!events.suspend(id, Cause::Permission, "", at(3), at(2)).await.unwrap());
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
    async fn only_an_end_that_nobody_asked_for_is_told() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let (unwatched, deleted) = (watch(&lease, 1).await.id, watch(&lease, 2).await.id);
        events.suspend(unwatched, Cause::Permission, "no", at(300), at(1)).await.unwrap();
        events.suspend(deleted, Cause::Permission, "no", at(300), at(1)).await.unwrap();
        events.end(unwatched, EndReason::Unwatched, at(2)).await.unwrap();
        events.end(deleted, EndReason::MessageDeleted, at(2)).await.unwrap();
        let due = lease.notices().due(at(60)).await.unwrap();
        let due: Vec<_> = due.iter().map(|notice| (notice.event.id, notice.kind)).collect();
        assert_eq!(due, [(deleted, NoticeKind::Over(EndReason::MessageDeleted))]);
    }
}
