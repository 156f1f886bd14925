//! Members, their roles and bans.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Timestamp, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/guilds/{guild_id}/members", list),
    (Method::GET, "/guilds/{guild_id}/members/search", search),
    (Method::PATCH, "/guilds/{guild_id}/members/@me", update_me),
    (Method::GET, "/guilds/{guild_id}/members/{user_id}", get),
    (Method::PATCH, "/guilds/{guild_id}/members/{user_id}", update),
    (Method::DELETE, "/guilds/{guild_id}/members/{user_id}", kick),
    (Method::PUT, "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", add_role),
    (Method::DELETE, "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", remove_role),
    (Method::GET, "/guilds/{guild_id}/bans", bans),
    (Method::GET, "/guilds/{guild_id}/bans/{user_id}", get_ban),
    (Method::PUT, "/guilds/{guild_id}/bans/{user_id}", ban),
    (Method::DELETE, "/guilds/{guild_id}/bans/{user_id}", unban),
];

/// All members, page by page; only for applications with the members intent.
fn list(call: &Call<'_>) -> Answer {
    let (id, limit, after) = (call.id("guild_id")?, call.limit(1, 1000)?, call.query_id("after")?);
    let world = call.world();
    let guild = world.seen_guild(id)?;
    if !world.application.has_members {
        return Err(Refusal::MISSING_ACCESS);
    }
    let page = guild.members.keys().filter(|user| after.is_none_or(|after| **user > after)).take(limit);
    let values: Vec<Value> = page.filter_map(|user| payload::member(&world, guild, *user)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn search(call: &Call<'_>) -> Answer {
    let (id, limit) = (call.id("guild_id")?, call.limit(1, 1000)?);
    let query = call.request.query("query").ok_or_else(|| Refusal::required("query"))?;
    let world = call.world();
    let guild = world.seen_guild(id)?;
    let found =
        guild.members.iter().filter(|(user, member)| payload::is_named(&world, **user, member, query));
    let values: Vec<Value> =
        found.take(limit).filter_map(|(user, _)| payload::member(&world, guild, *user)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn answer(world: &World, guild: Snowflake, user: Snowflake) -> Answer {
    let member = payload::member(world, world.seen_guild(guild)?, user);
    member.map(ApiResponse::ok).ok_or(if world.users.contains_key(&user) {
        Refusal::UNKNOWN_MEMBER
    } else {
        Refusal::UNKNOWN_USER
    })
}

fn get(call: &Call<'_>) -> Answer {
    answer(&call.world(), call.id("guild_id")?, call.id("user_id")?)
}

fn update_me(call: &Call<'_>) -> Answer {
    let (guild, mut change) = (call.id("guild_id")?, call.change());
    change.managed_guild(guild, Permissions::CHANGE_NICKNAME)?;
    let bot = change.bot_id();
    if let Some(nick) = call.body().get("nick") {
        change.update_member(guild, bot, |member| member.nick = nick.as_str().map(Into::into));
    }
    answer(&change, guild, bot)
}

fn update(call: &Call<'_>) -> Answer {
    let (guild, user, body) = (call.id("guild_id")?, call.id("user_id")?, call.body());
    let mut change = call.change();
    answer(&change, guild, user)?;
    let needs = [
        ("nick", Permissions::MANAGE_NICKNAMES),
        ("roles", Permissions::MANAGE_ROLES),
        ("communication_disabled_until", Permissions::MODERATE_MEMBERS),
    ];
    for (field, permission) in needs {
        if body.get(field).is_some() {
            change.managed_guild(guild, permission)?;
        }
    }
    let bot = change.bot_id();
    if user != bot && !change.seen_guild(guild)?.outranks(bot, user) && body.get("roles").is_none() {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let roles = body["roles"]
        .as_array()
        .map(|ids| ids.iter().filter_map(|id| Snowflake::parse(id.as_str()?)).collect::<Vec<Snowflake>>());
    for role in roles.iter().flatten() {
        let has_it =
            change.seen_guild(guild)?.members.get(&user).is_some_and(|member| member.roles.contains(role));
        if !has_it {
            ensure_grantable(&change, guild, *role)?;
        }
    }
    change.update_member(guild, user, |member| {
        if let Some(nick) = body.get("nick") {
            member.nick = nick.as_str().filter(|nick| !nick.is_empty()).map(Into::into);
        }
        if let Some(roles) = roles {
            member.roles = roles;
        }
        if let Some(until) = body.get("communication_disabled_until") {
            member.timed_out_until = until.as_str().and_then(Timestamp::parse);
        }
    });
    answer(&change, guild, user)
}

fn kick(call: &Call<'_>) -> Answer {
    let (guild, user, mut change) = (call.id("guild_id")?, call.id("user_id")?, call.change());
    answer(&change, guild, user)?;
    let home = change.managed_guild(guild, Permissions::KICK_MEMBERS)?;
    if !home.outranks(change.bot_id(), user) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    change.remove_member(guild, user);
    Ok(ApiResponse::no_content())
}

/// A role that the bot may give and take: one below its own highest, and nobody's own.
fn ensure_grantable(world: &World, guild: Snowflake, role: Snowflake) -> Result<(), Refusal> {
    let guild = world.managed_guild(guild, Permissions::MANAGE_ROLES)?;
    let found = guild.roles.get(&role).ok_or(Refusal::UNKNOWN_ROLE)?;
    if found.of_bot.is_some() || role == guild.id {
        return Err(Refusal::INVALID_ROLE);
    }
    let bot = world.bot_id();
    let is_below = guild.owner == bot || found.position < guild.highest_role(bot).0;
    if is_below { Ok(()) } else { Err(Refusal::MISSING_PERMISSIONS) }
}

fn add_role(call: &Call<'_>) -> Answer {
    let (guild, user, role) = (call.id("guild_id")?, call.id("user_id")?, call.id("role_id")?);
    let mut change = call.change();
    answer(&change, guild, user)?;
    ensure_grantable(&change, guild, role)?;
    let has_it =
        change.seen_guild(guild)?.members.get(&user).is_some_and(|member| member.roles.contains(&role));
    if !has_it {
        change.update_member(guild, user, |member| member.roles.push(role));
    }
    Ok(ApiResponse::no_content())
}

fn remove_role(call: &Call<'_>) -> Answer {
    let (guild, user, role) = (call.id("guild_id")?, call.id("user_id")?, call.id("role_id")?);
    let mut change = call.change();
    answer(&change, guild, user)?;
    ensure_grantable(&change, guild, role)?;
    change.update_member(guild, user, |member| member.roles.retain(|held| *held != role));
    Ok(ApiResponse::no_content())
}

fn ban_json(world: &World, user: Snowflake, reason: Option<&String>) -> Value {
    json!({ "user": payload::user(world, user), "reason": reason })
}

fn bans(call: &Call<'_>) -> Answer {
    let (guild, limit, world) = (call.id("guild_id")?, call.limit(1000, 1000)?, call.world());
    let bans = world.managed_guild(guild, Permissions::BAN_MEMBERS)?.bans.iter();
    let values: Vec<Value> =
        bans.take(limit).map(|(user, reason)| ban_json(&world, *user, reason.as_ref())).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn get_ban(call: &Call<'_>) -> Answer {
    let (guild, user, world) = (call.id("guild_id")?, call.id("user_id")?, call.world());
    let bans = &world.managed_guild(guild, Permissions::BAN_MEMBERS)?.bans;
    let reason = bans.get(&user).ok_or(Refusal::UNKNOWN_BAN)?;
    Ok(ApiResponse::ok(ban_json(&world, user, reason.as_ref())))
}

fn ban(call: &Call<'_>) -> Answer {
    let (guild, user, mut change) = (call.id("guild_id")?, call.id("user_id")?, call.change());
    let home = change.managed_guild(guild, Permissions::BAN_MEMBERS)?;
    if home.members.contains_key(&user) && !home.outranks(change.bot_id(), user) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    if !change.users.contains_key(&user) {
        return Err(Refusal::UNKNOWN_USER);
    }
    change.ban(guild, user, call.reason());
    Ok(ApiResponse::no_content())
}

fn unban(call: &Call<'_>) -> Answer {
    let (guild, user, mut change) = (call.id("guild_id")?, call.id("user_id")?, call.change());
    change.managed_guild(guild, Permissions::BAN_MEMBERS)?;
    if change.unban(guild, user) { Ok(ApiResponse::no_content()) } else { Err(Refusal::UNKNOWN_BAN) }
}
