//! Posting, editing, deleting and pinning messages.

use serde_json::{Value, json};

use super::{AllowedMentions, Change};
use crate::gateway::Intents;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Attachment, Mentioned, Message, Reference, World, flags};

const MESSAGES: [Intents; 2] = [Intents::GUILD_MESSAGES, Intents::DIRECT_MESSAGES];

/// A message that is about to be posted.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) content: String,
    pub(crate) embeds: Vec<Value>,
    pub(crate) components: Vec<Value>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) allowed: AllowedMentions,
    pub(crate) flags: u64,
    pub(crate) nonce: Option<Value>,
    pub(crate) is_tts: bool,
    pub(crate) reference: Option<Reference>,
    pub(crate) kind: u8,
    /// The token of the interaction that it answers.
    pub(crate) interaction: Option<String>,
    pub(crate) interaction_metadata: Option<Value>,
    pub(crate) only_for: Option<Snowflake>,
    pub(crate) poll: Option<Value>,
}

impl Draft {
    /// A message of plain text that mentions all that it names.
    pub(crate) fn text(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            allowed: AllowedMentions::everything(),
            flags: 0,
            nonce: None,
            is_tts: false,
            reference: None,
            kind: 0,
            interaction: None,
            interaction_metadata: None,
            only_for: None,
            poll: None,
        }
    }
}

/// What an edit replaces; `None` leaves as it was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    pub(crate) content: Option<String>,
    pub(crate) embeds: Option<Vec<Value>>,
    pub(crate) components: Option<Vec<Value>>,
    /// The attachments that stay, and the new ones.
    pub(crate) attachments: Option<(Vec<Snowflake>, Vec<Attachment>)>,
    pub(crate) allowed: Option<AllowedMentions>,
    pub(crate) flags: Option<u64>,
}

impl Change<'_> {
    /// Posts a message and tells of it, unless it is for one person's eyes only.
    pub(crate) fn post(&mut self, channel: Snowflake, author: Snowflake, draft: Draft) -> Snowflake {
        let id = self.next_id();
        let mentions = self.mentions_of(channel, author, &draft);
        let is_silent = draft.only_for.is_none() && draft.flags & flags::SUPPRESS_NOTIFICATIONS != 0;
        let message = Message {
            id,
            channel,
            author,
            kind: draft.kind,
            content: draft.content,
            at: self.now(),
            edited: None,
            flags: draft.flags,
            embeds: with_kinds(draft.embeds),
            components: with_ids(draft.components),
            attachments: draft.attachments,
            nonce: draft.nonce,
            is_tts: draft.is_tts,
            pinned: None,
            reference: draft.reference,
            pinged: if is_silent { Mentioned::default() } else { mentions.clone() },
            mentions: mentions.clone(),
            reactions: Vec::new(),
            interaction: draft.interaction,
            interaction_metadata: draft.interaction_metadata,
            only_for: draft.only_for,
            poll: draft.poll,
        };
        let is_ephemeral = message.is_ephemeral();
        self.nonces.insert(&message);
        let Some(place) = self.channels.get_mut(&channel) else { return id };
        place.messages.insert(id, message);
        if !is_ephemeral {
            place.last_message = Some(id);
            self.wake_thread(channel, author);
            // Who is named in a thread is taken into it.
            for user in mentions.users {
                self.join_thread(channel, user);
            }
            self.tell_message("MESSAGE_CREATE", channel, id);
        }
        id
    }

    fn mentions_of(&self, channel: Snowflake, author: Snowflake, draft: &Draft) -> Mentioned {
        let replied_to = draft.reference.filter(|reference| draft.kind == 19 && !reference.is_forward);
        let replied_to = replied_to.and_then(|reference| self.message(reference.channel, reference.message?));
        let text = spoken(&draft.content, &draft.components);
        self.mentioned(channel, author, &text, &draft.allowed, replied_to.map(|message| message.author))
    }

    /// Tells of a message in words that fit what each session may read.
    fn tell_message(&self, name: &str, channel: Snowflake, id: Snowflake) {
        let Some(message) = self.message(channel, id) else { return };
        let full = payload::message_event(self, message);
        let Some(event) = self.channel_event(name, channel, MESSAGES, full.clone()) else { return };
        let bare = payload::without_content(self, message, full);
        self.inner.hub.dispatch(&event.without(Intents::MESSAGE_CONTENT, bare));
    }

    /// Replaces parts of a message. Nobody is notified again, whatever the new text mentions.
    pub(crate) fn edit(&mut self, channel: Snowflake, id: Snowflake, edit: Edit) {
        let now = self.now();
        let Some(message) = self.message_mut(channel, id) else { return };
        // The first edit of a deferred answer is what it was waiting for and does not count as one.
        let was_loading = message.flags & flags::LOADING != 0;
        if let Some(content) = edit.content {
            message.content = content;
        }
        if let Some(embeds) = edit.embeds {
            message.embeds = with_kinds(embeds);
        }
        if let Some(components) = edit.components {
            message.components = with_ids(components);
        }
        if let Some((kept, new)) = edit.attachments {
            message.attachments.retain(|file| kept.contains(&file.id));
            message.attachments.extend(new);
        }
        if let Some(flags) = edit.flags {
            message.flags = flags;
        }
        message.flags &= !flags::LOADING;
        if !was_loading {
            message.edited = Some(now);
        }
        let (author, text) = (message.author, spoken(&message.content, &message.components));
        let is_ephemeral = message.is_ephemeral();
        let allowed = edit.allowed.unwrap_or_else(AllowedMentions::everything);
        let mentions = self.mentioned(channel, author, &text, &allowed, None);
        if let Some(message) = self.message_mut(channel, id) {
            message.mentions = mentions;
        }
        if !is_ephemeral {
            self.tell_message("MESSAGE_UPDATE", channel, id);
        }
    }

    /// Deletes one message.
    pub(crate) fn delete_message(&mut self, channel: Snowflake, id: Snowflake) {
        let Some(message) = self.forget_message(channel, id) else { return };
        if !message.is_ephemeral() {
            let mut data = json!({ "id": id, "channel_id": channel });
            add_guild(self, channel, &mut data);
            self.tell_channel("MESSAGE_DELETE", channel, MESSAGES, data);
        }
    }

    /// Deletes several messages with one event.
    pub(crate) fn delete_messages(&mut self, channel: Snowflake, ids: &[Snowflake]) {
        let gone: Vec<Snowflake> =
            ids.iter().copied().filter(|id| self.forget_message(channel, *id).is_some()).collect();
        if !gone.is_empty() {
            let mut data = json!({ "ids": gone, "channel_id": channel });
            add_guild(self, channel, &mut data);
            self.tell_channel("MESSAGE_DELETE_BULK", channel, MESSAGES, data);
        }
    }

    fn forget_message(&mut self, channel: Snowflake, id: Snowflake) -> Option<Message> {
        let place = self.channels.get_mut(&channel)?;
        let message = place.messages.remove(&id)?;
        if let Some(thread) = place.thread.as_mut().filter(|_| !message.is_ephemeral()) {
            thread.message_count = thread.message_count.saturating_sub(1);
        }
        Some(message)
    }

    /// Pins a message, with the system message that says so, or takes the pin away.
    pub(crate) fn set_pinned(&mut self, channel: Snowflake, id: Snowflake, by: Snowflake, is_pinned: bool) {
        let now = self.now();
        let Some(message) = self.message_mut(channel, id) else { return };
        if message.pinned.is_some() == is_pinned {
            return;
        }
        message.pinned = is_pinned.then_some(now);
        let latest = self.channels.get_mut(&channel).map(|place| {
            place.last_pin = place.messages.values().filter_map(|message| message.pinned).max();
            place.last_pin
        });
        self.tell_message("MESSAGE_UPDATE", channel, id);
        let mut data =
            json!({ "channel_id": channel, "last_pin_timestamp": latest.flatten().map(|at| at.to_string()) });
        add_guild(self, channel, &mut data);
        self.tell_channel("CHANNEL_PINS_UPDATE", channel, [Intents::GUILDS, Intents::DIRECT_MESSAGES], data);
        if is_pinned {
            let guild = self.guild_of(channel);
            let reference = Reference { channel, message: Some(id), guild, is_forward: false };
            self.post(channel, by, Draft { kind: 6, reference: Some(reference), ..Draft::text("") });
        }
    }
}

fn add_guild(world: &World, channel: Snowflake, data: &mut Value) {
    if let Some(guild) = world.guild_of(channel) {
        data["guild_id"] = json!(guild);
    }
}

/// The text in which mentions count: the content, and the text displays of newer components.
fn spoken(content: &str, components: &[Value]) -> String {
    let mut text = content.to_owned();
    for component in components {
        add_displays(component, &mut text);
    }
    text
}

fn add_displays(component: &Value, text: &mut String) {
    if component["type"] == 10
        && let Some(display) = component["content"].as_str()
    {
        text.push('\n');
        text.push_str(display);
    }
    let inner = component["components"].as_array().into_iter().flatten();
    inner.for_each(|inner| add_displays(inner, text));
}

/// Discord says of each embed of a bot that it is `rich`.
fn with_kinds(mut embeds: Vec<Value>) -> Vec<Value> {
    for embed in &mut embeds {
        if let Some(fields) = embed.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            fields.entry("type").or_insert(json!("rich"));
            for field in fields.get_mut("fields").and_then(Value::as_array_mut).into_iter().flatten() {
                if field["inline"].is_null() {
                    field["inline"] = json!(false);
                }
            }
        }
    }
    embeds
}

/// Discord numbers the components that carry no id of their own, and spells out how many values a select takes.
fn with_ids(mut components: Vec<Value>) -> Vec<Value> {
    fn number(component: &mut Value, next: &mut u32) {
        if let Some(fields) = component.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
            if fields.get("id").and_then(Value::as_u64).unwrap_or(0) == 0 {
                fields.insert("id".to_owned(), json!(*next));
            }
            *next += 1;
            // A select of which nothing else is said takes one value.
            if matches!(fields.get("type").and_then(Value::as_u64), Some(3 | 5..=8)) {
                fields.entry("min_values").or_insert(json!(1));
                fields.entry("max_values").or_insert(json!(1));
            }
            for inner in fields.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten() {
                number(inner, next);
            }
        }
    }
    let mut next = 1;
    for component in &mut components {
        number(component, &mut next);
    }
    components
}
