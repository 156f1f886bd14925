//! Joining, leaving and changing members.

use serde_json::json;

use super::Change;
use crate::gateway::Intents;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::Member;

impl Change<'_> {
    /// Lets a person into a guild.
    pub(crate) fn add_member(&mut self, guild: Snowflake, user: Snowflake) {
        let now = self.now();
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.members.insert(user, Member::joining(now));
        }
        self.tell_of_joining(guild, user);
    }

    /// Lets another bot into a guild, with its managed role.
    pub(crate) fn add_other_bot(&mut self, guild: Snowflake, bot: Snowflake) {
        self.add_managed(guild, bot, Permissions::NONE);
        self.tell_of_joining(guild, bot);
    }

    fn tell_of_joining(&self, guild: Snowflake, user: Snowflake) {
        let member = self.guilds.get(&guild).and_then(|home| payload::member_event(self, home, user));
        if let Some(member) = member {
            self.tell_guild("GUILD_MEMBER_ADD", guild, Intents::GUILD_MEMBERS, member);
        }
    }

    /// Takes somebody out of a guild, of their own will or not.
    ///
    /// Returns whether they were in it. The bot is taken out with [`Change::remove_bot_from`].
    pub(crate) fn remove_member(&mut self, guild: Snowflake, user: Snowflake) -> bool {
        if user == self.bot_id() {
            let was_in = self.is_bot_in(guild);
            self.remove_bot_from(guild);
            return was_in;
        }
        let Some(home) = self.guilds.get_mut(&guild) else { return false };
        if home.members.remove(&user).is_none() {
            return false;
        }
        let threads = home.threads.clone();
        home.roles.retain(|_, role| role.of_bot != Some(user));
        for thread in threads {
            self.leave_thread(thread, user);
        }
        let data = json!({ "guild_id": guild, "user": payload::user(self, user) });
        self.tell_guild("GUILD_MEMBER_REMOVE", guild, Intents::GUILD_MEMBERS, data);
        true
    }

    /// Changes a member as `alter` does. Of its own changes the bot hears without any intent.
    pub(crate) fn update_member(
        &mut self,
        guild: Snowflake,
        user: Snowflake,
        alter: impl FnOnce(&mut Member),
    ) {
        if let Some(member) = self.guilds.get_mut(&guild).and_then(|home| home.members.get_mut(&user)) {
            alter(member);
        }
        let intents = if user == self.bot_id() { Intents::NONE } else { Intents::GUILD_MEMBERS };
        let member = self.guilds.get(&guild).and_then(|home| payload::member_event(self, home, user));
        if let Some(member) = member {
            self.tell_guild("GUILD_MEMBER_UPDATE", guild, intents, member);
        }
    }

    /// Bans somebody, in the guild or not.
    pub(crate) fn ban(&mut self, guild: Snowflake, user: Snowflake, reason: Option<String>) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.bans.insert(user, reason);
        }
        let data = json!({ "guild_id": guild, "user": payload::user(self, user) });
        self.tell_guild("GUILD_BAN_ADD", guild, Intents::GUILD_MODERATION, data);
        self.remove_member(guild, user);
    }

    /// Lifts a ban.
    ///
    /// Returns whether there was one.
    pub(crate) fn unban(&mut self, guild: Snowflake, user: Snowflake) -> bool {
        let was_banned = self.guilds.get_mut(&guild).is_some_and(|home| home.bans.remove(&user).is_some());
        if was_banned {
            let data = json!({ "guild_id": guild, "user": payload::user(self, user) });
            self.tell_guild("GUILD_BAN_REMOVE", guild, Intents::GUILD_MODERATION, data);
        }
        was_banned
    }
}
