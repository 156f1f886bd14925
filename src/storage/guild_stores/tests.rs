//! The contract of the guild stores, point by point.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::*;
use crate::domain::event::EventId;
use crate::ids::MessageId;
use crate::storage::testing::{GUILD, StandingClock, at, new_event, stores_in, watch};

const OTHER: GuildId = GuildId::new(2_000);

fn options(max_open: usize) -> StoreOptions {
    StoreOptions { max_open, lease_wait: Duration::from_millis(200), ..StoreOptions::default() }
}

async fn create(stores: &GuildStores, guild: GuildId) -> Lease {
    stores.admit(guild);
    stores.open_or_create(guild).await.unwrap()
}

fn guild_dir(tmp: &TempDir, guild: GuildId) -> std::path::PathBuf {
    tmp.path().join("data/guilds").join(guild.to_string())
}

/// Waits for a fact that a background task brings about.
async fn eventually(fact: impl Fn() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while !fact() {
        assert!(tokio::time::Instant::now() < deadline, "waited ten seconds in vain");
        tokio::task::yield_now().await;
    }
}

/// Creates the store of `GUILD` and closes everything.
async fn closed_store(tmp: &TempDir) {
    let stores = stores_in(tmp, options(4));
    drop(create(&stores, GUILD).await);
    stores.close().await;
}

mod opening {
    use super::*;

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
        stores.close().await;
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
        .fetch_one(lease.pool())
        .await
        .unwrap();
        assert_eq!(pragmas, ("wal".to_owned(), 2, 1, 2_048));
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
}

mod eviction {
    use super::*;

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
        stores.close().await;
        assert!(matches!(stores.open(OTHER).await, Err(StorageError::Closed { .. })));
        assert!(matches!(late.events().count_live().await, Err(StorageError::Closed { .. })));
        assert_eq!(stores.stats().open, 0);
    }
}

mod deletion {
    use super::*;

    #[tokio::test]
    async fn deleting_waits_for_leases_and_refuses_new_ones() {
        let tmp = tempfile::tempdir().unwrap();
        let stores = stores_in(&tmp, StoreOptions { lease_wait: Duration::from_secs(60), ..options(4) });
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
        assert!(stores.delete(GUILD).await.unwrap());
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
        let transaction = lease.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        let refused = stores.delete(GUILD).await.unwrap_err();
        assert!(matches!(refused, StorageError::InUse { .. }), "{refused}");
        assert!(guild_dir(&tmp, GUILD).exists());
        assert!(matches!(stores.open(GUILD).await, Err(StorageError::Deleted { .. })));
        drop((transaction, lease));
        assert!(stores.delete(GUILD).await.unwrap());
        assert!(!guild_dir(&tmp, GUILD).exists());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn guilds_that_come_and_go_under_load_leave_no_trace_and_break_nobody() {
        let tmp = tempfile::tempdir().unwrap();
        let stores = stores_in(&tmp, options(3));
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
}

mod quarantine {
    use super::*;

    /// Runs SQL on a closed guild file.
    async fn tamper(file: &Path, sql: &'static str) {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Expects `GUILD` to be set aside for a reason with `word` in it, with its file as it is, and `OTHER` to go on.
    async fn expect_set_aside(tmp: &TempDir, word: &str) {
        let file = guild_dir(tmp, GUILD).join("guild.db");
        let before = std::fs::read(&file).ok();
        let stores = stores_in(tmp, options(4));
        stores.admit(GUILD);
        for _ in 0..2 {
            let refused = stores.open_or_create(GUILD).await.unwrap_err();
            assert!(
                matches!(&refused, StorageError::Quarantined { reason, .. } if reason.contains(word)),
                "{refused}"
            );
        }
        assert!(stores.is_quarantined(GUILD).unwrap().contains(word));
        assert_eq!(std::fs::read(&file).ok(), before, "the file is left as it is");
        assert_eq!(stores.is_quarantined(OTHER), None);
        assert_eq!(create(&stores, OTHER).await.events().count_live().await.unwrap(), 0);
        stores.close().await;
    }

    #[tokio::test]
    async fn a_missing_file_is_not_a_new_guild() {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        std::fs::remove_file(guild_dir(&tmp, GUILD).join("guild.db")).unwrap();
        expect_set_aside(&tmp, "is missing").await;
        assert!(!guild_dir(&tmp, GUILD).join("guild.db").exists());
    }

    #[tokio::test]
    async fn an_empty_or_garbage_file_is_set_aside() {
        for (content, word) in
            [(&b""[..], "is empty"), (b"not a database at all", "corrupt"), (&[7; 8192], "corrupt")]
        {
            let tmp = tempfile::tempdir().unwrap();
            closed_store(&tmp).await;
            std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), content).unwrap();
            expect_set_aside(&tmp, word).await;
        }
    }

    #[tokio::test]
    async fn a_truncated_file_is_set_aside() {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        let file =
            std::fs::File::options().write(true).open(guild_dir(&tmp, GUILD).join("guild.db")).unwrap();
        file.set_len(4_096).unwrap();
        expect_set_aside(&tmp, "corrupt").await;
    }

    #[tokio::test]
    async fn a_file_of_another_guild_another_program_or_a_newer_version_is_set_aside() {
        for (sql, word) in [
            ("UPDATE guild SET guild_id = 5", "another guild"),
            ("PRAGMA application_id = 5", "not a guild database"),
            ("PRAGMA user_version = 999", "schema 999"),
            ("DROP TABLE guild", "not a guild database"),
        ] {
            let tmp = tempfile::tempdir().unwrap();
            closed_store(&tmp).await;
            tamper(&guild_dir(&tmp, GUILD).join("guild.db"), sql).await;
            expect_set_aside(&tmp, word).await;
        }
    }

    #[tokio::test]
    async fn a_file_that_was_put_right_is_used_again_without_a_restart() {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        let file = guild_dir(&tmp, GUILD).join("guild.db");
        let sound = std::fs::read(&file).unwrap();
        std::fs::write(&file, b"garbage").unwrap();
        let stores = stores_in(&tmp, options(4));
        stores.open(GUILD).await.unwrap_err();
        std::fs::write(&file, sound).unwrap();
        assert!(stores.open(GUILD).await.unwrap().is_some());
        assert_eq!(stores.is_quarantined(GUILD), None);
    }

    #[tokio::test]
    async fn a_quarantined_guild_can_be_deleted_and_begun_anew() {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), b"garbage").unwrap();
        let stores = stores_in(&tmp, options(4));
        stores.open(GUILD).await.unwrap_err();
        assert!(stores.delete(GUILD).await.unwrap());
        assert_eq!(stores.is_quarantined(GUILD), None);
        create(&stores, GUILD).await;
    }

    #[tokio::test]
    async fn a_store_found_corrupt_while_open_is_set_aside_from_then_on() {
        let tmp = tempfile::tempdir().unwrap();
        let stores = stores_in(&tmp, options(4));
        let lease = create(&stores, GUILD).await;
        for message in 1..200 {
            watch(&lease, message).await;
        }
        drop(lease);
        stores.close().await;
        drop(stores);
        // Everything behind the first pages, which the opening reads.
        let file = guild_dir(&tmp, GUILD).join("guild.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.iter_mut().skip(40_960).for_each(|byte| *byte = 0xA5);
        std::fs::write(&file, bytes).unwrap();

        let stores = stores_in(&tmp, options(4));
        let lease = stores.open(GUILD).await.unwrap().unwrap();
        let broken = lease.events().list_live(999, 0).await.unwrap_err();
        assert!(matches!(broken, StorageError::Quarantined { .. }), "{broken}");
        assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })));
        drop(lease);
        stores.shared.close_in_background(stores.shared.slots.begin_eviction().unwrap()).await.unwrap();
        assert!(
            matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })),
            "a look shows it again"
        );
    }

    #[tokio::test]
    async fn a_symbolic_link_in_place_of_a_guild_is_refused() {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        std::os::unix::fs::symlink(guild_dir(&tmp, GUILD), guild_dir(&tmp, OTHER)).unwrap();
        let stores = stores_in(&tmp, options(4));
        assert!(matches!(stores.open(OTHER).await, Err(StorageError::Symlink { .. })));
        assert!(matches!(stores.delete(OTHER).await, Err(StorageError::Symlink { .. })));
        assert!(stores.open(GUILD).await.unwrap().is_some());
    }
}
