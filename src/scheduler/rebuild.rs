//! Filling the agenda at start: from the index at once, and from the stores themselves where that cannot be trusted.

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
/// What the index says of live events does not matter: the stores are what is believed. Its instants say only who comes
/// first.
pub async fn sweep(stores: GuildStores, registry: &Registry, agenda: &Agenda, shutdown: Shutdown) {
    let stores = &stores;
    futures::stream::iter(in_order(registry))
        .take_until(shutdown.requested())
        .for_each_concurrent(SWEEP_CONCURRENCY, |guild| async move {
            if let Err(error) = look_at(stores, registry, agenda, guild).await {
                tracing::warn!(guild.id = %guild, error = chain(&error), "what is due in this guild could not be read");
            }
        })
        .await;
}

/// The guilds to look at: those that are overdue by the index, the longest first; those that are due later, the earliest
/// first; then those with live events of which it knows no instant; then the rest.
fn in_order(registry: &Registry) -> Vec<GuildId> {
    let mut guilds = registry.joined_guilds();
    guilds.sort_by_cached_key(|guild| {
        let record = registry.find(*guild);
        let due = record.as_ref().and_then(|record| record.next_due_at);
        let is_live = record.is_some_and(|record| record.live);
        (due.is_none(), due, !is_live, *guild)
    });
    guilds
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::DateTime;
    use tempfile::TempDir;

    use super::*;
    use crate::clock::{SystemClock, Timestamp};
    use crate::storage::{DataDir, StoreOptions};

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    async fn registry_in(tmp: &TempDir) -> (Arc<DataDir>, Registry) {
        let dir = Arc::new(DataDir::open(&tmp.path().join("data")).unwrap());
        let registry = Registry::open(&dir, Arc::new(SystemClock)).await.unwrap();
        (dir, registry)
    }

    /// Notes guilds, each with when it is due by the index, and whether it has live events.
    async fn note(registry: &Registry, guilds: &[(u64, Option<i64>, bool)]) {
        for (guild, due, live) in guilds {
            let guild = GuildId::new(*guild);
            registry.note_joined(guild, at(0)).await.unwrap();
            registry.set_next_due(guild, due.map(at)).await.unwrap();
            registry.set_live(guild, *live).await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_is_overdue_is_looked_at_first_and_who_seems_to_have_nothing_last() {
        let tmp = tempfile::tempdir().unwrap();
        let (_dir, registry) = registry_in(&tmp).await;
        note(
            &registry,
            &[
                (1, None, false),
                (2, Some(900), true),
                (3, None, true),
                (4, Some(100), true),
                (5, Some(500), false),
                (6, None, false),
            ],
        )
        .await;
        registry.note_joined(GuildId::new(7), at(0)).await.unwrap();
        registry.note_left(GuildId::new(7), at(1)).await.unwrap();
        assert_eq!(in_order(&registry), [4, 5, 2, 3, 1, 6].map(GuildId::new));
    }

    #[tokio::test]
    async fn a_sweep_goes_on_after_a_store_that_cannot_be_read_and_forgets_what_has_no_store() {
        let tmp = tempfile::tempdir().unwrap();
        let (dir, registry) = registry_in(&tmp).await;
        note(&registry, &[(1, Some(100), true), (2, Some(200), true), (3, None, true)]).await;
        let stores = GuildStores::new(dir, StoreOptions::default(), Arc::new(SystemClock));
        let broken = tmp.path().join("data/guilds/1");
        std::fs::create_dir(&broken).unwrap();
        std::fs::write(broken.join("guild.db"), "no database").unwrap();
        let healthy = GuildId::new(2);
        stores.admit(healthy);
        drop(stores.open_or_create(healthy).await.unwrap());
        let agenda = Agenda::default();
        load_agenda(&registry, &agenda);
        assert_eq!(agenda.len(), 2);
        sweep(stores, &registry, &agenda, Shutdown::default()).await;
        assert_eq!(registry.find(healthy).unwrap().next_due_at, None, "its store says that nothing is due");
        assert!(!registry.has_live_events(GuildId::new(3)), "it has no store");
        assert_eq!(
            agenda.earliest(),
            Some(at(100)),
            "nobody knows what the first has: the index may be right"
        );
    }
}
