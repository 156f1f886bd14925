//! Filling the agenda at start.

use futures::StreamExt;

use super::{Agenda, sync_due};
use crate::ids::GuildId;
use crate::lifecycle::Shutdown;
use crate::storage::{GuildStores, Registry, StorageError};

/// Stores opened at the same time while sweeping; the disk should stay free for commands.
const SWEEP_CONCURRENCY: usize = 4;

/// Fills the agenda from the registry's index, without opening a single guild store.
pub fn load_agenda(registry: &Registry, agenda: &Agenda) {
    for (guild, due) in registry.next_due() {
        agenda.set(guild, Some(due));
    }
}

/// Reads from every store with live events what is due next, after a stop that was not clean.
///
/// The index is never late, so nothing depends on this; it only takes out instants at which nothing is due any more.
pub async fn sweep(stores: GuildStores, registry: &Registry, agenda: &Agenda, shutdown: Shutdown) {
    let live: Vec<GuildId> =
        registry.joined_guilds().into_iter().filter(|guild| registry.has_live_events(*guild)).collect();
    let stores = &stores;
    futures::stream::iter(live)
        .take_until(shutdown.requested())
        .for_each_concurrent(SWEEP_CONCURRENCY, |guild| async move {
            if let Err(error) = look_at(stores, registry, agenda, guild).await {
                tracing::warn!(guild.id = %guild, error = %error, "what is due in this guild could not be read");
            }
        })
        .await;
}

async fn look_at(
    stores: &GuildStores,
    registry: &Registry,
    agenda: &Agenda,
    guild: GuildId,
) -> Result<(), StorageError> {
    match stores.open(guild).await? {
        Some(store) => sync_due(&store, registry, agenda).await,
        None => registry.set_live(guild, false).await,
    }
}
