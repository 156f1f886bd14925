//! Users and members.

use serde_json::{Value, json};

use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Guild, Member, World};

/// A user; somebody unknown is written as a deleted account.
pub(crate) fn user(world: &World, id: Snowflake) -> Value {
    let known = world.users.get(&id);
    let mut value = json!({
        "id": id,
        "username": known.map_or("deleted_user", |user| &user.username),
        "discriminator": "0",
        "global_name": known.and_then(|user| user.global_name.as_deref()),
        "avatar": null,
        "avatar_decoration_data": null,
        "banner": null,
        "accent_color": null,
        "collectibles": null,
        "primary_guild": null,
        "public_flags": 0,
        "flags": 0,
    });
    if known.is_some_and(|user| user.is_bot) {
        value["bot"] = json!(true);
    }
    value
}

/// The bot itself, as READY and `GET /users/@me` carry it.
pub(crate) fn ready_user(world: &World) -> Value {
    let mut value = user(world, world.bot_id());
    value["bot"] = json!(true);
    value["mfa_enabled"] = json!(true);
    value["verified"] = json!(true);
    value["email"] = Value::Null;
    value["locale"] = json!("en-US");
    value["premium_type"] = json!(0);
    value
}

fn fields(member: &Member) -> Value {
    json!({
        "nick": member.nick,
        "avatar": null,
        "banner": null,
        "avatar_decoration_data": null,
        "collectibles": null,
        "roles": member.roles,
        "joined_at": member.joined.to_string(),
        "premium_since": null,
        "deaf": false,
        "mute": false,
        "flags": 0,
        "pending": member.is_pending,
        "communication_disabled_until": member.timed_out_until.map(|until| until.to_string()),
    })
}

/// A member with their user.
pub(crate) fn member(world: &World, guild: &Guild, id: Snowflake) -> Option<Value> {
    let mut value = fields(guild.members.get(&id)?);
    value["user"] = user(world, id);
    Some(value)
}

/// A member as in `GUILD_MEMBER_ADD` and `GUILD_MEMBER_UPDATE`.
pub(crate) fn member_event(world: &World, guild: &Guild, id: Snowflake) -> Option<Value> {
    let mut value = member(world, guild, id)?;
    value["guild_id"] = json!(guild.id);
    Some(value)
}

/// A member as in `MESSAGE_CREATE`: the user stands beside it.
pub(crate) fn message_member(guild: &Guild, id: Snowflake) -> Option<Value> {
    guild.members.get(&id).map(fields)
}

/// A member as in an interaction, with what they may do in its channel.
pub(crate) fn interaction_member(
    world: &World,
    guild: &Guild,
    id: Snowflake,
    channel: Snowflake,
) -> Option<Value> {
    let mut value = member(world, guild, id)?;
    value["permissions"] = permissions(world.permissions_in(channel, id));
    value["unusual_dm_activity_until"] = Value::Null;
    Some(value)
}

/// Permissions as Discord writes them.
pub(super) fn permissions(set: Permissions) -> Value {
    json!(set.bits().to_string())
}

/// What a request for guild members finds: those named, or those whose name begins with `query`, up to `limit`
/// (0 is no limit and goes with an empty query only).
pub(crate) fn members_chunk(
    world: &World,
    guild: Snowflake,
    query: Option<&str>,
    limit: usize,
    user_ids: Option<&[Snowflake]>,
) -> Vec<Value> {
    let Some(guild) = world.guilds.get(&guild) else { return Vec::new() };
    let is_asked = |id: Snowflake, member: &Member| match (user_ids, query) {
        (Some(ids), _) => ids.contains(&id),
        (None, Some(query)) => is_named(world, id, member, query),
        (None, None) => true,
    };
    let limit = if limit == 0 { usize::MAX } else { limit };
    let asked = guild.members.iter().filter(|(id, member)| is_asked(**id, member));
    asked.filter_map(|(id, _)| member(world, guild, *id)).take(limit).collect()
}

/// Whether username, global name or nickname begins with the text, whatever its case.
pub(crate) fn is_named(world: &World, id: Snowflake, member: &Member, query: &str) -> bool {
    let query = query.to_lowercase();
    let begins = |name: Option<&str>| name.is_some_and(|name| name.to_lowercase().starts_with(&query));
    let user = world.users.get(&id);
    begins(member.nick.as_deref())
        || begins(user.map(|user| &*user.username))
        || begins(user.and_then(|user| user.global_name.as_deref()))
}
