//! Guilds and roles as a test arranges them.

#![expect(
    clippy::must_use_candidate,
    reason = "what people do counts, whether or not the test keeps the handle"
)]

use serde_json::Value;

use super::{BotMember, Channel, Member, ScheduledEvent, Shared};
use crate::permissions::{OverwriteTarget, Permissions};
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, CustomEmoji};

/// A guild.
#[derive(Clone)]
pub struct Guild {
    pub(super) inner: Shared,
    id: Snowflake,
}

/// A role of a guild.
#[derive(Clone)]
pub struct Role {
    inner: Shared,
    guild: Snowflake,
    id: Snowflake,
}

impl std::fmt::Debug for Guild {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Guild({})", self.id)
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Role({})", self.id)
    }
}

impl Guild {
    pub(super) fn new(inner: &Shared, id: Snowflake) -> Self {
        Self { inner: Shared::clone(inner), id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.id
    }

    /// Its name at this moment.
    #[must_use]
    pub fn name(&self) -> String {
        self.inner.world().guilds.get(&self.id).map(|guild| guild.name.to_string()).unwrap_or_default()
    }

    /// Its owner, who may do everything.
    ///
    /// # Panics
    ///
    /// When the guild was deleted.
    #[must_use]
    #[track_caller]
    pub fn owner(&self) -> Member {
        let owner = self.inner.world().guilds.get(&self.id).map(|guild| guild.owner);
        Member::new(&self.inner, self.id, owner.expect("the guild was deleted"))
    }

    /// The channel of this name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn channel(&self, name: &str) -> Channel {
        let found = self.channels().into_iter().find(|channel| channel.name() == name);
        found.unwrap_or_else(|| panic!("the guild has no channel {name:?}"))
    }

    /// All channels, without threads.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        let ids = self.inner.world().guilds.get(&self.id).map(|guild| guild.channels.clone());
        ids.unwrap_or_default().into_iter().map(|id| Channel::new(&self.inner, id)).collect()
    }

    /// All threads, archived ones too.
    #[must_use]
    pub fn threads(&self) -> Vec<Channel> {
        let ids = self.inner.world().guilds.get(&self.id).map(|guild| guild.threads.clone());
        ids.unwrap_or_default().into_iter().map(|id| Channel::new(&self.inner, id)).collect()
    }

    /// Makes a text channel.
    pub fn add_channel(&self, name: &str) -> Channel {
        self.add(ChannelKind::Text, name)
    }

    /// Makes a voice channel.
    pub fn add_voice_channel(&self, name: &str) -> Channel {
        self.add(ChannelKind::Voice, name)
    }

    /// Makes an announcement channel.
    pub fn add_announcement_channel(&self, name: &str) -> Channel {
        self.add(ChannelKind::Announcement, name)
    }

    /// Makes a forum.
    pub fn add_forum(&self, name: &str) -> Channel {
        self.add(ChannelKind::Forum, name)
    }

    fn add(&self, kind: ChannelKind, name: &str) -> Channel {
        let id = self.inner.change().add_channel(self.id, kind, name);
        Channel::new(&self.inner, id)
    }

    /// Makes a role below all others.
    pub fn add_role(&self, name: &str, permissions: Permissions) -> Role {
        let id = self.inner.change().add_role(self.id, name, permissions);
        Role { inner: Shared::clone(&self.inner), guild: self.id, id }
    }

    /// The role `@everyone`.
    #[must_use]
    pub fn everyone(&self) -> Role {
        Role { inner: Shared::clone(&self.inner), guild: self.id, id: self.id }
    }

    /// The bot's own role.
    ///
    /// # Panics
    ///
    /// When the bot is not in the guild.
    #[must_use]
    #[track_caller]
    pub fn bot_role(&self) -> Role {
        let world = self.inner.world();
        let bot = world.bot_id();
        let roles = world.guilds.get(&self.id).map(|guild| guild.roles.values());
        let found = roles.into_iter().flatten().find(|role| role.of_bot == Some(bot)).map(|role| role.id);
        Role {
            inner: Shared::clone(&self.inner),
            guild: self.id,
            id: found.expect("the bot is not in the guild"),
        }
    }

    /// Gives the bot exactly these permissions: through its role, and by denying it everything else in every channel
    /// that there is at this moment, since what `@everyone` grants cannot be taken away in any other way.
    ///
    /// # Panics
    ///
    /// When the bot is not in the guild.
    #[track_caller]
    pub fn set_bot_permissions(&self, permissions: Permissions) {
        self.bot_role().set_permissions(permissions);
        let bot = self.inner.world().bot_id();
        for channel in self.channels() {
            self.inner.change().set_overwrite(
                channel.id(),
                OverwriteTarget::Member(bot),
                permissions,
                !permissions,
            );
        }
    }

    /// Takes these permissions from the bot in every channel, and from its role.
    ///
    /// # Panics
    ///
    /// When the bot is not in the guild.
    #[track_caller]
    pub fn deny_bot(&self, permissions: Permissions) {
        let role = self.bot_role();
        role.alter(|role| role.permissions = role.permissions - permissions);
        let bot = self.inner.world().bot_id();
        for channel in self.channels() {
            let mut change = self.inner.change();
            change.set_overwrite(channel.id(), OverwriteTarget::Member(bot), Permissions::NONE, permissions);
        }
    }

    /// Lets a new person in.
    pub fn add_member(&self, name: &str) -> Member {
        let mut change = self.inner.change();
        let user = change.add_user(name, false);
        change.add_member(self.id, user);
        Member::new(&self.inner, self.id, user)
    }

    /// Lets another bot in.
    pub fn add_bot(&self, name: &str) -> BotMember {
        let mut change = self.inner.change();
        let user = change.add_user(name, true);
        change.add_other_bot(self.id, user);
        BotMember::new(Member::new(&self.inner, self.id, user))
    }

    /// Lets somebody in who is known from another guild, or has left this one.
    pub fn admit(&self, person: &Member) -> Member {
        self.inner.change().add_member(self.id, person.id());
        Member::new(&self.inner, self.id, person.id())
    }

    /// All members, the bot among them.
    #[must_use]
    pub fn members(&self) -> Vec<Member> {
        let world = self.inner.world();
        let ids: Vec<Snowflake> = world
            .guilds
            .get(&self.id)
            .map(|guild| guild.members.keys().copied().collect())
            .unwrap_or_default();
        ids.into_iter().map(|user| Member::new(&self.inner, self.id, user)).collect()
    }

    /// The bot as a member.
    #[must_use]
    pub fn bot(&self) -> Member {
        let bot = self.inner.world().bot_id();
        Member::new(&self.inner, self.id, bot)
    }

    /// Uploads a custom emoji and returns how it is written, `name:id`.
    pub fn add_emoji(&self, name: &str) -> String {
        self.uploads_emoji(name, false)
    }

    /// Uploads a custom emoji that moves, and returns how it is written, `name:id`.
    pub fn add_animated_emoji(&self, name: &str) -> String {
        self.uploads_emoji(name, true)
    }

    fn uploads_emoji(&self, name: &str, is_animated: bool) -> String {
        let mut change = self.inner.change();
        let id = change.next_id();
        change.add_emoji(self.id, CustomEmoji { id, name: name.into(), is_animated });
        format!("{name}:{id}")
    }

    /// Lets everybody use a command whatever permissions it asks for by default, as the server's settings can.
    pub fn open_command(&self, name: &str) {
        if let Some(guild) = self.inner.change().guilds.get_mut(&self.id) {
            guild.open_commands.push(name.into());
        }
    }

    /// Bans somebody.
    pub fn ban(&self, person: &Member) {
        self.inner.change().ban(self.id, person.id(), None);
    }

    /// Puts the bot out.
    pub fn remove_bot(&self) {
        self.inner.change().remove_bot_from(self.id);
    }

    /// Lets the bot in, again or for the first time.
    pub fn reinvite_bot(&self) {
        self.inner.change().add_bot_to(self.id);
    }

    /// Begins an outage of this guild.
    pub fn goes_unavailable(&self) {
        self.inner.change().set_available(self.id, false);
    }

    /// Ends its outage.
    pub fn returns(&self) {
        self.inner.change().set_available(self.id, true);
    }

    /// Deletes it with all that is in it.
    pub fn delete(&self) {
        self.inner.change().delete_guild(self.id);
    }

    /// Renames it.
    pub fn rename(&self, name: &str) {
        self.inner.change().update_guild(self.id, |guild| guild.name = name.into());
    }

    /// Sets its language, such as `de`.
    pub fn set_locale(&self, locale: &'static str) {
        self.inner.change().update_guild(self.id, |guild| guild.locale = locale);
    }

    /// The events in its calendar.
    #[must_use]
    pub fn scheduled_events(&self) -> Vec<ScheduledEvent> {
        let world = self.inner.world();
        let ids: Vec<Snowflake> = world
            .guilds
            .get(&self.id)
            .map(|guild| guild.scheduled_events.keys().copied().collect())
            .unwrap_or_default();
        ids.into_iter().map(|id| ScheduledEvent::new(&self.inner, self.id, id)).collect()
    }

    /// The guild as a session with these intents hears of it in GUILD_CREATE.
    #[must_use]
    pub fn json(&self, intents: crate::Intents) -> Value {
        crate::payload::guild_create(&self.inner.world(), self.id, intents)
    }
}

impl Role {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.id
    }

    /// How it is mentioned.
    #[must_use]
    pub fn mention(&self) -> String {
        format!("<@&{}>", self.id)
    }

    /// Lets everybody ping it.
    #[must_use]
    pub fn mentionable(self) -> Self {
        self.make_mentionable();
        self
    }

    /// Lets everybody ping it.
    pub fn make_mentionable(&self) {
        self.alter(|role| role.is_mentionable = true);
    }

    /// Changes what it grants.
    pub fn set_permissions(&self, permissions: Permissions) {
        self.alter(|role| role.permissions = permissions);
    }

    /// Renames it.
    pub fn rename(&self, name: &str) {
        self.alter(|role| role.name = name.into());
    }

    /// Deletes it, for its holders too.
    pub fn delete(&self) {
        self.inner.change().delete_role(self.guild, self.id);
    }

    fn alter(&self, alter: impl FnOnce(&mut crate::world::Role)) {
        self.inner.change().update_role(self.guild, self.id, alter);
    }
}
