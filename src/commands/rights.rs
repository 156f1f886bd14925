//! Who may do what. Every command, button, form and autocomplete asks here, and nowhere else is it decided.
//!
//! | deed | who |
//! | --- | --- |
//! | watch a message, create an event | Manage Events, Manage Server, Administrator, or an organiser role |
//! | change an event, remind now, end it | the same, and the event's author |
//! | see an event: list, show, history, suggestions, who is missing | whoever can see its channel, and its author |
//! | answer an event | whoever can press the button under it |
//! | look after the guild's data: status, backup, export, cleanup, deletion | Manage Server, Administrator |
//!
//! Discord checks `default_member_permissions` as well, but a guild can change those.

use std::collections::HashMap;

use super::call::{Call, Invoker};
use super::error::CommandError;
use crate::app::DiscordError;
use crate::domain::event::Event;
use crate::domain::permissions::Permissions;
use crate::domain::settings::GuildSettings;
use crate::domain::text;
use crate::ids::ChannelId;
use crate::storage::Lease;

/// Whether the member may start and change everything here.
fn is_organiser(invoker: &Invoker, settings: &GuildSettings) -> bool {
    may_manage_guild(invoker)
        || invoker.permissions.contains(Permissions::MANAGE_EVENTS)
        || settings.organiser_roles.iter().any(|role| invoker.roles.contains(role))
}

/// What the guild decided; where it has no store yet, nothing.
///
/// # Errors
/// Those of the store.
pub(super) async fn settings(call: Call<'_>) -> Result<GuildSettings, CommandError> {
    match call.store().await? {
        Some(store) => Ok(store.guild().settings().await?),
        None => Ok(GuildSettings::default()),
    }
}

/// Whether the member may do everything with what is kept of this guild.
pub(super) fn may_manage_guild(invoker: &Invoker) -> bool {
    let enough = [Permissions::MANAGE_GUILD, Permissions::ADMINISTRATOR];
    enough.into_iter().any(|permission| invoker.permissions.contains(permission))
}

/// Checks that the member may look after what is kept of this guild.
///
/// # Errors
/// [`CommandError::MayNotManageGuild`].
pub(super) fn require_manage_guild(call: Call<'_>) -> Result<(), CommandError> {
    if may_manage_guild(call.invoker()) { Ok(()) } else { Err(CommandError::MayNotManageGuild) }
}

/// Checks that the member may watch messages and create events.
///
/// # Errors
/// [`CommandError::MayNotStart`].
pub(super) fn require_start(call: Call<'_>, settings: &GuildSettings) -> Result<(), CommandError> {
    if is_organiser(call.invoker(), settings) { Ok(()) } else { Err(CommandError::MayNotStart) }
}

/// Checks that the member may change an event.
///
/// # Errors
/// [`CommandError::MayNotManage`]; those of the store.
pub(super) async fn require_manage(call: Call<'_>, store: &Lease, event: &Event) -> Result<(), CommandError> {
    let is_author = event.author_id == call.invoker().user_id;
    if is_author || is_organiser(call.invoker(), &store.guild().settings().await?) {
        return Ok(());
    }
    Err(CommandError::MayNotManage { title: text::escape(&event.title) })
}

/// Whether the member may know of an event.
///
/// # Errors
/// [`CommandError::Discord`] if Discord cannot be asked.
pub(super) async fn may_see(call: Call<'_>, event: &Event) -> Result<bool, CommandError> {
    Ok(event.author_id == call.invoker().user_id || sees_channel(call, event.channel_id).await?)
}

/// Of these events, those that the member may know of; each channel is looked at once.
///
/// # Errors
/// As [`may_see`].
pub(super) async fn visible(call: Call<'_>, events: Vec<Event>) -> Result<Vec<Event>, CommandError> {
    let mut looked_at: HashMap<ChannelId, bool> = HashMap::new();
    let mut visible = Vec::with_capacity(events.len());
    for event in events {
        let channel = event.channel_id;
        let sees = match looked_at.get(&channel) {
            Some(known) => *known,
            None => *looked_at.entry(channel).or_insert(sees_channel(call, channel).await?),
        };
        if sees || event.author_id == call.invoker().user_id {
            visible.push(event);
        }
    }
    Ok(visible)
}

/// What the member may do in a channel.
///
/// # Errors
/// [`CommandError::Discord`] without such a channel, or if Discord cannot be asked.
pub(super) async fn permissions_in(call: Call<'_>, channel: ChannelId) -> Result<Permissions, CommandError> {
    let invoker = call.invoker();
    if invoker.permissions.contains(Permissions::ADMINISTRATOR) {
        return Ok(Permissions::ALL);
    }
    if channel == call.invocation.channel {
        return Ok(invoker.permissions | Permissions::VIEW_CHANNEL);
    }
    Ok(call.discord().permissions_of(call.guild(), channel, invoker.user_id, &invoker.roles).await?)
}

async fn sees_channel(call: Call<'_>, channel: ChannelId) -> Result<bool, CommandError> {
    match permissions_in(call, channel).await {
        Ok(permissions) => Ok(permissions.contains(Permissions::VIEW_CHANNEL)),
        // Muster itself no longer sees it. Somebody must still be able to end what was watched there.
        Err(CommandError::Discord(DiscordError::Gone) | CommandError::BotMissing { .. }) => {
            Ok(call.invoker().permissions.contains(Permissions::MANAGE_GUILD))
        }
        Err(error) => Err(error),
    }
}
