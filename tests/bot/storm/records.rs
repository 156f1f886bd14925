//! What is left after a storm, read without the bot: rows by another program, messages as Discord has them.

use discord_emulator::{Channel, Message};
use serde::Deserialize;

use super::town::{Town, Village};
use crate::stage::read;

/// A row of the reminder log.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) event: i64,
    pub(super) scheduled_at: i64,
    pub(super) claimed_at: i64,
    pub(super) addressed_at: i64,
    pub(super) updated_at: i64,
    pub(super) status: String,
    pub(super) error: Option<String>,
    pub(super) notified: usize,
    pub(super) messages: Vec<Option<String>>,
    pub(super) attempts: u32,
    pub(super) perhaps: u8,
}

/// A row of the events.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EventRow {
    pub(super) id: i64,
    pub(super) message: Option<String>,
    pub(super) title: String,
    pub(super) created_at: i64,
    pub(super) ended_at: Option<i64>,
    pub(super) end_reason: Option<String>,
}

/// A message of the bot, with what it carries of reminders.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) id: u64,
    pub(super) at: i64,
    pub(super) sections: Vec<Section>,
    pub(super) pings: Vec<u64>,
    pub(super) text: String,
    /// The event whose choices it offers.
    pub(super) asks: Option<i64>,
}

/// One part of one reminder in a message.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) reminder: i64,
    pub(super) part: usize,
    pub(super) mentioned: Vec<u64>,
}

/// All that is left of one guild.
pub(super) struct Records {
    pub(super) rows: Vec<Row>,
    pub(super) events: Vec<EventRow>,
    pub(super) messages: Vec<Seen>,
}

impl Records {
    pub(super) fn of(town: &Town, village: &Village) -> Self {
        let store = town.store(village);
        let rows = read(
            &store,
            "SELECT json_object('id', id, 'event', event_id, 'scheduled_at', scheduled_at, 'claimed_at', created_at,
                                'addressed_at', addressed_at, 'updated_at', updated_at, 'status', status,
                                'error', error, 'notified', users_notified, 'messages', json(message_ids),
                                'attempts', attempts, 'perhaps', perhaps_sent_before)
             FROM reminder_log ORDER BY event_id, scheduled_at",
        );
        let events = read(
            &store,
            "SELECT json_object('id', id, 'message', CAST(message_id AS TEXT), 'title', title,
                                'created_at', created_at, 'ended_at', ended_at, 'end_reason', end_reason)
             FROM events ORDER BY id",
        );
        let messages = village.channels.iter().flat_map(Channel::messages);
        Self {
            rows: rows.iter().map(|row| serde_json::from_str(row).expect("a row")).collect(),
            events: events.iter().map(|row| serde_json::from_str(row).expect("an event")).collect(),
            messages: messages.filter(Message::is_by_bot).map(|message| Seen::new(&message)).collect(),
        }
    }
}

impl Seen {
    fn new(message: &Message) -> Self {
        let buttons = message.buttons();
        let ids: Vec<String> = buttons.into_iter().filter_map(|button| button.custom_id).collect();
        let text = message.content();
        // One after the other where several share a message, in the order of their buttons.
        let texts: Vec<&str> = text.split("⏰ **").skip(1).collect();
        let markers: Vec<(i64, usize)> = ids.iter().filter_map(|id| marker(id)).collect();
        let mentions = |place: usize| texts.get(place).map(|text| mentioned(text)).unwrap_or_default();
        Self {
            id: message.id().get(),
            at: i64::try_from(message.id().get() >> 22).expect("22 bits less") + 1_420_070_400_000,
            sections: markers
                .iter()
                .enumerate()
                .map(|(place, (reminder, part))| Section {
                    reminder: *reminder,
                    part: *part,
                    mentioned: mentions(place),
                })
                .collect(),
            pings: message.pings().into_iter().map(discord_emulator::Snowflake::get).collect(),
            asks: ids.iter().find_map(|id| field(id, "answer")?.parse().ok()),
            text,
        }
    }
}

/// Row and part in the custom id of a reminder's button, `m1.<guild>.missing.<row>.<part>`.
fn marker(custom_id: &str) -> Option<(i64, usize)> {
    let part = custom_id.rsplit('.').next()?;
    Some((field(custom_id, "missing")?.parse().ok()?, part.parse().ok()?))
}

fn field<'a>(custom_id: &'a str, what: &str) -> Option<&'a str> {
    let mut fields = custom_id.split('.').skip(2);
    (fields.next() == Some(what)).then(|| fields.next()).flatten()
}

fn mentioned(text: &str) -> Vec<u64> {
    let starts = text.split("<@").skip(1);
    starts.filter_map(|rest| rest.split('>').next()?.parse().ok()).collect()
}
