//! Threads.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, text_of};
use super::{Answer, Refusal, Route, message_body};
use crate::api::ApiResponse;
use crate::change::{Change, NewThread};
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Channel, ChannelKind, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::POST, "/channels/{channel_id}/messages/{message_id}/threads", start_from_message),
    (Method::POST, "/channels/{channel_id}/threads", start),
    (Method::GET, "/channels/{channel_id}/thread-members", members),
    (Method::PUT, "/channels/{channel_id}/thread-members/@me", join),
    (Method::DELETE, "/channels/{channel_id}/thread-members/@me", leave),
    (Method::GET, "/channels/{channel_id}/thread-members/{user_id}", member),
    (Method::PUT, "/channels/{channel_id}/thread-members/{user_id}", add),
    (Method::DELETE, "/channels/{channel_id}/thread-members/{user_id}", remove),
    (Method::GET, "/channels/{channel_id}/threads/archived/public", archived_public),
    (Method::GET, "/channels/{channel_id}/threads/archived/private", archived_private),
    (Method::GET, "/guilds/{guild_id}/threads/active", active),
];

fn name(body: &Value) -> Result<&str, Refusal> {
    text_of(body, "name").filter(|name| !name.is_empty()).ok_or_else(|| Refusal::required("name"))
}

fn auto_archive(body: &Value) -> u16 {
    body["auto_archive_duration"].as_u64().and_then(|minutes| u16::try_from(minutes).ok()).unwrap_or(1440)
}

fn answer(change: &Change<'_>, id: Snowflake) -> Answer {
    let channel = change.channels.get(&id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    Ok(ApiResponse::created(payload::channel(change, channel)))
}

fn start_from_message(call: &Call<'_>) -> Answer {
    let (parent, message) = (call.id("channel_id")?, call.id("message_id")?);
    let name = name(call.body())?;
    let mut change = call.change();
    let channel = change.managed_channel(parent, Permissions::CREATE_PUBLIC_THREADS)?;
    let kind = match channel.kind {
        ChannelKind::Text => ChannelKind::PublicThread,
        ChannelKind::Announcement => ChannelKind::AnnouncementThread,
        _ => return Err(Refusal::WRONG_CHANNEL_TYPE),
    };
    change.seen_message(parent, message)?;
    if change.channels.contains_key(&message) {
        return Err(Refusal::THREAD_EXISTS);
    }
    let (owner, auto_archive_minutes) = (change.bot_id(), auto_archive(call.body()));
    let new = NewThread {
        parent,
        message: Some(message),
        kind,
        name: name.to_owned(),
        owner,
        auto_archive_minutes,
        is_invitable: true,
    };
    let id = change.start_thread(&new);
    answer(&change, id)
}

fn start(call: &Call<'_>) -> Answer {
    let (parent, body) = (call.id("channel_id")?, call.body());
    let name = name(body)?.to_owned();
    let mut change = call.change();
    let is_forum = matches!(change.seen_channel(parent)?.kind, ChannelKind::Forum | ChannelKind::Media);
    if !is_forum
        && !matches!(change.seen_channel(parent)?.kind, ChannelKind::Text | ChannelKind::Announcement)
    {
        return Err(Refusal::WRONG_CHANNEL_TYPE);
    }
    let kind = match body["type"].as_u64().and_then(ChannelKind::from_number) {
        _ if is_forum => ChannelKind::PublicThread,
        Some(kind) if kind.is_thread() => kind,
        // The API makes private threads where no type is given.
        _ => ChannelKind::PrivateThread,
    };
    let needed = match kind {
        _ if is_forum => Permissions::SEND_MESSAGES,
        ChannelKind::PrivateThread => Permissions::CREATE_PRIVATE_THREADS,
        _ => Permissions::CREATE_PUBLIC_THREADS,
    };
    change.managed_channel(parent, needed)?;
    let draft =
        if is_forum { Some(message_body::draft(call, &mut change, &body["message"], 0)?) } else { None };
    let (owner, auto_archive_minutes) = (change.bot_id(), auto_archive(body));
    let is_invitable = body["invitable"].as_bool().unwrap_or(true);
    let new = NewThread { parent, message: None, kind, name, owner, auto_archive_minutes, is_invitable };
    let id = change.start_thread(&new);
    if let Some(draft) = draft {
        change.post(id, owner, draft);
    }
    answer(&change, id)
}

fn thread(world: &World, id: Snowflake) -> Result<&Channel, Refusal> {
    let channel = world.seen_channel(id)?;
    if channel.thread.is_some() { Ok(channel) } else { Err(Refusal::WRONG_CHANNEL_TYPE) }
}

fn members(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("channel_id")?, call.world());
    if !world.application.has_members {
        return Err(Refusal::MISSING_ACCESS);
    }
    let joined = thread(&world, id)?.thread.iter().flat_map(|thread| &thread.members);
    let values: Vec<Value> = joined.map(|(user, at)| payload::thread_member(id, *user, *at)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn member(call: &Call<'_>) -> Answer {
    let (id, user, world) = (call.id("channel_id")?, call.id("user_id")?, call.world());
    let joined = thread(&world, id)?.thread.as_ref().and_then(|thread| thread.members.get(&user));
    let joined = joined.ok_or(Refusal::UNKNOWN_MEMBER)?;
    Ok(ApiResponse::ok(payload::thread_member(id, user, *joined)))
}

fn join(call: &Call<'_>) -> Answer {
    let (id, mut change) = (call.id("channel_id")?, call.change());
    thread(&change, id)?;
    super::messages::ensure_awake(&change, id)?;
    let bot = change.bot_id();
    change.join_thread(id, bot);
    Ok(ApiResponse::no_content())
}

fn leave(call: &Call<'_>) -> Answer {
    let (id, mut change) = (call.id("channel_id")?, call.change());
    thread(&change, id)?;
    let bot = change.bot_id();
    change.leave_thread(id, bot);
    Ok(ApiResponse::no_content())
}

fn add(call: &Call<'_>) -> Answer {
    let (id, user, mut change) = (call.id("channel_id")?, call.id("user_id")?, call.change());
    thread(&change, id)?;
    change.managed_channel(id, Permissions::SEND_MESSAGES_IN_THREADS)?;
    super::messages::ensure_awake(&change, id)?;
    if !change.users.contains_key(&user) {
        return Err(Refusal::UNKNOWN_USER);
    }
    change.join_thread(id, user);
    Ok(ApiResponse::no_content())
}

fn remove(call: &Call<'_>) -> Answer {
    let (id, user, mut change) = (call.id("channel_id")?, call.id("user_id")?, call.change());
    let found = thread(&change, id)?;
    let owns = found.kind == ChannelKind::PrivateThread
        && found.thread.as_ref().is_some_and(|thread| thread.owner == change.bot_id());
    if !owns {
        change.managed_channel(id, Permissions::MANAGE_THREADS)?;
    }
    change.leave_thread(id, user);
    Ok(ApiResponse::no_content())
}

/// Threads with the bot's memberships of them.
fn listed(world: &World, threads: &[&Channel]) -> Value {
    let bot = world.bot_id();
    let joined = |thread: &&Channel| {
        let at = thread.thread.as_ref()?.members.get(&bot)?;
        Some(payload::thread_member(thread.id, bot, *at))
    };
    json!({
        "threads": threads.iter().map(|thread| payload::channel(world, thread)).collect::<Vec<_>>(),
        "members": threads.iter().filter_map(joined).collect::<Vec<_>>(),
        "has_more": false,
    })
}

fn active(call: &Call<'_>) -> Answer {
    let (guild, world) = (call.id("guild_id")?, call.world());
    let ids = world.seen_guild(guild)?.threads.iter();
    let is_active = |channel: &&Channel| {
        channel.thread.as_ref().is_some_and(|thread| !thread.is_archived)
            && world.may_view(channel.id, world.bot_id())
    };
    let mut threads: Vec<&Channel> = ids.filter_map(|id| world.channels.get(id)).filter(is_active).collect();
    threads.sort_by_key(|channel| std::cmp::Reverse(channel.id));
    Ok(ApiResponse::ok(listed(&world, &threads)))
}

fn archived_public(call: &Call<'_>) -> Answer {
    archived(call, |kind| kind != ChannelKind::PrivateThread)
}

fn archived_private(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("channel_id")?, call.world());
    world.managed_channel(id, Permissions::MANAGE_THREADS)?;
    drop(world);
    archived(call, |kind| kind == ChannelKind::PrivateThread)
}

fn archived(call: &Call<'_>, is_wanted: impl Fn(ChannelKind) -> bool) -> Answer {
    let (id, limit, world) = (call.id("channel_id")?, call.limit(50, 100)?, call.world());
    let before = call.request.query("before").and_then(crate::world::Timestamp::parse);
    let channel = world.managed_channel(id, Permissions::READ_MESSAGE_HISTORY)?;
    let guild =
        channel.guild.and_then(|guild| world.guilds.get(&guild)).ok_or(Refusal::WRONG_CHANNEL_TYPE)?;
    let of_channel =
        guild.threads.iter().filter_map(|id| world.channels.get(id)).filter(|one| one.parent == Some(id));
    let mut threads: Vec<(crate::world::Timestamp, &Channel)> = of_channel
        .filter(|one| is_wanted(one.kind))
        .filter_map(|one| {
            one.thread
                .as_ref()
                .filter(|thread| thread.is_archived)
                .map(|thread| (thread.archive_changed, one))
        })
        .filter(|(at, _)| before.is_none_or(|before| *at < before))
        .collect();
    threads.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let page: Vec<&Channel> = threads.iter().take(limit).map(|(_, thread)| *thread).collect();
    let mut value = listed(&world, &page);
    value["has_more"] = json!(threads.len() > limit);
    Ok(ApiResponse::ok(value))
}
