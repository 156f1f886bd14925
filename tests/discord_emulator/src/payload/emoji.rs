//! Emojis.

use serde_json::{Value, json};

use crate::world::{CustomEmoji, EmojiKey};

/// An emoji as in reactions.
pub(crate) fn emoji(key: &EmojiKey) -> Value {
    match key {
        EmojiKey::Unicode(name) => json!({ "id": null, "name": name }),
        EmojiKey::Custom { id, name } => json!({ "id": id, "name": name, "animated": false }),
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
        "animated": false,
        "available": true,
    })
}

/// The colours of a super reaction.
pub(crate) fn reaction_burst_colors(is_burst: bool) -> Value {
    if is_burst { json!(["#ffaa00"]) } else { json!([]) }
}
