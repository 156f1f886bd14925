//! Looking for a message of Muster's own in a channel's history, where Discord's acceptance of it was never heard of.

use std::str::FromStr;

use serde_json::Value;

use super::access;
use super::core::Core;
use super::routes::{self, MESSAGES_PAGE};
use super::sender::{Call, CallError, Urgency};
use super::wire::WireMessage;
use crate::clock::Timestamp;
use crate::domain::custom_id::CustomId;
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::scheduler::Probe;

/// Pages of a channel's history that are searched for a message at most.
const PAGES: usize = 20;
/// Pages from the end of the history that are searched besides, whatever the clocks say.
const NEWEST_PAGES: usize = 3;
/// Discord's epoch, to turn an instant into the id that a message of then would have.
const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

/// Whether a message of Muster's own stands in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sighting {
    /// It does.
    There,
    /// It does not.
    NotThere,
    /// Muster may not read the history, so nobody can tell.
    Unknown,
}

/// Looks for Muster's message with this text in it among those sent since an instant, or since now if the clock was set back.
///
/// # Errors
/// As [`find_own`].
pub(super) async fn find_text(
    core: &Core,
    guild: GuildId,
    channel: ChannelId,
    since: Timestamp,
    text: &str,
) -> Result<Sighting, CallError> {
    let says = |message: &WireMessage| message.content.contains(text);
    Ok(match find(core, guild, channel, since.min(core.clock.now()), says).await? {
        Probe::Found(_) => Sighting::There,
        Probe::Absent => Sighting::NotThere,
        Probe::Blind => Sighting::Unknown,
    })
}

/// Looks for Muster's message with the button `marker` among those sent since an instant.
///
/// # Errors
/// [`CallError`] if Discord cannot be asked, or there is no such channel any more.
pub(super) async fn find_own(
    core: &Core,
    guild: GuildId,
    channel: ChannelId,
    since: Timestamp,
    marker: CustomId,
) -> Result<Probe, CallError> {
    find(core, guild, channel, since, |message| carries(&message.components, marker)).await
}

async fn find(
    core: &Core,
    guild: GuildId,
    channel: ChannelId,
    since: Timestamp,
    is_it: impl Fn(&WireMessage) -> bool,
) -> Result<Probe, CallError> {
    let mine = access::my_permissions(core, guild, channel).await?;
    if !mine.contains(Permissions::READ_MESSAGE_HISTORY | Permissions::VIEW_CHANNEL) {
        return Ok(Probe::Blind);
    }
    let mut after = just_before(since);
    for _ in 0..PAGES {
        let page = read(core, routes::messages_after(channel, after)).await?;
        if let Some(message) = own(core, &page, &is_it) {
            return Ok(Probe::Found(message));
        }
        match page.iter().map(|message| message.id).max() {
            Some(last) if page.len() >= MESSAGES_PAGE => after = last,
            _ => return among_newest(core, channel, is_it).await,
        }
    }
    Ok(Probe::Blind)
}

/// Looks among the newest messages: `since` is an instant of the machine's clock, and where that is ahead of Discord's, or
/// was at that time, all that was sent since seems to be older.
async fn among_newest(
    core: &Core,
    channel: ChannelId,
    is_it: impl Fn(&WireMessage) -> bool,
) -> Result<Probe, CallError> {
    let mut before = None;
    for _ in 0..NEWEST_PAGES {
        let page = read(core, routes::messages_before(channel, before)).await?;
        if let Some(message) = own(core, &page, &is_it) {
            return Ok(Probe::Found(message));
        }
        match page.iter().map(|message| message.id).min() {
            Some(first) if page.len() >= MESSAGES_PAGE => before = Some(first),
            _ => break,
        }
    }
    Ok(Probe::Absent)
}

async fn read(core: &Core, call: Call) -> Result<Vec<WireMessage>, CallError> {
    core.sender.ask(call.with_urgency(Urgency::Background)).await
}

/// The first of Muster's own messages that is the one looked for.
fn own(core: &Core, page: &[WireMessage], is_it: impl Fn(&WireMessage) -> bool) -> Option<MessageId> {
    let me = core.link.identity().map(|me| me.user);
    let found = page.iter().find(|message| Some(message.author.id) == me && is_it(message));
    found.map(|message| message.id)
}

/// An id that a message sent just before `since` would have; the clocks may differ by a minute.
fn just_before(since: Timestamp) -> MessageId {
    let ms = since.timestamp_millis() - DISCORD_EPOCH_MS - 60_000;
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
    use crate::domain::custom_id::Action;
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
}
