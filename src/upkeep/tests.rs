use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tempfile::TempDir;

use super::Offline;
use super::schedule::Rounds;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::domain::choice::Choices;
use crate::domain::event::{Event, Origin};
use crate::domain::interval::Interval;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::lifecycle::Shutdown;
use crate::storage::{Lease, NewEvent};

const GUILD: GuildId = GuildId::new(1_000);
const OTHER: GuildId = GuildId::new(2_000);

async fn open(tmp: &TempDir) -> Offline {
    let data_dir = tmp.path().to_string_lossy().into_owned();
    let variables = HashMap::from([("MUSTER__STORAGE__DATA_DIR".to_owned(), data_dir)]);
    let config = Config::load_from(None, variables).unwrap();
    Offline::open(&config.storage, Arc::new(SystemClock)).await.unwrap()
}

async fn join(offline: &Offline, guild: GuildId) -> Lease {
    let upkeep = &offline.upkeep;
    upkeep.registry.note_joined(guild, upkeep.clock.now()).await.unwrap();
    upkeep.stores.admit(guild);
    upkeep.stores.open_or_create(guild).await.unwrap()
}

/// Watches a message that is due in an hour.
async fn watch(offline: &Offline, store: &Lease) -> Event {
    let now = offline.upkeep.clock.now();
    let event = NewEvent {
        channel_id: ChannelId::new(50),
        message_id: Some(MessageId::new(1)),
        origin: Origin::Watched,
        title: "Raid".to_owned(),
        description: String::new(),
        interval: Interval::from_millis(3_600_000).unwrap(),
        next_due_at: now + TimeDelta::hours(1),
        choices: Choices::default(),
        role: None,
        author_id: UserId::new(9),
    };
    store.events().watch(&event, now).await.unwrap().into_event()
}

#[tokio::test]
async fn what_is_due_in_a_store_that_was_restored_on_the_way_is_known_at_the_next_start() {
    let tmp = tempfile::tempdir().unwrap();
    let offline = open(&tmp).await;
    let store = join(&offline, GUILD).await;
    let event = watch(&offline, &store).await;
    let upkeep = &offline.upkeep;
    upkeep.back_up(GUILD).await.unwrap();
    store.events().pause(event.id, upkeep.clock.now()).await.unwrap();
    drop(store);
    upkeep.settle(GUILD).await.unwrap();
    let file = upkeep.data_dir.guild_dir(GUILD).join("guild.db");
    offline.close().await.unwrap();
    std::fs::write(file, b"garbage").unwrap();

    let offline = open(&tmp).await;
    assert_eq!(offline.upkeep.registry.find(GUILD).unwrap().next_due_at, None);
    assert_eq!(offline.upkeep.info(GUILD).await.unwrap().live_events, 1, "a backup took its place");
    offline.close().await.unwrap();
    let offline = open(&tmp).await;
    assert_eq!(offline.upkeep.registry.find(GUILD).unwrap().next_due_at, event.next_due_at);
}

#[tokio::test]
async fn a_guild_whose_backups_cannot_be_read_keeps_no_other_from_its_own() {
    let tmp = tempfile::tempdir().unwrap();
    let offline = open(&tmp).await;
    for guild in [GUILD, OTHER] {
        drop(join(&offline, guild).await);
    }
    let upkeep = &offline.upkeep;
    std::fs::write(upkeep.data_dir.backups_of(GUILD), "no directory").unwrap();
    let mut rounds = Rounds::new(upkeep.clone(), Duration::from_millis(1)).unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while upkeep.data_dir.backups(OTHER).unwrap().is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "it has no backup");
        rounds.back_up_what_is_due(&Shutdown::default()).await.ok();
    }
}
