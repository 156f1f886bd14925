//! Guilds.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, text_of};
use super::{Answer, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::Permissions;

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/guilds/{guild_id}", get),
    (Method::PATCH, "/guilds/{guild_id}", update),
    (Method::GET, "/guilds/{guild_id}/emojis", emojis),
    (Method::GET, "/guilds/{guild_id}/webhooks", webhooks),
];

fn get(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    let guild = world.seen_guild(id)?;
    let mut value = payload::guild(guild);
    if call.is_set("with_counts") {
        value["approximate_member_count"] = json!(guild.members.len());
        value["approximate_presence_count"] = json!(guild.members.len());
    }
    Ok(ApiResponse::ok(value))
}

fn update(call: &Call<'_>) -> Answer {
    let (id, mut change) = (call.id("guild_id")?, call.change());
    change.managed_guild(id, Permissions::MANAGE_GUILD)?;
    if let Some(name) = text_of(call.body(), "name") {
        change.update_guild(id, |guild| guild.name = name.into());
    }
    Ok(ApiResponse::ok(payload::guild(change.seen_guild(id)?)))
}

fn emojis(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    let emojis: Vec<Value> = world.seen_guild(id)?.emojis.iter().map(payload::custom_emoji).collect();
    Ok(ApiResponse::ok(json!(emojis)))
}

fn webhooks(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    world.managed_guild(id, Permissions::MANAGE_WEBHOOKS)?;
    Ok(ApiResponse::ok(json!([])))
}
