//! Messages.

use serde_json::{Map, Value, json};

use super::{channel, emoji, message_member, reaction_burst_colors, user};
use crate::snowflake::Snowflake;
use crate::world::{Attachment, Message, Reaction, Reference, World, flags};

/// A message as the HTTP API returns it to the bot, words and all.
pub(crate) fn message(world: &World, found: &Message) -> Value {
    let mut value = plain(world, found);
    if let Some(reference) = &found.reference {
        value["message_reference"] = reference_of(reference);
        let referenced = reference.message.and_then(|id| world.message(reference.channel, id));
        if reference.is_forward {
            value["message_snapshots"] =
                json!(referenced.map(|message| snapshot(world, message)).into_iter().collect::<Vec<_>>());
        } else if found.kind == 19 {
            value["referenced_message"] = referenced.map_or(Value::Null, |message| plain(world, message));
        }
    }
    value
}

/// The message without what stands in other messages.
fn plain(world: &World, found: &Message) -> Value {
    let mentioned = found.mentions.users.iter().map(|id| mentioned_user(world, found, *id));
    let mut value = json!({
        "id": found.id,
        "channel_id": found.channel,
        "author": user(world, found.author),
        "type": found.kind,
        "content": found.content,
        "timestamp": found.at.to_string(),
        "edited_timestamp": found.edited.map(|at| at.to_string()),
        "tts": found.is_tts,
        "mention_everyone": found.mentions.everyone,
        "mentions": mentioned.collect::<Vec<_>>(),
        "mention_roles": found.mentions.roles,
        "attachments": found.attachments.iter().map(|file| attachment(found, file)).collect::<Vec<_>>(),
        "embeds": found.embeds,
        "components": found.components,
        "flags": found.flags,
        "pinned": found.pinned.is_some(),
    });
    if !found.reactions.is_empty() {
        value["reactions"] =
            json!(found.reactions.iter().map(|one| reaction(world, one)).collect::<Vec<_>>());
    }
    if let Some(metadata) = &found.interaction_metadata {
        value["interaction_metadata"] = metadata.clone();
        if let Some(legacy) = legacy_interaction(metadata) {
            value["interaction"] = legacy;
        }
    }
    if found.interaction.is_some() {
        value["webhook_id"] = json!(world.application_id());
        value["application_id"] = json!(world.application_id());
    }
    if let Some(poll) = &found.poll {
        value["poll"] = poll.clone();
    }
    if found.flags & flags::HAS_THREAD != 0
        && let Some(thread) = world.channels.get(&found.id)
    {
        value["thread"] = channel(world, thread);
    }
    value
}

fn mentioned_user(world: &World, found: &Message, id: Snowflake) -> Value {
    let mut value = user(world, id);
    let guild = world.guild_of(found.channel).and_then(|guild| world.guilds.get(&guild));
    if let Some(member) = guild.and_then(|guild| message_member(guild, id)) {
        value["member"] = member;
    }
    value
}

fn reference_of(reference: &Reference) -> Value {
    let mut value = json!({ "type": u8::from(reference.is_forward), "channel_id": reference.channel });
    if let Some(message) = reference.message {
        value["message_id"] = json!(message);
    }
    if let Some(guild) = reference.guild {
        value["guild_id"] = json!(guild);
    }
    value
}

fn snapshot(world: &World, found: &Message) -> Value {
    let full = plain(world, found);
    let kept = [
        "content",
        "timestamp",
        "edited_timestamp",
        "mentions",
        "mention_roles",
        "attachments",
        "embeds",
        "type",
        "flags",
        "components",
    ];
    let fields: Map<String, Value> = kept.iter().map(|key| ((*key).to_owned(), full[*key].clone())).collect();
    json!({ "message": fields })
}

fn attachment(found: &Message, file: &Attachment) -> Value {
    let url =
        format!("https://cdn.discordapp.com/attachments/{}/{}/{}", found.channel, file.id, file.filename);
    let mut value = json!({
        "id": file.id,
        "filename": file.filename,
        "size": file.bytes.len(),
        "url": url,
        "proxy_url": url.replace("cdn.discordapp.com", "media.discordapp.net"),
    });
    if let Some(content_type) = &file.content_type {
        value["content_type"] = json!(content_type);
    }
    if let Some(description) = &file.description {
        value["description"] = json!(description);
    }
    if found.is_ephemeral() {
        value["ephemeral"] = json!(true);
    }
    value
}

fn reaction(world: &World, reaction: &Reaction) -> Value {
    let bot = world.bot_id();
    json!({
        "emoji": emoji(world, &reaction.emoji),
        "count": reaction.count(),
        "count_details": { "burst": reaction.burst.len(), "normal": reaction.normal.len() },
        "burst_colors": reaction_burst_colors(!reaction.burst.is_empty()),
        "me": reaction.normal.contains(&bot),
        "me_burst": reaction.burst.contains(&bot),
        "burst_me": reaction.burst.contains(&bot),
        "burst_count": reaction.burst.len(),
    })
}

/// The deprecated `interaction`, which Discord sends for commands only.
fn legacy_interaction(metadata: &Value) -> Option<Value> {
    let name = metadata.get("name")?;
    Some(json!({ "id": metadata["id"], "type": metadata["type"], "name": name, "user": metadata["user"] }))
}

/// A message as the answer to the request that made it: with its nonce.
pub(crate) fn message_created(world: &World, found: &Message) -> Value {
    let mut value = message(world, found);
    if let Some(nonce) = &found.nonce {
        value["nonce"] = nonce.clone();
    }
    value
}

/// A message as in `MESSAGE_CREATE` and `MESSAGE_UPDATE`.
pub(crate) fn message_event(world: &World, found: &Message) -> Value {
    let mut value = message_created(world, found);
    let guild = world.guild_of(found.channel);
    value["channel_type"] = json!(world.channels.get(&found.channel).map(|channel| channel.kind.number()));
    if let Some(guild) = guild {
        value["guild_id"] = json!(guild);
    }
    let member = guild
        .and_then(|guild| world.guilds.get(&guild))
        .and_then(|guild| message_member(guild, found.author));
    if let Some(member) = member {
        value["member"] = member;
    }
    value
}

/// The same for an application without the message content intent
/// (<https://discord.com/developers/docs/events/gateway#message-content-intent>).
pub(crate) fn without_content(world: &World, found: &Message, mut value: Value) -> Value {
    if !world.is_readable_without_intent(found) {
        strip(&mut value);
    }
    let referenced =
        found.reference.as_ref().and_then(|reference| world.message(reference.channel, reference.message?));
    if let Some(referenced) = referenced.filter(|referenced| !world.is_readable_without_intent(referenced)) {
        if referenced.author != world.bot_id() && value["referenced_message"].is_object() {
            strip(&mut value["referenced_message"]);
        }
        for snapshot in value["message_snapshots"].as_array_mut().into_iter().flatten() {
            strip(&mut snapshot["message"]);
        }
    }
    value
}

fn strip(value: &mut Value) {
    let Some(fields) = value.as_object_mut() else { return };
    fields.insert("content".to_owned(), json!(""));
    for list in ["embeds", "attachments", "components"] {
        fields.insert(list.to_owned(), json!([]));
    }
    fields.remove("poll");
}
