//! Scheduled events and invites.

use serde_json::{Value, json};

use super::{channel, user};
use crate::world::{Invite, ScheduledEvent, World};

/// A scheduled event, with the number of people interested where it was asked for.
pub(crate) fn scheduled_event(world: &World, event: &ScheduledEvent, with_count: bool) -> Value {
    let mut value = json!({
        "id": event.id,
        "guild_id": event.guild,
        "channel_id": event.channel,
        "creator_id": event.creator,
        "creator": user(world, event.creator),
        "name": event.name,
        "description": event.description,
        "image": null,
        "scheduled_start_time": event.start.to_string(),
        "scheduled_end_time": event.end.map(|end| end.to_string()),
        "privacy_level": 2,
        "status": event.status,
        "entity_type": event.entity_type,
        "entity_id": null,
        "entity_metadata": event.location.as_ref().map(|location| json!({ "location": location })),
        "recurrence_rule": null,
        "guild_scheduled_event_exceptions": [],
    });
    if with_count {
        value["user_count"] = json!(event.interested.len());
    }
    value
}

/// An invite as the HTTP API returns it.
pub(crate) fn invite(world: &World, invite: &Invite) -> Value {
    let guild = world.guilds.get(&invite.guild);
    let found = world.channels.get(&invite.channel);
    json!({
        "type": 0,
        "code": invite.code,
        "expires_at": expires_at(invite),
        "created_at": invite.created.to_string(),
        "guild_id": invite.guild,
        "guild": {
            "id": invite.guild,
            "name": guild.map(|guild| &guild.name),
            "splash": null,
            "banner": null,
            "description": null,
            "icon": null,
            "features": [],
            "verification_level": 0,
            "vanity_url_code": null,
            "nsfw_level": 0,
            "nsfw": false,
            "premium_subscription_count": 0,
            "premium_tier": 0,
        },
        "channel": {
            "id": invite.channel,
            "name": found.map(|channel| &channel.name),
            "type": found.map(|channel| channel.kind.number()),
        },
        "inviter": user(world, invite.inviter),
        "max_age": invite.max_age,
        "max_uses": invite.max_uses,
        "uses": invite.uses,
        "temporary": invite.is_temporary,
        "flags": 0,
    })
}

fn expires_at(invite: &Invite) -> Option<String> {
    let age = std::time::Duration::from_secs(invite.max_age.into());
    (invite.max_age > 0).then(|| (invite.created + age).to_string())
}

/// An invite as in `INVITE_CREATE`.
pub(crate) fn invite_created(world: &World, invite: &Invite) -> Value {
    let channel = world.channels.get(&invite.channel).map(|found| channel(world, found));
    json!({
        "channel_id": invite.channel,
        "guild_id": channel.and_then(|channel| channel.get("guild_id").cloned()),
        "code": invite.code,
        "created_at": invite.created.to_string(),
        "expires_at": expires_at(invite),
        "inviter": user(world, invite.inviter),
        "max_age": invite.max_age,
        "max_uses": invite.max_uses,
        "temporary": invite.is_temporary,
        "uses": 0,
        "type": 0,
    })
}
