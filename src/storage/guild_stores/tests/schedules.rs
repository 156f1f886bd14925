//! Random schedules of several tasks at the same time, on more than one thread, against what they were told.

use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use tokio::task::JoinSet;

use super::witness::{Witness, integrity};
use super::*;
use crate::storage::testing::fast_dir;

const GUILDS: u64 = 4;

/// One thing that a task does. The number is the guild's.
#[derive(Debug, Clone)]
enum Act {
    /// Leases the store, a new one if need be, and writes so often.
    Write(u64, usize),
    /// Leases the store if there is one, and reads everything.
    Read(u64),
    /// Leases several stores at the same time, and writes into them in turn.
    WriteAcross(Vec<u64>),
    /// Asks for a lease and goes away.
    LoseInterest(u64),
    /// Begins to write and goes away.
    LoseInterestInAWrite(u64),
    CloseIdle,
    Delete(u64),
    ShutDown,
}

/// How long a deletion waits for leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Patience {
    /// As long as any of these tests can last: no lease may fail.
    Long,
    /// Hardly at all: a lease may fail once its guild is being deleted.
    Short,
}

#[derive(Debug, Clone)]
struct Schedule {
    tasks: Vec<Vec<Act>>,
    max_open: usize,
    patience: Patience,
    idle_close: Duration,
}

fn act() -> impl Strategy<Value = Act> {
    let guild = || 1..=GUILDS;
    prop_oneof![
        8 => (guild(), 1..4_usize).prop_map(|(guild, writes)| Act::Write(guild, writes)),
        6 => guild().prop_map(Act::Read),
        3 => proptest::collection::vec(guild(), 2..5).prop_map(Act::WriteAcross),
        2 => guild().prop_map(Act::LoseInterest),
        2 => guild().prop_map(Act::LoseInterestInAWrite),
        2 => Just(Act::CloseIdle),
        3 => guild().prop_map(Act::Delete),
    ]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let tasks = proptest::collection::vec(proptest::collection::vec(act(), 1..16), 2..7);
    let patience = prop_oneof![Just(Patience::Long), Just(Patience::Short)];
    let idle_close = prop_oneof![Just(Duration::ZERO), Just(Duration::from_hours(1))];
    let shutdown =
        proptest::option::weighted(0.3, (any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    (tasks, 1..4_usize, patience, idle_close, shutdown).prop_map(
        |(mut tasks, max_open, patience, idle_close, shutdown)| {
            if let Some((task, place)) = shutdown {
                let acts = task.get_mut(&mut tasks);
                let place = place.index(acts.len());
                acts.insert(place, Act::ShutDown);
            }
            Schedule { tasks, max_open, patience, idle_close }
        },
    )
}

/// What all tasks of a schedule share.
struct Play {
    stores: GuildStores,
    witness: Witness,
    patience: Patience,
    stopping: AtomicBool,
}

impl Play {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// A lease of the guild's store, unless it is being deleted or everything is being closed.
    async fn lease(&self, guild: GuildId) -> Option<Lease> {
        let before = self.witness.known(guild);
        self.stores.admit(guild);
        match self.stores.open_or_create(guild).await {
            Ok(lease) => Some(lease),
            Err(StorageError::Closed { .. }) if self.is_stopping() => None,
            Err(StorageError::Deleted { .. } | StorageError::NotAMember { .. })
                if before.was_deleted_before(&self.witness.known(guild)) =>
            {
                None
            }
            Err(error) => panic!("{error}: {error:?}"),
        }
    }

    /// Reads or writes; it may fail only where the contract says so.
    async fn use_lease<T>(&self, lease: &Lease, work: impl Future<Output = sqlx::Result<T>>) -> Option<T> {
        match work.await {
            Ok(done) => Some(done),
            Err(sqlx::Error::PoolClosed) if self.is_stopping() => None,
            Err(sqlx::Error::PoolClosed)
                if self.patience == Patience::Short && self.witness.was_ever_deleted(lease.guild_id()) =>
            {
                None
            }
            Err(error) => panic!("a lease of guild {} failed: {error}", lease.guild_id()),
        }
    }

    async fn perform(&self, act: Act) {
        match act {
            Act::Write(guild, writes) => {
                let Some(lease) = self.lease(GuildId::new(guild)).await else { return };
                for _ in 0..writes {
                    self.use_lease(&lease, self.witness.write(&lease)).await;
                    tokio::task::yield_now().await;
                }
                self.use_lease(&lease, self.witness.read(&lease)).await;
            }
            Act::Read(guild) => self.read(GuildId::new(guild)).await,
            Act::WriteAcross(guilds) => {
                let mut leases = Vec::new();
                for guild in guilds {
                    leases.extend(self.lease(GuildId::new(guild)).await);
                }
                for lease in leases.iter().chain(&leases) {
                    self.use_lease(lease, self.witness.write(lease)).await;
                }
            }
            Act::LoseInterest(guild) => {
                let opening = std::pin::pin!(self.lease(GuildId::new(guild)));
                drop(futures::poll!(opening));
            }
            Act::LoseInterestInAWrite(guild) => {
                let Some(lease) = self.lease(GuildId::new(guild)).await else { return };
                let writing = std::pin::pin!(self.use_lease(&lease, self.witness.write(&lease)));
                futures::poll!(writing).is_ready();
            }
            Act::CloseIdle => self.stores.close_idle().await,
            Act::Delete(guild) => match self.witness.delete(&self.stores, GuildId::new(guild)).await {
                Ok(()) => {}
                Err(error) => panic!("{error}: {error:?}"),
            },
            Act::ShutDown => {
                self.stopping.store(true, Ordering::SeqCst);
                self.stores.close(soon()).await;
            }
        }
    }

    async fn read(&self, guild: GuildId) {
        let before = self.witness.known(guild);
        match self.stores.open(guild).await {
            Ok(Some(lease)) => drop(self.use_lease(&lease, self.witness.read(&lease)).await),
            Ok(None) => self.witness.found_none(guild, &before),
            Err(StorageError::Closed { .. }) if self.is_stopping() => {}
            Err(StorageError::Deleted { .. }) if before.was_deleted_before(&self.witness.known(guild)) => {}
            Err(error) => panic!("{error}: {error:?}"),
        }
    }
}

async fn play(schedule: Schedule) {
    let tmp = fast_dir();
    let lease_wait = match schedule.patience {
        Patience::Long => Duration::from_mins(1),
        Patience::Short => Duration::from_micros(200),
    };
    let options = StoreOptions {
        max_open: schedule.max_open,
        idle_close: schedule.idle_close,
        lease_wait,
        synchronous: Synchronous::Normal,
        ..StoreOptions::default()
    };
    let stores = stores_in(&tmp, options.clone());
    let play = Arc::new(Play {
        stores,
        witness: Witness::default(),
        patience: schedule.patience,
        stopping: AtomicBool::new(false),
    });
    let mut tasks = JoinSet::new();
    for acts in schedule.tasks {
        let play = Arc::clone(&play);
        tasks.spawn(async move {
            for act in acts {
                play.perform(act).await;
            }
        });
    }
    tasks.join_all().await;

    let stores = &play.stores;
    // An opening whose caller went away still comes to its end.
    eventually(|| stores.stats().leased == 0).await;
    if !play.is_stopping() {
        stores.close_idle().await;
        eventually(|| stores.stats().open <= schedule.max_open).await;
        stores.close(soon()).await;
    }
    let stats = stores.stats();
    assert_eq!((stats.open, stats.leased, stores.shared.slots.all().len()), (0, 0, 0));
    let Ok(Play { stores, witness, .. }) = Arc::try_unwrap(play).map_err(drop) else {
        panic!("a task is left")
    };
    drop(stores);
    look_at_the_disk(&tmp, options, &witness).await;
}

/// Nothing but closed databases is left, and each has in it what it should.
async fn look_at_the_disk(tmp: &TempDir, options: StoreOptions, witness: &Witness) {
    let stores = stores_in(tmp, options);
    for entry in std::fs::read_dir(tmp.path().join("data/guilds")).unwrap() {
        let entry = entry.unwrap();
        let number: u64 = entry.file_name().to_str().unwrap().parse().expect("a guild's directory");
        assert!((1..=GUILDS).contains(&number));
        let files: Vec<_> =
            std::fs::read_dir(entry.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["guild.db"], "guild {number}");
    }
    for guild in (1..=GUILDS).map(GuildId::new) {
        let before = witness.known(guild);
        match stores.open(guild).await.unwrap() {
            Some(lease) => {
                assert_eq!(integrity(&lease).await, "ok");
                witness.read(&lease).await.unwrap();
            }
            None => witness.found_none(guild, &before),
        }
    }
    stores.close(soon()).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_tasks_do_at_the_same_time_nothing_acknowledged_is_lost_or_mixed_up(schedule in schedule()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(schedule));
    }
}
