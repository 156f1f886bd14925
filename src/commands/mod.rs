//! What members can ask Muster for.
//!
//! A command comes in as data and goes out as a [`Reply`]; how it was connected and how it is acknowledged is the
//! business of the Discord edge.

use serenity::all::{CreateActionRow, CreateEmbed};

use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The guild; commands exist only in guilds.
    pub guild: GuildId,
    /// The channel in which it was asked.
    pub channel: ChannelId,
    /// Who asks.
    pub invoker: Invoker,
}

/// The member who asks.
#[derive(Debug, Clone)]
pub struct Invoker {
    /// The account.
    pub user_id: UserId,
    /// What the guild calls the member.
    pub name: String,
    /// The member's roles, without `@everyone`.
    pub roles: Vec<RoleId>,
    /// What the member may do in the channel, as Discord computed it.
    pub permissions: Permissions,
    /// The language of the member's client, such as `en-GB`.
    pub locale: String,
}

/// A button that somebody pressed.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// What the button carries; not to be trusted.
    pub custom_id: &'a str,
    /// The message on which it stands.
    pub message: MessageId,
}

/// What the member is shown.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The text, at most 2,000 characters.
    pub content: String,
    /// Embeds, at most 10.
    pub embeds: Vec<CreateEmbed>,
    /// Rows of buttons.
    pub rows: Vec<CreateActionRow>,
    /// Who sees it.
    pub kind: ReplyKind,
}

/// Who sees a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyKind {
    /// Only the member who asked.
    #[default]
    Ephemeral,
    /// Everyone in the channel.
    Public,
    /// It takes the place of the message whose button was pressed.
    Update,
}
