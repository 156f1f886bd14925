use futures::FutureExt;

use super::*;
use crate::storage::testing::fast_dir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_at_once_make_one_opening() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    let stores = stores_in(&tmp, options(4));
    let leases = join_all((0..50).map(|_| stores.open(GUILD))).await;
    assert_eq!(leases.iter().filter(|lease| matches!(lease, Ok(Some(_)))).count(), 50);
    let stats = stores.stats();
    assert_eq!((stats.opened, stats.open, stats.leased), (1, 1, 1));
    assert_eq!(stats.hits + stats.misses, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_callers_at_once_create_one_store() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    stores.admit(GUILD);
    let leases = join_all((0..50).map(|_| stores.open_or_create(GUILD))).await;
    assert!(leases.iter().all(Result::is_ok));
    assert_eq!(stores.stats().opened, 1);
}

#[tokio::test]
async fn opening_never_creates_and_creating_needs_a_member() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    assert!(stores.open(GUILD).await.unwrap().is_none());
    assert!(matches!(stores.open_or_create(GUILD).await, Err(StorageError::NotAMember { .. })));
    stores.admit(GUILD);
    assert!(stores.open(GUILD).await.unwrap().is_none());
    assert!(!guild_dir(&tmp, GUILD).exists());
    assert_eq!((stores.stats().open, stores.shared.slots.all().len()), (0, 0), "nothing is kept of it");
}

#[tokio::test]
async fn an_opening_whose_caller_went_away_serves_the_next() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    stores.admit(GUILD);
    {
        let mut opening = std::pin::pin!(stores.open_or_create(GUILD));
        assert!(futures::poll!(opening.as_mut()).is_pending());
    }
    drop(stores.open_or_create(GUILD).await.unwrap());
    assert_eq!(stores.stats().opened, 1);
    eventually(|| stores.stats().leased == 0).await;
}

#[tokio::test]
async fn a_store_keeps_its_data_and_its_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    let event = watch(&lease, 1).await;
    for file in std::fs::read_dir(guild_dir(&tmp, GUILD)).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
    drop(lease);
    stores.close(soon()).await;
    let names: Vec<_> = std::fs::read_dir(guild_dir(&tmp, GUILD)).unwrap().collect();
    assert_eq!(names.len(), 1, "the log was checkpointed: {names:?}");
    drop(stores);
    let stores = stores_in(&tmp, options(4));
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().find(event.id).await.unwrap(), Some(event));
}

#[tokio::test]
async fn connections_are_set_up_as_the_design_says() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    let pragmas: (String, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT journal_mode FROM pragma_journal_mode), (SELECT synchronous FROM pragma_synchronous),
                (SELECT foreign_keys FROM pragma_foreign_keys), (SELECT page_size FROM pragma_page_size)",
    )
    .fetch_one(&lease.db().pool)
    .await
    .unwrap();
    assert_eq!(pragmas, ("wal".to_owned(), 2, 1, 2_048));
}

#[tokio::test]
async fn a_lease_of_an_open_store_waits_for_nothing_and_allocates_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    drop(create(&stores, GUILD).await);
    let counted = allocation_counter::measure(|| {
        let lease = stores.open(GUILD).now_or_never();
        assert!(matches!(lease, Some(Ok(Some(_)))));
    });
    assert_eq!(counted.count_total, 0);
}

#[tokio::test]
async fn two_guilds_never_share() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let (one, other) = (create(&stores, GUILD).await, create(&stores, OTHER).await);
    let event = watch(&one, 1).await;
    assert_eq!(other.events().find(event.id).await.unwrap(), None);
    assert_eq!(other.events().find_by_message(MessageId::new(1)).await.unwrap(), None);
    assert_eq!(watch(&other, 1).await.id, EventId(1));
    drop((one, other));
    assert!(stores.delete(GUILD).await.unwrap());
    let other = stores.open(OTHER).await.unwrap().unwrap();
    assert_eq!(other.events().count_live().await.unwrap(), 1);
}

#[tokio::test]
async fn a_commit_is_as_hard_as_the_operator_wants() {
    for (synchronous, level) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let tmp = fast_dir();
        let stores = stores_in(&tmp, StoreOptions { synchronous, ..options(4) });
        for _ in 0..2 {
            let lease = create(&stores, GUILD).await;
            let found: i64 =
                sqlx::query_scalar("PRAGMA synchronous").fetch_one(&lease.db().pool).await.unwrap();
            assert_eq!(found, level, "{synchronous:?}");
            drop(lease);
            stores.close_idle().await;
        }
    }
}
