//! Where the description and the real API differ.

use serde_json::{Value, json};

/// Puts right what the description has wrong. Each entry names its reason.
pub(super) fn apply(root: &mut Value) {
    // Permissions are decimal strings in every request and response, and documented so:
    // https://discord.com/developers/docs/interactions/application-commands#application-command-object
    for schema in [
        "ApplicationCommandCreateRequest",
        "ApplicationCommandPatchRequestPartial",
        "ApplicationCommandUpdateRequest",
    ] {
        let path = format!("/components/schemas/{schema}/properties/default_member_permissions");
        replace(root, &path, json!({ "type": ["string", "integer", "null"], "pattern": "^[0-9]+$" }));
        // Documented as a parameter of all three and left out of their description:
        // https://discord.com/developers/docs/interactions/application-commands#create-global-application-command
        add(root, schema, "nsfw", json!({ "type": ["boolean", "null"] }));
    }
}

fn replace(root: &mut Value, path: &str, schema: Value) {
    if let Some(place) = root.pointer_mut(path) {
        *place = schema;
    }
}

fn add(root: &mut Value, schema: &str, property: &str, description: Value) {
    if let Some(properties) = root.pointer_mut(&format!("/components/schemas/{schema}/properties")) {
        properties[property] = description;
    }
}
