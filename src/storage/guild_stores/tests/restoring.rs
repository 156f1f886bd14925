use super::*;
use crate::domain::reminder::Status;
use crate::storage::testing::new_reminder;

#[tokio::test]
async fn a_backup_is_a_whole_store_that_only_this_user_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    assert_eq!(stores.back_up(GUILD).await.unwrap(), None, "there is nothing yet, and nothing is made");
    let lease = create(&stores, GUILD).await;
    watch(&lease, 1).await;
    let backup = stores.back_up(GUILD).await.unwrap().unwrap();
    assert_eq!((backup.guild_id, backup.taken_at), (GUILD, at(0)));
    assert_eq!(std::fs::metadata(&backup.file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(backup.file.parent().unwrap()).unwrap().count(), 1);
    assert!(lease.events().find(EventId(1)).await.unwrap().is_some(), "the store goes on");
}

#[tokio::test]
async fn a_restore_goes_back_and_skips_what_was_due_before() {
    let tmp = tempfile::tempdir().unwrap();
    let clock = StandingClock::new();
    let dir = Arc::new(DataDir::open(&tmp.path().join("data")).unwrap());
    let stores = GuildStores::new(dir, options(4), clock.clone());
    let lease = create(&stores, GUILD).await;
    let due = watch(&lease, 1).await;
    let claimed = watch(&lease, 2).await;
    let pending = lease.reminders().claim(&new_reminder(claimed.id, 60), at(60)).await.unwrap().unwrap();
    let backup = stores.back_up(GUILD).await.unwrap().unwrap();
    watch(&lease, 3).await;
    drop(lease);
    clock.advance(Duration::from_secs(150));

    let restored = stores.restore(GUILD, &backup.file).await.unwrap();
    assert_eq!(restored.skipped, 3, "the one under way, and one of each event");
    assert!(restored.set_aside.unwrap().join("guild.db").is_file());
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().list_live(9, 0).await.unwrap().len(), 2);
    let row = lease.reminders().find(pending.id).await.unwrap().unwrap();
    assert_eq!(row.status, Status::Skipped);
    assert!(row.error.unwrap().contains("restored from a backup"));
    let next = lease.events().find(due.id).await.unwrap().unwrap().next_due_at;
    assert_eq!(next, Some(at(180)), "on its grid, after now");
    let log = lease.reminders().history(due.id, 9, 0).await.unwrap();
    assert_eq!(
        log.iter().map(|row| (row.scheduled_at, row.status)).collect::<Vec<_>>(),
        [(at(60), Status::Skipped)]
    );
    assert!(lease.reminders().pending(at(9_999), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_asks_during_a_restore_waits_and_a_lease_is_waited_for() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    let backup = stores.back_up(GUILD).await.unwrap().unwrap();
    let refused = stores.restore(GUILD, &backup.file).await.unwrap_err();
    assert!(matches!(refused, StorageError::InUse { .. }), "{refused}");
    assert_eq!(lease.events().count_live().await.unwrap(), 0, "nothing was done to it");
    watch(&lease, 1).await;
    drop(lease);
    let (restored, lease) = tokio::join!(stores.restore(GUILD, &backup.file), stores.open(GUILD));
    restored.unwrap();
    assert!(lease.unwrap().is_some());
    assert_eq!(stores.open(GUILD).await.unwrap().unwrap().events().count_live().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_good_backup_of_this_guild_changes_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    watch(&create(&stores, GUILD).await, 1).await;
    drop(create(&stores, OTHER).await);
    let foreign = stores.back_up(OTHER).await.unwrap().unwrap().file;
    let garbage = tmp.path().join("garbage.db");
    std::fs::write(&garbage, [7; 9_000]).unwrap();
    for (file, word) in [(foreign, "another guild"), (garbage, "corrupt")] {
        let refused = stores.restore(GUILD, &file).await.unwrap_err();
        assert!(
            matches!(&refused, StorageError::BadBackup { reason, .. } if reason.contains(word)),
            "{refused}"
        );
    }
    let refused = stores.restore(GUILD, &tmp.path().join("nowhere.db")).await.unwrap_err();
    assert!(matches!(refused, StorageError::DataDir { .. }), "{refused}");
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().count_live().await.unwrap(), 1);
    assert_eq!(std::fs::read_dir(tmp.path().join("data/quarantine")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(tmp.path().join("data/guilds")).unwrap().count(), 2);
}

#[tokio::test]
async fn a_restore_that_cannot_set_the_store_aside_leaves_nothing_behind() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    watch(&create(&stores, GUILD).await, 1).await;
    let backup = stores.back_up(GUILD).await.unwrap().unwrap();
    std::fs::write(tmp.path().join("data/quarantine").join(GUILD.to_string()), "in the way").unwrap();
    let refused = stores.restore(GUILD, &backup.file).await.unwrap_err();
    assert!(matches!(refused, StorageError::DataDir { .. }), "{refused}");
    assert_eq!(std::fs::read_dir(tmp.path().join("data/guilds")).unwrap().count(), 1);
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().count_live().await.unwrap(), 1);
}

#[tokio::test]
async fn an_optimised_store_is_smaller_and_the_same() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    for message in 1..300 {
        watch(&lease, message).await;
    }
    sqlx::query("DELETE FROM events WHERE id > 1").execute(&lease.db().pool).await.unwrap();
    let done = stores.optimize(GUILD).await.unwrap().unwrap();
    assert!(done.after_bytes < done.before_bytes, "{done:?}");
    let file = stores.shared.dir.guild_dir(GUILD).join("guild.db");
    assert_eq!(done.after_bytes, std::fs::metadata(file).unwrap().len(), "all of it is in the database file");
    assert_eq!(stores.shared.dir.guild_size(GUILD).unwrap(), Some(done.after_bytes));
    assert_eq!(lease.events().count_live().await.unwrap(), 1);
    assert_eq!(stores.optimize(OTHER).await.unwrap(), None);
}
