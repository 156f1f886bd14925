//! Where the description and the real API differ.

use serde_json::{Value, json};

/// The bodies by which commands are made and changed.
const COMMANDS: [&str; 3] = [
    "ApplicationCommandCreateRequest",
    "ApplicationCommandPatchRequestPartial",
    "ApplicationCommandUpdateRequest",
];

/// Puts right what the description has wrong. Each entry names its reason.
pub(super) fn apply(root: &mut Value) {
    for command in COMMANDS {
        // Permissions are decimal strings in every request and response, and documented so:
        // https://discord.com/developers/docs/interactions/application-commands#application-command-object
        let permissions = json!({ "type": ["string", "integer", "null"], "pattern": "^[0-9]+$" });
        set(root, command, "default_member_permissions", permissions);
        // Documented in the same place, and missing here.
        set(root, command, "nsfw", json!({ "type": ["boolean", "null"] }));
    }
    // The same strings in roles and overwrites: https://discord.com/developers/docs/topics/permissions
    let permissions = json!({ "type": ["string", "integer", "null"], "pattern": "^[0-9]+$" });
    for role in ["CreateRoleRequest", "UpdateRoleRequestPartial"] {
        set(root, role, "permissions", permissions.clone());
    }
    let overwrite = "/paths/~1channels~1{channel_id}~1permissions~1{overwrite_id}/put/requestBody/content/application~1json/schema/properties";
    for field in ["allow", "deny"] {
        set(root, "ChannelPermissionOverwriteRequest", field, permissions.clone());
        if let Some(properties) = root.pointer_mut(overwrite) {
            properties[field] = permissions.clone();
        }
    }
    // Lifting a ban takes no body: https://discord.com/developers/docs/resources/guild#remove-guild-ban
    if let Some(body) = root.pointer_mut("/paths/~1guilds~1{guild_id}~1bans~1{user_id}/delete/requestBody") {
        body["required"] = json!(false);
    }
}

fn set(root: &mut Value, schema: &str, property: &str, value: Value) {
    let path = format!("/components/schemas/{schema}/properties");
    if let Some(Value::Object(properties)) = root.pointer_mut(&path) {
        properties.insert(property.to_owned(), value);
    }
}
