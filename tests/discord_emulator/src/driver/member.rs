//! People: what they do on their own.

#![expect(
    clippy::must_use_candidate,
    reason = "what people do counts, whether or not the test keeps the handle"
)]

use std::ops::Deref;
use std::time::Duration;

use super::{Channel, Guild, Message, Role, ScheduledEvent, Shared};
use crate::change::{Draft, NewThread};
use crate::permissions::Permissions;
use crate::rest::parse_emoji;
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, EmojiKey, Reference, User};

/// Somebody in a guild.
#[derive(Clone)]
pub struct Member {
    pub(super) inner: Shared,
    guild: Snowflake,
    user: Snowflake,
}

/// Another bot in a guild; it posts and reacts as people do, and uses no commands.
#[derive(Clone, Debug)]
pub struct BotMember(Member);

impl BotMember {
    pub(super) fn new(member: Member) -> Self {
        Self(member)
    }
}

impl Deref for BotMember {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.0
    }
}

impl std::fmt::Debug for Member {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Member({}, {:?})", self.user, self.name())
    }
}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.guild == other.guild
    }
}

impl Member {
    pub(super) fn new(inner: &Shared, guild: Snowflake, user: Snowflake) -> Self {
        Self { inner: Shared::clone(inner), guild, user }
    }

    /// The user's id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.user
    }

    /// The name that others see: the nickname, or the account's name.
    #[must_use]
    pub fn name(&self) -> String {
        let world = self.inner.world();
        let member = world.guilds.get(&self.guild).and_then(|guild| guild.members.get(&self.user));
        let nick = member.and_then(|member| member.nick.as_deref());
        nick.or_else(|| world.users.get(&self.user).map(User::display_name)).unwrap_or_default().to_owned()
    }

    /// How they are mentioned.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<@{}>", self.user)
    }

    /// The guild.
    #[must_use]
    pub fn guild(&self) -> Guild {
        Guild::new(&self.inner, self.guild)
    }

    /// Whether they are in the guild.
    #[must_use]
    pub fn is_member(&self) -> bool {
        let world = self.inner.world();
        world.guilds.get(&self.guild).is_some_and(|guild| guild.members.contains_key(&self.user))
    }

    /// What they may do in a channel.
    #[must_use]
    pub fn permissions_in(&self, channel: &Channel) -> Permissions {
        self.inner.world().permissions_in(channel.id(), self.user)
    }

    /// Gives them roles.
    #[must_use]
    pub fn with_roles<'r>(self, roles: impl IntoIterator<Item = &'r Role>) -> Self {
        for role in roles {
            self.add_role(role);
        }
        self
    }

    /// Gives them a role with Manage Guild.
    #[must_use]
    pub fn manager(self) -> Self {
        let role = self.guild().add_role("Manager", Permissions::MANAGE_GUILD);
        self.add_role(&role);
        self
    }

    /// Gives them a role.
    pub fn add_role(&self, role: &Role) {
        let role = role.id();
        self.inner.change().update_member(self.guild, self.user, |member| {
            if !member.roles.contains(&role) {
                member.roles.push(role);
            }
        });
    }

    /// Takes a role from them.
    pub fn remove_role(&self, role: &Role) {
        let role = role.id();
        self.inner
            .change()
            .update_member(self.guild, self.user, |member| member.roles.retain(|held| *held != role));
    }

    /// Gives them a nickname.
    pub fn set_nick(&self, nick: &str) {
        self.inner.change().update_member(self.guild, self.user, |member| member.nick = Some(nick.into()));
    }

    /// Times them out for this long.
    pub fn time_out(&self, duration: Duration) {
        let mut change = self.inner.change();
        let until = change.now() + duration;
        change.update_member(self.guild, self.user, |member| member.timed_out_until = Some(until));
    }

    /// Sets the language of their client, such as `de`.
    #[must_use]
    pub fn with_locale(self, locale: &'static str) -> Self {
        if let Some(user) = self.inner.change().users.get_mut(&self.user) {
            user.locale = locale;
        }
        self
    }

    /// Leaves the guild, or is kicked.
    pub fn leave(&self) {
        self.inner.change().remove_member(self.guild, self.user);
    }

    /// Joins the guild again.
    pub fn join(&self) {
        self.inner.change().add_member(self.guild, self.user);
    }

    /// Opens or closes their direct messages; sending to closed ones is refused with 50007.
    pub fn accept_direct_messages(&self, accepts: bool) {
        if let Some(user) = self.inner.change().users.get_mut(&self.user) {
            user.accepts_direct_messages = accepts;
        }
    }

    /// The conversation with the bot.
    #[must_use]
    pub fn dm(&self) -> Channel {
        let id = self.inner.change().direct_channel(self.user);
        Channel::new(&self.inner, id)
    }

    /// Posts a message.
    ///
    /// # Panics
    ///
    /// When they may not.
    #[track_caller]
    pub fn says(&self, channel: &Channel, text: &str) -> Message {
        self.posts(channel, Draft::text(text))
    }

    /// Replies to a message, which pings its author.
    ///
    /// # Panics
    ///
    /// When they may not.
    #[track_caller]
    pub fn replies(&self, message: &Message, text: &str) -> Message {
        let channel = message.channel();
        let guild = self.inner.world().guild_of(channel.id());
        let reference =
            Reference { channel: channel.id(), message: Some(message.id()), guild, is_forward: false };
        self.posts(&channel, Draft { kind: 19, reference: Some(reference), ..Draft::text(text) })
    }

    #[track_caller]
    fn posts(&self, channel: &Channel, draft: Draft) -> Message {
        let is_thread =
            self.inner.world().channels.get(&channel.id()).is_some_and(|channel| channel.thread.is_some());
        let needed =
            if is_thread { Permissions::SEND_MESSAGES_IN_THREADS } else { Permissions::SEND_MESSAGES };
        self.must_hold(channel, needed, "send messages");
        let mut change = self.inner.change();
        let id = change.post(channel.id(), self.user, draft);
        let message = change.message(channel.id(), id).expect("the channel was just there").clone();
        Message::new(&self.inner, message)
    }

    /// Changes the text of their own message.
    ///
    /// # Panics
    ///
    /// When it is not theirs.
    #[track_caller]
    pub fn edits(&self, message: &Message, text: &str) {
        assert_eq!(message.author(), self.user, "{self:?} cannot edit a foreign message");
        let edit = crate::change::Edit { content: Some(text.to_owned()), ..crate::change::Edit::default() };
        self.inner.change().edit(message.channel().id(), message.id(), edit);
    }

    #[track_caller]
    fn must_hold(&self, channel: &Channel, needed: Permissions, what: &str) {
        let held = self.permissions_in(channel);
        let needed = needed | Permissions::VIEW_CHANNEL;
        assert!(
            held.contains(needed),
            "{self:?} may not {what} in {channel:?}: {:?} is missing",
            needed - held
        );
    }

    /// Reacts with a character or with `name:id`.
    ///
    /// # Panics
    ///
    /// When they may not, or when it is no emoji.
    #[track_caller]
    pub fn reacts(&self, message: &Message, emoji: &str) {
        self.adds_reaction(message, emoji, false);
    }

    /// Reacts with a super reaction.
    ///
    /// # Panics
    ///
    /// When they may not, or when it is no emoji.
    #[track_caller]
    pub fn super_reacts(&self, message: &Message, emoji: &str) {
        self.adds_reaction(message, emoji, true);
    }

    #[track_caller]
    fn adds_reaction(&self, message: &Message, emoji: &str, is_burst: bool) {
        let key = emoji_key(emoji);
        let channel = message.channel();
        let is_new = !message.reactions().iter().any(|reaction| reaction.is(emoji));
        let adding = if is_new { Permissions::ADD_REACTIONS } else { Permissions::NONE };
        self.must_hold(&channel, Permissions::READ_MESSAGE_HISTORY | adding, "react");
        self.inner.change().react(channel.id(), message.id(), self.user, &key, is_burst);
    }

    /// Takes their reaction back, if there is one.
    ///
    /// # Panics
    ///
    /// When it is no emoji.
    #[track_caller]
    pub fn unreacts(&self, message: &Message, emoji: &str) {
        self.inner.change().unreact(message.channel().id(), message.id(), self.user, &emoji_key(emoji));
    }

    /// Starts a thread from a message.
    pub fn starts_thread(&self, message: &Message, name: &str) -> Channel {
        self.starts(message.channel().id(), Some(message.id()), ChannelKind::PublicThread, name)
    }

    /// Starts a private thread in a channel.
    pub fn starts_private_thread(&self, channel: &Channel, name: &str) -> Channel {
        self.starts(channel.id(), None, ChannelKind::PrivateThread, name)
    }

    fn starts(
        &self,
        parent: Snowflake,
        message: Option<Snowflake>,
        kind: ChannelKind,
        name: &str,
    ) -> Channel {
        let new = NewThread {
            parent,
            message,
            kind,
            name: name.to_owned(),
            owner: self.user,
            auto_archive_minutes: 1440,
            is_invitable: true,
        };
        let id = self.inner.change().start_thread(&new);
        Channel::new(&self.inner, id)
    }

    /// Says that they are interested in a scheduled event.
    pub fn is_interested_in(&self, event: &ScheduledEvent) {
        self.inner.change().set_interested(self.guild, event.id(), self.user, true);
    }

    /// Says that they no longer are.
    pub fn loses_interest_in(&self, event: &ScheduledEvent) {
        self.inner.change().set_interested(self.guild, event.id(), self.user, false);
    }

    /// Makes an invite to a channel and returns its code.
    pub fn makes_invite(&self, channel: &Channel) -> String {
        let new = crate::change::NewInvite {
            guild: self.guild,
            channel: channel.id(),
            inviter: self.user,
            max_age: 86_400,
            max_uses: 0,
            is_temporary: false,
        };
        self.inner.change().add_invite(new)
    }
}

#[track_caller]
pub(super) fn emoji_key(text: &str) -> EmojiKey {
    parse_emoji(text).unwrap_or_else(|| panic!("{text:?} is no emoji"))
}
