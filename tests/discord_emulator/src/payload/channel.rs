//! Channels and threads.

use serde_json::{Value, json};

use super::user;
use super::user::permissions;
use crate::permissions::{Overwrite, OverwriteTarget};
use crate::snowflake::Snowflake;
use crate::world::{Channel, ChannelKind, Thread, Timestamp, World};

/// A channel, a thread or a direct conversation.
pub(crate) fn channel(world: &World, channel: &Channel) -> Value {
    match (&channel.thread, channel.guild) {
        (Some(thread), _) => thread_channel(world, channel, thread),
        (None, Some(_)) => guild_channel(channel),
        (None, None) => direct(world, channel),
    }
}

fn direct(world: &World, channel: &Channel) -> Value {
    json!({
        "id": channel.id,
        "type": channel.kind.number(),
        "flags": 0,
        "last_message_id": channel.last_message,
        "last_pin_timestamp": channel.last_pin.map(|at| at.to_string()),
        "recipients": channel.recipients.iter().map(|id| user(world, *id)).collect::<Vec<_>>(),
    })
}

fn guild_channel(channel: &Channel) -> Value {
    let mut value = json!({
        "id": channel.id,
        "type": channel.kind.number(),
        "flags": 0,
        "guild_id": channel.guild,
        "name": channel.name,
        "position": channel.position,
        "parent_id": channel.parent,
        "permission_overwrites": channel.overwrites.iter().map(overwrite).collect::<Vec<_>>(),
        "nsfw": channel.is_nsfw,
        "icon_emoji": null,
        "theme_color": null,
    });
    if channel.kind.holds_messages() || matches!(channel.kind, ChannelKind::Forum | ChannelKind::Media) {
        value["topic"] = json!(channel.topic);
        value["last_message_id"] = json!(channel.last_message);
        value["last_pin_timestamp"] = json!(channel.last_pin.map(|at| at.to_string()));
        value["rate_limit_per_user"] = json!(channel.slowmode);
    }
    if matches!(channel.kind, ChannelKind::Voice | ChannelKind::Stage) {
        value["bitrate"] = json!(64_000);
        value["user_limit"] = json!(0);
        value["rtc_region"] = Value::Null;
    }
    if matches!(channel.kind, ChannelKind::Forum | ChannelKind::Media) {
        value["available_tags"] = json!([]);
        value["default_reaction_emoji"] = Value::Null;
        value["default_sort_order"] = Value::Null;
        value["default_forum_layout"] = json!(0);
    }
    value
}

fn thread_channel(world: &World, channel: &Channel, thread: &Thread) -> Value {
    let mut value = json!({
        "id": channel.id,
        "type": channel.kind.number(),
        "flags": 0,
        "guild_id": channel.guild,
        "parent_id": channel.parent,
        "name": channel.name,
        "owner_id": thread.owner,
        "last_message_id": channel.last_message,
        "last_pin_timestamp": channel.last_pin.map(|at| at.to_string()),
        "rate_limit_per_user": channel.slowmode,
        "message_count": thread.message_count,
        "total_message_sent": thread.total_sent,
        "member_count": thread.members.len().min(50),
        "thread_metadata": {
            "archived": thread.is_archived,
            "archive_timestamp": thread.archive_changed.to_string(),
            "auto_archive_duration": thread.auto_archive_minutes,
            "locked": thread.is_locked,
            "create_timestamp": thread.created.to_string(),
        },
    });
    if channel.kind == ChannelKind::PrivateThread {
        value["thread_metadata"]["invitable"] = json!(thread.is_invitable);
    }
    if let Some(joined) = thread.members.get(&world.bot_id()) {
        value["member"] = thread_member(channel.id, world.bot_id(), *joined);
    }
    value
}

/// Somebody's membership of a thread.
pub(crate) fn thread_member(thread: Snowflake, user: Snowflake, joined: Timestamp) -> Value {
    json!({ "id": thread, "user_id": user, "join_timestamp": joined.to_string(), "flags": 0 })
}

fn overwrite(overwrite: &Overwrite) -> Value {
    let (id, kind) = match overwrite.target {
        OverwriteTarget::Role(id) => (id, 0),
        OverwriteTarget::Member(id) => (id, 1),
    };
    json!({ "id": id, "type": kind, "allow": permissions(overwrite.allow), "deny": permissions(overwrite.deny) })
}

/// A channel as in an interaction, with what its user may do there.
pub(crate) fn partial_channel(world: &World, id: Snowflake, viewer: Snowflake) -> Option<Value> {
    let found = world.channels.get(&id)?;
    let mut value = channel(world, found);
    if found.guild.is_some() {
        value["permissions"] = permissions(world.permissions_in(id, viewer));
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("permission_overwrites");
        fields.remove("member");
    }
    Some(value)
}
