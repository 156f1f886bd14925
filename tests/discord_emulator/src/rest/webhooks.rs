//! What follows the first response: `@original` and follow-ups, under the interaction's token.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::interactions::belonging;
use super::{Answer, Refusal, Route, message_body};
use crate::api::ApiResponse;
use crate::change::{Change, Draft};
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Interaction, Message, Reference, World, flags};

pub(super) const ROUTES: &[Route] = &[
    (Method::POST, "/webhooks/{webhook_id}/{webhook_token}", follow_up),
    (Method::GET, "/webhooks/{webhook_id}/{webhook_token}/messages/@original", get_original),
    (Method::PATCH, "/webhooks/{webhook_id}/{webhook_token}/messages/@original", edit_original),
    (Method::DELETE, "/webhooks/{webhook_id}/{webhook_token}/messages/@original", delete_original),
    (Method::GET, "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", get),
    (Method::PATCH, "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", edit),
    (Method::DELETE, "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", delete),
];

/// The interaction of the token, which must live and be acknowledged.
fn found(call: &Call<'_>, world: &World) -> Result<Interaction, Refusal> {
    if call.id("webhook_id")? != world.application_id() {
        return Err(Refusal::UNKNOWN_WEBHOOK);
    }
    let interaction =
        world.interactions.get(call.text("webhook_token")).ok_or(Refusal::INVALID_WEBHOOK_TOKEN)?;
    if interaction.is_expired(world.now(), call.inner.options.interaction_lifetime) {
        return Err(Refusal::INVALID_WEBHOOK_TOKEN);
    }
    if interaction.acknowledged.is_none() {
        return Err(Refusal::UNKNOWN_WEBHOOK);
    }
    Ok(interaction.clone())
}

/// The message that `@original` names; after a form or choices there is none.
fn original(found: &Interaction) -> Result<Snowflake, Refusal> {
    found.original.ok_or(Refusal::UNKNOWN_WEBHOOK)
}

/// A message that this interaction has made.
fn named(call: &Call<'_>, found: &Interaction) -> Result<Snowflake, Refusal> {
    let id = call.id("message_id")?;
    let is_its = found.original == Some(id) || found.follow_ups.contains(&id);
    if is_its { Ok(id) } else { Err(Refusal::UNKNOWN_MESSAGE) }
}

fn message<'w>(world: &'w World, found: &Interaction, id: Snowflake) -> Result<&'w Message, Refusal> {
    world.message(found.channel, id).ok_or(Refusal::UNKNOWN_MESSAGE)
}

fn follow_up(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let interaction = found(call, &change)?;
    let original = interaction.original.and_then(|id| change.message(interaction.channel, id)).cloned();
    // While the bot is thinking, the first follow-up fills the thinking message instead
    // (https://discord.com/developers/docs/interactions/receiving-and-responding#create-followup-message).
    if let Some(original) = original.as_ref().filter(|message| message.flags & flags::LOADING != 0) {
        return apply_edit(call, &mut change, &interaction, original);
    }
    let draft = message_body::draft(call, &mut change, call.body(), flags::EPHEMERAL)?;
    let reference = original.map(|original| Reference {
        channel: interaction.channel,
        message: Some(original.id),
        guild: interaction.guild,
        is_forward: false,
    });
    let mut draft = belonging(&change, &interaction, draft);
    if reference.is_some() {
        draft = Draft { kind: 19, reference, ..draft };
    }
    if let (Some(metadata), Some(original)) = (draft.interaction_metadata.as_mut(), interaction.original) {
        metadata["original_response_message_id"] = json!(original);
    }
    let bot = change.bot_id();
    let id = change.post(interaction.channel, bot, draft);
    if let Some(interaction) = change.interactions.get_mut(&interaction.token) {
        interaction.follow_ups.push(id);
    }
    let posted = message(&change, &interaction, id)?;
    Ok(ApiResponse::ok(payload::message_created(&change, posted)))
}

fn get_original(call: &Call<'_>) -> Answer {
    let world = call.world();
    let interaction = found(call, &world)?;
    let id = original(&interaction)?;
    Ok(ApiResponse::ok(payload::message(&world, message(&world, &interaction, id)?)))
}

fn get(call: &Call<'_>) -> Answer {
    let world = call.world();
    let interaction = found(call, &world)?;
    let id = named(call, &interaction)?;
    Ok(ApiResponse::ok(payload::message(&world, message(&world, &interaction, id)?)))
}

fn edit_original(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let interaction = found(call, &change)?;
    let old = message(&change, &interaction, original(&interaction)?)?.clone();
    apply_edit(call, &mut change, &interaction, &old)
}

fn edit(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let interaction = found(call, &change)?;
    let old = message(&change, &interaction, named(call, &interaction)?)?.clone();
    apply_edit(call, &mut change, &interaction, &old)
}

fn apply_edit(call: &Call<'_>, change: &mut Change<'_>, interaction: &Interaction, old: &Message) -> Answer {
    let edit = message_body::edit(call, change, call.body(), old)?;
    change.edit(interaction.channel, old.id, edit);
    if interaction.original == Some(old.id)
        && let Some(interaction) = change.interactions.get_mut(&interaction.token)
    {
        interaction.edits += 1;
    }
    let edited: Value = payload::message(change, message(change, interaction, old.id)?);
    Ok(ApiResponse::ok(edited))
}

fn delete_original(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let interaction = found(call, &change)?;
    let id = original(&interaction)?;
    remove(&mut change, &interaction, id)
}

fn delete(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let interaction = found(call, &change)?;
    let id = named(call, &interaction)?;
    remove(&mut change, &interaction, id)
}

fn remove(change: &mut Change<'_>, interaction: &Interaction, id: Snowflake) -> Answer {
    message(change, interaction, id)?;
    change.delete_message(interaction.channel, id);
    Ok(ApiResponse::no_content())
}
