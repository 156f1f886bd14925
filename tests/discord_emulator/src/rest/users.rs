//! Users, and the bot's own guilds and conversations.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, id_of, text_of};
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::snowflake::Snowflake;

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/users/@me", |call| Ok(me(call))),
    (Method::PATCH, "/users/@me", |call| Ok(update_me(call))),
    (Method::GET, "/users/@me/guilds", guilds),
    (Method::DELETE, "/users/@me/guilds/{guild_id}", leave),
    (Method::POST, "/users/@me/channels", open_direct),
    (Method::GET, "/users/{user_id}", get),
];

fn me(call: &Call<'_>) -> ApiResponse {
    ApiResponse::ok(payload::ready_user(&call.world()))
}

fn update_me(call: &Call<'_>) -> ApiResponse {
    let mut change = call.change();
    let bot = change.bot_id();
    if let (Some(name), Some(user)) = (text_of(call.body(), "username"), change.users.get_mut(&bot)) {
        user.username = name.into();
    }
    ApiResponse::ok(payload::ready_user(&change))
}

fn get(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("user_id")?, call.world());
    if world.users.contains_key(&id) {
        Ok(ApiResponse::ok(payload::user(&world, id)))
    } else {
        Err(Refusal::UNKNOWN_USER)
    }
}

fn guilds(call: &Call<'_>) -> Answer {
    let (before, after, limit) = (call.query_id("before")?, call.query_id("after")?, call.limit(200, 200)?);
    let with_counts = call.is_set("with_counts");
    let world = call.world();
    let ids: Vec<Snowflake> = world
        .guild_ids()
        .into_iter()
        .filter(|id| before.is_none_or(|before| *id < before) && after.is_none_or(|after| *id > after))
        .collect();
    // Backwards from `before` the nearest ones count, which are the last.
    let skipped = if before.is_some() { ids.len().saturating_sub(limit) } else { 0 };
    let page = ids.iter().skip(skipped).take(limit).filter_map(|id| world.guilds.get(id));
    let values: Vec<Value> = page
        .map(|guild| {
            let mut value = payload::guild_info(&world, guild);
            if with_counts {
                value["approximate_member_count"] = json!(guild.members.len());
                value["approximate_presence_count"] = json!(guild.members.len());
            }
            value
        })
        .collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn leave(call: &Call<'_>) -> Answer {
    let (id, mut change) = (call.id("guild_id")?, call.change());
    change.seen_guild(id)?;
    change.remove_bot_from(id);
    Ok(ApiResponse::no_content())
}

fn open_direct(call: &Call<'_>) -> Answer {
    let recipient = id_of(call.body(), "recipient_id").ok_or_else(|| Refusal::required("recipient_id"))?;
    let mut change = call.change();
    if !change.users.contains_key(&recipient) || recipient == change.bot_id() {
        return Err(Refusal::INVALID_RECIPIENT);
    }
    if change.users.get(&recipient).is_some_and(|user| user.is_bot) {
        return Err(Refusal::CLOSED_DIRECT);
    }
    let id = change.direct_channel(recipient);
    let channel = change.channels.get(&id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
    Ok(ApiResponse::ok(payload::channel(&change, channel)))
}
