//! Posting, reading, editing and deleting messages.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::{Answer, Refusal, Route, message_body};
use crate::api::ApiResponse;
use crate::change::{Change, Draft};
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, Message, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/channels/{channel_id}/messages", list),
    (Method::POST, "/channels/{channel_id}/messages", create),
    (Method::POST, "/channels/{channel_id}/messages/bulk-delete", delete_many),
    (Method::GET, "/channels/{channel_id}/messages/{message_id}", get),
    (Method::PATCH, "/channels/{channel_id}/messages/{message_id}", update),
    (Method::DELETE, "/channels/{channel_id}/messages/{message_id}", delete),
];

/// A message as the bot may read it.
pub(super) fn readable(world: &World, message: &Message) -> Value {
    let value = payload::message(world, message);
    if world.application.has_message_content {
        value
    } else {
        payload::without_content(world, message, value)
    }
}

fn list(call: &Call<'_>) -> Answer {
    let (id, limit) = (call.id("channel_id")?, call.limit(50, 100)?);
    let [before, after, around] =
        [call.query_id("before")?, call.query_id("after")?, call.query_id("around")?];
    let world = call.world();
    let channel = world.seen_channel(id)?;
    if !channel.kind.holds_messages() {
        return Err(Refusal::NOT_A_TEXT_CHANNEL);
    }
    if !world.permissions_in(id, world.bot_id()).contains(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(ApiResponse::ok(json!([])));
    }
    let visible = || channel.messages.values().filter(|message| !message.is_ephemeral());
    let mut page: Vec<&Message> = match (before, after, around) {
        (_, _, Some(middle)) => {
            let mut near: Vec<&Message> =
                visible().rev().filter(|message| message.id < middle).take(limit / 2).collect();
            near.extend(visible().filter(|message| message.id >= middle).take(limit - limit / 2));
            near
        }
        (Some(before), _, _) => visible().rev().filter(|message| message.id < before).take(limit).collect(),
        (_, Some(after), _) => visible().filter(|message| message.id > after).take(limit).collect(),
        _ => visible().rev().take(limit).collect(),
    };
    page.sort_by_key(|message| std::cmp::Reverse(message.id));
    let values: Vec<Value> = page.into_iter().map(|message| readable(&world, message)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn get(call: &Call<'_>) -> Answer {
    let (channel, id, world) = (call.id("channel_id")?, call.id("message_id")?, call.world());
    world.managed_channel(channel, Permissions::READ_MESSAGE_HISTORY)?;
    Ok(ApiResponse::ok(readable(&world, world.seen_message(channel, id)?)))
}

fn create(call: &Call<'_>) -> Answer {
    let (id, body) = (call.id("channel_id")?, call.body());
    let mut change = call.change();
    may_send(&change, id)?;
    let mut draft = message_body::draft(call, &mut change, body, 0)?;
    may_send_this(&change, id, &draft)?;
    if let Some(reference) = message_body::reference(&change, id, body)? {
        if !change.permissions_in(id, change.bot_id()).contains(Permissions::READ_MESSAGE_HISTORY) {
            return Err(Refusal::NO_HISTORY_FOR_REPLY);
        }
        draft.kind = if reference.is_forward { 0 } else { 19 };
        draft.reference = Some(reference);
    }
    if body["enforce_nonce"] == true
        && let Some((channel, earlier)) = sent_before(call, &change, &draft)
    {
        let message = change.message(channel, earlier).ok_or(Refusal::UNKNOWN_MESSAGE)?;
        return Ok(ApiResponse::ok(payload::message_created(&change, message)));
    }
    let bot = change.bot_id();
    let message = change.post(id, bot, draft);
    let message = change.message(id, message).ok_or(Refusal::UNKNOWN_MESSAGE)?;
    Ok(ApiResponse::ok(payload::message_created(&change, message)))
}

/// Whether the bot may post in the channel at all.
fn may_send(world: &World, id: Snowflake) -> Result<(), Refusal> {
    let channel = world.seen_channel(id)?;
    if matches!(channel.kind, ChannelKind::Forum | ChannelKind::Media) {
        return Err(Refusal::FORUM_CHANNEL);
    }
    if !channel.kind.holds_messages() {
        return Err(Refusal::NOT_A_TEXT_CHANNEL);
    }
    for recipient in &channel.recipients {
        let Some(user) = world.users.get(recipient) else { return Err(Refusal::CLOSED_DIRECT) };
        if user.is_bot || !user.accepts_direct_messages {
            return Err(Refusal::CLOSED_DIRECT);
        }
        let bot = world.bot_id();
        let is_shared = |guild: &crate::world::Guild| {
            guild.members.contains_key(recipient) && guild.members.contains_key(&bot)
        };
        if !world.guilds.values().any(is_shared) {
            return Err(Refusal::NO_MUTUAL_GUILD);
        }
    }
    let held = world.permissions_in(id, world.bot_id());
    let needed = if channel.kind.is_thread() {
        Permissions::SEND_MESSAGES_IN_THREADS
    } else {
        Permissions::SEND_MESSAGES
    };
    if !held.contains(needed) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let is_locked = channel.thread.as_ref().is_some_and(|thread| thread.is_locked);
    if is_locked && !held.contains(Permissions::MANAGE_THREADS) {
        return Err(Refusal::LOCKED_THREAD);
    }
    Ok(())
}

/// Whether it may post what the message carries.
fn may_send_this(world: &World, id: Snowflake, draft: &Draft) -> Result<(), Refusal> {
    let held = world.permissions_in(id, world.bot_id());
    let needs = [
        (!draft.embeds.is_empty(), Permissions::EMBED_LINKS),
        (!draft.attachments.is_empty(), Permissions::ATTACH_FILES),
        (draft.is_tts, Permissions::SEND_TTS_MESSAGES),
        (draft.poll.is_some(), Permissions::SEND_POLLS),
    ];
    let is_missing = needs.iter().any(|(is_needed, permission)| *is_needed && !held.contains(*permission));
    if is_missing { Err(Refusal::MISSING_PERMISSIONS) } else { Ok(()) }
}

/// The message that the bot has posted with the same nonce within the past few minutes, in whatever channel, and
/// whether it still exists or not
/// (<https://discord.com/developers/docs/resources/message#create-message-jsonform-params>).
fn sent_before(call: &Call<'_>, change: &Change<'_>, draft: &Draft) -> Option<(Snowflake, Snowflake)> {
    let oldest = change.now() - call.inner.options.nonce_window;
    change.nonces.find(change.bot_id(), draft.nonce.as_ref()?, oldest)
}

fn update(call: &Call<'_>) -> Answer {
    let (channel, id, body) = (call.id("channel_id")?, call.id("message_id")?, call.body());
    let mut change = call.change();
    let old = change.seen_message(channel, id)?.clone();
    if old.author != change.bot_id() {
        let only_flags = body.as_object().is_some_and(|fields| fields.keys().all(|key| key == "flags"));
        let held = change.permissions_in(channel, change.bot_id());
        if !(only_flags && held.contains(Permissions::MANAGE_MESSAGES)) {
            return Err(Refusal::FOREIGN_MESSAGE);
        }
    }
    if !matches!(old.kind, 0 | 19 | 20 | 23) {
        return Err(Refusal::SYSTEM_MESSAGE);
    }
    ensure_awake(&change, channel)?;
    let edit = message_body::edit(call, &mut change, body, &old)?;
    if edit.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty()) {
        change.managed_channel(channel, Permissions::EMBED_LINKS)?;
    }
    change.edit(channel, id, edit);
    let message = change.message(channel, id).ok_or(Refusal::UNKNOWN_MESSAGE)?;
    Ok(ApiResponse::ok(payload::message(&change, message)))
}

/// In an archived thread nothing can be edited or reacted to.
pub(super) fn ensure_awake(world: &World, channel: Snowflake) -> Result<(), Refusal> {
    let thread = world.channels.get(&channel).and_then(|channel| channel.thread.as_ref());
    if thread.is_some_and(|thread| thread.is_archived) { Err(Refusal::ARCHIVED_THREAD) } else { Ok(()) }
}

fn delete(call: &Call<'_>) -> Answer {
    let (channel, id) = (call.id("channel_id")?, call.id("message_id")?);
    let mut change = call.change();
    let message = change.seen_message(channel, id)?;
    if message.author != change.bot_id() {
        if change.guild_of(channel).is_none() {
            return Err(Refusal::NOT_IN_DIRECT);
        }
        change.managed_channel(channel, Permissions::MANAGE_MESSAGES)?;
    }
    change.delete_message(channel, id);
    Ok(ApiResponse::no_content())
}

fn delete_many(call: &Call<'_>) -> Answer {
    let channel = call.id("channel_id")?;
    let mut change = call.change();
    if change.seen_channel(channel)?.guild.is_none() {
        return Err(Refusal::NOT_IN_DIRECT);
    }
    change.managed_channel(channel, Permissions::MANAGE_MESSAGES)?;
    let listed = call.body()["messages"].as_array().into_iter().flatten();
    let mut ids: Vec<Snowflake> = listed.filter_map(|id| Snowflake::parse(id.as_str()?)).collect();
    ids.sort_unstable();
    ids.dedup();
    if !(2..=100).contains(&ids.len()) {
        return Err(Refusal::WRONG_COUNT);
    }
    let oldest = change.now() - Duration::from_hours(24 * 14);
    if ids.iter().any(|id| id.at() < oldest) {
        return Err(Refusal::TOO_OLD);
    }
    change.delete_messages(channel, &ids);
    Ok(ApiResponse::no_content())
}
