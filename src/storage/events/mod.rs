//! Table `events`: the messages whose answers Muster tracks.
//!
//! **Invariants**
//! - An event that is paused or over has no `next_due_at` (the table checks it).
//! - A draft, whose message Discord has not accepted yet, is live but never due, and in no list but that of drafts.
//! - An event is ended, not deleted: its log and its number stay. Only a draft that was never posted is deleted.
//!
//! **Does not know** the registry: after a write that changes when something is due, the caller brings that up to
//! date.

mod row;
mod start;
mod state;

use super::StorageError;
use super::columns::{as_integer, maybe_instant, number};
use super::guild_db::GuildDb;
use crate::clock::Timestamp;
use crate::domain::choice::Choices;
use crate::domain::event::{Event, EventId, Origin};
use crate::domain::interval::Interval;
use crate::ids::{ChannelId, MessageId, RoleId, UserId};

/// The events of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Events<'a> {
    pub(super) db: &'a GuildDb,
}

/// An event that is not in the store yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Where its message is, or is to be.
    pub channel_id: ChannelId,
    /// Its message; `None` while it still has to be posted.
    pub message_id: Option<MessageId>,
    /// Who wrote the message.
    pub origin: Origin,
    /// One line, as checked by [`title`](crate::domain::event::title).
    pub title: String,
    /// May be empty.
    pub description: String,
    /// The distance between reminders.
    pub interval: Interval,
    /// The first instant of the due grid.
    pub next_due_at: Timestamp,
    /// The answers that count.
    pub choices: Choices,
    /// Only members with this role are asked.
    pub role: Option<RoleId>,
    /// Who creates or watches it.
    pub author_id: UserId,
}

/// What became of watching a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// It was not known before.
    New(Event),
    /// It was known; it now has the new interval and choices, and is active.
    Again(Event),
}

impl Watched {
    /// The event, new or not.
    #[must_use]
    pub fn into_event(self) -> Event {
        match self {
            Self::New(event) | Self::Again(event) => event,
        }
    }
}

impl Events<'_> {
    /// The event with this number, in any state.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find(self, event: EventId) -> Result<Option<Event>, StorageError> {
        let query = sqlx::query_as("SELECT * FROM events WHERE id = $1").bind(event.0);
        self.db.run("find an event", query.fetch_optional(&self.db.pool)).await
    }

    /// The event of this message, in any state.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn find_by_message(self, message: MessageId) -> Result<Option<Event>, StorageError> {
        let query = sqlx::query_as("SELECT * FROM events WHERE message_id = $1").bind(message);
        self.db.run("find an event by its message", query.fetch_optional(&self.db.pool)).await
    }

    /// Events that are not over, newest first, without drafts.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn list_live(self, limit: usize, offset: usize) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query_as(
            "SELECT * FROM events WHERE ended_at IS NULL AND message_id IS NOT NULL
             ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2",
        )
        .bind(as_integer(limit))
        .bind(as_integer(offset));
        self.db.run("list the live events", query.fetch_all(&self.db.pool)).await
    }

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

    /// How many events are not over, drafts among them.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn count_live(self) -> Result<usize, StorageError> {
        let query = sqlx::query("SELECT count(*) AS live FROM events WHERE ended_at IS NULL")
            .try_map(|row| number(&row, "live"));
        self.db.run("count the live events", query.fetch_one(&self.db.pool)).await
    }

    /// Live events with `needle` in their title, in upper or lower case, newest first, without drafts. An empty needle is
    /// in all.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn search_live(self, needle: &str, limit: usize) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query_as(
            r"SELECT * FROM events WHERE ended_at IS NULL AND message_id IS NOT NULL AND title_key LIKE $1 ESCAPE '\'
              ORDER BY created_at DESC, id DESC LIMIT $2",
        )
        .bind(format!("%{}%", escape_like(&row::title_key(needle))))
        .bind(as_integer(limit));
        self.db.run("search the live events", query.fetch_all(&self.db.pool)).await
    }

    /// Posted events whose message Discord has not confirmed, oldest first: what a crash may have left.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn drafts(self) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query_as(
            "SELECT * FROM events WHERE ended_at IS NULL AND message_id IS NULL ORDER BY created_at, id",
        );
        self.db.run("list the drafts", query.fetch_all(&self.db.pool)).await
    }

    /// Active and suspended events whose instant has come, earliest first, a page at a time: those that come `after` the one
    /// with this instant and number.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn due(
        self,
        now: Timestamp,
        after: Option<(Timestamp, EventId)>,
        limit: usize,
    ) -> Result<Vec<Event>, StorageError> {
        let (instant, number) = after.map_or((i64::MIN, i64::MIN), |(at, id)| (at.timestamp_millis(), id.0));
        let query = sqlx::query_as(
            "SELECT * FROM events WHERE next_due_at <= $1 AND next_due_at IS NOT NULL AND message_id IS NOT NULL
               AND (next_due_at, id) > ($2, $3)
             ORDER BY next_due_at, id LIMIT $4",
        )
        .bind(now.timestamp_millis())
        .bind(instant)
        .bind(number)
        .bind(as_integer(limit));
        self.db.run("list the due events", query.fetch_all(&self.db.pool)).await
    }

    /// The earliest instant at which the scheduler has something to do in this guild: an event falls due, or a
    /// reminder is tried again.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn earliest_instant(self) -> Result<Option<Timestamp>, StorageError> {
        self.earliest_of_all_after(i64::MIN).await
    }

    /// The earliest instant after `now` at which something is due: as [`Events::earliest_instant`], without what was due
    /// before and could not be done.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn earliest_instant_after(self, now: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        self.earliest_of_all_after(now.timestamp_millis()).await
    }

    async fn earliest_of_all_after(self, after_ms: i64) -> Result<Option<Timestamp>, StorageError> {
        let instants = sqlx::query(
            "SELECT min(at) AS at FROM (
                 SELECT min(next_due_at) AS at FROM events WHERE next_due_at > $1 AND message_id IS NOT NULL
                 UNION ALL
                 SELECT min(next_attempt_at) FROM reminder_log WHERE status = 'pending' AND next_attempt_at > $1)",
        );
        let earliest = instants.bind(after_ms).try_map(|row| maybe_instant(&row, "at"));
        self.db.run("find the earliest due instant", earliest.fetch_one(&self.db.pool)).await
    }
}

/// The text with everything escaped that means something in a `LIKE` pattern.
fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EndReason;
    use crate::storage::testing::{at, new_event, open_store};

    #[tokio::test]
    async fn a_search_takes_what_was_typed_literally_and_in_any_case() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        let titles = ["100% sure", "1000 sure", "snake_case", "snakeXcase", r"back\slash", "ÉCOLE Été"];
        for (message, title) in (1..).zip(titles) {
            events.watch(&new_event(message, title), at(0)).await.unwrap();
        }
        for (needle, expected) in [
            ("100%", vec!["100% sure"]),
            ("E_C", vec!["snake_case"]),
            ("k\\s", vec![r"back\slash"]),
            ("école é", vec!["ÉCOLE Été"]),
            ("SURE", vec!["1000 sure", "100% sure"]),
            ("%", vec!["100% sure"]),
            ("nothing", vec![]),
        ] {
            let found = events.search_live(needle, 25).await.unwrap();
            let found: Vec<_> = found.iter().map(|event| event.title.as_str()).collect();
            assert_eq!(found, expected, "searching for {needle:?}");
        }
        assert_eq!(events.search_live("", 4).await.unwrap().len(), 4);
    }

    #[tokio::test]
    async fn lists_show_live_events_newest_first_a_page_at_a_time() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        for message in 1..=5 {
            let seconds = i64::try_from(message).unwrap();
            events.watch(&new_event(message, &format!("event {message}")), at(seconds)).await.unwrap();
        }
        let third = events.find_by_message(MessageId::new(3)).await.unwrap().unwrap();
        assert!(events.end(third.id, EndReason::Unwatched, at(9)).await.unwrap());
        assert_eq!(events.count_live().await.unwrap(), 4);
        let page = events.list_live(2, 1).await.unwrap();
        let titles: Vec<_> = page.iter().map(|event| event.title.as_str()).collect();
        assert_eq!(titles, ["event 4", "event 2"]);
    }

    #[tokio::test]
    async fn due_events_come_earliest_first_and_the_earliest_instant_is_theirs() {
        let (_tmp, lease) = open_store().await;
        let events = lease.events();
        assert_eq!(events.earliest_instant().await.unwrap(), None);
        for (message, due) in [(1, 30), (2, 10), (3, 20)] {
            let event = NewEvent { next_due_at: at(due), ..new_event(message, "Raid") };
            events.watch(&event, at(0)).await.unwrap();
        }
        let draft = NewEvent {
            message_id: None,
            origin: Origin::Posted,
            next_due_at: at(1),
            ..new_event(0, "Draft")
        };
        events.insert_draft(&draft, at(0)).await.unwrap();
        assert_eq!(events.earliest_instant().await.unwrap(), Some(at(10)));
        assert_eq!(events.earliest_instant_after(at(10)).await.unwrap(), Some(at(20)));
        assert_eq!(events.earliest_instant_after(at(30)).await.unwrap(), None);
        assert_eq!(events.list_live(9, 0).await.unwrap().len(), 3);
        assert_eq!(events.search_live("draft", 9).await.unwrap(), []);
        let due = events.due(at(20), None, 9).await.unwrap();
        let due: Vec<_> = due.iter().filter_map(|event| event.next_due_at).collect();
        assert_eq!(due, [at(10), at(20)]);
        let first = events.due(at(99), None, 1).await.unwrap().remove(0);
        let rest = events.due(at(99), Some((at(10), first.id)), 9).await.unwrap();
        assert_eq!(rest.iter().filter_map(|event| event.next_due_at).collect::<Vec<_>>(), [at(20), at(30)]);
    }
}
