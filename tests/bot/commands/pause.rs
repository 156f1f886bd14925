//! `/event pause` and `/event resume`.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Member, Message, Permissions};

use crate::stage::{Stage, picture};

const EVENT: [(&str, &str); 1] = [("event", "Match")];

/// The owner has posted an event that reminds Anna and them every hour.
async fn set() -> (Stage, Guild, Member, Channel, Message) {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    (stage, guild, owner, general, event)
}

fn reminders(channel: &Channel) -> usize {
    channel.messages().iter().filter(|message| !message.pings().is_empty()).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_event_reminds_nobody_and_its_answers_still_count() {
    let (stage, _, owner, general, event) = set().await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event pause", &EVENT).await, @"**[Match](https://discord.com/channels/#/#/#)** is paused. Reminders rest; answers still count. `/event resume` goes on.");
    insta::assert_snapshot!(stage.told(&owner, &general, "/event pause", &EVENT).await, @"**[Match](https://discord.com/channels/#/#/#)** was paused already. Reminders rest; answers still count. `/event resume` goes on.");
    event.wait_until(|event| event.text().contains("paused")).await;
    stage.pass(TimeDelta::hours(3));
    owner.presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("**1** of **2**")).await;
    let told = stage.told(&owner, &general, "/event history", &EVENT).await;
    assert!(told.contains("No reminder has fallen due yet."), "{told}");
    assert_eq!(reminders(&general), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_resumed_in_time_reminds_when_it_would_have_anyway() {
    let (stage, guild, owner, general, _) = set().await;
    stage.told(&owner, &general, "/event pause", &EVENT).await;
    stage.pass(TimeDelta::minutes(40));
    insta::assert_snapshot!(stage.told(&owner, &general, "/event resume", &EVENT).await, @"
    **[Match](https://discord.com/channels/#/#/#)** goes on.
    I remind every hour, next <t:F> (<t:R>).
    ");
    insta::assert_snapshot!(stage.told(&owner, &general, "/event resume", &EVENT).await, @"**[Match](https://discord.com/channels/#/#/#)** is running already. I remind every hour, next <t:F> (<t:R>).");
    stage.pass(TimeDelta::minutes(20));
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdue_event_goes_on_with_the_next_instant_of_its_grid_and_says_so() {
    let (stage, guild, owner, general, _) = set().await;
    stage.told(&owner, &general, "/event pause", &EVENT).await;
    stage.pass(TimeDelta::minutes(150));
    let reply = stage.run(&owner, &general, "/event resume", &EVENT).await;
    insta::assert_snapshot!(picture(&reply), @"
    **[Match](https://discord.com/channels/#/#/#)** goes on.
    A reminder fell due meanwhile. I leave that one out and go on with the next; `/event remind` sends one now.
    I remind every hour, next <t:F> (<t:R>).
    ");
    let due: i64 = reply.text().split("<t:").nth(1).unwrap().split(':').next().unwrap().parse().unwrap();
    let ahead = due - stage.now().timestamp();
    assert!((29 * 60 - 30..=30 * 60).contains(&ahead), "the next one comes in {ahead} s");
    assert_eq!(reminders(&general), 0, "one was sent at once");
    stage.pass(TimeDelta::minutes(30));
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_refused_goes_on_when_the_permission_is_back() {
    let (stage, guild, owner, general, _) = set().await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(TimeDelta::hours(1));
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    let told = stage.told(&owner, &general, "/event resume", &EVENT).await;
    assert!(told.starts_with("I am missing **Send Messages** in #general."), "{told}");
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    let told = stage.told(&owner, &general, "/event resume", &EVENT).await;
    assert!(told.contains("is running already"), "{told}");
    stage.pass(TimeDelta::hours(1));
    stage.until("the reminder is sent", || stage.log_rows(&guild).contains(&"sent".to_owned())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_survives_a_restart() {
    let (mut stage, guild, owner, general, _) = set().await;
    stage.told(&owner, &general, "/event pause", &EVENT).await;
    stage.restart().await;
    stage.pass(TimeDelta::hours(3));
    let told = stage.told(&owner, &general, "/event list", &[]).await;
    assert!(told.contains("paused"), "{told}");
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}
