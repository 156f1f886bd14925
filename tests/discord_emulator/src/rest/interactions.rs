//! The first response to an interaction.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::{Answer, Refusal, Route, message_body};
use crate::api::ApiResponse;
use crate::change::{AllowedMentions, Change, Draft};
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Acknowledged, Interaction, InteractionKind, Reference, flags};

pub(super) const ROUTES: &[Route] =
    &[(Method::POST, "/interactions/{interaction_id}/{interaction_token}/callback", respond)];

fn respond(call: &Call<'_>) -> Answer {
    let (id, token, body) = (call.id("interaction_id")?, call.text("interaction_token"), call.body());
    let mut change = call.change();
    let now = change.now();
    let found = change
        .interactions
        .get(token)
        .filter(|one| one.id == id)
        .ok_or(Refusal::UNKNOWN_INTERACTION)?
        .clone();
    if found.is_overdue(now, call.inner.options.interaction_deadline)
        || found.is_expired(now, call.inner.options.interaction_lifetime)
    {
        return Err(Refusal::UNKNOWN_INTERACTION);
    }
    if found.acknowledged.is_some() {
        return Err(Refusal::ALREADY_ACKNOWLEDGED);
    }
    let kind = body["type"].as_u64().ok_or_else(|| Refusal::required("type"))?;
    ensure_fitting(&found, kind)?;
    let (acknowledged, message) = match kind {
        4 => (Acknowledged::Message, Some(post(call, &mut change, &found)?)),
        5 => (Acknowledged::DeferredMessage, Some(defer(&mut change, &found, &body["data"]))),
        6 => (Acknowledged::DeferredUpdate, found.cause.message),
        7 => (Acknowledged::Update, Some(update(call, &mut change, &found)?)),
        8 => (Acknowledged::Choices(choices(&body["data"])?), None),
        9 => (Acknowledged::Modal(modal(&body["data"])?), None),
        other => (Acknowledged::Other(other), None),
    };
    if let Some(interaction) = change.interactions.get_mut(token) {
        interaction.acknowledged = Some(acknowledged);
        interaction.acknowledged_after = Some(call.request.at.saturating_duration_since(interaction.told));
        interaction.original = message;
    }
    if call.is_set("with_response") {
        return Ok(ApiResponse::ok(described(&change, &found, kind, message)));
    }
    Ok(ApiResponse::no_content())
}

/// Which types answer which interactions
/// (<https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type>).
fn ensure_fitting(found: &Interaction, kind: u64) -> Result<(), Refusal> {
    let fits = match found.kind {
        InteractionKind::Command => matches!(kind, 4 | 5 | 9 | 10 | 12),
        InteractionKind::Component => matches!(kind, 4..=7 | 9 | 10 | 12),
        InteractionKind::Autocomplete => kind == 8,
        InteractionKind::Modal => {
            matches!(kind, 4 | 5 | 10 | 12) || (matches!(kind, 6 | 7) && found.cause.message.is_some())
        }
    };
    let message = format!("Value {kind} is not a valid response to this interaction.");
    if fits { Ok(()) } else { Err(Refusal::form("type", "BASE_TYPE_CHOICES", message)) }
}

/// What every message of an interaction has.
pub(super) fn belonging(change: &Change<'_>, found: &Interaction, draft: Draft) -> Draft {
    let is_ephemeral = draft.flags & flags::EPHEMERAL != 0;
    // An answer to a component refers to the message that carries it.
    let component = found.cause.message.map(|message| Reference {
        channel: found.channel,
        message: Some(message),
        guild: found.guild,
        is_forward: false,
    });
    let kind = match (found.kind, found.cause.target) {
        (InteractionKind::Command, None) => 20,
        (InteractionKind::Command, Some(_)) => 23,
        _ if component.is_some() => 19,
        _ => draft.kind,
    };
    let allowed = AllowedMentions { replied_user: false, ..draft.allowed };
    Draft {
        kind,
        allowed,
        reference: component,
        interaction: Some(found.token.clone()),
        interaction_metadata: Some(payload::interaction_metadata(change, found)),
        only_for: is_ephemeral.then_some(found.user),
        ..draft
    }
}

fn post(call: &Call<'_>, change: &mut Change<'_>, found: &Interaction) -> Result<Snowflake, Refusal> {
    if !change.channels.contains_key(&found.channel) {
        return Err(Refusal::UNKNOWN_CHANNEL);
    }
    let draft = message_body::draft(call, change, &call.body()["data"], flags::EPHEMERAL)?;
    let (draft, bot) = (belonging(change, found, draft), change.bot_id());
    Ok(change.post(found.channel, bot, draft))
}

/// The bot "is thinking": a message without words that the first edit fills.
fn defer(change: &mut Change<'_>, found: &Interaction, data: &Value) -> Snowflake {
    let ephemeral = data["flags"].as_u64().unwrap_or(0) & flags::EPHEMERAL;
    let draft = Draft { flags: flags::LOADING | ephemeral, ..Draft::text("") };
    let (draft, bot) = (belonging(change, found, draft), change.bot_id());
    change.post(found.channel, bot, draft)
}

fn update(call: &Call<'_>, change: &mut Change<'_>, found: &Interaction) -> Result<Snowflake, Refusal> {
    let id = found.cause.message.ok_or(Refusal::UNKNOWN_MESSAGE)?;
    let old = change.message(found.channel, id).ok_or(Refusal::UNKNOWN_MESSAGE)?.clone();
    let edit = message_body::edit(call, change, &call.body()["data"], &old)?;
    change.edit(found.channel, id, edit);
    Ok(id)
}

fn choices(data: &Value) -> Result<Vec<Value>, Refusal> {
    let choices = data["choices"].as_array().cloned().ok_or_else(|| Refusal::required("data.choices"))?;
    if choices.len() > 25 {
        return Err(Refusal::form("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."));
    }
    Ok(choices)
}

fn modal(data: &Value) -> Result<Value, Refusal> {
    for field in ["custom_id", "title"] {
        if data[field].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::required(format!("data.{field}")));
        }
    }
    if data["components"].as_array().is_none_or(Vec::is_empty) {
        return Err(Refusal::required("data.components"));
    }
    Ok(data.clone())
}

fn described(change: &Change<'_>, found: &Interaction, kind: u64, message: Option<Snowflake>) -> Value {
    let mut interaction = json!({ "id": found.id, "type": found.kind.number() });
    let mut resource = json!({ "type": kind });
    let shown = message.and_then(|id| change.message(found.channel, id));
    if let Some(shown) = shown {
        interaction["response_message_id"] = json!(shown.id);
        interaction["response_message_loading"] = json!(shown.flags & flags::LOADING != 0);
        interaction["response_message_ephemeral"] = json!(shown.is_ephemeral());
        if matches!(kind, 4 | 7) {
            resource["message"] = payload::message(change, shown);
        }
    }
    json!({ "interaction": interaction, "resource": resource })
}
