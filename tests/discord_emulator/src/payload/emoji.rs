//! Emojis.

use serde_json::{Value, json};

use crate::world::{CustomEmoji, EmojiKey, World};

/// An emoji as in reactions.
pub(crate) fn emoji(world: &World, key: &EmojiKey) -> Value {
    match key {
        EmojiKey::Unicode(name) => json!({ "id": null, "name": name }),
        EmojiKey::Custom { id, name } => {
            let mut emojis = world.guilds.values().flat_map(|guild| &guild.emojis);
            let is_animated = emojis.any(|emoji| emoji.id == *id && emoji.is_animated);
            json!({ "id": id, "name": name, "animated": is_animated })
        }
    }
}

/// An emoji of a guild.
pub(crate) fn custom_emoji(emoji: &CustomEmoji) -> Value {
    json!({
        "id": emoji.id,
        "name": emoji.name,
        "roles": [],
        "require_colons": true,
        "managed": false,
        "animated": emoji.is_animated,
        "available": true,
    })
}

/// The colours of a super reaction.
pub(crate) fn reaction_burst_colors(is_burst: bool) -> Value {
    if is_burst { json!(["#ffaa00"]) } else { json!([]) }
}
