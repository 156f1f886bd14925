//! Table `notices`: what organisers have to be told about events, and when they were told.
//!
//! **Invariants**
//! - A notice is written in the transaction that makes it true: an event is never held up or over without it.
//! - An event has at most one notice of a kind, and each is told at most once in [`ONCE_IN`].
//! - What is no longer true is withdrawn, unless it was told.
//! - A guild is told at most once in [`PACE`]; whatever happened until then is in the same message.
//!
//! **Does not know** where organisers read, nor any words but those it was given.

mod row;
mod telling;

use chrono::TimeDelta;
use sqlx::{Sqlite, SqliteConnection, Transaction};

use super::StorageError;
use super::columns::{instant, maybe_instant};
use super::guild_db::GuildDb;
use super::pool_of_one::begin;
use crate::clock::Timestamp;
use crate::domain::event::EventId;
use crate::domain::notice::Cause;

/// How long a notice waits for others: what happens to one event of a channel often happens to all of them.
const GATHER: TimeDelta = TimeDelta::seconds(5);
/// The shortest time between two messages to the organisers of a guild.
const PACE: TimeDelta = TimeDelta::minutes(1);
/// The shortest time between two notices of a kind about one event.
const ONCE_IN: TimeDelta = TimeDelta::days(1);

/// The notices of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Notices<'a> {
    pub(super) db: &'a GuildDb,
}

impl Notices<'_> {
    /// Notes that a reminder of an event was given up.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn undelivered(self, event: EventId, reason: &str, now: Timestamp) -> Result<(), StorageError> {
        let note = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            put(&mut transaction, event, "undelivered", "", reason, now).await?;
            transaction.commit().await
        };
        self.db.run("note that a reminder was given up", note).await
    }

    /// Why the reminders of an event are held up; `None` where an earlier version held them up without saying.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn cause_of(self, event: EventId) -> Result<Option<Cause>, StorageError> {
        let query = sqlx::query_scalar("SELECT cause FROM notices WHERE event_id = $1 AND kind = 'held_up'");
        let word: Option<String> = self
            .db
            .run("read why an event is held up", query.bind(event.0).fetch_optional(&self.db.pool))
            .await?;
        Ok(word.as_deref().and_then(row::parse_cause))
    }
}

/// Notes that the reminders of an event are held up from now on.
pub(super) async fn held_up(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    cause: Cause,
    reason: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    put(transaction, event, "held_up", row::cause_word(cause), reason, now).await
}

/// Notes that an event that was held up still is, and why by now. Where a version that knew no notices held it up, the
/// organisers are told now.
pub(super) async fn still_held_up(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    cause: Cause,
    reason: &str,
) -> sqlx::Result<()> {
    let update =
        sqlx::query("UPDATE notices SET cause = $2, reason = $3 WHERE event_id = $1 AND kind = 'held_up'");
    let update = update.bind(event.0).bind(row::cause_word(cause)).bind(reason);
    if update.execute(&mut **transaction).await?.rows_affected() > 0 {
        return Ok(());
    }
    // The event was written a moment ago, in this transaction.
    let now = sqlx::query("SELECT updated_at FROM events WHERE id = $1")
        .bind(event.0)
        .try_map(|row| instant(&row, "updated_at"))
        .fetch_one(&mut **transaction)
        .await?;
    held_up(transaction, event, cause, reason, now).await
}

/// Notes that an event is over and that nobody ended it; of its being held up nobody has to hear any more.
pub(super) async fn over(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    now: Timestamp,
) -> sqlx::Result<()> {
    withdraw(transaction, event, now).await?;
    put(transaction, event, "over", "", "", now).await
}

/// Takes back what was not told yet of an event, because somebody saw to it.
pub(super) async fn withdraw(
    connection: &mut SqliteConnection,
    event: EventId,
    now: Timestamp,
) -> sqlx::Result<()> {
    let withdraw = sqlx::query(
        "UPDATE notices SET next_attempt_at = NULL,
                            told_at = CASE WHEN message_at IS NULL THEN told_at ELSE $2 END,
                            message_at = NULL, channel_id = NULL
         WHERE event_id = $1 AND kind <> 'undelivered' AND next_attempt_at IS NOT NULL",
    );
    withdraw.bind(event.0).bind(now.timestamp_millis()).execute(connection).await.map(drop)
}

/// Writes a notice that is to be told soon, unless one of its kind still waits.
async fn put(
    transaction: &mut Transaction<'_, Sqlite>,
    event: EventId,
    kind: &str,
    cause: &str,
    reason: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let latest = sqlx::query("SELECT max(told_at) AS at FROM notices")
        .try_map(|row| maybe_instant(&row, "at"))
        .fetch_one(&mut **transaction)
        .await?;
    let put = sqlx::query(
        "INSERT INTO notices (event_id, kind, cause, reason, since_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (event_id, kind) DO UPDATE
         SET cause = excluded.cause, reason = excluded.reason, since_at = excluded.since_at, attempts = 0,
             message_at = NULL, channel_id = NULL,
             next_attempt_at = CASE WHEN notices.told_at IS NULL OR notices.told_at + $7 <= $6 THEN $6
                                    WHEN notices.told_at > $5 THEN $5 + $7
                                    ELSE notices.told_at + $7 END
         WHERE notices.next_attempt_at IS NULL",
    );
    put.bind(event.0)
        .bind(kind)
        .bind(cause)
        .bind(reason)
        .bind(now.timestamp_millis())
        .bind(telling_at(latest, now).timestamp_millis())
        .bind(ONCE_IN.num_milliseconds())
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// When to tell what happened now, where organisers were last told something at `latest`.
fn telling_at(latest: Option<Timestamp>, now: Timestamp) -> Timestamp {
    // A clock that was set back must not put it off for longer.
    let paced = latest.map_or(now, |latest| latest.min(now) + PACE);
    paced.max(now + GATHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::notice::Started;
    use crate::ids::ChannelId;
    use crate::storage::testing::{at, open_store, watch};

    #[tokio::test]
    async fn what_an_earlier_version_held_up_is_told_at_the_next_try() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let id = watch(&lease, 1).await.id;
        let suspend = |seconds| events.suspend(id, Cause::Access, "no", at(9_000), at(seconds));
        suspend(61).await.unwrap();
        let mut turn = notices.db.turn().await.unwrap();
        sqlx::query("DELETE FROM notices").execute(&mut *turn).await.unwrap();
        drop(turn);
        assert_eq!(notices.cause_of(id).await.unwrap(), None);
        suspend(500).await.unwrap();
        assert_eq!(notices.cause_of(id).await.unwrap(), Some(Cause::Access));
        let due = notices.due(at(505)).await.unwrap();
        assert_eq!(due.iter().map(|notice| notice.since).collect::<Vec<_>>(), [at(500)]);
    }

    #[tokio::test]
    async fn while_a_message_that_was_begun_is_put_off_nothing_else_is_due() {
        let (_tmp, lease) = open_store().await;
        let (events, notices) = (lease.events(), lease.notices());
        let [first, second] = [watch(&lease, 1).await.id, watch(&lease, 2).await.id];
        events.suspend(first, Cause::Access, "no", at(9_000), at(60)).await.unwrap();
        let due = notices.due(at(65)).await.unwrap();
        let message = Started { at: at(65), channel: ChannelId::new(7) };
        notices.begin_message(&due, message, at(70)).await.unwrap();
        notices.retry_at(&due, Some(message), at(100)).await.unwrap();
        events.suspend(second, Cause::Access, "no", at(9_000), at(66)).await.unwrap();
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(71)));
        assert_eq!(notices.due(at(71)).await.unwrap(), []);
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(100)));
        let due = notices.due(at(100)).await.unwrap();
        let begun: Vec<_> = due.iter().map(|notice| (notice.event.id, notice.attempts)).collect();
        assert_eq!(begun, [(first, 1)]);
        notices.retry_at(&due, Some(message), at(120)).await.unwrap();
        let due = notices.due(at(120)).await.unwrap();
        assert_eq!(due.first().map(|notice| notice.attempts), Some(2), "one that only looked counts, too");
    }

    #[test]
    fn a_guild_is_told_soon_and_not_twice_in_a_minute() {
        assert_eq!(telling_at(None, at(100)), at(105));
        assert_eq!(telling_at(Some(at(90)), at(100)), at(150));
        assert_eq!(telling_at(Some(at(10)), at(100)), at(105));
        assert_eq!(telling_at(Some(at(90_000)), at(100)), at(160), "the clock was set back");
    }
}
