//! A row of `reminder_log` as the domain's reminder.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::domain::event::EventId;
use crate::domain::reminder::{Reminder, ReminderId, Status};
use crate::storage::columns::{instant, json, maybe_instant, number, unreadable};

fn parse_status(word: &str) -> sqlx::Result<Status> {
    match word {
        "pending" => Ok(Status::Pending),
        "sent" => Ok(Status::Sent),
        "failed" => Ok(Status::Failed),
        "skipped" => Ok(Status::Skipped),
        other => Err(unreadable("status", format!("`{other}` is no status"))),
    }
}

impl FromRow<'_, SqliteRow> for Reminder {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: ReminderId(row.try_get("id")?),
            event_id: EventId(row.try_get("event_id")?),
            scheduled_at: instant(row, "scheduled_at")?,
            claimed_at: instant(row, "created_at")?,
            addressed_at: instant(row, "addressed_at")?,
            sent_at: maybe_instant(row, "sent_at")?,
            status: parse_status(row.try_get("status")?)?,
            recipients: json(row, "recipients")?,
            notified: number(row, "users_notified")?,
            responded: number(row, "responded")?,
            next_due_at: maybe_instant(row, "next_due_at")?,
            perhaps_sent_before: row.try_get("perhaps_sent_before")?,
            attempts: number(row, "attempts")?,
            next_attempt_at: maybe_instant(row, "next_attempt_at")?,
            nonce: row.try_get("nonce")?,
            message_ids: json(row, "message_ids")?,
            error: row.try_get("error")?,
        })
    }
}
