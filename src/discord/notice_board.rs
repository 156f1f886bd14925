//! Where organisers read what they did not ask for, and who is called there.

use std::collections::HashSet;

use super::access;
use super::core::Core;
use super::failure::EdgeError;
use super::routes;
use super::sender::Urgency;
use super::wire::{WireChannel, WireNoticeBoard};
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, RoleId, UserId};

/// Users, and roles, that one notice calls at most.
const CALLED_MAX: usize = 10;

/// Channels that are tried for one notice at most: where Muster was timed out, each looks as if it might write there.
const BOARDS_MAX: usize = 3;

/// A channel of a guild that its organisers read.
#[derive(Debug)]
pub(super) struct NoticeBoard {
    /// The channel.
    pub(super) channel: ChannelId,
    /// Whose guild it is.
    pub(super) owner: UserId,
}

/// Finds where organisers read: the first that [`list`] names. `None` if there is none.
///
/// # Errors
/// As [`list`].
pub(super) async fn find(
    core: &Core,
    guild: GuildId,
    broken: &HashSet<ChannelId>,
) -> Result<Option<NoticeBoard>, EdgeError> {
    Ok(list(core, guild, broken).await?.into_iter().next())
}

/// Lists where organisers read, a few at most, the best first: the channel for Discord's own notices to them, the one for system
/// messages, then those in which Muster may write, but none of `broken`.
///
/// Three requests at most, however many channels there are.
///
/// # Errors
/// [`EdgeError`] while Discord cannot be asked.
pub(super) async fn list(
    core: &Core,
    guild: GuildId,
    broken: &HashSet<ChannelId>,
) -> Result<Vec<NoticeBoard>, EdgeError> {
    let known: WireNoticeBoard =
        core.sender.ask(routes::guild(guild).with_urgency(Urgency::Background)).await?;
    let mut channels: Vec<WireChannel> =
        core.sender.ask(routes::channels(guild).with_urgency(Urgency::Background)).await?;
    channels.sort_by_key(|channel| (channel.position, channel.id));
    let mut candidates: Vec<ChannelId> = [known.updates, known.greetings].into_iter().flatten().collect();
    candidates.extend(channels.iter().filter(|channel| channel.kind == 0).map(|channel| channel.id));
    let wanted = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES;
    let (mut seen, mut boards) = (broken.clone(), Vec::new());
    for candidate in candidates.into_iter().filter(|channel| seen.insert(*channel)) {
        let Some(channel) = channels.iter().find(|channel| channel.id == candidate) else { continue };
        let mine = access::my_permissions_in_listed(core, guild, channel).await?;
        if mine.contains(wanted) {
            boards.push(NoticeBoard { channel: candidate, owner: known.owner });
        }
        if boards.len() == BOARDS_MAX {
            break;
        }
    }
    Ok(boards)
}

/// These users and roles as mentions, as many as one notice calls; and the lists of those whom it may ping.
pub(super) fn call(users: &[UserId], roles: &[RoleId]) -> (String, Vec<UserId>, Vec<RoleId>) {
    let users: Vec<UserId> = users.iter().copied().take(CALLED_MAX).collect();
    let roles: Vec<RoleId> = roles.iter().copied().take(CALLED_MAX).collect();
    let mut mentions: Vec<String> = users.iter().map(|user| format!("<@{user}>")).collect();
    mentions.extend(roles.iter().map(|role| format!("<@&{role}>")));
    (mentions.join(" "), users, roles)
}
