//! The contract as a model: one step after the other, and what each of them must answer.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tokio::task::JoinHandle;

use super::*;
use crate::domain::audience::Member;
use crate::ids::UserId;
use crate::storage::testing::fast_dir;

const GUILDS: u64 = 4;
const MAX_OPEN: usize = 2;

#[derive(Debug, Clone)]
enum Step {
    Admit(u64),
    Open(u64),
    OpenOrCreate(u64),
    /// Writes through one of the leases that are out.
    Write(prop::sample::Index),
    /// Reads everything through one of them.
    Read(prop::sample::Index),
    /// Gives one of them back.
    Return(prop::sample::Index),
    CloseIdle,
    Delete(u64),
    /// Gives all leases back, closes everything and begins again.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (guild, lease) = (|| 1..=GUILDS, any::<prop::sample::Index>);
    prop_oneof![
        3 => guild().prop_map(Step::Admit),
        3 => guild().prop_map(Step::Open),
        5 => guild().prop_map(Step::OpenOrCreate),
        5 => lease().prop_map(Step::Write),
        3 => lease().prop_map(Step::Read),
        4 => lease().prop_map(Step::Return),
        2 => Just(Step::CloseIdle),
        2 => guild().prop_map(Step::Delete),
        1 => Just(Step::Restart),
    ]
}

/// What a guild's store holds, as it should be.
#[derive(Debug, Default)]
struct Expected {
    is_admitted: bool,
    rows: Option<BTreeSet<u64>>,
    deletion: Option<JoinHandle<Result<bool, StorageError>>>,
}

/// The stores, and the model beside them.
struct Pair {
    tmp: TempDir,
    stores: GuildStores,
    guilds: BTreeMap<u64, Expected>,
    leases: Vec<Lease>,
    /// How often somebody asked for a lease and was not refused.
    served: u64,
    rows: u64,
}

fn options() -> StoreOptions {
    StoreOptions {
        max_open: MAX_OPEN,
        idle_close: Duration::ZERO,
        lease_wait: Duration::from_mins(1),
        synchronous: Synchronous::Normal,
        ..StoreOptions::default()
    }
}

impl Pair {
    fn new() -> Self {
        let tmp = fast_dir();
        let stores = stores_in(&tmp, options());
        Self { tmp, stores, guilds: BTreeMap::new(), leases: Vec::new(), served: 0, rows: 0 }
    }

    fn expected(&mut self, guild: u64) -> &mut Expected {
        self.guilds.entry(guild).or_default()
    }

    fn leased(&self) -> BTreeSet<u64> {
        self.leases.iter().map(|lease| lease.guild_id().get()).collect()
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Admit(guild) => {
                self.stores.admit(GuildId::new(guild));
                self.expected(guild).is_admitted = true;
            }
            Step::Open(guild) => {
                let opened = self.stores.open(GuildId::new(guild)).await;
                let expected = self.expected(guild);
                if expected.deletion.is_some() {
                    assert!(matches!(opened, Err(StorageError::Deleted { .. })), "{opened:?}");
                    return;
                }
                let lease = opened.unwrap();
                assert_eq!(lease.is_some(), expected.rows.is_some());
                self.leases.extend(lease);
                self.served += 1;
            }
            Step::OpenOrCreate(guild) => self.open_or_create(guild).await,
            Step::Write(index) if !self.leases.is_empty() => {
                self.rows += 1;
                let row = self.rows;
                let lease = index.get(&self.leases);
                let guild = lease.guild_id().get();
                let user_id = UserId::new(row);
                let member = Member { user_id, name: guild.to_string(), is_bot: false, roles: Vec::new() };
                assert!(lease.members().upsert(&member, at(0)).await.unwrap());
                self.expected(guild).rows.as_mut().expect("it is leased").insert(row);
            }
            Step::Read(index) if !self.leases.is_empty() => {
                let lease = index.get(&self.leases);
                let rows: Vec<i64> = sqlx::query_scalar("SELECT user_id FROM members")
                    .fetch_all(&lease.db().pool)
                    .await
                    .unwrap();
                let rows: BTreeSet<u64> = rows.into_iter().map(|row| u64::try_from(row).unwrap()).collect();
                let guild = lease.guild_id().get();
                assert_eq!(Some(&rows), self.expected(guild).rows.as_ref());
            }
            Step::Return(index) if !self.leases.is_empty() => {
                let lease = self.leases.swap_remove(index.index(self.leases.len()));
                self.give_back(lease).await;
            }
            Step::Write(_) | Step::Read(_) | Step::Return(_) => {}
            Step::CloseIdle => {
                self.stores.close_idle().await;
                let leased = self.leased().len();
                eventually(|| self.stores.stats().open == leased).await;
            }
            Step::Delete(guild) => self.delete(guild).await,
            Step::Restart => self.restart().await,
        }
        assert_eq!(self.stores.stats().leased, self.leased().len());
        let stats = self.stores.stats();
        assert_eq!(stats.hits + stats.misses, self.served);
    }

    async fn open_or_create(&mut self, guild: u64) {
        let opened = self.stores.open_or_create(GuildId::new(guild)).await;
        let expected = self.expected(guild);
        match opened {
            Err(StorageError::NotAMember { .. }) => assert!(!expected.is_admitted),
            Err(StorageError::Deleted { .. }) => assert!(expected.deletion.is_some()),
            Err(error) => panic!("{error}: {error:?}"),
            Ok(lease) => {
                assert!(expected.is_admitted && expected.deletion.is_none());
                expected.rows.get_or_insert_default();
                self.leases.push(lease);
                self.served += 1;
            }
        }
    }

    async fn delete(&mut self, guild: u64) {
        let is_leased = self.leased().contains(&guild);
        let stores = self.stores.clone();
        let expected = self.expected(guild);
        if expected.deletion.is_some() {
            // It is asked for once only.
            return;
        }
        expected.is_admitted = false;
        let id = GuildId::new(guild);
        if !is_leased {
            assert_eq!(stores.delete(id).await.unwrap(), expected.rows.take().is_some());
            assert!(!guild_dir(&self.tmp, id).exists());
            return;
        }
        let deleting = stores.clone();
        expected.deletion = Some(stores.shared.tasks.spawn(async move { deleting.delete(id).await }));
        while let Ok(lease) = stores.open(id).await {
            self.served += 1;
            drop(lease);
            tokio::task::yield_now().await;
        }
        assert!(guild_dir(&self.tmp, id).exists(), "it waits for the leases");
    }

    /// Gives a lease back; a deletion that waited for it comes to its end.
    async fn give_back(&mut self, lease: Lease) {
        let guild = lease.guild_id().get();
        drop(lease);
        if self.leased().contains(&guild) {
            return;
        }
        if let Some(deletion) = self.expected(guild).deletion.take() {
            assert!(deletion.await.unwrap().unwrap());
            self.expected(guild).rows = None;
            assert!(!guild_dir(&self.tmp, GuildId::new(guild)).exists());
        }
    }

    async fn restart(&mut self) {
        while let Some(lease) = self.leases.pop() {
            self.give_back(lease).await;
        }
        self.stores.close(soon()).await;
        assert_eq!(self.stores.stats().open, 0);
        assert!(matches!(self.stores.open(GuildId::new(1)).await, Err(StorageError::Closed { .. })));
        // Without the old ones first: the data directory has one user.
        let elsewhere = tempfile::tempdir().unwrap();
        self.stores = stores_in(&elsewhere, options());
        self.stores = stores_in(&self.tmp, options());
        self.served = 0;
        self.guilds.values_mut().for_each(|guild| guild.is_admitted = false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_step_answers_what_the_contract_says(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut pair = Pair::new();
            for step in steps {
                pair.take(step).await;
            }
            pair.restart().await;
        });
    }
}
