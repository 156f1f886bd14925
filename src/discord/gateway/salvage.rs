//! Gateway events that serenity cannot read: one field that it wants is missing or of another kind than it was. What
//! Muster needs of them is often still there.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serenity::all::{InteractionType, UnknownEvent};

use super::rebuild;
use super::update::{GuildUpdate, Update};
use crate::discord::link::Identity;
use crate::discord::reactions::ReactionChange;
use crate::discord::wire::{WireEmoji, WireMember};
use crate::domain::audience::Member;
use crate::ids::GuildId;

/// The gateway events whose loss would make Muster wrong or deaf; the others may be unreadable.
const NEEDED: [&str; 19] = [
    "READY",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_UPDATE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_UPDATE",
    "GUILD_MEMBER_REMOVE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_ALL",
];

/// A field of a gateway event that serenity cannot read; `None` if it is not there or not of that kind.
fn field<T: DeserializeOwned>(data: &Value, name: &str) -> Option<T> {
    data.get(name).and_then(|value| T::deserialize(value).ok())
}

/// The update in a gateway event that serenity cannot read; `None` for what Muster does not need.
pub(super) fn update(event: UnknownEvent) -> Option<Update> {
    let UnknownEvent { kind, value: data, .. } = event;
    let guild = field(&data, if kind.starts_with("GUILD_") { "id" } else { "guild_id" });
    let guild = guild.or_else(|| field(&data, "guild_id"));
    match kind.as_str() {
        // serenity wants two fields here that Discord does not send, so this is how the event always arrives.
        "MESSAGE_REACTION_REMOVE_EMOJI" => {
            let emoji = field::<WireEmoji>(&data, "emoji").and_then(WireEmoji::emoji);
            if let (Some(guild), Some(message), Some(emoji)) = (guild, field(&data, "message_id"), emoji) {
                let change = ReactionChange::EmojiCleared(emoji);
                return Some(Update::Guild(guild, GuildUpdate::Reactions(message, change)));
            }
            Some(Update::Unreadable { kind, guild })
        }
        "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE" => {
            Some(reaction(&kind, &data).unwrap_or(Update::Unreadable { kind, guild }))
        }
        "INTERACTION_CREATE" => {
            if let Some(interaction) = rebuild::interaction(&data) {
                return Some(Update::Interaction(Box::new(interaction)));
            }
            let id = field::<String>(&data, "id")?.parse().ok()?;
            let kind = field(&data, "type").unwrap_or(InteractionType::Command);
            Some(Update::UnreadableInteraction { id, token: field(&data, "token")?, kind })
        }
        "READY" => Some(ready(&data).unwrap_or(Update::Unreadable { kind, guild: None })),
        // That Muster is in the guild is all that matters here.
        "GUILD_CREATE" if field(&data, "unavailable") != Some(true) => {
            Some(Update::Guild(guild?, GuildUpdate::Present))
        }
        name if NEEDED.contains(&name) => Some(Update::Unreadable { kind, guild }),
        _ => None,
    }
}

/// A session that began. Everything else in a READY can be done without.
fn ready(data: &Value) -> Option<Update> {
    let number = |value: &Value| value.get("id")?.as_str()?.parse::<u64>().ok();
    let identity =
        Identity { user: field(data.get("user")?, "id")?, application: number(data.get("application")?)? };
    let listed = data.get("guilds")?.as_array()?;
    // A guild that were left out here would count as absent.
    let guilds = listed.iter().map(|guild| field(guild, "id")).collect::<Option<Vec<GuildId>>>()?;
    Some(Update::Ready { identity, guilds })
}

/// A reaction that was put or taken back; `None` if what matters of it is not there.
fn reaction(kind: &str, data: &Value) -> Option<Update> {
    let user = field(data, "user_id")?;
    let emoji = field::<WireEmoji>(data, "emoji")?.emoji()?;
    let change = if kind == "MESSAGE_REACTION_REMOVE" {
        ReactionChange::Removed { user, emoji }
    } else {
        let member = field::<WireMember>(data, "member").map(Member::from);
        ReactionChange::Added { user, emoji, member }
    };
    let update = GuildUpdate::Reactions(field(data, "message_id")?, change);
    Some(Update::Guild(field(data, "guild_id")?, update))
}

#[cfg(test)]
mod tests {
    use super::super::update::translate;
    use super::*;
    use crate::domain::emoji::Emoji;
    use crate::ids::MessageId;
    use serde_json::json;

    fn read(kind: &str, data: &Value) -> Option<Update> {
        translate(serde_json::from_value(json!({ "t": kind, "d": data })).unwrap())
    }

    #[test]
    fn a_cleared_emoji_is_understood_as_discord_sends_it() {
        let data = json!({ "channel_id": "5", "guild_id": "1", "message_id": "6", "emoji": { "id": null, "name": "✅" } });
        let Some(Update::Guild(guild, GuildUpdate::Reactions(message, change))) =
            read("MESSAGE_REACTION_REMOVE_EMOJI", &data)
        else {
            panic!("it was not understood")
        };
        assert_eq!((guild, message), (GuildId::new(1), MessageId::new(6)));
        assert!(
            matches!(change, ReactionChange::EmojiCleared(emoji) if emoji == Emoji::Unicode("✅".into()))
        );
    }

    #[test]
    fn a_guild_that_serenity_cannot_read_is_still_there() {
        let update = read("GUILD_CREATE", &json!({ "id": "1", "roles": "invented" }));
        assert!(
            matches!(update, Some(Update::Guild(guild, GuildUpdate::Present)) if guild == GuildId::new(1))
        );
    }

    #[test]
    fn a_session_begins_with_as_little_as_who_muster_is_and_where() {
        let guilds = json!([{ "id": "1", "unavailable": "?" }, { "id": "2" }]);
        let data = json!({ "user": { "id": "7" }, "application": { "id": "8" }, "guilds": guilds });
        let Some(Update::Ready { identity, guilds }) = read("READY", &data) else {
            panic!("it was not read")
        };
        assert_eq!((identity.user.get(), identity.application), (7, 8));
        assert_eq!(guilds, [GuildId::new(1), GuildId::new(2)]);
        let data =
            json!({ "user": { "id": "7" }, "application": { "id": "8" }, "guilds": [{ "id": "1" }, {}] });
        assert!(matches!(read("READY", &data), Some(Update::Unreadable { kind, .. }) if kind == "READY"));
    }

    #[test]
    fn a_reaction_is_understood_without_what_nobody_needs_of_it() {
        let data = json!({
            "user_id": "4", "channel_id": "5", "guild_id": "1", "message_id": "6", "emoji": { "id": null, "name": "✅" },
            "member": { "user": { "id": "4", "username": "anna", "bot": true }, "roles": ["7"] },
        });
        let Some(Update::Guild(_, GuildUpdate::Reactions(message, change))) =
            read("MESSAGE_REACTION_ADD", &data)
        else {
            panic!("it was not understood")
        };
        assert_eq!(message, MessageId::new(6));
        let ReactionChange::Added { user, emoji, member: Some(member) } = change else {
            panic!("{change:?}")
        };
        assert_eq!((user.get(), emoji), (4, Emoji::Unicode("✅".into())));
        assert!(member.is_bot && member.roles.len() == 1);
        let removed = read("MESSAGE_REACTION_REMOVE", &data);
        assert!(matches!(
            removed,
            Some(Update::Guild(_, GuildUpdate::Reactions(_, ReactionChange::Removed { .. })))
        ));
    }

    #[test]
    fn what_cannot_be_read_is_named_if_it_is_needed() {
        let update = read("MESSAGE_REACTION_ADD", &json!({ "guild_id": "1", "emoji": 5 }));
        assert!(
            matches!(update, Some(Update::Unreadable { kind, guild: Some(_) }) if kind == "MESSAGE_REACTION_ADD")
        );
        let update = read("INTERACTION_CREATE", &json!({ "id": "9", "token": "abc", "type": 2 }));
        assert!(matches!(update, Some(Update::UnreadableInteraction { id: 9, .. })));
        assert!(read("SOMETHING_NEW", &json!({ "guild_id": "1" })).is_none());
    }
}
