//! A row of `events` as the domain's event, and the words for its enums.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::domain::event::{EndReason, Event, EventId, Origin, State};
use crate::domain::interval::Interval;
use crate::storage::columns::{instant, json, maybe_instant, unreadable};

pub(super) const fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Posted => "posted",
        Origin::Watched => "watched",
    }
}

fn parse_origin(word: &str) -> sqlx::Result<Origin> {
    match word {
        "posted" => Ok(Origin::Posted),
        "watched" => Ok(Origin::Watched),
        other => Err(unreadable("origin", format!("`{other}` is no origin"))),
    }
}

pub(super) const fn end_reason_word(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Unwatched => "unwatched",
        EndReason::MessageDeleted => "message_deleted",
        EndReason::ChannelDeleted => "channel_deleted",
    }
}

fn parse_end_reason(word: &str) -> sqlx::Result<EndReason> {
    match word {
        "unwatched" => Ok(EndReason::Unwatched),
        "message_deleted" => Ok(EndReason::MessageDeleted),
        "channel_deleted" => Ok(EndReason::ChannelDeleted),
        other => Err(unreadable("end_reason", format!("`{other}` is no reason to end"))),
    }
}

/// What a search compares: lower case in every script, where SQLite alone would fold only ASCII.
pub(super) fn title_key(title: &str) -> String {
    title.to_lowercase()
}

fn state(row: &SqliteRow) -> sqlx::Result<State> {
    if let Some(reason) = row.try_get::<Option<&str>, _>("end_reason")? {
        return parse_end_reason(reason).map(State::Ended);
    }
    if row.try_get("paused")? {
        return Ok(State::Paused);
    }
    let suspended: Option<String> = row.try_get("suspended_reason")?;
    Ok(suspended.map_or(State::Active, State::Suspended))
}

fn interval(row: &SqliteRow) -> sqlx::Result<Interval> {
    let ms: i64 = row.try_get("interval_ms")?;
    Interval::from_millis(ms).ok_or_else(|| unreadable("interval_ms", format!("{ms} ms is no interval")))
}

impl FromRow<'_, SqliteRow> for Event {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: EventId(row.try_get("id")?),
            channel_id: row.try_get("channel_id")?,
            message_id: row.try_get("message_id")?,
            origin: parse_origin(row.try_get("origin")?)?,
            title: row.try_get("title")?,
            description: row.try_get("description")?,
            interval: interval(row)?,
            state: state(row)?,
            last_reminder_at: maybe_instant(row, "last_reminder_at")?,
            next_due_at: maybe_instant(row, "next_due_at")?,
            grid_at: instant(row, "grid_at")?,
            choices: json(row, "required_reactions")?,
            role: row.try_get("role_id")?,
            author_id: row.try_get("author_id")?,
            created_at: instant(row, "created_at")?,
        })
    }
}
