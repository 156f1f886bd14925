//! From what is kept of a guild to its export.

use std::collections::HashMap;

use super::{
    ExportedChoice, ExportedEvent, ExportedGuild, ExportedMember, ExportedReminder, ExportedResponse,
    ExportedState, GuildExport,
};
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::domain::choice::Choices;
use crate::domain::event::{Event, EventId, State};
use crate::domain::reminder::Reminder;
use crate::ids::GuildId;
use crate::storage::{EventRow, GuildContents, GuildRecord, GuildRow, ResponseRow, Stamped};

/// The name of the format.
const FORMAT: &str = "muster.guild";
/// Its version.
const VERSION: u32 = 1;

impl GuildExport {
    /// The export of a guild from what its store holds and what the registry knows of it.
    #[must_use]
    pub fn compose(
        id: GuildId,
        contents: GuildContents,
        record: Option<&GuildRecord>,
        exported_at: Timestamp,
    ) -> Self {
        let mut responses = by_event(contents.responses, |response| response.event_id);
        let mut reminders = by_event(contents.reminders, |reminder| reminder.event_id);
        let event = |event: Stamped<EventRow>| {
            let id = event.row.event.id;
            let responses = responses.remove(&id).unwrap_or_default();
            self::event(event, responses, reminders.remove(&id).unwrap_or_default())
        };
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            exported_at,
            guild: guild(id, contents.guild, record),
            members: contents.members.into_iter().map(member).collect(),
            events: contents.events.into_iter().map(event).collect(),
        }
    }
}

/// What belongs to each event, in the order in which it came.
fn by_event<T>(rows: Vec<Stamped<T>>, event: impl Fn(&T) -> EventId) -> HashMap<EventId, Vec<Stamped<T>>> {
    let mut grouped: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        grouped.entry(event(&row.row)).or_default().push(row);
    }
    grouped
}

fn guild(id: GuildId, stamped: Stamped<GuildRow>, record: Option<&GuildRecord>) -> ExportedGuild {
    let Stamped { row: GuildRow { name, settings }, created_at, updated_at } = stamped;
    ExportedGuild {
        id,
        name,
        settings,
        membership: record.map(|record| record.membership),
        joined_at: record.map(|record| record.joined_at),
        left_at: record.and_then(|record| record.left_at),
        absent_since: record.and_then(|record| record.absent_since),
        next_due_at: record.and_then(|record| record.next_due_at),
        created_at,
        updated_at,
    }
}

fn member(stamped: Stamped<Member>) -> ExportedMember {
    let Stamped { row: Member { user_id, name, is_bot, roles }, created_at, updated_at } = stamped;
    ExportedMember { user_id, name, is_bot, roles, created_at, updated_at }
}

fn event(
    stamped: Stamped<EventRow>,
    responses: Vec<Stamped<ResponseRow>>,
    reminders: Vec<Stamped<Reminder>>,
) -> ExportedEvent {
    let Stamped { row: EventRow { event, ended_at }, created_at, updated_at } = stamped;
    let Event { choices, state, .. } = &event;
    ExportedEvent {
        responses: responses.into_iter().map(|answered| response(answered, choices)).collect(),
        reminders: reminders.into_iter().map(reminder).collect(),
        choices: choices
            .iter()
            .map(|choice| ExportedChoice { emoji: choice.emoji.to_string(), label: choice.label.clone() })
            .collect(),
        state: match state {
            State::Active => ExportedState::Active,
            State::Paused => ExportedState::Paused,
            State::Suspended(_) => ExportedState::Suspended,
            State::Ended(_) => ExportedState::Ended,
        },
        suspended_reason: match state {
            State::Suspended(reason) => Some(reason.clone()),
            _ => None,
        },
        end_reason: match state {
            State::Ended(reason) => Some(*reason),
            _ => None,
        },
        ended_at,
        id: event.id,
        channel_id: event.channel_id,
        message_id: event.message_id,
        origin: event.origin,
        title: event.title,
        description: event.description,
        role_id: event.role,
        author_id: event.author_id,
        interval_ms: event.interval.as_delta().num_milliseconds(),
        last_reminder_at: event.last_reminder_at,
        next_due_at: event.next_due_at,
        grid_at: event.grid_at,
        created_at,
        updated_at,
    }
}

fn response(stamped: Stamped<ResponseRow>, choices: &Choices) -> ExportedResponse {
    let Stamped { row: ResponseRow { user_id, source, choice: key, .. }, created_at, updated_at } = stamped;
    let chosen = choices.iter().find(|choice| choice.emoji.key() == key);
    let choice = chosen.map_or(key, |choice| choice.emoji.to_string());
    ExportedResponse { user_id, source, choice, created_at, updated_at }
}

fn reminder(stamped: Stamped<Reminder>) -> ExportedReminder {
    let Stamped { row: reminder, created_at, updated_at } = stamped;
    ExportedReminder {
        id: reminder.id,
        scheduled_at: reminder.scheduled_at,
        status: reminder.status,
        sent_at: reminder.sent_at,
        users_notified: reminder.notified,
        responded: reminder.responded,
        recipients: reminder.recipients,
        message_ids: reminder.message_ids,
        error: reminder.error,
        attempts: reminder.attempts,
        next_attempt_at: reminder.next_attempt_at,
        next_due_at: reminder.next_due_at,
        addressed_at: reminder.addressed_at,
        perhaps_sent_before: reminder.perhaps_sent_before,
        nonce: reminder.nonce,
        created_at,
        updated_at,
    }
}
