//! Channels and what they change for roles and members.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, id_of, text_of};
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::{Overwrite, OverwriteTarget, Permissions};
use crate::snowflake::Snowflake;
use crate::world::{Channel, ChannelKind};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/channels/{channel_id}", get),
    (Method::PATCH, "/channels/{channel_id}", update),
    (Method::DELETE, "/channels/{channel_id}", delete),
    (Method::POST, "/channels/{channel_id}/typing", typing),
    (Method::PUT, "/channels/{channel_id}/permissions/{overwrite_id}", set_overwrite),
    (Method::DELETE, "/channels/{channel_id}/permissions/{overwrite_id}", remove_overwrite),
    (Method::GET, "/guilds/{guild_id}/channels", list),
    (Method::POST, "/guilds/{guild_id}/channels", create),
];

/// How many channels a guild bears.
const MOST_CHANNELS: usize = 500;

fn get(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("channel_id")?, call.world());
    Ok(ApiResponse::ok(payload::channel(&world, world.seen_channel(id)?)))
}

fn list(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    let channels = world.seen_guild(id)?.channels.iter().filter_map(|id| world.channels.get(id));
    let values: Vec<Value> = channels.map(|channel| payload::channel(&world, channel)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn create(call: &Call<'_>) -> Answer {
    let (guild, body) = (call.id("guild_id")?, call.body());
    let mut change = call.change();
    let home = change.managed_guild(guild, Permissions::MANAGE_CHANNELS)?;
    if home.channels.len() >= MOST_CHANNELS {
        return Err(Refusal::TOO_MANY_CHANNELS);
    }
    let name =
        text_of(body, "name").filter(|name| !name.is_empty()).ok_or_else(|| Refusal::required("name"))?;
    let kind = body["type"].as_u64().map_or(Some(ChannelKind::Text), ChannelKind::from_number);
    let kind = kind
        .filter(|kind| !kind.is_thread() && *kind != ChannelKind::Direct)
        .ok_or(Refusal::WRONG_CHANNEL_TYPE)?;
    let id = change.next_id();
    let mut channel = Channel::new(id, Some(guild), kind, name);
    alter(&mut channel, body, guild);
    change.insert_channel(channel);
    let channel = change.channels.get(&id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    Ok(ApiResponse::created(payload::channel(&change, channel)))
}

/// Applies what a body says to a channel.
fn alter(channel: &mut Channel, body: &Value, guild: Snowflake) {
    if let Some(name) = text_of(body, "name") {
        channel.name = name.into();
    }
    if let Some(topic) = body.get("topic") {
        channel.topic = topic.as_str().map(Into::into);
    }
    if let Some(position) = body["position"].as_u64().and_then(|position| u16::try_from(position).ok()) {
        channel.position = position;
    }
    if let Some(slowmode) =
        body["rate_limit_per_user"].as_u64().and_then(|seconds| u16::try_from(seconds).ok())
    {
        channel.slowmode = slowmode;
    }
    if let Some(is_nsfw) = body["nsfw"].as_bool() {
        channel.is_nsfw = is_nsfw;
    }
    if body.get("parent_id").is_some() && channel.thread.is_none() {
        channel.parent = id_of(body, "parent_id");
    }
    if let Some(listed) = body["permission_overwrites"].as_array() {
        channel.overwrites = listed.iter().filter_map(|one| overwrite(one, guild)).collect();
    }
}

fn overwrite(value: &Value, guild: Snowflake) -> Option<Overwrite> {
    let id = id_of(value, "id")?;
    let is_member = value["type"] == 1 || value["type"] == "1";
    let target =
        if is_member && id != guild { OverwriteTarget::Member(id) } else { OverwriteTarget::Role(id) };
    Some(Overwrite { target, allow: set_of(&value["allow"]), deny: set_of(&value["deny"]) })
}

/// A set of permissions in a body: a decimal string, or a number.
pub(super) fn set_of(value: &Value) -> Permissions {
    let bits = value.as_str().and_then(|text| text.parse().ok()).or_else(|| value.as_u64());
    Permissions::from_bits(bits.unwrap_or(0))
}

fn update(call: &Call<'_>) -> Answer {
    let (id, body) = (call.id("channel_id")?, call.body());
    let mut change = call.change();
    let channel = change.seen_channel(id)?;
    let guild = channel.guild.ok_or(Refusal::WRONG_CHANNEL_TYPE)?;
    let bot = change.bot_id();
    let (is_thread, owns, is_locked) = channel
        .thread
        .as_ref()
        .map_or((false, false, false), |thread| (true, thread.owner == bot, thread.is_locked));
    let wakes_only = body.as_object().is_some_and(|fields| fields.len() == 1) && body["archived"] == false;
    let may_wake = is_thread && wakes_only && !is_locked;
    if is_thread {
        let needed =
            if may_wake { Permissions::SEND_MESSAGES_IN_THREADS } else { Permissions::MANAGE_THREADS };
        if !owns || is_locked || body.get("locked").is_some() {
            change.managed_channel(id, needed)?;
        }
    } else {
        change.managed_channel(id, Permissions::MANAGE_CHANNELS)?;
    }
    let (archived, locked) = (body["archived"].as_bool(), body["locked"].as_bool());
    if is_thread && (archived.is_some() || locked.is_some()) {
        let was = change.seen_channel(id)?.thread.as_ref().is_some_and(|thread| thread.is_archived);
        change.set_archived(id, archived.unwrap_or(was), locked);
    } else {
        change.update_channel(id, |channel| alter(channel, body, guild));
    }
    let channel = change.channels.get(&id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    Ok(ApiResponse::ok(payload::channel(&change, channel)))
}

fn delete(call: &Call<'_>) -> Answer {
    let (id, mut change) = (call.id("channel_id")?, call.change());
    let channel = change.seen_channel(id)?;
    if channel.guild.is_some() {
        let needed =
            if channel.kind.is_thread() { Permissions::MANAGE_THREADS } else { Permissions::MANAGE_CHANNELS };
        change.managed_channel(id, needed)?;
    }
    let value = payload::channel(&change, change.seen_channel(id)?);
    // Closing a direct conversation hides it and keeps what was said.
    if change.guild_of(id).is_some() {
        change.delete_channel(id);
    }
    Ok(ApiResponse::ok(value))
}

fn typing(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("channel_id")?, call.world());
    let needed = if world.seen_channel(id)?.kind.is_thread() {
        Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        Permissions::SEND_MESSAGES
    };
    world.managed_channel(id, needed)?;
    Ok(ApiResponse::no_content())
}

fn set_overwrite(call: &Call<'_>) -> Answer {
    let (id, target, body) = (call.id("channel_id")?, call.id("overwrite_id")?, call.body());
    let mut change = call.change();
    change.seen_channel(id)?.guild.ok_or(Refusal::WRONG_CHANNEL_TYPE)?;
    change.managed_channel(id, Permissions::MANAGE_ROLES)?;
    let (allow, deny) = (set_of(&body["allow"]), set_of(&body["deny"]));
    // Nobody may grant or deny what they lack themselves.
    let held = change.permissions_in(id, change.bot_id());
    if !held.contains(allow | deny) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let target =
        if body["type"] == 1 { OverwriteTarget::Member(target) } else { OverwriteTarget::Role(target) };
    change.set_overwrite(id, target, allow, deny);
    Ok(ApiResponse::no_content())
}

fn remove_overwrite(call: &Call<'_>) -> Answer {
    let (id, target, mut change) = (call.id("channel_id")?, call.id("overwrite_id")?, call.change());
    change.managed_channel(id, Permissions::MANAGE_ROLES)?;
    if change.remove_overwrite(id, target) {
        Ok(ApiResponse::no_content())
    } else {
        Err(Refusal::UNKNOWN_OVERWRITE)
    }
}
