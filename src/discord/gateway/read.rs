//! From the data of a gateway event to what Muster takes from it.
//!
//! Only the fields that Muster needs are looked at, and of an interaction, where serenity wants some thirty more, what is
//! there is built anew. So a field that Discord adds, drops or changes matters only where Muster would be wrong without it.

use std::panic::catch_unwind;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serenity::all::InteractionType;

use super::rebuild;
use super::update::{GuildUpdate, Update};
use crate::discord::link::Identity;
use crate::discord::members::MemberChange;
use crate::discord::reactions::ReactionChange;
use crate::discord::wire::WireEmoji;
use crate::domain::audience::Member;
use crate::ids::{ChannelId, GuildId, UserId};

/// What a payload is called of which not even the name can be read.
const NAMELESS: &str = "(not readable at all)";

/// The update in a gateway event; `None` for what Muster does not need.
pub(in crate::discord) fn read(kind: &str, data: &str) -> Option<Update> {
    // Whatever Discord sends, and whatever serenity makes of it, the shard lives on.
    catch_unwind(|| understand(kind, data)).unwrap_or_else(|_| Some(unreadable(kind, data)))
}

/// A payload that is not even an event.
pub(in crate::discord) fn unreadable_text() -> Update {
    Update::Unreadable { kind: NAMELESS.to_owned(), guild: None }
}

fn understand(kind: &str, data: &str) -> Option<Update> {
    let reader: fn(&Value) -> Reading = match kind {
        "READY" => ready,
        "RESUMED" => return Some(Update::Resumed),
        "INTERACTION_CREATE" => return Some(interaction(data)),
        // The largest of all, with every channel and many members, and only two fields of it matter.
        "GUILD_CREATE" => return Some(announcement(data).unwrap_or_else(|| unreadable(kind, data))),
        "GUILD_DELETE" => guild_deleted,
        "GUILD_UPDATE" => guild_changed,
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" => role,
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => member_present,
        "GUILD_MEMBER_REMOVE" => member_gone,
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_UPDATE" => channel_changed,
        "CHANNEL_DELETE" | "THREAD_DELETE" => channel_deleted,
        "MESSAGE_DELETE" => message_deleted,
        "MESSAGE_DELETE_BULK" => messages_deleted,
        "MESSAGE_REACTION_ADD" => reaction_added,
        "MESSAGE_REACTION_REMOVE" => reaction_removed,
        "MESSAGE_REACTION_REMOVE_ALL" => reactions_cleared,
        "MESSAGE_REACTION_REMOVE_EMOJI" => emoji_cleared,
        _ => return None,
    };
    let read = serde_json::from_str(data).map_or(Reading::Failed, |data| reader(&data));
    match read {
        Reading::Update(update) => Some(update),
        Reading::NoConcern => None,
        Reading::Failed => Some(unreadable(kind, data)),
    }
}

/// What became of a reading.
enum Reading {
    Update(Update),
    /// It did not happen in a guild.
    NoConcern,
    Failed,
}

impl From<Option<Update>> for Reading {
    fn from(read: Option<Update>) -> Self {
        read.map_or(Self::Failed, Self::Update)
    }
}

/// An event of which not enough can be read, with the guild that it is about if that much can.
fn unreadable(kind: &str, data: &str) -> Update {
    #[derive(Deserialize)]
    struct About {
        id: Option<Value>,
        guild_id: Option<Value>,
    }
    let about = serde_json::from_str::<About>(data).ok();
    let own = kind == "GUILD_CREATE" || kind == "GUILD_DELETE" || kind == "GUILD_UPDATE";
    let id = about.and_then(|about| if own { about.id } else { about.guild_id });
    let guild = id.and_then(|id| GuildId::deserialize(&id).ok());
    Update::Unreadable { kind: kind.to_owned(), guild }
}

/// A field, if it is there and of this kind.
fn field<T: DeserializeOwned>(data: &Value, name: &str) -> Option<T> {
    data.get(name).and_then(|value| T::deserialize(value).ok())
}

/// An update in the guild that `name` names.
fn in_guild(data: &Value, name: &str, update: GuildUpdate) -> Reading {
    field(data, name).map(|guild| Update::Guild(guild, update)).into()
}

/// A session that began. Everything else in a READY can be done without.
fn ready(data: &Value) -> Reading {
    let read = || {
        let application = field::<String>(data.get("application")?, "id")?.parse().ok()?;
        let identity = Identity { user: field(data.get("user")?, "id")?, application };
        let listed = data.get("guilds")?.as_array()?;
        // A guild that were left out here would count as absent.
        let guilds = listed.iter().map(|guild| field(guild, "id")).collect::<Option<Vec<GuildId>>>()?;
        Some(Update::Ready { identity, guilds })
    };
    read().into()
}

/// Just enough of an interaction to decline it.
#[derive(Deserialize)]
struct Bare {
    id: String,
    token: String,
    #[serde(default, rename = "type")]
    kind: Option<Value>,
}

fn interaction(data: &str) -> Update {
    if let Ok(interaction) = serde_json::from_str(data) {
        return Update::Interaction(Box::new(interaction));
    }
    if let Some(interaction) = serde_json::from_str(data).ok().and_then(|data| rebuild::interaction(&data)) {
        return Update::Interaction(Box::new(interaction));
    }
    let bare = || {
        let bare: Bare = serde_json::from_str(data).ok()?;
        let kind = bare.kind.and_then(|kind| InteractionType::deserialize(kind).ok());
        let id = bare.id.parse().ok()?;
        Some(Update::UnreadableInteraction {
            id,
            token: bare.token,
            kind: kind.unwrap_or(InteractionType::Command),
        })
    };
    bare().unwrap_or_else(|| unreadable("INTERACTION_CREATE", data))
}

/// That Muster is in the guild, or will be when it is available, is all that matters here.
fn announcement(data: &str) -> Option<Update> {
    #[derive(Deserialize)]
    struct Announced {
        id: GuildId,
        #[serde(default)]
        unavailable: Flag,
    }
    let Announced { id, unavailable } = serde_json::from_str(data).ok()?;
    let is_outage = matches!(unavailable, Flag::Known(true));
    Some(Update::Guild(id, if is_outage { GuildUpdate::Outage } else { GuildUpdate::Present }))
}

/// A flag that may be of any kind.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Known(bool),
    Odd(IgnoredAny),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Known(false)
    }
}

fn guild_deleted(data: &Value) -> Reading {
    match data.get("unavailable") {
        Some(Value::Bool(true)) => in_guild(data, "id", GuildUpdate::Outage),
        None | Some(Value::Bool(false)) => in_guild(data, "id", GuildUpdate::Removed),
        Some(_) => Reading::Failed,
    }
}

fn guild_changed(data: &Value) -> Reading {
    let update = field(data, "name").map_or(GuildUpdate::Roles, |name| GuildUpdate::Changed { name });
    in_guild(data, "id", update)
}

fn role(data: &Value) -> Reading {
    in_guild(data, "guild_id", GuildUpdate::Roles)
}

fn member_present(data: &Value) -> Reading {
    let Some(member) = member(data) else { return Reading::Failed };
    in_guild(data, "guild_id", GuildUpdate::Member(MemberChange::Present(member)))
}

/// A member with what Muster needs of one: who it is and which roles it has.
fn member(data: &Value) -> Option<Member> {
    let user = data.get("user")?;
    let text = |value: &Value, name: &str| field::<String>(value, name);
    let name = text(data, "nick").or_else(|| text(user, "global_name")).or_else(|| text(user, "username"));
    let is_bot = field(user, "bot").unwrap_or(false);
    let (user_id, roles) = (field(user, "id")?, field(data, "roles")?);
    Some(Member { user_id, name: name.unwrap_or_default(), is_bot, roles })
}

fn member_gone(data: &Value) -> Reading {
    let user: Option<UserId> = data.get("user").and_then(|user| field(user, "id"));
    let Some(user) = user else { return Reading::Failed };
    in_guild(data, "guild_id", GuildUpdate::Member(MemberChange::Gone(user)))
}

fn channel_changed(data: &Value) -> Reading {
    channel(data, GuildUpdate::ChannelChanged)
}

fn channel_deleted(data: &Value) -> Reading {
    channel(data, GuildUpdate::ChannelDeleted)
}

fn channel(data: &Value, update: fn(ChannelId) -> GuildUpdate) -> Reading {
    match field(data, "id") {
        Some(channel) => in_guild(data, "guild_id", update(channel)),
        None => Reading::Failed,
    }
}

fn message_deleted(data: &Value) -> Reading {
    let Some(message) = field(data, "id") else { return Reading::Failed };
    anywhere(data, GuildUpdate::MessagesDeleted(vec![message]))
}

fn messages_deleted(data: &Value) -> Reading {
    let Some(messages) = field(data, "ids") else { return Reading::Failed };
    anywhere(data, GuildUpdate::MessagesDeleted(messages))
}

fn reaction_added(data: &Value) -> Reading {
    let change = || {
        let member = data.get("member").and_then(member);
        Some(ReactionChange::Added { user: field(data, "user_id")?, emoji: emoji(data)?, member })
    };
    reactions(data, change())
}

fn reaction_removed(data: &Value) -> Reading {
    let change = || Some(ReactionChange::Removed { user: field(data, "user_id")?, emoji: emoji(data)? });
    reactions(data, change())
}

fn reactions_cleared(data: &Value) -> Reading {
    reactions(data, Some(ReactionChange::Cleared))
}

fn emoji_cleared(data: &Value) -> Reading {
    reactions(data, emoji(data).map(ReactionChange::EmojiCleared))
}

fn emoji(data: &Value) -> Option<crate::domain::emoji::Emoji> {
    field::<WireEmoji>(data, "emoji")?.emoji()
}

fn reactions(data: &Value, change: Option<ReactionChange>) -> Reading {
    match (field(data, "message_id"), change) {
        (Some(message), Some(change)) => anywhere(data, GuildUpdate::Reactions(message, change)),
        _ => Reading::Failed,
    }
}

/// An update in a guild, of an event that may as well happen in a direct message.
fn anywhere(data: &Value, update: GuildUpdate) -> Reading {
    if data.get("guild_id").is_none_or(Value::is_null) {
        return Reading::NoConcern;
    }
    in_guild(data, "guild_id", update)
}

#[cfg(test)]
#[path = "tests/reading.rs"]
mod tests;
