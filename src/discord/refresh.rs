//! Bringing members and answers up to date after changes were missed: before a reminder, and soon in the background.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::oneshot;

use super::core::Core;
use super::failure::{EdgeError, chain};
use super::gateway::Inbound;
use super::sender::Urgency;
use super::{access, answers, drafts, members};
use crate::domain::event::State;
use crate::ids::GuildId;
use crate::lifecycle::Shutdown;
use crate::storage::{Lease, StorageError};

/// How many guilds are read in the background at the same time.
const AT_ONCE: usize = 4;
/// How soon guilds are tried again that could not be read.
const AGAIN: Duration = Duration::from_secs(15);

/// How long it may take to take down what was heard of a guild.
const TAKING_DOWN: Duration = Duration::from_secs(2);

/// Reads members and reactions of a guild unless they are fresh: nothing was missed, the gateway shows life, and what it
/// told until now is taken down.
///
/// # Errors
/// [`EdgeError`] while Discord or the store cannot be asked.
pub(super) async fn guild(core: &Core, store: &Lease) -> Result<(), EdgeError> {
    if is_fresh(core, store.guild_id()) {
        hear_out(core, store.guild_id()).await;
        if is_fresh(core, store.guild_id()) {
            return Ok(());
        }
    }
    let _one_at_a_time = core.reading.lock(store.guild_id()).await;
    // Whatever interrupted the gateway may have interrupted the posting of an event as well.
    core.drafts.suspect(store.guild_id());
    members::sync(core, store, Urgency::Background).await?;
    answers::sync(core, store).await?;
    take_down_name(core, store).await;
    learn_channels(core, store).await?;
    Ok(())
}

/// Reads who may see the channels of the live events, or the first reminder in each would wait for it.
async fn learn_channels(core: &Core, store: &Lease) -> Result<(), StorageError> {
    let count = store.events().count_live().await?;
    let events = store.events().list_live(count, 0).await?;
    let in_sight = events.iter().filter(|event| !matches!(event.state, State::Suspended(_)));
    let channels = in_sight.map(|event| event.channel_id);
    if let Err(error) = access::learn_channels(core, store.guild_id(), channels).await {
        // They are asked for once more when they are needed.
        tracing::debug!(guild.id = %store.guild_id(), error = chain(&error), "cannot read the channels of a guild");
    }
    Ok(())
}

/// Returns once all that has happened in a guild until now is taken down, as far as Muster hears of it; where that takes too
/// long the guild is no longer fresh.
async fn hear_out(core: &Core, guild: GuildId) {
    core.link.prove(core.link.shard_of(guild)).await;
    let (told, reached) = oneshot::channel();
    drop(core.inbox.send(Inbound::Reach(guild, told)));
    if !matches!(tokio::time::timeout(TAKING_DOWN, reached).await, Ok(Ok(()))) {
        core.freshness.missed(|stale| stale == guild);
    }
}

/// Takes down what the guild is called, if Discord says so.
pub(super) async fn take_down_name(core: &Core, store: &Lease) {
    if let Err(error) = note_name(core, store).await {
        // It stands in no reminder.
        tracing::debug!(guild.id = %store.guild_id(), error = chain(&error), "cannot take down what a guild is called");
    }
}

async fn note_name(core: &Core, store: &Lease) -> Result<(), EdgeError> {
    // The roles of a guild with live events are wanted at its next reminder; its name comes with them.
    let facts = access::guild(core, store.guild_id()).await?;
    if store.guild().name().await?.as_deref() != Some(facts.name.as_str()) {
        store.guild().set_name(&facts.name, core.clock.now()).await?;
    }
    Ok(())
}

fn is_fresh(core: &Core, guild: GuildId) -> bool {
    let has_members = core.freshness.has_members(guild) || core.link.is_degraded();
    has_members && core.freshness.has_answers(guild) && core.link.hears_of(guild)
}

/// Reads the guilds with live events that are not fresh, those with the next reminder first, and finds out what became of
/// events whose posting was interrupted, until a stop is asked for.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = core.stale.notified() => {}
            () = core.clock.sleep(AGAIN) => {}
        }
        let reading = futures::stream::iter(stale_guilds(&core)).for_each_concurrent(AT_ONCE, |guild| {
            let core = &core;
            async move {
                if let Err(error) = in_background(core, guild).await {
                    let error = chain(&error);
                    tracing::info!(guild.id = %guild, error, "cannot bring a guild up to date yet");
                }
            }
        });
        tokio::select! {
            () = shutdown.requested() => return,
            () = reading => {}
        }
    }
}

async fn in_background(core: &Core, id: GuildId) -> Result<(), EdgeError> {
    match core.live_store(id).await? {
        Some(store) => {
            guild(core, &store).await?;
            if core.freshness.has_left_for_later(id) {
                let _one_at_a_time = core.reading.lock(id).await;
                answers::read_rest(core, &store).await?;
            }
            // Reminders that could not be sent because the guild could not be read need not rest any longer.
            core.sync_due(&store).await?;
            if core.drafts.are_suspected(id) { drafts::settle(core, &store).await } else { Ok(()) }
        }
        None => Ok(()),
    }
}

fn stale_guilds(core: &Core) -> Vec<GuildId> {
    let due: HashMap<GuildId, _> = core.registry.next_due().into_iter().collect();
    let mut guilds = core.registry.joined_guilds();
    guilds.retain(|guild| {
        let present =
            core.registry.find(*guild).is_some_and(|record| record.live && record.absent_since.is_none());
        // A store that is set aside is looked at again when a reminder or a command needs it.
        let usable = core.stores.is_quarantined(*guild).is_none();
        let is_due = !is_fresh(core, *guild)
            || core.freshness.has_left_for_later(*guild)
            || core.drafts.are_suspected(*guild);
        present && usable && core.link.hears_of(*guild) && is_due
    });
    guilds.sort_by_key(|guild| due.get(guild).map_or((true, None), |due| (false, Some(*due))));
    guilds
}
