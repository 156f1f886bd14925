use super::witness::{still_open, traces};
use super::*;
use crate::storage::testing::fast_dir;

#[tokio::test]
async fn deleting_waits_for_leases_and_refuses_new_ones() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions { lease_wait: Duration::from_mins(1), ..options(4) });
    let lease = create(&stores, GUILD).await;
    let mut deletion = std::pin::pin!(stores.delete(GUILD));
    assert!(futures::poll!(deletion.as_mut()).is_pending());
    let refused = loop {
        match stores.open(GUILD).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StorageError::Deleted { .. }), "{refused}");
    assert!(matches!(stores.open_or_create(GUILD).await, Err(StorageError::NotAMember { .. })));
    watch(&lease, 1).await;
    assert!(guild_dir(&tmp, GUILD).exists());
    drop(lease);
    assert!(deletion.await.unwrap());
    let left: Vec<_> = std::fs::read_dir(tmp.path().join("data/guilds")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn nothing_brings_a_deleted_guild_back_but_an_invitation() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    watch(&create(&stores, GUILD).await, 1).await;
    assert!(stores.delete(GUILD).await.unwrap());
    assert!(!stores.delete(GUILD).await.unwrap());
    assert!(stores.open(GUILD).await.unwrap().is_none());
    assert!(matches!(stores.open_or_create(GUILD).await, Err(StorageError::NotAMember { .. })));
    assert!(!guild_dir(&tmp, GUILD).exists());
    let lease = create(&stores, GUILD).await;
    assert_eq!(lease.events().count_live().await.unwrap(), 0, "a new invitation begins anew");
}

#[tokio::test]
async fn a_lease_that_does_not_come_back_loses_its_store() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    while let Err(StorageError::InUse { .. }) = stores.delete(GUILD).await {}
    let refused = lease.events().insert_draft(&new_event(1, "late"), at(0)).await.unwrap_err();
    assert!(matches!(refused, StorageError::Closed { .. }), "{refused}");
    assert!(!guild_dir(&tmp, GUILD).exists());
    let fresh = create(&stores, GUILD).await;
    drop(lease);
    assert_eq!(fresh.events().count_live().await.unwrap(), 0);
}

#[tokio::test]
async fn a_deletion_during_a_transaction_says_so_and_goes_on_when_asked_again() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions { lease_wait: Duration::from_millis(20), ..options(4) });
    let lease = create(&stores, GUILD).await;
    let turn = lease.db().pool.turn().await.unwrap();
    let refused = stores.delete(GUILD).await.unwrap_err();
    assert!(matches!(refused, StorageError::InUse { .. }), "{refused}");
    assert!(guild_dir(&tmp, GUILD).exists());
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Deleted { .. })));
    drop((turn, lease));
    while let Err(StorageError::InUse { .. }) = stores.delete(GUILD).await {}
    assert!(!guild_dir(&tmp, GUILD).exists());
}

#[tokio::test]
async fn a_guild_that_comes_back_before_its_deletion_is_asked_for_again_keeps_its_store() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions { lease_wait: Duration::from_millis(20), ..options(4) });
    let lease = create(&stores, GUILD).await;
    watch(&lease, 1).await;
    let turn = lease.db().pool.turn().await.unwrap();
    assert!(matches!(stores.delete(GUILD).await, Err(StorageError::InUse { .. })));
    stores.admit(GUILD);
    drop((turn, lease));
    eventually(|| stores.shared.slots.all().is_empty()).await;
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().count_live().await.unwrap(), 1);
    drop(lease);
    assert!(stores.delete(GUILD).await.unwrap());
}

#[tokio::test]
async fn a_creation_that_waits_for_a_closing_store_cannot_outlive_the_guild_s_deletion() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions { idle_close: Duration::ZERO, ..options(4) });
    let lease = create(&stores, GUILD).await;
    // The store cannot be closed while this runs.
    let turn = lease.db().pool.turn().await.unwrap();
    drop(lease);
    let mut closing = std::pin::pin!(stores.close_idle());
    let mut creation = std::pin::pin!(stores.open_or_create(GUILD));
    assert!(futures::poll!(closing.as_mut()).is_pending());
    assert!(futures::poll!(creation.as_mut()).is_pending());
    let deletion = stores.delete(GUILD);
    drop(turn);
    assert!(deletion.await.unwrap());
    let late = creation.await;
    assert!(matches!(late, Err(StorageError::NotAMember { .. })), "{late:?}");
    assert!(!guild_dir(&tmp, GUILD).exists());
}

#[tokio::test]
async fn a_deletion_out_of_patience_leaves_the_file_until_it_is_closed() {
    let tmp = fast_dir();
    let impatient = StoreOptions { lease_wait: Duration::ZERO, ..options(4) };
    let stores = stores_in(&tmp, impatient);
    for _ in 0..20 {
        let lease = create(&stores, GUILD).await;
        // Much to write back before it is closed.
        let fill = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                    INSERT INTO members SELECT i, printf('%01999d', i), 0, '[]', 0, 0 FROM n";
        sqlx::query(fill).execute(&lease.db().pool).await.unwrap();
        drop(lease);
        while let Err(StorageError::InUse { .. }) = stores.delete(GUILD).await {}
        assert_eq!(still_open(&stores, GUILD), Vec::<PathBuf>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_being_taken_does_not_outlive_the_deletion_of_its_guild() {
    let tmp = fast_dir();
    let stores = stores_in(&tmp, StoreOptions { lease_wait: Duration::ZERO, ..options(4) });
    for _ in 0..40 {
        drop(create(&stores, GUILD).await);
        let delete = async { while let Err(StorageError::InUse { .. }) = stores.delete(GUILD).await {} };
        let (taken, ()) = tokio::join!(stores.back_up(GUILD), delete);
        let is_moot = |error: &StorageError| {
            matches!(error, StorageError::Deleted { .. } | StorageError::Closed { .. })
        };
        assert!(taken.as_ref().err().is_none_or(is_moot), "{taken:?}");
        assert_eq!(traces(&tmp, GUILD), Vec::<PathBuf>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guilds_that_come_and_go_under_load_leave_no_trace_and_break_nobody() {
    let tmp = tempfile::tempdir().unwrap();
    let patient = StoreOptions { lease_wait: Duration::from_mins(1), ..options(3) };
    let stores = stores_in(&tmp, patient);
    let work = |number: u64| {
        let stores = stores.clone();
        async move {
            let guild = GuildId::new(1 + number % 5);
            match number % 11 {
                0 => drop(stores.delete(guild).await.unwrap()),
                1 => stores.close_idle().await,
                _ => {
                    stores.admit(guild);
                    match stores.open_or_create(guild).await {
                        Ok(lease) => drop(watch(&lease, number + 1).await),
                        Err(StorageError::Deleted { .. } | StorageError::NotAMember { .. }) => {}
                        Err(error) => panic!("{error}: {error:?}"),
                    }
                }
            }
        }
    };
    join_all((0..400).map(work)).await;
    for guild in (1..=5).map(GuildId::new) {
        stores.delete(guild).await.unwrap();
    }
    let left: Vec<_> = std::fs::read_dir(tmp.path().join("data/guilds")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!((stores.stats().open, stores.shared.slots.all().len()), (0, 0));
}

#[tokio::test]
async fn whoever_keeps_something_in_memory_about_a_guild_hears_of_its_deletion() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    drop(create(&stores, GUILD).await);
    stores.delete(GUILD).await.unwrap();
    assert_eq!(stores.casualties().await.into_iter().collect::<Vec<_>>(), [GUILD]);
}
