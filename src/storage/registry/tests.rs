use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;
use tempfile::TempDir;

use super::*;
use crate::storage::testing::{GUILD, StandingClock, at};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

const OTHER: GuildId = GuildId::new(2_000);

async fn open(tmp: &TempDir) -> Registry {
    let dir = DataDir::open(&tmp.path().join("data")).unwrap();
    Registry::open(&dir, StandingClock::new()).await.unwrap()
}

#[tokio::test]
async fn everything_noted_survives_a_restart() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = open(&tmp).await;
    assert!(registry.was_clean_stop(), "the first start has nothing to look through");
    assert!(registry.note_joined(GUILD, at(1)).await.unwrap());
    assert!(!registry.note_joined(GUILD, at(2)).await.unwrap());
    assert!(registry.note_joined(OTHER, at(3)).await.unwrap());
    registry.set_live(GUILD, true).await.unwrap();
    registry.set_next_due(GUILD, Some(at(60))).await.unwrap();
    registry.note_absent(OTHER, at(4)).await.unwrap();
    registry.note_absent(OTHER, at(5)).await.unwrap();
    registry.set_command_fingerprint("abc").await.unwrap();
    registry.close(true).await.unwrap();

    let registry = open(&tmp).await;
    assert!(registry.was_clean_stop());
    assert_eq!(registry.joined_guilds(), [GUILD, OTHER]);
    assert!(registry.has_live_events(GUILD) && !registry.has_live_events(OTHER));
    assert_eq!(registry.next_due(), [(GUILD, at(60))]);
    assert_eq!(registry.absent(), [(OTHER, at(4))], "the first absence counts");
    assert_eq!(registry.command_fingerprint().await.unwrap().as_deref(), Some("abc"));
    let record = registry.find(GUILD).unwrap();
    assert_eq!((record.membership, record.joined_at), (Membership::Joined, at(1)));
    drop(registry);

    let registry = open(&tmp).await;
    assert!(!registry.was_clean_stop(), "the last process just vanished");
    registry.close(false).await.unwrap();
    assert!(!open(&tmp).await.was_clean_stop(), "the last process said so");
}

#[tokio::test]
async fn a_guild_leaves_returns_and_is_forgotten() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = open(&tmp).await;
    registry.note_joined(GUILD, at(1)).await.unwrap();
    registry.set_next_due(GUILD, Some(at(60))).await.unwrap();
    registry.note_left(GUILD, at(2)).await.unwrap();
    registry.note_left(GUILD, at(3)).await.unwrap();
    assert!(!registry.is_member(GUILD));
    assert_eq!(registry.left(), [(GUILD, at(2))], "the first removal counts");
    assert_eq!(registry.next_due(), [], "nothing is due where Muster is not");
    assert!(registry.note_joined(GUILD, at(4)).await.unwrap());
    assert_eq!(registry.left(), []);
    assert_eq!(registry.next_due(), [(GUILD, at(60))]);
    registry.forget(GUILD).await.unwrap();
    assert_eq!(registry.find(GUILD), None);
    registry.close(true).await.unwrap();
    assert_eq!(open(&tmp).await.find(GUILD), None);
}

#[tokio::test]
async fn guilds_whose_record_was_lost_are_found_again_by_their_directories() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(&tmp.path().join("data")).unwrap();
    dir.create_guild(GUILD, b"bytes").unwrap();
    dir.create_guild(OTHER, b"bytes").unwrap();
    let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
    assert!(!registry.was_clean_stop(), "there are guilds to look through");
    assert_eq!(registry.joined_guilds(), [GUILD, OTHER]);
    assert!(registry.has_live_events(GUILD) && registry.has_live_events(OTHER));
    registry.note_left(OTHER, at(5)).await.unwrap();
    registry.close(true).await.unwrap();
    let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
    assert!(registry.was_clean_stop(), "nothing was lost this time");
    assert_eq!((registry.joined_guilds(), registry.left()), (vec![GUILD], vec![(OTHER, at(5))]));
}

#[tokio::test]
async fn a_guild_that_was_forgotten_does_not_come_back_by_a_late_note() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = open(&tmp).await;
    registry.set_next_due(GUILD, Some(at(60))).await.unwrap();
    registry.set_live(GUILD, true).await.unwrap();
    registry.note_absent(GUILD, at(1)).await.unwrap();
    registry.note_left(GUILD, at(1)).await.unwrap();
    assert_eq!(registry.find(GUILD), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_notes_at_once_are_all_on_the_disk_when_they_return() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = Arc::new(open(&tmp).await);
    let note = |number: u64| {
        let registry = Arc::clone(&registry);
        async move {
            let guild = GuildId::new(number);
            registry.note_joined(guild, at(0)).await.unwrap();
            registry.set_next_due(guild, Some(at(i64::try_from(number).unwrap()))).await.unwrap();
        }
    };
    join_all((1..=500).map(note)).await;
    assert_eq!(registry.written.load(Ordering::Relaxed), 1_000);
    drop(registry);
    // No orderly stop: what was reported as noted is there all the same.
    let registry = open(&tmp).await;
    let due = registry.next_due();
    assert_eq!(due.len(), 500);
    assert_eq!(due.first(), Some(&(GuildId::new(1), at(1))));
}

#[tokio::test]
async fn a_note_whose_caller_went_away_is_taken_along_by_the_next() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = open(&tmp).await;
    {
        let mut note = std::pin::pin!(registry.note_joined(GUILD, at(0)));
        let started = futures::poll!(note.as_mut());
        assert!(started.is_pending());
    }
    registry.note_joined(OTHER, at(1)).await.unwrap();
    drop(registry);
    assert_eq!(open(&tmp).await.joined_guilds(), [GUILD, OTHER]);
}

#[tokio::test]
async fn a_damaged_system_store_is_set_aside_and_made_anew_from_the_guilds() {
    for content in [&b""[..], b"this is no database, however long it goes on", &[0; 4096]] {
        let tmp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(tmp.path()).unwrap();
        dir.create_guild(GUILD, b"bytes").unwrap();
        std::fs::write(dir.system_db(), content).unwrap();
        let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
        assert_eq!(registry.joined_guilds(), [GUILD]);
        assert!(!registry.was_clean_stop(), "what is due has to be read from the guilds");
        let aside = std::fs::read_dir(tmp.path().join("quarantine/system")).unwrap();
        let aside: Vec<_> = aside.map(|entry| entry.unwrap().path().join("system.db")).collect();
        let [aside] = aside.as_slice() else { panic!("{aside:?}") };
        assert_eq!(std::fs::read(aside).unwrap(), content, "as it was found");
    }
}

#[tokio::test]
async fn an_older_program_does_not_touch_the_guilds_of_a_newer_one() {
    let tmp = tempfile::tempdir().unwrap();
    let registry = open(&tmp).await;
    registry.system.set_value(GUILD_SCHEMA, "99", at(0)).await.unwrap();
    registry.close(true).await.unwrap();
    let dir = DataDir::open(&tmp.path().join("data")).unwrap();
    let Err(refused) = Registry::open(&dir, StandingClock::new()).await else { panic!("took it") };
    assert!(refused.to_string().contains("its guilds have schema 99"), "{refused}");
}

#[tokio::test]
async fn a_system_store_of_a_newer_version_is_refused_and_left_as_it_is() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
    registry.close(true).await.unwrap();
    let file = dir.system_db();
    let mut connection = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    connection.execute("PRAGMA user_version = 99").await.unwrap();
    connection.close().await.unwrap();
    let Err(refused) = Registry::open(&dir, StandingClock::new()).await else { panic!("took it") };
    assert!(matches!(refused, StorageError::SystemUnusable { .. }), "{refused}");
    assert!(file.exists());
}

#[tokio::test]
async fn a_log_left_beside_a_missing_system_store_does_not_get_into_the_new_one() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
    registry.note_joined(GUILD, at(0)).await.unwrap();
    let log = tmp.path().join("system.db-wal");
    let left = std::fs::read(&log).unwrap();
    registry.close(true).await.unwrap();
    // Killed, and the database alone was removed.
    std::fs::remove_file(dir.system_db()).unwrap();
    std::fs::write(&log, left).unwrap();
    dir.create_guild(OTHER, b"bytes").unwrap();
    let registry = Registry::open(&dir, StandingClock::new()).await.unwrap();
    assert_eq!(registry.joined_guilds(), [OTHER], "what the guilds' directories say");
    assert!(!registry.was_clean_stop());
}
