//! Carries reminders: the scheduler's port, filled by the edge.

use std::collections::HashSet;
use std::str::FromStr;

use async_trait::async_trait;
use serde_json::Value;

use super::Edge;
use super::access;
use super::core::Core;
use super::failure::{EdgeError, chain, for_scheduler};
use super::refresh;
use super::reminder_message;
use super::routes::{self, MESSAGES_PAGE};
use super::sender::{CallError, Fate, Urgency};
use super::wire::{WireId, WireMessage};
use crate::app::ChannelKind;
use crate::domain::audience::Member;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::{Event, EventId};
use crate::domain::permissions::Permissions;
use crate::domain::reminder::Reminder;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::scheduler::{Courier, Probe, SendError};
use crate::storage::Lease;

/// Pages of a channel's history that are searched for a message at most.
const PAGES: usize = 20;
/// Discord's epoch, to turn an instant into the id that a message of then would have.
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

#[async_trait]
impl Courier for Edge {
    async fn refresh(&self, store: &Lease) -> Result<(), SendError> {
        let refreshed = refresh::guild(&self.core, store).await;
        // No channel is named here: what concerns one of the guild's events does not fail the guild.
        refreshed.map_err(|error| match error.fate() {
            Fate::Later(after) => SendError::Retry { after, why: chain(&error) },
            _ => SendError::Retry { after: None, why: chain(&error) },
        })
    }

    async fn can_see(
        &self,
        guild: GuildId,
        channel: ChannelId,
        members: &[Member],
    ) -> Result<HashSet<UserId>, SendError> {
        let seeing = access::who_sees(&self.core, guild, channel, members).await;
        seeing.map_err(|error| for_scheduler(&error.into(), channel))
    }

    async fn send(
        &self,
        guild: GuildId,
        event: &Event,
        reminder: &Reminder,
        part: usize,
    ) -> Result<MessageId, SendError> {
        let sent = send(&self.core, guild, event, reminder, part).await;
        if let Err(SendError::Forbidden { .. }) = &sent {
            // While Muster may not see the channel it hears of no reactions there.
            self.core.freshness.missed(|stale| stale == guild);
        }
        sent
    }

    async fn probe(
        &self,
        guild: GuildId,
        event: &Event,
        reminder: &Reminder,
        part: usize,
    ) -> Result<Probe, SendError> {
        let probed = probe(&self.core, guild, event, reminder, part).await;
        probed.map_err(|error| for_scheduler(&error.into(), event.channel_id))
    }

    fn event_changed(&self, guild: GuildId, event: EventId) {
        self.core.edits.request(guild, event);
    }
}

async fn send(
    core: &Core,
    guild: GuildId,
    event: &Event,
    reminder: &Reminder,
    part: usize,
) -> Result<MessageId, SendError> {
    let channel = event.channel_id;
    let Some(body) = reminder_message::render(guild, event, reminder, part) else {
        return Err(SendError::Refused { why: format!("the reminder has no part {part}") });
    };
    let call = routes::send_message(channel, &body).with_urgency(Urgency::Background);
    let error = match core.sender.send(call).await {
        Ok(answer) => match accepted_id(&answer) {
            Some(message) => return Ok(message),
            None => CallError::Unreadable("it holds no message id".into()),
        },
        Err(error) => error,
    };
    match &error {
        // Discord took it. Its history says under which id; if it does not, the same nonce makes no second message.
        CallError::Unreadable(_) => match probe(core, guild, event, reminder, part).await {
            Ok(Probe::Found(message)) => Ok(message),
            _ => Err(for_scheduler(&error.into(), channel)),
        },
        error if error.fate() == Fate::NoMessage => Err(SendError::SentAndDeleted),
        _ => Err(explain(core, guild, channel, error).await),
    }
}

/// Names the permission that is missing where Discord only says that one is.
async fn explain(core: &Core, guild: GuildId, channel: ChannelId, error: CallError) -> SendError {
    if error.fate() == Fate::Forbidden {
        core.access.forget_roles(guild);
        core.access.forget_channel(channel);
        let send = match access::channel(core, channel).await {
            Ok(facts) if facts.kind == ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
            _ => Permissions::SEND_MESSAGES,
        };
        let wanted = Permissions::VIEW_CHANNEL | send;
        if let Ok(mine) = access::my_permissions(core, guild, channel).await {
            let missing: Vec<_> = (wanted & !mine).names().collect();
            if !missing.is_empty() {
                return SendError::Forbidden {
                    why: format!("I am missing {} in <#{channel}>", missing.join(" and ")),
                };
            }
        }
    }
    for_scheduler(&EdgeError::from(error), channel)
}

/// The id in Discord's answer to a message, even where the rest of the answer is not as expected.
fn accepted_id(answer: &[u8]) -> Option<MessageId> {
    serde_json::from_slice::<WireId<MessageId>>(answer).ok().map(|message| message.id)
}

async fn probe(
    core: &Core,
    guild: GuildId,
    event: &Event,
    reminder: &Reminder,
    part: usize,
) -> Result<Probe, CallError> {
    let channel = event.channel_id;
    let mine = access::my_permissions(core, guild, channel).await?;
    if !mine.contains(Permissions::READ_MESSAGE_HISTORY | Permissions::VIEW_CHANNEL) {
        return Ok(Probe::Blind);
    }
    let Ok(part) = u16::try_from(part) else { return Ok(Probe::Absent) };
    let marker = CustomId { guild, action: Action::Missing { reminder: reminder.id, part } };
    let me = core.link.identity().map(|me| me.user);
    let mut after = just_before(reminder);
    for _ in 0..PAGES {
        let call = routes::messages_after(channel, after).with_urgency(Urgency::Background);
        let page: Vec<WireMessage> = core.sender.ask(call).await?;
        let found =
            page.iter().find(|message| Some(message.author.id) == me && carries(&message.components, marker));
        if let Some(message) = found {
            return Ok(Probe::Found(message.id));
        }
        match page.iter().map(|message| message.id).max() {
            Some(last) if page.len() >= MESSAGES_PAGE => after = last,
            _ => return Ok(Probe::Absent),
        }
    }
    Ok(Probe::Blind)
}

/// An id that a message sent just before the claim would have; the clocks may differ by a minute.
fn just_before(reminder: &Reminder) -> MessageId {
    let ms = reminder.claimed_at.timestamp_millis() - DISCORD_EPOCH_MS - 60_000;
    MessageId::new(u64::try_from(ms).unwrap_or_default() << 22)
}

/// Whether a button with this custom id stands somewhere in these components.
fn carries(components: &Value, marker: CustomId) -> bool {
    match components {
        Value::Array(items) => items.iter().any(|item| carries(item, marker)),
        Value::Object(fields) => {
            let custom_id = fields.get("custom_id").and_then(Value::as_str);
            custom_id.is_some_and(|text| CustomId::from_str(text) == Ok(marker))
                || fields.get("components").is_some_and(|inner| carries(inner, marker))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reminder::ReminderId;
    use serde_json::json;

    #[test]
    fn a_message_is_known_again_by_its_button() {
        let marker = |part| CustomId {
            guild: GuildId::new(1),
            action: Action::Missing { reminder: ReminderId(7), part },
        };
        let components = json!([{ "type": 1, "components": [
            { "type": 2, "style": 5, "url": "https://discord.com/channels/1/5/6" },
            { "type": 2, "style": 2, "custom_id": "m1.1.missing.7.0" }] }]);
        assert!(carries(&components, marker(0)));
        assert!(!carries(&components, marker(1)));
        assert!(!carries(&Value::Null, marker(0)));
    }

    #[test]
    fn an_odd_answer_still_tells_the_message() {
        assert_eq!(accepted_id(br#"{"id":"42","type":"?","author":null}"#), Some(MessageId::new(42)));
        assert_eq!(accepted_id(b"{\"id\":\"4"), None);
    }
}
