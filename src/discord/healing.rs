//! Reminders that were held up for want of a permission go on when it is given, not only when they are tried again.

use std::sync::Arc;

use super::access;
use super::core::Core;
use super::failure::{EdgeError, chain};
use crate::app::ChannelKind;
use crate::domain::event::Event;
use crate::domain::permissions::Permissions;
use crate::domain::reminder::first_on_grid;
use crate::ids::{ChannelId, GuildId};
use crate::storage::Lease;

/// Starts a task that looks at the suspended events of a guild in which a role, a channel or Muster itself changed.
pub(super) fn begin(core: &Arc<Core>, guild: GuildId) {
    if !core.registry.has_live_events(guild) {
        return;
    }
    let core = Arc::clone(core);
    core.tracker.clone().spawn(async move {
        if let Err(error) = heal(&core, guild).await {
            let error = chain(&error);
            tracing::info!(guild.id = %guild, error, "cannot tell whether reminders can go on; they are tried again");
        }
    });
}

async fn heal(core: &Core, guild: GuildId) -> Result<(), EdgeError> {
    let Some(store) = core.live_store(guild).await? else { return Ok(()) };
    for event in store.events().list_suspended().await? {
        if may_send(core, guild, event.channel_id).await? {
            lift(core, &store, &event).await?;
        }
    }
    Ok(())
}

async fn may_send(core: &Core, guild: GuildId, channel: ChannelId) -> Result<bool, EdgeError> {
    let Ok(facts) = access::channel(core, channel).await else { return Ok(false) };
    let send = match facts.kind {
        ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        ChannelKind::Text | ChannelKind::Other => Permissions::SEND_MESSAGES,
    };
    let mine = access::my_permissions(core, guild, channel).await?;
    Ok(mine.contains(Permissions::VIEW_CHANNEL | send))
}

/// Goes on with the next instant of the event's grid.
async fn lift(core: &Core, store: &Lease, event: &Event) -> Result<(), EdgeError> {
    let (guild, now) = (store.guild_id(), core.clock.now());
    let next = first_on_grid(event.grid_at, event.interval, now);
    // Before the write: after a crash in between, the scheduler looks once for nothing.
    if core.registry.find(guild).and_then(|record| record.next_due_at).is_none_or(|due| next < due) {
        core.registry.set_next_due(guild, Some(next)).await?;
    }
    if store.events().lift_suspension(event.id, Some(next), now).await? {
        tracing::info!(guild.id = %guild, event.id = %event.id, "reminders go on: what was missing is there again");
        core.edits.request(guild, event.id);
    }
    Ok(core.sync_due(store).await?)
}
