//! Whether a channel can hold an event: that it exists, and that the member and Muster may do there what it takes.

use super::call::Call;
use super::error::CommandError;
use super::rights;
use crate::app::{ChannelInfo, ChannelKind};
use crate::domain::permissions::Permissions;
use crate::ids::ChannelId;

/// What is to be done in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Watch a message that is there, and send reminders.
    Watch,
    /// Post an event, and send reminders.
    Post,
}

impl Purpose {
    /// What the member must be allowed.
    fn of_member(self, kind: ChannelKind) -> Permissions {
        let read = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
        match self {
            Self::Watch => read,
            Self::Post => Permissions::VIEW_CHANNEL | sending(kind),
        }
    }

    /// What Muster must be allowed. Members answer what it posts with buttons, so there it need not react.
    fn of_muster(self, kind: ChannelKind) -> Permissions {
        let always = Permissions::VIEW_CHANNEL
            | Permissions::READ_MESSAGE_HISTORY
            | Permissions::EMBED_LINKS
            | sending(kind);
        match self {
            Self::Watch => always | Permissions::ADD_REACTIONS,
            Self::Post => always,
        }
    }
}

fn sending(kind: ChannelKind) -> Permissions {
    match kind {
        ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        ChannelKind::Text | ChannelKind::Other => Permissions::SEND_MESSAGES,
    }
}

/// Checks a channel for a purpose: it exists, holds messages, and both member and Muster may do what it takes.
///
/// # Errors
/// A [`CommandError`] that names all missing permissions; those of the member come first, so that nobody learns
/// anything of a channel that is hidden from them.
pub(super) async fn require(
    call: Call<'_>,
    channel: ChannelId,
    purpose: Purpose,
) -> Result<(), CommandError> {
    let info = find(call, channel).await?;
    let permissions = purpose.of_member(info.kind) & !rights::permissions_in(call, channel).await?;
    if permissions != Permissions::default() {
        return Err(CommandError::MemberMissing { permissions, channel });
    }
    require_muster_in(call, &info, purpose).await
}

/// Checks that Muster may do in a channel what it takes.
///
/// # Errors
/// As [`require`], but for the member's own permissions.
pub(super) async fn require_muster(
    call: Call<'_>,
    channel: ChannelId,
    purpose: Purpose,
) -> Result<(), CommandError> {
    let info = find(call, channel).await?;
    require_muster_in(call, &info, purpose).await
}

async fn require_muster_in(
    call: Call<'_>,
    channel: &ChannelInfo,
    purpose: Purpose,
) -> Result<(), CommandError> {
    let mine = call.discord().my_permissions(call.guild(), channel.id).await?;
    let permissions = purpose.of_muster(channel.kind) & !mine;
    if permissions == Permissions::default() {
        return Ok(());
    }
    Err(CommandError::BotMissing { permissions, channel: channel.id })
}

async fn find(call: Call<'_>, channel: ChannelId) -> Result<ChannelInfo, CommandError> {
    let found = call.discord().channel(call.guild(), channel).await?;
    match found.ok_or(CommandError::NoSuchChannel(channel))? {
        info if info.kind == ChannelKind::Other => Err(CommandError::NoMessagesThere(channel)),
        info => Ok(info),
    }
}
