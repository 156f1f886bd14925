//! What Muster takes from the gateway, in types of its own; everything else is dropped where it arrives.

use serenity::all::{Interaction, InteractionType};

use crate::discord::link::Identity;
use crate::discord::members::MemberChange;
use crate::discord::reactions::ReactionChange;
use crate::ids::{ChannelId, GuildId, MessageId};

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
    /// A session goes on: what happened while it had no connection came before this.
    Resumed,
    /// Somebody used a command or pressed a button.
    Interaction(Box<Interaction>),
    /// Something happened in a guild.
    Guild(GuildId, GuildUpdate),
    /// A command or a button that cannot be read.
    UnreadableInteraction {
        /// Its number.
        id: u64,
        /// What it is answered with.
        token: String,
        /// What it asks for.
        kind: InteractionType,
    },
    /// Another gateway event that cannot be read, or a payload of which not even that is known.
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
