use super::*;
use crate::storage::testing::fast_dir;

#[tokio::test]
async fn the_store_used_longest_ago_gives_way() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(2));
    let guilds = [1, 2, 3].map(GuildId::new);
    drop(create(&stores, guilds[0]).await);
    drop(create(&stores, guilds[1]).await);
    drop(stores.open(guilds[0]).await.unwrap());
    drop(create(&stores, guilds[2]).await);
    let stats = stores.stats();
    assert_eq!((stats.open, stats.evictions), (2, 1));
    let open: std::collections::BTreeSet<_> =
        stores.shared.slots.all().iter().map(|slot| slot.guild).collect();
    assert_eq!(open, [guilds[0], guilds[2]].into());
}

#[tokio::test]
async fn a_store_that_was_not_used_lately_lets_go_of_what_it_prepared_and_stays_open() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions { max_warm: 1, ..options(4) });
    let prepared = async |lease: &Lease| lease.db().pool.turn().await.unwrap().cached_statements_size();
    // The connection's thread says what it keeps a moment after it answered.
    let keeps_some = async |lease: &Lease| {
        for _ in 0..1_000 {
            if prepared(lease).await > 0 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        false
    };
    let first = create(&stores, GUILD).await;
    first.events().count_live().await.unwrap();
    assert!(keeps_some(&first).await);
    drop(first);
    let second = create(&stores, OTHER).await;
    eventually(|| stores.shared.tasks.is_empty()).await;
    second.events().count_live().await.unwrap();
    let first = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!((prepared(&first).await, stores.stats().open), (0, 2));
    assert!(keeps_some(&second).await, "it is in use");
    assert_eq!(first.events().count_live().await.unwrap(), 0);
}

#[tokio::test]
async fn a_leased_store_is_never_closed_and_the_limit_gives_way_instead() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(2));
    let mut leases = Vec::new();
    for guild in 1..=5 {
        leases.push(create(&stores, GuildId::new(guild)).await);
    }
    stores.close_idle().await;
    assert_eq!((stores.stats().open, stores.stats().evictions), (5, 0));
    for lease in &leases {
        assert_eq!(lease.events().count_live().await.unwrap(), 0);
    }
    drop(leases);
    drop(create(&stores, GuildId::new(6)).await);
    eventually(|| stores.stats().open == 2).await;
}

#[tokio::test]
async fn an_idle_store_is_closed_by_the_sweep_and_opens_again() {
    let tmp = tempfile::tempdir().unwrap();
    let clock = StandingClock::new();
    let dir = DataDir::open(tmp.path()).unwrap();
    let idle = StoreOptions { idle_close: Duration::from_mins(1), ..options(4) };
    let stores = GuildStores::new(Arc::new(dir), idle, clock.clone());
    let kept = create(&stores, OTHER).await;
    drop(create(&stores, GUILD).await);
    clock.advance(Duration::from_secs(59));
    stores.close_idle().await;
    assert_eq!(stores.stats().open, 2);
    clock.advance(Duration::from_secs(1));
    stores.close_idle().await;
    assert_eq!(stores.stats().open, 1);
    assert_eq!(kept.events().count_live().await.unwrap(), 0);
    assert!(stores.open(GUILD).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_guilds_under_a_small_limit_lose_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(3));
    let work = |number: u64| {
        let stores = stores.clone();
        async move {
            let lease = create(&stores, GuildId::new(1 + number % 8)).await;
            lease.events().watch(&new_event(number + 1, "Raid"), at(0)).await.unwrap();
        }
    };
    join_all((0..160).map(work)).await;
    for guild in 1..=8 {
        let lease = stores.open(GuildId::new(guild)).await.unwrap().unwrap();
        assert_eq!(lease.events().count_live().await.unwrap(), 20);
    }
}

#[tokio::test]
async fn after_closing_no_lease_is_given() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let late = create(&stores, GUILD).await;
    drop(create(&stores, OTHER).await);
    stores.close(soon()).await;
    assert!(matches!(stores.open(OTHER).await, Err(StorageError::Closed { .. })));
    assert!(matches!(late.events().count_live().await, Err(StorageError::Closed { .. })));
    assert_eq!(stores.stats().open, 0);
}

#[tokio::test]
async fn the_shutdown_leaves_running_statements_behind_at_its_deadline_and_closes_the_others() {
    let tmp = tempfile::tempdir().unwrap();
    let patient = Duration::from_mins(5);
    let stores = stores_in(&tmp, StoreOptions { lease_wait: patient, stop_wait: patient, ..options(40) });
    let mut stuck = Vec::new();
    for guild in 1..=20 {
        let lease = create(&stores, GuildId::new(guild)).await;
        stuck.push((lease.db().pool.turn().await.unwrap(), lease));
    }
    drop(create(&stores, OTHER).await);
    let asked = tokio::time::Instant::now();
    stores.close(asked + Duration::from_millis(300)).await;
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
    assert!(!guild_dir(&tmp, OTHER).join("guild.db-wal").exists(), "it is closed");
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Closed { .. })));
    drop(stuck);
}

#[tokio::test]
async fn the_write_ahead_log_stays_small_however_much_is_written() {
    let tmp = fast_dir();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    let log = guild_dir(&tmp, GUILD).join("guild.db-wal");
    let mut largest = 0;
    for _ in 0..200 {
        // Some 80 kB, of which the next write leaves nothing as it was.
        let write = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
                     INSERT INTO members SELECT i, hex(randomblob(200)), 0, '[]', 0, 0 FROM n WHERE true
                     ON CONFLICT (user_id) DO UPDATE SET name = excluded.name";
        sqlx::query(write).execute(&lease.db().pool).await.unwrap();
        largest = largest.max(std::fs::metadata(&log).unwrap().len());
    }
    assert!((50_000..3_000_000).contains(&largest), "{largest} bytes, of 16 MB that were written");
}
