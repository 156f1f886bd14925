//! The application and its commands.

use serde_json::{Map, Value, json};

use super::user;
use crate::world::{Command, World};

/// The application as READY carries it.
pub(crate) fn ready_application(world: &World) -> Value {
    json!({ "id": world.application_id(), "flags": flags(world) })
}

/// What the owner switched on (<https://discord.com/developers/docs/resources/application#application-object-application-flags>),
/// as an application in fewer than 100 guilds shows it.
fn flags(world: &World) -> u64 {
    let application = &world.application;
    let switched = [
        (application.has_presences, 13),
        (application.has_members, 15),
        (application.has_message_content, 19),
    ];
    switched.iter().filter(|(is_on, _)| *is_on).map(|(_, bit)| 1_u64 << bit).sum()
}

/// The application as `GET /applications/@me` returns it.
pub(crate) fn application(world: &World) -> Value {
    let found = &world.application;
    json!({
        "id": found.id,
        "name": found.name,
        "icon": null,
        "description": found.description,
        "summary": "",
        "type": null,
        "is_monetized": false,
        "bot": user(world, found.id),
        "bot_public": true,
        "bot_require_code_grant": false,
        "verify_key": "00".repeat(32),
        "flags": flags(world),
        "flags_new": flags(world).to_string(),
        "hook": true,
        "storefront_available": false,
        "redirect_uris": [],
        "rpc_origins": [],
        "tags": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "integration_types_config": { "0": {} },
        "owner": user(world, found.owner),
        "team": null,
        "approximate_guild_count": world.guild_ids().len(),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
        "max_participants": null,
    })
}

/// A command as writing it answers.
pub(crate) fn command(world: &World, found: &Command) -> Value {
    command_with(world, found, true)
}

/// A command as reading it answers, with or without its localisations.
pub(crate) fn command_with(world: &World, found: &Command, with_localizations: bool) -> Value {
    let mut value: Map<String, Value> = found.body.clone();
    value.insert("id".to_owned(), json!(found.id));
    value.insert("application_id".to_owned(), json!(world.application_id()));
    value.insert("version".to_owned(), json!(found.version));
    value.insert("type".to_owned(), json!(found.kind.number()));
    value.insert("name".to_owned(), json!(found.name));
    value.entry("description").or_insert_with(|| json!(""));
    value.entry("default_member_permissions").or_insert(Value::Null);
    value.entry("nsfw").or_insert(json!(false));
    if let Some(guild) = found.guild {
        value.insert("guild_id".to_owned(), json!(guild));
    } else {
        value.entry("contexts").or_insert(Value::Null);
        value.entry("integration_types").or_insert(json!([0]));
        let in_direct = value["contexts"].as_array().is_none_or(|contexts| contexts.contains(&json!(1)));
        value.insert("dm_permission".to_owned(), json!(in_direct));
    }
    if with_localizations {
        value.entry("name_localizations").or_insert(Value::Null);
        value.entry("description_localizations").or_insert(Value::Null);
    }
    let mut value = Value::Object(value);
    if !with_localizations {
        drop_localizations(&mut value);
    }
    value
}

fn drop_localizations(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("name_localizations");
            fields.remove("description_localizations");
            fields.values_mut().for_each(drop_localizations);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_localizations),
        _ => {}
    }
}
