//! Filling the agenda at start.

use futures::StreamExt;

use super::{Agenda, sync_due};
use crate::errors::chain;
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

/// Reads from every store what is due next, after a stop that was not clean or the loss of the index.
///
/// What the index says of live events does not matter: the stores are what is believed.
pub async fn sweep(stores: GuildStores, registry: &Registry, agenda: &Agenda, shutdown: Shutdown) {
    let guilds = registry.joined_guilds();
    let stores = &stores;
    futures::stream::iter(guilds)
        .take_until(shutdown.requested())
        .for_each_concurrent(SWEEP_CONCURRENCY, |guild| async move {
            if let Err(error) = look_at(stores, registry, agenda, guild).await {
                tracing::warn!(guild.id = %guild, error = chain(&error), "what is due in this guild could not be read");
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
