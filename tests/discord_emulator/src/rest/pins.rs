//! Pinned messages, under the routes of today and those of before.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::messages::readable;
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::permissions::Permissions;
use crate::world::{Message, Timestamp, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/channels/{channel_id}/messages/pins", list),
    (Method::PUT, "/channels/{channel_id}/messages/pins/{message_id}", pin),
    (Method::DELETE, "/channels/{channel_id}/messages/pins/{message_id}", unpin),
    (Method::GET, "/channels/{channel_id}/pins", list_before),
    (Method::PUT, "/channels/{channel_id}/pins/{message_id}", pin),
    (Method::DELETE, "/channels/{channel_id}/pins/{message_id}", unpin),
];

/// How many messages a channel bears pinned.
const MOST_PINS: usize = 250;

fn pinned<'a>(call: &Call<'_>, world: &'a World) -> Result<Vec<(Timestamp, &'a Message)>, Refusal> {
    let id = call.id("channel_id")?;
    let channel = world.seen_channel(id)?;
    if !world.permissions_in(id, world.bot_id()).contains(Permissions::READ_MESSAGE_HISTORY) {
        return Ok(Vec::new());
    }
    let mut pins: Vec<(Timestamp, &Message)> =
        channel.messages.values().filter_map(|message| Some((message.pinned?, message))).collect();
    pins.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(pins)
}

fn list(call: &Call<'_>) -> Answer {
    let (limit, world) = (call.limit(50, 50)?, call.world());
    let before = call.request.query("before").and_then(Timestamp::parse);
    let pins = pinned(call, &world)?;
    let older: Vec<_> = pins.into_iter().filter(|(at, _)| before.is_none_or(|before| *at < before)).collect();
    let items: Vec<Value> = older
        .iter()
        .take(limit)
        .map(|(at, message)| json!({ "pinned_at": at.to_string(), "message": readable(&world, message) }))
        .collect();
    Ok(ApiResponse::ok(json!({ "items": items, "has_more": older.len() > limit })))
}

fn list_before(call: &Call<'_>) -> Answer {
    let world = call.world();
    let pins = pinned(call, &world)?;
    let values: Vec<Value> =
        pins.into_iter().take(50).map(|(_, message)| readable(&world, message)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn pin(call: &Call<'_>) -> Answer {
    set(call, true)
}

fn unpin(call: &Call<'_>) -> Answer {
    set(call, false)
}

fn set(call: &Call<'_>, is_pinned: bool) -> Answer {
    let (channel, id) = (call.id("channel_id")?, call.id("message_id")?);
    let mut change = call.change();
    change.managed_channel(channel, Permissions::PIN_MESSAGES)?;
    let message = change.seen_message(channel, id)?;
    let count =
        change.seen_channel(channel)?.messages.values().filter(|message| message.pinned.is_some()).count();
    if is_pinned && message.pinned.is_none() && count >= MOST_PINS {
        return Err(Refusal::TOO_MANY_PINS);
    }
    let bot = change.bot_id();
    change.set_pinned(channel, id, bot, is_pinned);
    Ok(ApiResponse::no_content())
}
