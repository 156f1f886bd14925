//! `/event history`: the reminder log of an event.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::commands::standing;
use crate::domain::reminder::{Reminder, Status};
use crate::domain::text;
use crate::ids::ChannelId;

/// Rows shown; each takes at most 220 characters of the 4,096 that a page holds.
const SHOWN: usize = 15;

/// Longest error shown, in characters before its markup is made inert.
const ERROR_MAX: usize = 90;

/// The options of `/event history`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct History {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl History {
    /// Shows the latest reminders of the event, newest first.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find(call).await?;
        let mut reminders = chosen.store.reminders().history(chosen.event.id, SHOWN + 1, 0).await?;
        let more = reminders.len() > SHOWN;
        reminders.truncate(SHOWN);
        let mut lines = vec![standing::heading(&chosen.event, call.guild())];
        if reminders.is_empty() {
            lines.push("No reminder has fallen due yet.".to_owned());
        }
        lines.extend(reminders.iter().map(|reminder| line(reminder, chosen.event.channel_id)));
        if more {
            lines.push(format!("These are the latest {SHOWN}; there are older ones."));
        }
        lines.push(standing::next_reminder(&chosen.event));
        Ok(Reply::page("Reminders", &lines.join("\n")))
    }
}

/// One row: when it was due, what became of it, whom it reached, and what went wrong.
fn line(reminder: &Reminder, channel: ChannelId) -> String {
    let when = text::full_time(reminder.scheduled_at);
    let error = reminder.error.as_deref().map(|error| readable(error, channel));
    match reminder.status {
        Status::Sent => {
            let late = if reminder.is_late() { ", late" } else { "" };
            format!("✅ {when}: sent{late}, {} mentioned", standing::members(reminder.notified))
        }
        Status::Skipped => {
            format!("➖ {when}: skipped, {}", error.as_deref().unwrap_or("nobody was missing"))
        }
        Status::Failed => {
            format!("❌ {when}: failed, {}", error.as_deref().unwrap_or("Discord refused it"))
        }
        Status::Pending => {
            let after = error.map(|error| format!("; last attempt: {error}")).unwrap_or_default();
            format!("⏳ {when}: on its way to {}{after}", standing::members(reminder.recipients.len()))
        }
    }
}

/// An error with its markup made inert, but for the event's own channel.
fn readable(error: &str, channel: ChannelId) -> String {
    let mention = format!("<#{channel}>");
    text::escape(&text::shorten(error, ERROR_MAX)).replace(&text::escape(&mention), &mention)
}
