//! Interactions, as `INTERACTION_CREATE` carries them.

use serde_json::{Value, json};

use super::user::permissions;
use super::{interaction_member, partial_channel, user};
use crate::permissions::Permissions;
use crate::world::{Interaction, InteractionKind, World};

/// What differs between interactions.
pub(crate) struct InteractionParts {
    /// `data`.
    pub(crate) data: Value,
    /// `message`, for components and for modals opened from one.
    pub(crate) message: Option<Value>,
    /// Bytes that one file of its answer may have.
    pub(crate) attachment_size_limit: u64,
}

/// The event for one interaction.
pub(crate) fn interaction(world: &World, found: &Interaction, parts: InteractionParts) -> Value {
    let guild = found.guild.and_then(|guild| world.guilds.get(&guild));
    let mut value = json!({
        "id": found.id,
        "application_id": world.application_id(),
        "type": found.kind.number(),
        "token": found.token,
        "version": 1,
        "data": parts.data,
        "channel": partial_channel(world, found.channel, found.user),
        "channel_id": found.channel,
        "locale": world.users.get(&found.user).map_or("en-US", |user| user.locale),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": owners(found),
        "context": u8::from(guild.is_none()),
        "attachment_size_limit": parts.attachment_size_limit,
        "app_permissions": permissions(app_permissions(world, found)),
    });
    if let Some(guild) = guild {
        value["guild_id"] = json!(guild.id);
        value["guild"] = json!({ "id": guild.id, "locale": guild.locale, "features": [] });
        value["guild_locale"] = json!(guild.locale);
        value["member"] = interaction_member(world, guild, found.user, found.channel).unwrap_or(Value::Null);
    } else {
        value["user"] = user(world, found.user);
    }
    if let Some(message) = parts.message {
        value["message"] = message;
    }
    value
}

/// In a guild where the application is installed without its bot, it still has what answering needs.
fn app_permissions(world: &World, found: &Interaction) -> Permissions {
    world.permissions_in(found.channel, world.bot_id())
}

fn owners(found: &Interaction) -> Value {
    json!({ "0": found.guild.map_or_else(|| "0".to_owned(), |guild| guild.to_string()) })
}

/// `interaction_metadata` of a message that answers the interaction.
pub(crate) fn interaction_metadata(world: &World, found: &Interaction) -> Value {
    let mut value = json!({
        "id": found.id,
        "type": found.kind.number(),
        "user": user(world, found.user),
        "authorizing_integration_owners": owners(found),
    });
    if let Some(command) = &found.cause.command
        && found.kind == InteractionKind::Command
    {
        value["name"] = json!(command);
        value["command_type"] = json!(if found.cause.target.is_some() { 3 } else { 1 });
    }
    if let Some(target) = found.cause.target {
        value["target_message_id"] = json!(target);
    }
    match (found.kind, found.cause.message, &found.cause.opened_by) {
        (InteractionKind::Component, Some(message), _) => value["interacted_message_id"] = json!(message),
        (InteractionKind::Modal, _, Some(opened_by)) => {
            value["triggering_interaction_metadata"] = opened_by.clone();
        }
        _ => {}
    }
    value
}
