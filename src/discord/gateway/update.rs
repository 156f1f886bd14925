//! What Muster takes from the gateway, in types of its own; everything else is dropped where it arrives.

use serenity::all::{Event, Interaction, InteractionType, ReactionType};

use super::salvage;
use crate::discord::link::Identity;
use crate::discord::members::MemberChange;
use crate::discord::reactions::ReactionChange;
use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};

/// Something that happened on Discord.
#[derive(Debug)]
pub(in crate::discord) enum Update {
    /// A new session began: what happened since the last one ended was missed.
    Ready {
        /// Who Muster is.
        identity: Identity,
        /// The guilds of the session's shard.
        guilds: Vec<GuildId>,
    },
    /// Somebody used a command or pressed a button.
    Interaction(Box<Interaction>),
    /// Something happened in a guild.
    Guild(GuildId, GuildUpdate),
    /// A command or a button that serenity cannot read.
    UnreadableInteraction {
        /// Its number.
        id: u64,
        /// What it is answered with.
        token: String,
        /// What it asks for.
        kind: InteractionType,
    },
    /// Another gateway event that serenity cannot read.
    Unreadable {
        /// Its name.
        kind: String,
        /// Where it happened, if that much can be read.
        guild: Option<GuildId>,
    },
}

/// Something that happened in a guild.
#[derive(Debug)]
pub(in crate::discord) enum GuildUpdate {
    /// Muster is in the guild, says a READY; the guild may be unavailable.
    Listed,
    /// Muster is in the guild: it joined, or the guild is available (again).
    Present,
    /// Muster was removed from the guild.
    Removed,
    /// The guild cannot be reached for a while. Nothing is lost.
    Outage,
    /// The guild's name or owner changed.
    Changed {
        /// What it is called now.
        name: String,
    },
    /// A role changed.
    Roles,
    /// A channel or thread changed, or can be seen from now on.
    ChannelChanged(ChannelId),
    /// A channel or thread was deleted.
    ChannelDeleted(ChannelId),
    /// A member joined, changed or left.
    Member(MemberChange),
    /// Reactions under a message changed.
    Reactions(MessageId, ReactionChange),
    /// Messages were deleted.
    MessagesDeleted(Vec<MessageId>),
}

/// The update in a gateway event; `None` for what Muster does not need.
pub(in crate::discord) fn translate(event: Event) -> Option<Update> {
    use GuildUpdate as G;
    Some(match event {
        Event::Ready(event) => {
            let (ready, shard_guilds) = (&event.ready, &event.ready.guilds);
            let user = UserId::new(ready.user.id.get());
            let identity = Identity { user, application: ready.application.id.get() };
            Update::Ready { identity, guilds: shard_guilds.iter().map(|guild| guild_id(guild.id)).collect() }
        }
        Event::InteractionCreate(event) => Update::Interaction(Box::new(event.interaction)),
        Event::GuildCreate(event) => Update::Guild(guild_id(event.guild.id), G::Present),
        Event::GuildDelete(event) => {
            let update = if event.guild.unavailable { G::Outage } else { G::Removed };
            Update::Guild(guild_id(event.guild.id), update)
        }
        Event::GuildUpdate(event) => {
            Update::Guild(guild_id(event.guild.id), G::Changed { name: event.guild.name })
        }
        Event::GuildRoleCreate(event) => Update::Guild(guild_id(event.role.guild_id), G::Roles),
        Event::GuildRoleUpdate(event) => Update::Guild(guild_id(event.role.guild_id), G::Roles),
        Event::GuildRoleDelete(event) => Update::Guild(guild_id(event.guild_id), G::Roles),
        other => return member_or_message(other),
    })
}

fn member_or_message(event: Event) -> Option<Update> {
    use GuildUpdate as G;
    Some(match event {
        Event::GuildMemberAdd(event) => Update::Guild(
            guild_id(event.member.guild_id),
            G::Member(MemberChange::Present(member(&event.member))),
        ),
        Event::GuildMemberUpdate(event) => {
            let name = event.nick.unwrap_or_else(|| event.user.display_name().to_owned());
            let roles = role_ids(&event.roles);
            let user_id = UserId::new(event.user.id.get());
            let member = Member { user_id, name, is_bot: event.user.bot, roles };
            Update::Guild(guild_id(event.guild_id), G::Member(MemberChange::Present(member)))
        }
        Event::GuildMemberRemove(event) => {
            let gone = MemberChange::Gone(UserId::new(event.user.id.get()));
            Update::Guild(guild_id(event.guild_id), G::Member(gone))
        }
        Event::ChannelCreate(event) => channel_changed(&event.channel),
        Event::ChannelUpdate(event) => channel_changed(&event.channel),
        Event::ThreadUpdate(event) => channel_changed(&event.thread),
        Event::ChannelDelete(event) => {
            let channel = channel_id(event.channel.id);
            Update::Guild(guild_id(event.channel.guild_id), G::ChannelDeleted(channel))
        }
        Event::ThreadDelete(event) => {
            let thread = channel_id(event.thread.id);
            Update::Guild(guild_id(event.thread.guild_id), G::ChannelDeleted(thread))
        }
        Event::MessageDelete(event) => {
            let messages = vec![message_id(event.message_id)];
            Update::Guild(guild_id(event.guild_id?), G::MessagesDeleted(messages))
        }
        Event::MessageDeleteBulk(event) => {
            let messages = event.ids.into_iter().map(message_id).collect();
            Update::Guild(guild_id(event.guild_id?), G::MessagesDeleted(messages))
        }
        other => return reaction(other),
    })
}

fn reaction(event: Event) -> Option<Update> {
    let (guild, message, change) = match event {
        Event::ReactionAdd(event) => {
            let reaction = event.reaction;
            let user = UserId::new(reaction.user_id?.get());
            let member = reaction.member.as_ref().map(member);
            let change = ReactionChange::Added { user, emoji: emoji(reaction.emoji)?, member };
            (reaction.guild_id?, reaction.message_id, change)
        }
        Event::ReactionRemove(event) => {
            let reaction = event.reaction;
            let user = UserId::new(reaction.user_id?.get());
            let change = ReactionChange::Removed { user, emoji: emoji(reaction.emoji)? };
            (reaction.guild_id?, reaction.message_id, change)
        }
        Event::ReactionRemoveAll(event) => (event.guild_id?, event.message_id, ReactionChange::Cleared),
        Event::ReactionRemoveEmoji(event) => {
            let reaction = event.reaction;
            let change = ReactionChange::EmojiCleared(emoji(reaction.emoji)?);
            (reaction.guild_id?, reaction.message_id, change)
        }
        Event::Unknown(event) => return salvage::update(event),
        _ => return None,
    };
    Some(Update::Guild(guild_id(guild), GuildUpdate::Reactions(message_id(message), change)))
}

fn channel_changed(channel: &serenity::all::GuildChannel) -> Update {
    Update::Guild(guild_id(channel.guild_id), GuildUpdate::ChannelChanged(channel_id(channel.id)))
}

/// The emoji as Muster knows it.
fn emoji(reaction: ReactionType) -> Option<Emoji> {
    match reaction {
        ReactionType::Unicode(text) => Some(Emoji::Unicode(text)),
        ReactionType::Custom { id, name, animated } => {
            Some(Emoji::Custom { id: id.get(), name: name.unwrap_or_default(), animated })
        }
        _ => None,
    }
}

/// The member as Muster knows it.
pub(in crate::discord) fn member(member: &serenity::all::Member) -> Member {
    Member {
        user_id: UserId::new(member.user.id.get()),
        name: member.display_name().to_owned(),
        is_bot: member.user.bot,
        roles: role_ids(&member.roles),
    }
}

fn role_ids(roles: &[serenity::all::RoleId]) -> Vec<RoleId> {
    roles.iter().map(|role| RoleId::new(role.get())).collect()
}

/// serenity's id as Muster's.
pub(in crate::discord) fn guild_id(id: serenity::all::GuildId) -> GuildId {
    GuildId::new(id.get())
}

/// serenity's id as Muster's.
pub(in crate::discord) fn channel_id(id: serenity::all::ChannelId) -> ChannelId {
    ChannelId::new(id.get())
}

/// serenity's id as Muster's.
pub(in crate::discord) fn message_id(id: serenity::all::MessageId) -> MessageId {
    MessageId::new(id.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(kind: &str, data: &serde_json::Value) -> Option<Update> {
        translate(serde_json::from_value(json!({ "t": kind, "d": data })).unwrap())
    }

    #[test]
    fn an_unavailable_guild_is_an_outage_and_nothing_else_is() {
        let outage = read("GUILD_DELETE", &json!({ "id": "1", "unavailable": true }));
        assert!(matches!(outage, Some(Update::Guild(_, GuildUpdate::Outage))));
        let removal = read("GUILD_DELETE", &json!({ "id": "1" }));
        assert!(matches!(removal, Some(Update::Guild(_, GuildUpdate::Removed))));
    }
}
