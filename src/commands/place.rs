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
    /// Go on with the reminders of an event that is there.
    Remind,
}

impl Purpose {
    /// What the member must be allowed.
    fn of_member(self, kind: ChannelKind) -> Permissions {
        match self {
            Self::Watch | Self::Remind => Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY,
            Self::Post => Permissions::VIEW_CHANNEL | sending(kind),
        }
    }

    /// What Muster must be allowed. Members answer what it posts with buttons, so there it need not react; a reminder is
    /// plain text.
    fn of_muster(self, kind: ChannelKind) -> Permissions {
        let always = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY | sending(kind);
        match self {
            Self::Watch => always | Permissions::ADD_REACTIONS,
            Self::Post => always | Permissions::EMBED_LINKS,
            Self::Remind => always,
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
) -> Result<ChannelInfo, CommandError> {
    let checked = check(call, channel, purpose).await;
    if !is_about_permissions(&checked) {
        return checked;
    }
    call.discord().forget_permissions(call.guild(), channel);
    check(call, channel, purpose).await
}

/// Checks that Muster may do in a channel what it takes.
///
/// # Errors
/// As [`require`], but for the member's own permissions.
pub(super) async fn require_muster(
    call: Call<'_>,
    channel: ChannelId,
    purpose: Purpose,
) -> Result<ChannelInfo, CommandError> {
    let checked = check_muster(call, channel, purpose).await;
    if !is_about_permissions(&checked) {
        return checked;
    }
    call.discord().forget_permissions(call.guild(), channel);
    check_muster(call, channel, purpose).await
}

/// Whether a check ended with something that may have changed without Muster hearing of it.
fn is_about_permissions(checked: &Result<ChannelInfo, CommandError>) -> bool {
    matches!(checked, Err(CommandError::MemberMissing { .. } | CommandError::BotMissing { .. }))
}

async fn check(call: Call<'_>, channel: ChannelId, purpose: Purpose) -> Result<ChannelInfo, CommandError> {
    let info = find(call, channel, purpose).await?;
    let permissions = purpose.of_member(info.kind) & !rights::permissions_in(call, channel).await?;
    if permissions != Permissions::default() {
        return Err(CommandError::MemberMissing { permissions, channel });
    }
    check_muster_in(call, info, purpose).await
}

async fn check_muster(
    call: Call<'_>,
    channel: ChannelId,
    purpose: Purpose,
) -> Result<ChannelInfo, CommandError> {
    let info = find(call, channel, purpose).await?;
    check_muster_in(call, info, purpose).await
}

async fn check_muster_in(
    call: Call<'_>,
    channel: ChannelInfo,
    purpose: Purpose,
) -> Result<ChannelInfo, CommandError> {
    let mine = call.discord().my_permissions(call.guild(), channel.id).await?;
    let permissions = purpose.of_muster(channel.kind) & !mine;
    if permissions == Permissions::default() {
        return Ok(channel);
    }
    Err(CommandError::BotMissing { permissions, channel: channel.id })
}

async fn find(call: Call<'_>, channel: ChannelId, purpose: Purpose) -> Result<ChannelInfo, CommandError> {
    let found = call.discord().channel(call.guild(), channel).await?;
    // Of one that Muster cannot see it does not know the kind; most hold messages.
    let wanted = purpose.of_muster(ChannelKind::Text);
    match found.ok_or(CommandError::NoSuchChannel { channel, wanted })? {
        info if info.kind == ChannelKind::Other => Err(CommandError::NoMessagesThere(channel)),
        info => Ok(info),
    }
}
