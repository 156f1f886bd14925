//! Making, changing and deleting channels, and opening direct conversations.

use super::Change;
use crate::gateway::Intents;
use crate::payload;
use crate::permissions::{Overwrite, OverwriteTarget, Permissions};
use crate::snowflake::Snowflake;
use crate::world::{Channel, ChannelKind};

impl Change<'_> {
    /// Makes a channel in a guild and tells of it.
    pub(crate) fn add_channel(&mut self, guild: Snowflake, kind: ChannelKind, name: &str) -> Snowflake {
        let id = self.next_id();
        self.insert_channel(Channel::new(id, Some(guild), kind, name));
        id
    }

    /// Takes a channel that somebody has filled into its guild, and tells of it.
    pub(crate) fn insert_channel(&mut self, mut channel: Channel) {
        let (id, guild) = (channel.id, channel.guild);
        if let Some(home) = guild.and_then(|guild| self.guilds.get_mut(&guild)) {
            channel.position = u16::try_from(home.channels.len()).unwrap_or(u16::MAX);
            home.channels.push(id);
        }
        self.channels.insert(id, channel);
        self.tell_of_channel("CHANNEL_CREATE", id);
    }

    /// Changes a channel as `alter` does and tells of it.
    pub(crate) fn update_channel(&mut self, id: Snowflake, alter: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.get_mut(&id) {
            alter(channel);
            let is_thread = channel.thread.is_some();
            self.tell_of_channel(if is_thread { "THREAD_UPDATE" } else { "CHANNEL_UPDATE" }, id);
        }
    }

    pub(super) fn tell_of_channel(&self, name: &str, id: Snowflake) {
        let Some(channel) = self.channels.get(&id) else { return };
        if let Some(guild) = channel.guild {
            self.tell_guild(name, guild, Intents::GUILDS, payload::channel(self, channel));
        }
    }

    /// Deletes a channel with its threads, or one thread.
    pub(crate) fn delete_channel(&mut self, id: Snowflake) {
        let Some(channel) = self.channels.get(&id) else { return };
        let Some(guild) = channel.guild else {
            self.channels.remove(&id);
            return;
        };
        if channel.thread.is_some() {
            self.delete_thread(guild, id);
            return;
        }
        let threads = self.guilds.get(&guild).map(|guild| guild.threads.clone()).unwrap_or_default();
        for thread in threads {
            if self.channels.get(&thread).is_some_and(|thread| thread.parent == Some(id)) {
                self.delete_thread(guild, thread);
            }
        }
        self.tell_of_channel("CHANNEL_DELETE", id);
        self.channels.remove(&id);
        self.invites.retain(|_, invite| invite.channel != id);
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.channels.retain(|channel| *channel != id);
        }
        for orphan in self.channels.values_mut().filter(|channel| channel.parent == Some(id)) {
            orphan.parent = None;
        }
    }

    /// Sets what the channel changes for a role or a member.
    pub(crate) fn set_overwrite(
        &mut self,
        id: Snowflake,
        target: OverwriteTarget,
        allow: Permissions,
        deny: Permissions,
    ) {
        self.update_channel(id, |channel| {
            channel.overwrites.retain(|overwrite| overwrite.target != target);
            channel.overwrites.push(Overwrite { target, allow, deny });
        });
    }

    /// Takes that away again.
    ///
    /// Returns whether there was any.
    pub(crate) fn remove_overwrite(&mut self, id: Snowflake, target: Snowflake) -> bool {
        let is_meant = |overwrite: &Overwrite| match overwrite.target {
            OverwriteTarget::Role(id) | OverwriteTarget::Member(id) => id == target,
        };
        let found = self.channels.get(&id).is_some_and(|channel| channel.overwrites.iter().any(is_meant));
        if found {
            self.update_channel(id, |channel| channel.overwrites.retain(|overwrite| !is_meant(overwrite)));
        }
        found
    }

    /// The conversation between the bot and this person, opened where there is none.
    pub(crate) fn direct_channel(&mut self, user: Snowflake) -> Snowflake {
        let is_theirs =
            |channel: &&Channel| channel.kind == ChannelKind::Direct && channel.recipients == [user];
        if let Some(channel) = self.channels.values().find(is_theirs) {
            return channel.id;
        }
        let id = self.next_id();
        let mut channel = Channel::new(id, None, ChannelKind::Direct, "");
        channel.recipients = vec![user];
        self.channels.insert(id, channel);
        id
    }
}
