//! Reading the body of a message that is to be posted or edited.

use std::sync::Arc;

use serde_json::Value;

use super::Refusal;
use super::call::{Call, id_of, text_of};
use crate::api::FilePart;
use crate::change::{AllowedMentions, Change, Draft, Edit};
use crate::snowflake::Snowflake;
use crate::world::{Attachment, Message, Reference, flags};

/// The flags that a bot may set itself.
const SETTABLE: u64 = flags::SUPPRESS_EMBEDS | flags::SUPPRESS_NOTIFICATIONS | flags::IS_COMPONENTS_V2;

/// Reads a new message; `settable` are flags allowed beside the usual ones.
pub(super) fn draft(
    call: &Call<'_>,
    change: &mut Change<'_>,
    body: &Value,
    settable: u64,
) -> Result<Draft, Refusal> {
    let attachments = new_attachments(call, change, body);
    let draft = Draft {
        embeds: list(body, "embeds"),
        components: list(body, "components"),
        attachments,
        allowed: AllowedMentions::read(&body["allowed_mentions"]),
        flags: body["flags"].as_u64().unwrap_or(0) & (SETTABLE | settable),
        nonce: body.get("nonce").filter(|nonce| !nonce.is_null()).cloned(),
        is_tts: body["tts"].as_bool().unwrap_or(false),
        poll: body.get("poll").filter(|poll| !poll.is_null()).cloned(),
        ..Draft::text(text_of(body, "content").unwrap_or_default().trim())
    };
    let is_v2 = draft.flags & flags::IS_COMPONENTS_V2 != 0;
    if is_v2 && !(draft.content.is_empty() && draft.embeds.is_empty() && draft.poll.is_none()) {
        let message = "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2";
        return Err(Refusal::form("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message));
    }
    // Buttons alone do make a message.
    let is_empty = draft.content.trim().is_empty()
        && draft.embeds.is_empty()
        && draft.attachments.is_empty()
        && draft.components.is_empty()
        && draft.poll.is_none()
        && body["sticker_ids"].as_array().is_none_or(Vec::is_empty);
    if is_empty && body["message_reference"]["type"] != 1 {
        return Err(Refusal::EMPTY_MESSAGE);
    }
    Ok(draft)
}

/// Reads what an edit replaces: absent stays, `null` and empty go.
pub(super) fn edit(
    call: &Call<'_>,
    change: &mut Change<'_>,
    body: &Value,
    old: &Message,
) -> Result<Edit, Refusal> {
    let replaced = |name: &str| body.get(name).map(|_| list(body, name));
    let has_files = body.get("attachments").is_some() || !call.request.files().is_empty();
    let attachments = has_files.then(|| {
        let kept = match body.get("attachments") {
            Some(listed) => {
                listed.as_array().into_iter().flatten().filter_map(|one| id_of(one, "id")).collect()
            }
            None => old.attachments.iter().map(|file| file.id).collect::<Vec<Snowflake>>(),
        };
        (kept, new_attachments(call, change, body))
    });
    let edit = Edit {
        content: body.get("content").map(|content| content.as_str().unwrap_or_default().trim().to_owned()),
        embeds: replaced("embeds"),
        components: replaced("components"),
        attachments,
        allowed: body.get("allowed_mentions").map(AllowedMentions::read),
        flags: body.get("flags").and_then(Value::as_u64).map(|new| {
            let changeable = flags::SUPPRESS_EMBEDS | flags::IS_COMPONENTS_V2;
            (old.flags & !flags::SUPPRESS_EMBEDS) | (new & changeable)
        }),
    };
    if would_be_empty(&edit, old) { Err(Refusal::EMPTY_MESSAGE) } else { Ok(edit) }
}

fn would_be_empty(edit: &Edit, old: &Message) -> bool {
    let files = edit.attachments.as_ref().map_or(old.attachments.len(), |(kept, new)| kept.len() + new.len());
    edit.content.as_ref().unwrap_or(&old.content).trim().is_empty()
        && edit.embeds.as_ref().unwrap_or(&old.embeds).is_empty()
        && edit.components.as_ref().unwrap_or(&old.components).is_empty()
        && files == 0
        && old.poll.is_none()
}

fn list(body: &Value, name: &str) -> Vec<Value> {
    body.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// The uploaded files, each with what `attachments` says of it.
fn new_attachments(call: &Call<'_>, change: &mut Change<'_>, body: &Value) -> Vec<Attachment> {
    let described = list(body, "attachments");
    let files = call.request.files().iter();
    files.map(|file| attachment(change.next_id(), file, &described)).collect()
}

fn attachment(id: Snowflake, file: &FilePart, described: &[Value]) -> Attachment {
    let index = file.name.strip_prefix("files[").and_then(|rest| rest.strip_suffix(']'));
    let is_its = |one: &&Value| match &one["id"] {
        Value::String(id) => Some(id.as_str()) == index,
        id => id.as_u64().map(|id| id.to_string()).as_deref() == index && index.is_some(),
    };
    let description = described.iter().find(is_its);
    Attachment {
        id,
        filename: description.and_then(|one| text_of(one, "filename")).unwrap_or(&file.filename).to_owned(),
        description: description.and_then(|one| text_of(one, "description")).map(ToOwned::to_owned),
        content_type: file.content_type.clone(),
        bytes: Arc::from(file.bytes.as_slice()),
    }
}

/// The message that a new one replies to or forwards.
pub(super) fn reference(
    change: &Change<'_>,
    channel: Snowflake,
    body: &Value,
) -> Result<Option<Reference>, Refusal> {
    let field = &body["message_reference"];
    if field.is_null() {
        return Ok(None);
    }
    let message =
        id_of(field, "message_id").ok_or_else(|| Refusal::required("message_reference.message_id"))?;
    let is_forward = field["type"] == 1;
    let from = id_of(field, "channel_id").filter(|_| is_forward).unwrap_or(channel);
    let found = change.message(from, message).filter(|message| !message.is_ephemeral());
    match found {
        Some(message) if !matches!(message.kind, 0 | 19 | 20 | 23) => {
            let message = "Cannot reply to a system message";
            Err(Refusal::form("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", message))
        }
        Some(_) => Ok(Some(Reference {
            channel: from,
            message: Some(message),
            guild: change.guild_of(from),
            is_forward,
        })),
        None if field["fail_if_not_exists"] == false => Ok(None),
        None => {
            Err(Refusal::form("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message"))
        }
    }
}
