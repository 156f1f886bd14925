//! Messages as people read them.

use serde_json::Value;

use super::component::{Button, Select, components_text};
use super::member::emoji_key;
use super::{Channel, Member, Shared, wait};
use crate::snowflake::Snowflake;
use crate::world::{self, EmojiKey, flags};

/// A message. It reads as it is now, or as it last was where it has been deleted.
#[derive(Clone)]
pub struct Message {
    pub(super) inner: Shared,
    last: Box<world::Message>,
}

/// Who has reacted with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionView {
    key: EmojiKey,
    /// The character, or the custom emoji's name.
    pub emoji: String,
    /// Who has reacted, in the order of ids.
    pub users: Vec<Snowflake>,
    /// Who has with a super reaction.
    pub super_users: Vec<Snowflake>,
}

impl ReactionView {
    /// Whether it is this emoji, a character or `name:id`.
    #[must_use]
    #[track_caller]
    pub fn is(&self, emoji: &str) -> bool {
        self.key.is_same(&emoji_key(emoji))
    }

    /// All who have reacted, one way or the other.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.len() + self.super_users.len()
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Message({}, {:?})", self.last.id, self.text())
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.last.id == other.last.id
    }
}

impl Message {
    pub(super) fn new(inner: &Shared, last: world::Message) -> Self {
        Self { inner: Shared::clone(inner), last: Box::new(last) }
    }

    /// The message at this moment.
    pub(super) fn now(&self) -> world::Message {
        let world = self.inner.world();
        world.message(self.last.channel, self.last.id).unwrap_or(&self.last).clone()
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.last.id
    }

    /// Its channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        Channel::new(&self.inner, self.last.channel)
    }

    /// Who wrote it.
    #[must_use]
    pub fn author(&self) -> Snowflake {
        self.last.author
    }

    /// Whether the bot wrote it.
    #[must_use]
    pub fn is_by_bot(&self) -> bool {
        self.last.author == self.inner.world().bot_id()
    }

    /// Whether it has not been deleted.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.inner.world().message(self.last.channel, self.last.id).is_some()
    }

    /// The link that "Copy Message Link" gives.
    #[must_use]
    pub fn link(&self) -> String {
        let guild = self.inner.world().guild_of(self.last.channel);
        let guild = guild.map_or_else(|| "@me".to_owned(), |guild| guild.to_string());
        format!("https://discord.com/channels/{guild}/{}/{}", self.last.channel, self.last.id)
    }

    /// All that can be read on it, from top to bottom: content, embeds, text displays; not the buttons.
    #[must_use]
    pub fn text(&self) -> String {
        let message = self.now();
        if message.flags & flags::LOADING != 0 {
            return "is thinking…".to_owned();
        }
        let mut parts = vec![message.content.clone()];
        parts.extend(message.embeds.iter().map(embed_text));
        parts.push(components_text(&message.components));
        parts.retain(|part| !part.is_empty());
        parts.join("\n")
    }

    /// The content alone.
    #[must_use]
    pub fn content(&self) -> String {
        self.now().content
    }

    /// Its embeds, as they were sent.
    #[must_use]
    pub fn embeds(&self) -> Vec<Value> {
        self.now().embeds
    }

    /// Its components, as they were sent.
    #[must_use]
    pub fn components(&self) -> Vec<Value> {
        self.now().components
    }

    /// Its buttons, row by row.
    #[must_use]
    pub fn buttons(&self) -> Vec<Button> {
        Button::all(&self.now().components)
    }

    /// Its selects.
    #[must_use]
    pub fn selects(&self) -> Vec<Select> {
        Select::all(&self.now().components)
    }

    /// The names and bytes of its files.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.now().attachments.iter().map(|file| (file.filename.clone(), file.bytes.to_vec())).collect()
    }

    /// Whether only one person sees it.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.last.is_ephemeral()
    }

    /// Whether the bot "is thinking" in it.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.now().flags & flags::LOADING != 0
    }

    /// Whether it was posted so as to make no noise.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.now().flags & flags::SUPPRESS_NOTIFICATIONS != 0
    }

    /// Whether it says "edited".
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.now().edited.is_some()
    }

    /// Whether it is pinned.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.now().pinned.is_some()
    }

    /// The message that it replies to.
    #[must_use]
    pub fn reply_to(&self) -> Option<Snowflake> {
        self.last.reference.filter(|_| self.last.kind == 19).and_then(|reference| reference.message)
    }

    /// The users whom it pinged by name when it was posted.
    #[must_use]
    pub fn pings(&self) -> Vec<Snowflake> {
        self.last.pinged.users.clone()
    }

    /// The roles that it pinged.
    #[must_use]
    pub fn role_pings(&self) -> Vec<Snowflake> {
        self.last.pinged.roles.clone()
    }

    /// Whether it pinged everyone.
    #[must_use]
    pub fn pings_everyone(&self) -> bool {
        self.last.pinged.everyone
    }

    /// Whether this person was notified: by name, by a role or by `@everyone`, and only if they see the channel. In
    /// direct messages everything notifies.
    #[must_use]
    pub fn notifies(&self, person: &Member) -> bool {
        self.notified().contains(&person.id())
    }

    /// Everybody who was.
    #[must_use]
    pub fn notified(&self) -> Vec<Snowflake> {
        self.inner.world().notified(&self.last)
    }

    /// Its reactions, in the order in which each emoji came.
    #[must_use]
    pub fn reactions(&self) -> Vec<ReactionView> {
        self.now()
            .reactions
            .iter()
            .map(|reaction| ReactionView {
                key: reaction.emoji.clone(),
                emoji: match &reaction.emoji {
                    EmojiKey::Unicode(name) | EmojiKey::Custom { name, .. } => name.to_string(),
                },
                users: reaction.normal.iter().copied().collect(),
                super_users: reaction.burst.iter().copied().collect(),
            })
            .collect()
    }

    /// Takes all reactions away, as a moderator.
    pub fn clear_reactions(&self) {
        self.inner.change().clear_reactions(self.last.channel, self.last.id);
    }

    /// Takes all reactions with one emoji away, as a moderator.
    ///
    /// # Panics
    ///
    /// When it is no emoji.
    #[track_caller]
    pub fn clear_emoji(&self, emoji: &str) {
        self.inner.change().clear_emoji(self.last.channel, self.last.id, &emoji_key(emoji));
    }

    /// Deletes it.
    pub fn delete(&self) {
        self.inner.change().delete_message(self.last.channel, self.last.id);
    }

    /// The message as the HTTP API returns it to a bot that may read everything.
    #[must_use]
    pub fn json(&self) -> Value {
        let message = self.now();
        crate::payload::message(&self.inner.world(), &message)
    }

    /// Waits until `is_true` holds of it.
    ///
    /// # Panics
    ///
    /// When it does not by the deadline, with the text as it is.
    pub async fn wait_until(&self, is_true: impl Fn(&Self) -> bool) {
        let found = wait::until(&self.inner, || is_true(self).then_some(())).await;
        assert!(found.is_some(), "the message did not become what was waited for; it says {:?}", self.text());
    }
}

/// An embed as it is read: author, title, description, fields, footer.
fn embed_text(embed: &Value) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut add =
        |text: &Value| lines.extend(text.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned));
    add(&embed["author"]["name"]);
    add(&embed["title"]);
    add(&embed["description"]);
    for field in embed["fields"].as_array().into_iter().flatten() {
        add(&field["name"]);
        add(&field["value"]);
    }
    add(&embed["footer"]["text"]);
    lines.join("\n")
}
