//! Who may do what and who sees what, from the state of guild and channel.

use super::{Channel, ChannelKind, Guild, Message, World};
use crate::permissions::{Holder, Permissions, in_channel, in_guild};
use crate::snowflake::Snowflake;

/// What everybody may do in a direct conversation.
const DIRECT: Permissions = Permissions::from_bits(
    Permissions::VIEW_CHANNEL.bits()
        | Permissions::SEND_MESSAGES.bits()
        | Permissions::EMBED_LINKS.bits()
        | Permissions::ATTACH_FILES.bits()
        | Permissions::READ_MESSAGE_HISTORY.bits()
        | Permissions::ADD_REACTIONS.bits()
        | Permissions::USE_EXTERNAL_EMOJIS.bits()
        | Permissions::USE_APPLICATION_COMMANDS.bits()
        | Permissions::SEND_POLLS.bits()
        | Permissions::PIN_MESSAGES.bits(),
);

impl World {
    /// The member as the permission algorithm sees them; `None` for somebody who is not in the guild.
    pub(crate) fn holder(&self, guild: &Guild, user: Snowflake) -> Option<Holder> {
        let member = guild.members.get(&user)?;
        Some(Holder {
            guild: guild.id,
            user,
            is_owner: guild.owner == user,
            is_timed_out: member.is_timed_out(self.now()),
            everyone: guild.roles.get(&guild.id).map_or(Permissions::NONE, |role| role.permissions),
            roles: member
                .roles
                .iter()
                .filter_map(|role| guild.roles.get(role))
                .map(|role| (role.id, role.permissions))
                .collect(),
        })
    }

    /// What the user may do in the guild at large; nothing for somebody who is not in it.
    pub(crate) fn permissions_in_guild(&self, guild: Snowflake, user: Snowflake) -> Permissions {
        let holder = self.guilds.get(&guild).and_then(|guild| self.holder(guild, user));
        holder.map_or(Permissions::NONE, |holder| in_guild(&holder))
    }

    /// What the user may do in the channel; nothing for somebody who is not in its guild or conversation.
    pub(crate) fn permissions_in(&self, channel: Snowflake, user: Snowflake) -> Permissions {
        let Some(channel) = self.channels.get(&channel) else { return Permissions::NONE };
        let Some(guild) = channel.guild else {
            let takes_part = user == self.bot_id() || channel.recipients.contains(&user);
            return if takes_part { DIRECT } else { Permissions::NONE };
        };
        let Some(guild) = self.guilds.get(&guild) else { return Permissions::NONE };
        let Some(holder) = self.holder(guild, user) else { return Permissions::NONE };
        let overwrites = self.overwrites_of(channel);
        let granted = in_channel(&holder, overwrites, channel.kind.place());
        if is_hidden_thread(channel, user, granted) { Permissions::NONE } else { granted }
    }

    /// The overwrites that count: a thread has those of its parent.
    fn overwrites_of<'a>(&'a self, channel: &'a Channel) -> &'a [crate::permissions::Overwrite] {
        let parent = channel.parent.filter(|_| channel.kind.is_thread());
        parent
            .and_then(|parent| self.channels.get(&parent))
            .map_or(&channel.overwrites, |parent| &parent.overwrites)
    }

    /// Whether the user sees the channel.
    pub(crate) fn may_view(&self, channel: Snowflake, user: Snowflake) -> bool {
        self.permissions_in(channel, user).contains(Permissions::VIEW_CHANNEL)
    }

    /// Whether the bot gets the words of the message without having been granted message content.
    pub(crate) fn is_readable_without_intent(&self, message: &Message) -> bool {
        let bot = self.bot_id();
        let is_direct = self.guild_of(message.channel).is_none();
        message.author == bot || is_direct || message.mentions.users.contains(&bot)
    }

    /// Everybody who got a notification for the message: named, through a role, or through `@everyone`, and able to
    /// see the channel. Its author never does.
    pub(crate) fn notified(&self, message: &Message) -> Vec<Snowflake> {
        if let Some(reader) = message.only_for {
            return message.pinged.users.iter().copied().filter(|user| *user == reader).collect();
        }
        let Some(guild) = self.guild_of(message.channel).and_then(|guild| self.guilds.get(&guild)) else {
            let channel = self.channels.get(&message.channel);
            return channel.map(|channel| channel.recipients.clone()).unwrap_or_default();
        };
        let is_meant = |user: Snowflake, roles: &[Snowflake]| {
            message.pinged.everyone
                || message.pinged.users.contains(&user)
                || message.pinged.roles.iter().any(|role| *role == guild.id || roles.contains(role))
        };
        let members = guild.members.iter().filter(|(user, member)| is_meant(**user, &member.roles));
        members
            .map(|(user, _)| *user)
            .filter(|user| *user != message.author && self.may_view(message.channel, *user))
            .collect()
    }
}

/// A private thread shows itself to its members and to those who manage threads.
fn is_hidden_thread(channel: &Channel, user: Snowflake, granted: Permissions) -> bool {
    channel.kind == ChannelKind::PrivateThread
        && !granted.contains(Permissions::MANAGE_THREADS)
        && !channel.thread.as_ref().is_some_and(|thread| thread.members.contains_key(&user))
}
