//! Telling: which notices one message tells, and what became of it.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use super::row::NoticeRow;
use super::{Notices, ONCE_IN, PACE};
use crate::clock::Timestamp;
use crate::domain::event::{Event, EventId};
use crate::domain::notice::{Notice, Started};
use crate::storage::StorageError;
use crate::storage::pool_of_one::begin;

/// Rows that one message tells at most; its text names as many as fit and counts the rest.
const PER_MESSAGE: i64 = 500;

impl Notices<'_> {
    /// The notices that the next message tells, oldest first: those of a message that was begun and of which nobody knows
    /// whether Discord took it, or else all that fall due within a minute. None while nothing is due.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn due(self, now: Timestamp) -> Result<Vec<Notice>, StorageError> {
        let read = async {
            let mut turn = self.db.turn().await?;
            read_due(&mut turn, now).await
        };
        self.db.run("list the due notices", read).await
    }

    /// Notes that a message is about to be sent that tells these notices, under the nonce of `message`, and when to try
    /// again if this process dies meanwhile.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn begin_message(
        self,
        notices: &[Notice],
        message: Started,
        retry_at: Timestamp,
    ) -> Result<(), StorageError> {
        let note = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            for notice in notices {
                let update = sqlx::query(
                    "UPDATE notices SET message_at = $3, channel_id = $4, attempts = attempts + 1,
                                        next_attempt_at = $5
                     WHERE event_id = $1 AND kind = $2 AND next_attempt_at IS NOT NULL",
                );
                update
                    .bind(notice.event.id.0)
                    .bind(kind_word(notice))
                    .bind(message.at.timestamp_millis())
                    .bind(message.channel)
                    .bind(retry_at.timestamp_millis())
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        };
        self.db.run("begin a message to the organisers", note).await
    }

    /// Notes that these notices need not be told any more: Discord took the message, or there is nowhere to tell them.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`]; they may then be told once more.
    pub async fn told(self, notices: &[Notice], now: Timestamp) -> Result<(), StorageError> {
        let note = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            for notice in notices {
                let update = sqlx::query(
                    "UPDATE notices SET told_at = $3, next_attempt_at = NULL, message_at = NULL, channel_id = NULL,
                                        attempts = 0
                     WHERE event_id = $1 AND kind = $2 AND next_attempt_at IS NOT NULL",
                );
                let update =
                    update.bind(notice.event.id.0).bind(kind_word(notice)).bind(now.timestamp_millis());
                update.execute(&mut *transaction).await?;
            }
            let delay = sqlx::query(
                "UPDATE notices SET next_attempt_at = $1
                 WHERE next_attempt_at < $1 AND message_at IS NULL",
            );
            delay.bind((now + PACE).timestamp_millis()).execute(&mut *transaction).await?;
            forget_old(&mut transaction, now).await?;
            transaction.commit().await
        };
        self.db.run("note that the organisers were told", note).await
    }

    /// Notes that these notices could not be told, and when to try again; `message` if Discord may have taken it. Counts the
    /// attempt, unless it was counted when it began.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn retry_at(
        self,
        notices: &[Notice],
        message: Option<Started>,
        retry_at: Timestamp,
    ) -> Result<(), StorageError> {
        let note = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            for notice in notices {
                let update = sqlx::query(
                    "UPDATE notices SET next_attempt_at = $3, message_at = $4, channel_id = $5,
                                        attempts = max(attempts, $6)
                     WHERE event_id = $1 AND kind = $2 AND next_attempt_at IS NOT NULL",
                );
                update
                    .bind(notice.event.id.0)
                    .bind(kind_word(notice))
                    .bind(retry_at.timestamp_millis())
                    .bind(message.map(|message| message.at.timestamp_millis()))
                    .bind(message.map(|message| message.channel))
                    .bind(i64::from(notice.attempts) + 1)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        };
        self.db.run("put off a message to the organisers", note).await
    }
}

const fn kind_word(notice: &Notice) -> &'static str {
    use crate::domain::notice::NoticeKind;
    match notice.kind {
        NoticeKind::HeldUp(_) => "held_up",
        NoticeKind::Undelivered => "undelivered",
        NoticeKind::Over(_) => "over",
    }
}

async fn read_due(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<Vec<Notice>> {
    // What happened later than now happened before the clock was set back.
    let is_due: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM notices
                        WHERE next_attempt_at <= $1 OR (next_attempt_at IS NOT NULL AND since_at > $1))",
    )
    .bind(now.timestamp_millis())
    .fetch_one(&mut *connection)
    .await?;
    if !is_due {
        return Ok(Vec::new());
    }
    let rows: Vec<NoticeRow> = sqlx::query_as(
        "SELECT * FROM notices WHERE next_attempt_at <= $1 OR (next_attempt_at IS NOT NULL AND since_at > $2)
         ORDER BY message_at IS NULL, message_at, since_at, event_id LIMIT $3",
    )
    .bind((now + PACE).timestamp_millis())
    .bind(now.timestamp_millis())
    .bind(PER_MESSAGE)
    .fetch_all(&mut *connection)
    .await?;
    let events: Vec<Event> = sqlx::query_as(
        "SELECT * FROM events WHERE id IN (SELECT event_id FROM notices WHERE next_attempt_at IS NOT NULL)",
    )
    .fetch_all(&mut *connection)
    .await?;
    let events: HashMap<EventId, Event> = events.into_iter().map(|event| (event.id, event)).collect();
    let mut notices = Vec::new();
    for row in rows {
        let Some(event) = events.get(&row.event_id).cloned() else { continue };
        match row.about(event)? {
            Some(notice) => notices.push((row.due_at(now), notice)),
            // Whoever mended it did not say so; left alone it would be due for ever.
            None => super::withdraw(connection, row.event_id, now).await?,
        }
    }
    // Each message keeps what it began with: its nonce stands for that.
    let first = notices.first().and_then(|(_, notice)| notice.started);
    notices.retain(|(_, notice)| notice.started == first);
    match notices.iter().map(|(due_at, _)| *due_at).min() {
        Some(until) if until > now => {
            wait_for(connection, first, until).await?;
            Ok(Vec::new())
        }
        _ => Ok(notices.into_iter().map(|(_, notice)| notice).collect()),
    }
}

/// Puts off what is due until a message that was begun is tried again: only one at a time is on its way.
async fn wait_for(
    connection: &mut SqliteConnection,
    begun: Option<Started>,
    until: Timestamp,
) -> sqlx::Result<()> {
    let wait = sqlx::query(
        "UPDATE notices SET next_attempt_at = $1 WHERE next_attempt_at < $1 AND message_at IS NOT $2",
    );
    let begun = begun.map(|message| message.at.timestamp_millis());
    wait.bind(until.timestamp_millis()).bind(begun).execute(connection).await.map(drop)
}

/// Forgets what was told long enough ago to be told again; of what is still held up the cause stays.
async fn forget_old(connection: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<()> {
    let forget = sqlx::query(
        "DELETE FROM notices WHERE next_attempt_at IS NULL AND (told_at IS NULL OR told_at <= $1)
             AND NOT (kind = 'held_up' AND EXISTS (
                 SELECT 1 FROM events WHERE events.id = notices.event_id AND suspended_reason IS NOT NULL))",
    );
    forget.bind((now - ONCE_IN).timestamp_millis()).execute(connection).await.map(drop)
}
