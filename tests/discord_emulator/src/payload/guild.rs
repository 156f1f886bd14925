//! Guilds and roles.

use serde_json::{Map, Value, json};

use super::user::permissions;
use super::{channel, custom_emoji, member, scheduled_event};
use crate::gateway::Intents;
use crate::snowflake::Snowflake;
use crate::world::{Guild, Role, World};

/// Above this many members GUILD_CREATE says `large`.
const LARGE: usize = 250;

/// A role.
pub(crate) fn role(role: &Role) -> Value {
    let mut value = json!({
        "id": role.id,
        "name": role.name,
        "description": null,
        "color": role.color,
        "colors": { "primary_color": role.color, "secondary_color": null, "tertiary_color": null },
        "hoist": role.is_hoisted,
        "icon": null,
        "unicode_emoji": null,
        "position": role.position,
        "permissions": permissions(role.permissions),
        "managed": role.of_bot.is_some(),
        "mentionable": role.is_mentionable,
        "flags": 0,
    });
    if let Some(bot) = role.of_bot {
        value["tags"] = json!({ "bot_id": bot });
    }
    value
}

/// A guild as the HTTP API returns it and as `GUILD_UPDATE` carries it.
pub(crate) fn guild(guild: &Guild) -> Value {
    json!({
        "id": guild.id,
        "name": guild.name,
        "icon": null,
        "icon_hash": null,
        "description": null,
        "home_header": null,
        "splash": null,
        "discovery_splash": null,
        "features": [],
        "banner": null,
        "owner_id": guild.owner,
        "application_id": null,
        "region": "deprecated",
        "afk_channel_id": null,
        "afk_timeout": 300,
        "system_channel_id": guild.channels.first(),
        "system_channel_flags": 0,
        "widget_enabled": false,
        "widget_channel_id": null,
        "verification_level": 0,
        "roles": guild.roles.values().map(role).collect::<Vec<_>>(),
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": null,
        "max_members": 25_000_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": null,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": false,
        "preferred_locale": guild.locale,
        "rules_channel_id": null,
        "safety_alerts_channel_id": null,
        "public_updates_channel_id": null,
        "hub_type": null,
        "nsfw": false,
        "nsfw_level": 0,
        "emojis": guild.emojis.iter().map(custom_emoji).collect::<Vec<_>>(),
        "stickers": [],
        "incidents_data": null,
    })
}

/// A guild as in GUILD_CREATE for a session with these intents.
///
/// Without the presences intent the list of members holds the bot alone
/// (<https://discord.com/developers/docs/events/gateway-events#guild-create>).
pub(crate) fn guild_create(world: &World, id: Snowflake, intents: Intents) -> Value {
    let Some(found) = world.guilds.get(&id) else { return guild_unavailable(id, true) };
    let bot = world.bot_id();
    let with_members = intents.contains(Intents::GUILD_PRESENCES) && found.members.len() <= LARGE;
    let members: Vec<Value> = if with_members {
        found.members.keys().filter_map(|user| member(world, found, *user)).collect()
    } else {
        member(world, found, bot).into_iter().collect()
    };
    let mut value = guild(found);
    let extra = json!({
        "joined_at": found.members.get(&bot).map(|member| member.joined.to_string()),
        "large": found.members.len() > LARGE,
        "unavailable": false,
        "geo_restricted": false,
        "member_count": found.members.len(),
        "voice_states": [],
        "members": members,
        "channels": channels(world, &found.channels),
        "threads": active_threads(world, found),
        "presences": [],
        "stage_instances": [],
        "soundboard_sounds": [],
        "guild_scheduled_events":
            found.scheduled_events.values().map(|event| scheduled_event(world, event, false)).collect::<Vec<_>>(),
    });
    if let (Value::Object(value), Value::Object(extra)) = (&mut value, extra) {
        value.extend(extra);
    }
    value
}

fn channels(world: &World, ids: &[Snowflake]) -> Vec<Value> {
    ids.iter().filter_map(|id| world.channels.get(id)).map(|found| channel(world, found)).collect()
}

/// Threads that are not archived and that the bot sees.
fn active_threads(world: &World, guild: &Guild) -> Vec<Value> {
    let is_active = |id: &&Snowflake| {
        let thread = world.channels.get(id).and_then(|channel| channel.thread.as_ref());
        thread.is_some_and(|thread| !thread.is_archived) && world.may_view(**id, world.bot_id())
    };
    let ids: Vec<Snowflake> = guild.threads.iter().filter(is_active).copied().collect();
    channels(world, &ids)
}

/// A guild as in READY and in `GUILD_DELETE`; without `unavailable` the bot was removed.
pub(crate) fn guild_unavailable(id: Snowflake, is_outage: bool) -> Value {
    let mut value = Map::new();
    value.insert("id".to_owned(), json!(id));
    if is_outage {
        value.insert("unavailable".to_owned(), json!(true));
    }
    Value::Object(value)
}

/// A guild as in `GET /users/@me/guilds`.
pub(crate) fn guild_info(world: &World, guild: &Guild) -> Value {
    let bot = world.bot_id();
    json!({
        "id": guild.id,
        "name": guild.name,
        "icon": null,
        "banner": null,
        "owner": guild.owner == bot,
        "permissions": permissions(world.permissions_in_guild(guild.id, bot)),
        "features": [],
    })
}
