//! Invites.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::change::NewInvite;
use crate::payload;
use crate::permissions::Permissions;

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/channels/{channel_id}/invites", of_channel),
    (Method::POST, "/channels/{channel_id}/invites", create),
    (Method::GET, "/guilds/{guild_id}/invites", of_guild),
    (Method::GET, "/invites/{code}", get),
    (Method::DELETE, "/invites/{code}", delete),
];

fn of_channel(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("channel_id")?, call.world());
    world.managed_channel(id, Permissions::MANAGE_CHANNELS)?;
    let invites = world.invites.values().filter(|invite| invite.channel == id);
    let values: Vec<Value> = invites.map(|invite| payload::invite(&world, invite)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn of_guild(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    world.managed_guild(id, Permissions::MANAGE_GUILD)?;
    let invites = world.invites.values().filter(|invite| invite.guild == id);
    let values: Vec<Value> = invites.map(|invite| payload::invite(&world, invite)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn create(call: &Call<'_>) -> Answer {
    let (channel, body) = (call.id("channel_id")?, call.body());
    let mut change = call.change();
    let guild = change.seen_channel(channel)?.guild.ok_or(Refusal::WRONG_CHANNEL_TYPE)?;
    change.managed_channel(channel, Permissions::CREATE_INSTANT_INVITE)?;
    let number = |name: &str| body[name].as_u64();
    let new = NewInvite {
        guild,
        channel,
        inviter: change.bot_id(),
        max_age: number("max_age").and_then(|age| u32::try_from(age).ok()).unwrap_or(86_400),
        max_uses: number("max_uses").and_then(|uses| u8::try_from(uses).ok()).unwrap_or(0),
        is_temporary: body["temporary"].as_bool().unwrap_or(false),
    };
    let code = change.add_invite(new);
    let invite = change.invites.get(&code).ok_or(Refusal::UNKNOWN_INVITE)?;
    Ok(ApiResponse::ok(payload::invite(&change, invite)))
}

fn get(call: &Call<'_>) -> Answer {
    let world = call.world();
    let invite = world.invites.get(call.text("code")).ok_or(Refusal::UNKNOWN_INVITE)?;
    let mut value = payload::invite(&world, invite);
    if call.is_set("with_counts") {
        let count = world.guilds.get(&invite.guild).map_or(0, |guild| guild.members.len());
        value["approximate_member_count"] = json!(count);
        value["approximate_presence_count"] = json!(count);
    }
    Ok(ApiResponse::ok(value))
}

fn delete(call: &Call<'_>) -> Answer {
    let (code, mut change) = (call.text("code"), call.change());
    let invite = change.invites.get(code).ok_or(Refusal::UNKNOWN_INVITE)?;
    let bot = change.bot_id();
    let may = change.permissions_in(invite.channel, bot).contains(Permissions::MANAGE_CHANNELS)
        || change.permissions_in_guild(invite.guild, bot).contains(Permissions::MANAGE_GUILD);
    if !may {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let value = payload::invite(&change, invite);
    change.delete_invite(code);
    Ok(ApiResponse::ok(value))
}
