//! A row of `notices`, and the words for its enums.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::clock::Timestamp;
use crate::domain::event::{Event, EventId, State};
use crate::domain::notice::{Cause, Notice, NoticeKind, Started};
use crate::storage::columns::{instant, maybe_instant, number, unreadable};

pub(super) const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Access => "access",
        Cause::Permission => "permission",
        Cause::Thread => "thread",
        Cause::Refused => "refused",
    }
}

pub(super) fn parse_cause(word: &str) -> Option<Cause> {
    match word {
        "access" => Some(Cause::Access),
        "permission" => Some(Cause::Permission),
        "thread" => Some(Cause::Thread),
        "refused" => Some(Cause::Refused),
        _ => None,
    }
}

/// A row that has to be told, without its event.
#[derive(Debug)]
pub(super) struct NoticeRow {
    pub(super) event_id: EventId,
    kind: String,
    cause: Option<Cause>,
    reason: String,
    since: Timestamp,
    next_attempt: Timestamp,
    attempts: u32,
    started: Option<Started>,
}

impl FromRow<'_, SqliteRow> for NoticeRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let started = maybe_instant(row, "message_at")?;
        let channel: Option<_> = row.try_get("channel_id")?;
        Ok(Self {
            event_id: EventId(row.try_get("event_id")?),
            kind: row.try_get("kind")?,
            cause: parse_cause(row.try_get("cause")?),
            reason: row.try_get("reason")?,
            since: instant(row, "since_at")?,
            next_attempt: instant(row, "next_attempt_at")?,
            attempts: number(row, "attempts")?,
            started: started.zip(channel).map(|(at, channel)| Started { at, channel }),
        })
    }
}

impl NoticeRow {
    /// When it is to be told. What happened later than now happened before the clock was set back.
    pub(super) fn due_at(&self, now: Timestamp) -> Timestamp {
        if self.since > now { now } else { self.next_attempt }
    }

    /// The notice; `None` if it is not true of its event any more.
    pub(super) fn about(&self, event: Event) -> sqlx::Result<Option<Notice>> {
        let kind = match (self.kind.as_str(), &event.state) {
            ("held_up", State::Suspended(_)) => {
                let odd = || unreadable("cause", "an event is held up without a cause");
                NoticeKind::HeldUp(self.cause.ok_or_else(odd)?)
            }
            ("over", State::Ended(reason)) => NoticeKind::Over(*reason),
            ("undelivered", _) => NoticeKind::Undelivered,
            ("held_up" | "over", _) => return Ok(None),
            (other, _) => return Err(unreadable("kind", format!("`{other}` is no kind of notice"))),
        };
        let Self { since, attempts, started, .. } = *self;
        Ok(Some(Notice { event, kind, reason: self.reason.clone(), since, attempts, started }))
    }
}
