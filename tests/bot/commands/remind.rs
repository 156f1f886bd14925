//! `/event remind`.

use chrono::TimeDelta;
use discord_emulator::{Message, Method, Permissions};

use crate::stage::{Stage, picture};

const EVENT: [(&str, &str); 1] = [("event", "Match")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_by_hand_goes_at_once_and_leaves_the_grid_alone() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let event = stage.create(&owner, &general, "Match").await;
    owner.presses(&event, "Coming").await.unwrap();
    anna.presses(&event, "Maybe").await.unwrap();
    stage.pass(TimeDelta::minutes(30));
    insta::assert_snapshot!(stage.told(&owner, &general, "/event remind", &EVENT).await, @"On its way: 1 member will be mentioned for **[Match](https://discord.com/channels/#/#/#)**. I remind every hour, next <t:F> (<t:R>).");
    let reminder = general.wait_for_message(|message| !message.pings().is_empty()).await;
    assert_eq!(reminder.pings(), [ben.id()]);
    insta::assert_snapshot!(picture(&reminder), @"
    ⏰ **[Match](https://discord.com/channels/#/#/#)**
    2 of 3 answered, 1 missing. Next <t:R>.

    @Ben
    [Go to the event] [Who is missing?]
    ");
    stage.until("it is marked", || stage.log_rows(&guild) == ["sent"]).await;
    stage.pass(TimeDelta::minutes(30));
    stage.until("the one of the grid is sent", || stage.log_rows(&guild) == ["sent", "sent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nobody_missing_there_is_nobody_to_remind() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    owner.presses(&event, "Coming").await.unwrap();
    insta::assert_snapshot!(stage.told(&owner, &general, "/event remind", &EVENT).await, @"There is nobody to remind of **[Match](https://discord.com/channels/#/#/#)**. The only member whom I ask has answered.");
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_reminder_while_the_first_is_on_its_way_is_refused() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    stage.discord.faults().on(Method::POST, "/channels/{id}/messages").always().status(503);
    stage.told(&owner, &general, "/event remind", &EVENT).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event remind", &EVENT).await, @"A reminder for **Match** is already on its way. Wait a moment before you send another one.");
    stage.discord.faults().clear();
    stage.pass(TimeDelta::minutes(1));
    stage.until("the first is sent", || stage.log_rows(&guild) == ["sent"]).await;
    let reminders = general.messages().into_iter().filter(|message| !message.pings().is_empty());
    assert_eq!(reminders.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_event_can_be_reminded_of_and_stays_paused() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    stage.told(&owner, &general, "/event pause", &EVENT).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event remind", &EVENT).await, @"On its way: 2 members will be mentioned for **[Match](https://discord.com/channels/#/#/#)**. Reminders rest; answers still count. `/event resume` goes on.");
    general.wait_for_message(|message: &Message| message.pings().len() == 2).await;
    let told = stage.told(&owner, &general, "/event list", &[]).await;
    assert!(told.contains("paused"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_may_not_be_sent_is_refused_with_the_permission() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    let told = stage.told(&owner, &general, "/event remind", &EVENT).await;
    assert!(told.starts_with("I am missing **Send Messages** in #general."), "{told}");
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}
