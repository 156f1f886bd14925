//! Messages (<https://discord.com/developers/docs/resources/message#create-message>).

use serde_json::Value;

use super::finding::{At, Findings};
use super::{component, embed, mention};
use crate::api::FilePart;

const EPHEMERAL: i64 = 1 << 6;
pub(super) const COMPONENTS_V2: i64 = 1 << 15;

/// Whether a message is made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Edit,
}

/// How a message reaches its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// By the bot itself.
    Channel(Action),
    /// As an answer to an interaction.
    Interaction(Action),
}

pub(super) fn check(body: &Value, path: &str, place: Place, files: &[FilePart], findings: &mut Findings) {
    let message = At::new(body, path);
    findings.length("content.length", &message, "content", 0, 2000);
    findings.count("stickers.count", &message, "sticker_ids", 0, 3);
    findings.count("attachments.count", &message, "attachments", 0, 10);
    embed::check(&message, findings);
    mention::check(&message, findings);
    component::check(&message, findings);
    check_nonce(&message, findings);
    check_flags(&message, place, findings);
    check_files(files, findings);
    if place == Place::Channel(Action::Create) && files.is_empty() && is_empty(&message) {
        findings.note("message.empty", path, "Cannot send an empty message");
    }
}

fn check_nonce(message: &At<'_>, findings: &mut Findings) {
    findings.length("nonce.length", message, "nonce", 0, 25);
    if message.is_true("enforce_nonce") && message.field("nonce").is_none() {
        findings.note("nonce.missing", &message.path("enforce_nonce"), "there is no nonce to enforce");
    }
}

fn check_flags(message: &At<'_>, place: Place, findings: &mut Findings) {
    let flags = message.number("flags").unwrap_or(0);
    if flags & EPHEMERAL != 0 && matches!(place, Place::Channel(_)) {
        let found = "only an answer to an interaction can be ephemeral";
        findings.note("flags.ephemeral", &message.path("flags"), found);
    }
    if flags & COMPONENTS_V2 == 0 {
        return;
    }
    for name in ["content", "embeds", "poll", "sticker_ids"] {
        let is_set = message.field(name).is_some_and(|field| !is_blank(field.value));
        if is_set {
            let code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2";
            let found = format!("The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2");
            findings.refuse("components.v2", &message.path(name), code, found);
        }
    }
}

fn check_files(files: &[FilePart], findings: &mut Findings) {
    if files.len() > 10 {
        findings.refuse("files.count", "files", "BASE_TYPE_BAD_LENGTH", format!("{} > 10", files.len()));
    }
}

fn is_empty(message: &At<'_>) -> bool {
    let has_words = message.text("content").is_some_and(|content| !content.trim().is_empty());
    let parts = [
        "embeds",
        "sticker_ids",
        "components",
        "poll",
        "attachments",
        "message_reference",
        "shared_client_theme",
    ];
    !has_words && parts.iter().all(|name| message.field(name).is_none_or(|field| is_blank(field.value)))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
