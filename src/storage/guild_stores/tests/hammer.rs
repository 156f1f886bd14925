//! Writers that go on while their guild is deleted and created again, over and over.

use std::sync::atomic::{AtomicBool, AtomicU64};

use tokio::task::JoinSet;

use super::witness::{Witness, integrity, traces};
use super::*;
use crate::storage::testing::fast_dir;

const WRITERS: usize = 50;

/// What writers and whoever deletes share.
struct Hammer {
    stores: GuildStores,
    witness: Witness,
    /// How often a writer got a lease.
    leases: AtomicU64,
    done: AtomicBool,
}

impl Hammer {
    /// Writes whenever there is something to write to. Every fifth lease is kept for several writes.
    async fn write_on(&self, writer: usize) {
        while !self.done.load(Ordering::SeqCst) {
            // Most write to the guild that comes and goes, some to its neighbour.
            let guild = if writer.is_multiple_of(10) { OTHER } else { GUILD };
            match self.stores.open_or_create(guild).await {
                Ok(lease) => {
                    let turn = self.leases.fetch_add(1, Ordering::Relaxed);
                    for _ in 0..if turn.is_multiple_of(5) { 2 } else { 1 } {
                        match self.witness.write(&lease).await {
                            Ok(_) => {}
                            Err(sqlx::Error::PoolClosed) if guild == GUILD => break,
                            Err(error) => panic!("guild {guild}: {error}"),
                        }
                    }
                }
                Err(StorageError::Deleted { .. } | StorageError::NotAMember { .. }) if guild == GUILD => {}
                Err(error) => panic!("guild {guild}: {error}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Takes one backup after the other of the guild that comes and goes.
    async fn back_up_on(&self) {
        while !self.done.load(Ordering::SeqCst) {
            match self.stores.back_up(GUILD).await {
                Ok(_) | Err(StorageError::Deleted { .. } | StorageError::Closed { .. }) => {}
                Err(error) => panic!("{error}: {error:?}"),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until writers have written to the guild again, then looks through its store.
    async fn look(&self) {
        let before = self.witness.writes(GUILD);
        eventually(|| self.witness.writes(GUILD) > before).await;
        let lease = self.stores.open(GUILD).await.unwrap().expect("it was written to");
        assert_eq!(integrity(&lease).await, "ok");
        self.witness.read(&lease).await.unwrap();
    }
}

/// How the stores are kept here, where leases that are out are waited for so long and fail afterwards.
fn patient_for(lease_wait: Duration) -> StoreOptions {
    StoreOptions { lease_wait, synchronous: Synchronous::Normal, ..options(2) }
}

/// Deletes and re-creates a guild so often under its writers, while somebody sweeps.
async fn hammer(rounds: u32, options: StoreOptions) {
    let tmp = fast_dir();
    let stores = stores_in(&tmp, options.clone());
    stores.admit(OTHER);
    let hammer = Arc::new(Hammer {
        stores,
        witness: Witness::default(),
        leases: AtomicU64::new(0),
        done: AtomicBool::new(false),
    });
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let hammer = Arc::clone(&hammer);
        writers.spawn(async move { hammer.write_on(writer).await });
    }
    let sweeping = Arc::clone(&hammer);
    writers.spawn(async move {
        while !sweeping.done.load(Ordering::SeqCst) {
            sweeping.stores.close_idle().await;
            tokio::task::yield_now().await;
        }
    });
    let backing_up = Arc::clone(&hammer);
    writers.spawn(async move { backing_up.back_up_on().await });
    for round in 0..rounds {
        hammer.stores.admit(GUILD);
        // Some lives are deleted while they begin.
        if !round.is_multiple_of(4) {
            hammer.look().await;
        }
        hammer.witness.delete(&hammer.stores, GUILD).await.unwrap();
        assert_eq!(traces(&tmp, GUILD), Vec::<PathBuf>::new(), "round {round}");
    }
    hammer.done.store(true, Ordering::SeqCst);
    writers.join_all().await;
    assert!(hammer.witness.writes(GUILD) > 0 && hammer.witness.writes(OTHER) > 0);
    hammer.stores.close(soon()).await;
    let Ok(Hammer { stores, witness, .. }) = Arc::try_unwrap(hammer).map_err(drop) else {
        panic!("a writer is left")
    };
    drop(stores);

    let stores = stores_in(&tmp, options);
    assert!(stores.open(GUILD).await.unwrap().is_none());
    let lease = stores.open(OTHER).await.unwrap().expect("the neighbour's store");
    assert_eq!(integrity(&lease).await, "ok");
    witness.read(&lease).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_lose_nothing_while_their_guild_is_deleted_and_created_500_times() {
    hammer(500, patient_for(Duration::from_mins(1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_whose_leases_are_not_waited_for_lose_nothing_either() {
    hammer(100, patient_for(Duration::from_micros(100))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_writers_whose_stores_are_closed_all_the_time_lose_nothing_either() {
    let restless =
        StoreOptions { max_open: 1, idle_close: Duration::ZERO, ..patient_for(Duration::from_mins(1)) };
    hammer(60, restless).await;
}
