//! Where the description and the real API differ.

use serde_json::{Value, json};

/// The bodies by which commands are made and changed.
const COMMANDS: [&str; 3] =
    ["ApplicationCommandCreateRequest", "ApplicationCommandPatchRequestPartial", "ApplicationCommandUpdateRequest"];

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
}

fn set(root: &mut Value, schema: &str, property: &str, value: Value) {
    let path = format!("/components/schemas/{schema}/properties");
    if let Some(Value::Object(properties)) = root.pointer_mut(&path) {
        properties.insert(property.to_owned(), value);
    }
}
