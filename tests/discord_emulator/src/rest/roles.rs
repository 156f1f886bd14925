//! Roles.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, text_of};
use super::channels::set_of;
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Role, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/guilds/{guild_id}/roles", list),
    (Method::POST, "/guilds/{guild_id}/roles", create),
    (Method::GET, "/guilds/{guild_id}/roles/{role_id}", get),
    (Method::PATCH, "/guilds/{guild_id}/roles/{role_id}", update),
    (Method::DELETE, "/guilds/{guild_id}/roles/{role_id}", delete),
];

/// How many roles a guild bears.
const MOST_ROLES: usize = 250;

fn list(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    let roles: Vec<Value> = world.seen_guild(id)?.roles.values().map(payload::role).collect();
    Ok(ApiResponse::ok(json!(roles)))
}

fn answer(world: &World, guild: Snowflake, id: Snowflake) -> Answer {
    let role = world.seen_guild(guild)?.roles.get(&id).ok_or(Refusal::UNKNOWN_ROLE)?;
    Ok(ApiResponse::ok(payload::role(role)))
}

fn get(call: &Call<'_>) -> Answer {
    answer(&call.world(), call.id("guild_id")?, call.id("role_id")?)
}

fn alter(role: &mut Role, body: &Value) {
    if let Some(name) = text_of(body, "name") {
        role.name = name.into();
    }
    if body.get("permissions").is_some_and(|set| !set.is_null()) {
        role.permissions = set_of(&body["permissions"]);
    }
    let color = body["colors"]["primary_color"].as_u64().or_else(|| body["color"].as_u64());
    if let Some(color) = color.and_then(|color| u32::try_from(color).ok()) {
        role.color = color;
    }
    if let Some(is_hoisted) = body["hoist"].as_bool() {
        role.is_hoisted = is_hoisted;
    }
    if let Some(is_mentionable) = body["mentionable"].as_bool() {
        role.is_mentionable = is_mentionable;
    }
}

fn create(call: &Call<'_>) -> Answer {
    let (guild, body) = (call.id("guild_id")?, call.body());
    let mut change = call.change();
    let home = change.managed_guild(guild, Permissions::MANAGE_ROLES)?;
    if home.roles.len() >= MOST_ROLES {
        return Err(Refusal::TOO_MANY_ROLES);
    }
    let everyone = home.roles.get(&guild).map_or(Permissions::NONE, |role| role.permissions);
    let wanted = if body.get("permissions").is_some() { set_of(&body["permissions"]) } else { everyone };
    if !change.permissions_in_guild(guild, change.bot_id()).contains(wanted) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let name = text_of(body, "name").unwrap_or("new role");
    let mut role = Role::new(change.next_id(), name, wanted, 1);
    alter(&mut role, body);
    let id = role.id;
    change.insert_role(guild, role);
    answer(&change, guild, id)
}

/// A role that the bot may change: one below its own highest.
fn ensure_below(world: &World, guild: Snowflake, id: Snowflake) -> Result<(), Refusal> {
    let guild = world.managed_guild(guild, Permissions::MANAGE_ROLES)?;
    let role = guild.roles.get(&id).ok_or(Refusal::UNKNOWN_ROLE)?;
    let is_below = guild.owner == world.bot_id() || role.position < guild.highest_role(world.bot_id()).0;
    if is_below { Ok(()) } else { Err(Refusal::MISSING_PERMISSIONS) }
}

fn update(call: &Call<'_>) -> Answer {
    let (guild, id, body) = (call.id("guild_id")?, call.id("role_id")?, call.body());
    let mut change = call.change();
    ensure_below(&change, guild, id)?;
    change.update_role(guild, id, |role| alter(role, body));
    answer(&change, guild, id)
}

fn delete(call: &Call<'_>) -> Answer {
    let (guild, id, mut change) = (call.id("guild_id")?, call.id("role_id")?, call.change());
    ensure_below(&change, guild, id)?;
    let is_fixed =
        id == guild || change.seen_guild(guild)?.roles.get(&id).is_some_and(|role| role.of_bot.is_some());
    if is_fixed {
        return Err(Refusal::INVALID_ROLE);
    }
    change.delete_role(guild, id);
    Ok(ApiResponse::no_content())
}
