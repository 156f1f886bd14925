//! Making, losing and deleting guilds, and their roles.

use std::collections::BTreeMap;

use serde_json::json;

use super::Change;
use crate::gateway::Intents;
use crate::payload;
use crate::permissions::{OverwriteTarget, Permissions};
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, CustomEmoji, Guild, Member, Role};

/// What an invite link of a typical bot asks for.
const USUAL: Permissions = Permissions::from_bits(
    Permissions::VIEW_CHANNEL.bits()
        | Permissions::SEND_MESSAGES.bits()
        | Permissions::SEND_MESSAGES_IN_THREADS.bits()
        | Permissions::EMBED_LINKS.bits()
        | Permissions::ATTACH_FILES.bits()
        | Permissions::READ_MESSAGE_HISTORY.bits()
        | Permissions::ADD_REACTIONS.bits()
        | Permissions::USE_EXTERNAL_EMOJIS.bits()
        | Permissions::MENTION_EVERYONE.bits()
        | Permissions::CREATE_PUBLIC_THREADS.bits()
        | Permissions::CREATE_EVENTS.bits(),
);

impl Change<'_> {
    /// Makes a guild of this owner with `@everyone` and the channel "general", without the bot and without a word.
    pub(crate) fn add_guild(&mut self, name: &str, owner: Snowflake) -> Snowflake {
        let id = self.ids.next_guild();
        let now = self.now();
        let everyone = Role::new(id, "@everyone", Permissions::EVERYONE_DEFAULT, 0);
        let guild = Guild {
            id,
            name: name.into(),
            owner,
            members: BTreeMap::from([(owner, Member::joining(now))]),
            roles: BTreeMap::from([(id, everyone)]),
            channels: Vec::new(),
            threads: Vec::new(),
            emojis: Vec::new(),
            scheduled_events: BTreeMap::new(),
            bans: BTreeMap::new(),
            open_commands: Vec::new(),
            is_available: true,
            locale: "en-US",
        };
        self.guilds.insert(id, guild);
        self.add_channel(id, ChannelKind::Text, "general");
        id
    }

    /// Lets the bot into a guild, with a role of its own, and tells it with GUILD_CREATE.
    pub(crate) fn add_bot_to(&mut self, guild: Snowflake) {
        let bot = self.bot_id();
        self.add_managed(guild, bot, USUAL);
        self.tell_guild_create(guild);
    }

    /// Adds a bot as a member with its managed role.
    pub(super) fn add_managed(&mut self, guild: Snowflake, bot: Snowflake, permissions: Permissions) {
        let (role, now) = (self.next_id(), self.now());
        let name = self.users.get(&bot).map(|user| user.display_name().to_owned()).unwrap_or_default();
        let Some(home) = self.guilds.get_mut(&guild) else { return };
        let position = home.top_position();
        home.roles.insert(role, Role { of_bot: Some(bot), ..Role::new(role, &name, permissions, position) });
        home.members.insert(bot, Member { roles: vec![role], ..Member::joining(now) });
    }

    /// GUILD_CREATE, with as many members as each session may see.
    pub(crate) fn tell_guild_create(&self, guild: Snowflake) {
        if self.is_bot_in(guild) && self.is_available(guild) {
            let data = |intents| payload::guild_create(self, guild, intents);
            self.inner.hub.dispatch_with("GUILD_CREATE", Some(guild), Intents::GUILDS, data);
        }
    }

    /// Puts the bot out of a guild: its role goes, and `GUILD_DELETE` comes.
    pub(crate) fn remove_bot_from(&mut self, guild: Snowflake) {
        let bot = self.bot_id();
        self.tell_guild("GUILD_DELETE", guild, Intents::GUILDS, payload::guild_unavailable(guild, false));
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.members.remove(&bot);
            home.roles.retain(|_, role| role.of_bot != Some(bot));
        }
        self.commands.by_guild.remove(&guild);
    }

    /// Deletes a guild with all that is in it.
    pub(crate) fn delete_guild(&mut self, guild: Snowflake) {
        self.tell_guild("GUILD_DELETE", guild, Intents::GUILDS, payload::guild_unavailable(guild, false));
        self.guilds.remove(&guild);
        self.channels.retain(|_, channel| channel.guild != Some(guild));
        self.invites.retain(|_, invite| invite.guild != guild);
        self.commands.by_guild.remove(&guild);
    }

    /// Begins or ends an outage of one guild.
    pub(crate) fn set_available(&mut self, guild: Snowflake, is_available: bool) {
        let was_available = self.is_available(guild);
        if was_available && !is_available {
            self.tell_guild("GUILD_DELETE", guild, Intents::GUILDS, payload::guild_unavailable(guild, true));
        }
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.is_available = is_available;
        }
        if !was_available && is_available {
            self.tell_guild_create(guild);
        }
    }

    /// Renames a guild or gives it another owner.
    pub(crate) fn update_guild(&mut self, guild: Snowflake, alter: impl FnOnce(&mut Guild)) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            alter(home);
        }
        if let Some(home) = self.guilds.get(&guild) {
            self.tell_guild("GUILD_UPDATE", guild, Intents::GUILDS, payload::guild(home));
        }
    }

    /// Uploads an emoji.
    pub(crate) fn add_emoji(&mut self, guild: Snowflake, emoji: CustomEmoji) {
        let Some(home) = self.guilds.get_mut(&guild) else { return };
        home.emojis.push(emoji);
        let emojis = home.emojis.iter().map(payload::custom_emoji).collect::<Vec<_>>();
        let data = json!({ "guild_id": guild, "emojis": emojis });
        self.tell_guild("GUILD_EMOJIS_UPDATE", guild, Intents::GUILD_EXPRESSIONS, data);
    }

    /// Makes a role above `@everyone` and below all others.
    pub(crate) fn add_role(&mut self, guild: Snowflake, name: &str, permissions: Permissions) -> Snowflake {
        let id = self.next_id();
        self.insert_role(guild, Role::new(id, name, permissions, 1));
        id
    }

    /// Takes a role that somebody has filled in into the guild, at the bottom.
    pub(crate) fn insert_role(&mut self, guild: Snowflake, role: Role) {
        let id = role.id;
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.roles.values_mut().filter(|role| role.position > 0).for_each(|role| role.position += 1);
            home.roles.insert(id, role);
        }
        self.tell_of_role("GUILD_ROLE_CREATE", guild, id);
    }

    /// Changes a role as `alter` does.
    pub(crate) fn update_role(&mut self, guild: Snowflake, id: Snowflake, alter: impl FnOnce(&mut Role)) {
        if let Some(role) = self.guilds.get_mut(&guild).and_then(|guild| guild.roles.get_mut(&id)) {
            alter(role);
            self.tell_of_role("GUILD_ROLE_UPDATE", guild, id);
        }
    }

    fn tell_of_role(&self, name: &str, guild: Snowflake, id: Snowflake) {
        if let Some(role) = self.guilds.get(&guild).and_then(|guild| guild.roles.get(&id)) {
            let data = json!({ "guild_id": guild, "role": payload::role(role) });
            self.tell_guild(name, guild, Intents::GUILDS, data);
        }
    }

    /// Deletes a role from the guild, its members and its channels.
    pub(crate) fn delete_role(&mut self, guild: Snowflake, id: Snowflake) {
        let Some(home) = self.guilds.get_mut(&guild) else { return };
        if home.roles.remove(&id).is_none() {
            return;
        }
        let holders: Vec<Snowflake> = home
            .members
            .iter()
            .filter(|(_, member)| member.roles.contains(&id))
            .map(|(user, _)| *user)
            .collect();
        self.tell_guild(
            "GUILD_ROLE_DELETE",
            guild,
            Intents::GUILDS,
            json!({ "guild_id": guild, "role_id": id }),
        );
        for user in holders {
            self.update_member(guild, user, |member| member.roles.retain(|role| *role != id));
        }
        for channel in self.channels.values_mut().filter(|channel| channel.guild == Some(guild)) {
            channel.overwrites.retain(|overwrite| overwrite.target != OverwriteTarget::Role(id));
        }
    }
}
