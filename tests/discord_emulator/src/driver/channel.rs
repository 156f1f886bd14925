//! Channels, threads and direct conversations.

use super::{Guild, Member, Message, Role, Shared, wait};
use crate::permissions::{OverwriteTarget, Permissions};
use crate::snowflake::Snowflake;

/// A channel, a thread or a direct conversation.
#[derive(Clone)]
pub struct Channel {
    pub(super) inner: Shared,
    id: Snowflake,
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Channel({}, {:?})", self.id, self.name())
    }
}

/// Whom an overwrite is about: a role or a member.
pub trait OverwriteFor {
    /// The role or member.
    fn target(&self) -> OverwriteTarget;
}

impl OverwriteFor for Role {
    fn target(&self) -> OverwriteTarget {
        OverwriteTarget::Role(self.id())
    }
}

impl OverwriteFor for Member {
    fn target(&self) -> OverwriteTarget {
        OverwriteTarget::Member(self.id())
    }
}

impl Channel {
    pub(super) fn new(inner: &Shared, id: Snowflake) -> Self {
        Self { inner: Shared::clone(inner), id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.id
    }

    /// Its name at this moment; empty for direct messages and for deleted channels.
    #[must_use]
    pub fn name(&self) -> String {
        self.inner.world().channels.get(&self.id).map(|channel| channel.name.to_string()).unwrap_or_default()
    }

    /// How it is mentioned.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<#{}>", self.id)
    }

    /// Its guild; `None` for direct messages.
    #[must_use]
    pub fn guild(&self) -> Option<Guild> {
        let guild = self.inner.world().guild_of(self.id);
        guild.map(|guild| Guild::new(&self.inner, guild))
    }

    /// Whether it has not been deleted.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.inner.world().channels.contains_key(&self.id)
    }

    /// The messages that everybody sees who sees the channel, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let world = self.inner.world();
        let Some(channel) = world.channels.get(&self.id) else { return Vec::new() };
        let messages = channel.messages.values().filter(|message| !message.is_ephemeral());
        messages.map(|message| Message::new(&self.inner, message.clone())).collect()
    }

    /// The messages that this person sees, their ephemeral ones among them; none where they do not see the channel.
    #[must_use]
    pub fn messages_for(&self, person: &Member) -> Vec<Message> {
        let world = self.inner.world();
        let Some(channel) = world.channels.get(&self.id).filter(|_| world.may_view(self.id, person.id()))
        else {
            return Vec::new();
        };
        let is_theirs =
            |message: &&crate::world::Message| message.only_for.is_none_or(|reader| reader == person.id());
        let messages = channel.messages.values().filter(is_theirs);
        messages.map(|message| Message::new(&self.inner, message.clone())).collect()
    }

    /// The newest message.
    #[must_use]
    pub fn last_message(&self) -> Option<Message> {
        self.messages().pop()
    }

    /// Waits for the first message of which `is_wanted` holds, posted already or not; those still "thinking" are
    /// looked at when they are filled.
    ///
    /// # Panics
    ///
    /// When there is none by the deadline, with what there is instead.
    pub async fn wait_for_message(&self, is_wanted: impl Fn(&Message) -> bool) -> Message {
        let found = wait::until(&self.inner, || self.messages().into_iter().find(&is_wanted)).await;
        found.unwrap_or_else(|| {
            let texts: Vec<String> = self.messages().iter().map(Message::text).collect();
            panic!("no such message came in {self:?}; there are {texts:?}")
        })
    }

    /// Waits until the channel holds this many messages, and returns them.
    ///
    /// # Panics
    ///
    /// When it does not by the deadline.
    pub async fn wait_for_messages(&self, count: usize) -> Vec<Message> {
        let enough = || Some(self.messages()).filter(|messages| messages.len() >= count);
        let found = wait::until(&self.inner, enough).await;
        found.unwrap_or_else(|| panic!("{self:?} holds {} messages, not {count}", self.messages().len()))
    }

    /// Sets what the channel grants to a role or a member and what it takes from them.
    pub fn overwrite(&self, whom: &impl OverwriteFor, allow: Permissions, deny: Permissions) {
        self.inner.change().set_overwrite(self.id, whom.target(), allow, deny);
    }

    /// Takes permissions from the bot in this channel.
    pub fn deny_bot(&self, permissions: Permissions) {
        let mut change = self.inner.change();
        let bot = OverwriteTarget::Member(change.bot_id());
        change.set_overwrite(self.id, bot, Permissions::NONE, permissions);
    }

    /// Grants the bot permissions in this channel, in place of what was denied to it here.
    pub fn allow_bot(&self, permissions: Permissions) {
        let mut change = self.inner.change();
        let bot = OverwriteTarget::Member(change.bot_id());
        change.set_overwrite(self.id, bot, permissions, Permissions::NONE);
    }

    /// Hides the channel from the bot.
    pub fn hide_from_bot(&self) {
        self.deny_bot(Permissions::VIEW_CHANNEL);
    }

    /// Renames it.
    pub fn rename(&self, name: &str) {
        self.inner.change().update_channel(self.id, |channel| channel.name = name.into());
    }

    /// Deletes it with its messages and threads.
    pub fn delete(&self) {
        self.inner.change().delete_channel(self.id);
    }

    /// Archives a thread.
    pub fn archive(&self) {
        self.inner.change().set_archived(self.id, true, None);
    }

    /// Archives a thread and locks it.
    pub fn lock(&self) {
        self.inner.change().set_archived(self.id, true, Some(true));
    }

    /// Wakes an archived thread.
    pub fn unarchive(&self) {
        self.inner.change().set_archived(self.id, false, Some(false));
    }

    /// Whether it is an archived thread.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        let world = self.inner.world();
        let thread = world.channels.get(&self.id).and_then(|channel| channel.thread.as_ref());
        thread.is_some_and(|thread| thread.is_archived)
    }

    /// Deletes several of its messages at once, as a moderating bot does.
    pub fn delete_messages(&self, messages: &[Message]) {
        let ids: Vec<Snowflake> = messages.iter().map(Message::id).collect();
        self.inner.change().delete_messages(self.id, &ids);
    }
}
