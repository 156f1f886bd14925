//! What a member is told when something is broken that no member can mend.

use std::fs;

use anyhow::anyhow;
use serde_json::json;

use super::{ANNA, GUILD, House, MESSAGE, ORGANISER, invocation, shown, text};
use crate::app::DiscordError;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::report::report;
use crate::commands::run;
use crate::domain::event::State;
use crate::storage::StorageError;
use crate::upkeep::UpkeepError;

#[tokio::test]
async fn a_store_that_is_set_aside_is_said_to_be() {
    let house = House::new().await;
    let folder = house.dir.path().join("guilds").join(GUILD.to_string());
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("guild.db"), "this is no database").unwrap();
    for (subcommand, option) in
        [("watch", text("message", &MESSAGE.to_string())), ("show", text("event", "1"))]
    {
        let told = house.told(subcommand, &[option]).await;
        assert!(
            told.starts_with("This server's data cannot be read, so I have set it aside untouched"),
            "{told}"
        );
    }
    let about = serde_json::from_value(json!({"id": "5", "name": "about", "type": 1})).unwrap();
    let told = shown(&run(&house.app, &invocation(ANNA), &about).await);
    assert!(told.contains("Data of this server: set aside"), "{told}");
}

#[tokio::test]
async fn while_everything_is_being_deleted_members_are_asked_to_come_back() {
    let house = House::new().await;
    house.watch().await;
    // Whoever wants to start afresh admits the guild again once this is done.
    house.app.stores.delete(GUILD).await.unwrap();
    assert_eq!(
        house.watch().await,
        "Everything I know about this server is just being deleted. Please try again in a moment."
    );
    house.app.registry.note_left(GUILD, house.now()).await.unwrap();
    assert_eq!(house.watch().await, "I am no longer a member of this server, so I keep nothing about it.");
}

#[tokio::test]
async fn what_was_written_is_confirmed_though_the_system_store_does_not_follow() {
    let house = House::new().await;
    house.watch().await;
    house.app.registry.close(false).await.unwrap();
    let told = house.told("pause", &[text("event", "1")]).await;
    assert!(told.contains("pause"), "{told}");
    assert_eq!(house.event().await.state, State::Paused);
    assert!(house.app.registry.set_live(GUILD, false).await.is_err(), "the system store can be written");
}

#[tokio::test]
async fn while_muster_stops_members_are_asked_to_come_back() {
    let house = House::new().await;
    house.watch().await;
    let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    house.app.stores.close(soon).await;
    assert_eq!(house.told("list", &[]).await, "I am just being restarted. Please try again in a minute.");
}

#[tokio::test]
async fn on_a_disk_that_is_nearly_full_nothing_new_is_begun_and_the_rest_goes_on() {
    let house = House::new().await;
    house.watch().await;
    house.app.stores.disk().note(1_000_000, 100_000_000_000);
    for (subcommand, option) in
        [("create", text("title", "Raid")), ("watch", text("message", "175928847299117063"))]
    {
        let told = house.told(subcommand, &[option]).await;
        assert!(
            told.starts_with("My disk is nearly full") && told.contains("reminders and answers go on"),
            "{told}"
        );
    }
    let event = text("event", &house.event().await.id.0.to_string());
    for (subcommand, done) in [("pause", "paused"), ("resume", "goes on"), ("unwatch", "is over")] {
        let told = house.told(subcommand, std::slice::from_ref(&event)).await;
        assert!(told.contains(done), "{subcommand}: {told}");
    }
    house.app.stores.disk().note(1_000_000_000, 100_000_000_000);
    assert!(house.watch().await.contains("watching"));
}

#[tokio::test]
async fn a_fault_shows_a_number_and_nothing_of_its_cause() {
    let house = House::new().await;
    let invocation = invocation(ORGANISER);
    let call = Call { app: &house.app, invocation: &invocation };
    let fault = CommandError::Fault(anyhow!("disk I/O error").context("the store failed"));
    let told = report(call, "event", &fault).content;
    let number = told.rsplit('`').nth(1).unwrap();
    assert!(number.len() == 8 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{told}");
    assert!(told.starts_with("Something went wrong on my side.") && !told.contains("disk"), "{told}");
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_wherever_it_is_met() {
    let full = || StorageError::DataDir {
        path: "data/guilds/1".into(),
        uid: 1_000,
        operation: "create",
        error: std::io::ErrorKind::StorageFull.into(),
    };
    let (house, invocation) = (House::new().await, invocation(ORGANISER));
    let call = Call { app: &house.app, invocation: &invocation };
    for met in [
        CommandError::from(full()),
        CommandError::from(DiscordError::Storage(full())),
        CommandError::from(UpkeepError::Storage(full())),
    ] {
        let told = report(call, "event", &met).content;
        assert!(
            told.starts_with("My disk is full") && told.contains("Whoever runs me has to make room"),
            "{told}"
        );
    }
}
