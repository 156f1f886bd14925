//! Answers by button.

use chrono::TimeDelta;
use discord_emulator::{Guild, Message};

use crate::stage::{Stage, assert_private, picture, within};

async fn posted(stage: &Stage, guild: &Guild) -> Message {
    stage.create(&guild.owner(), &guild.channel("general"), "Match").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_is_confirmed_to_whoever_pressed_and_shown_to_all() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let event = posted(&stage, &guild).await;
    let reply = anna.presses(&event, "Coming").await.unwrap();
    assert_private(&reply);
    insta::assert_snapshot!(picture(&reply), @"You answered ✅ Coming. If you change your mind, press another button.");
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
    let reply = anna.presses(&event, "❌").await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"You answered ❌ Not coming. If you change your mind, press another button.");
    event.wait_until(|event| event.text().contains("Not coming (1)")).await;
    assert!(event.text().contains("Coming (0)"), "the first answer stayed: {}", event.text());
    assert_eq!(stage.answers(&guild), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_work_after_a_restart_and_a_year_later() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let event = posted(&stage, &guild).await;
    stage.told(&guild.owner(), &guild.channel("general"), "/event pause", &[("event", "Match")]).await;
    stage.stop().await.unwrap();
    stage.pass(TimeDelta::days(365));
    stage.start().await;
    let reply = anna.presses(&event, "Maybe").await.unwrap();
    assert!(reply.text().starts_with("You answered ❓ Maybe."), "{}", reply.text());
    event.wait_until(|event| event.text().contains("Maybe (1)")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_and_a_reaction_of_one_member_are_one_who_answered() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let event = posted(&stage, &guild).await;
    anna.presses(&event, "Coming").await.unwrap();
    anna.reacts(&event, "✅");
    anna.reacts(&event, "❓");
    event.wait_until(|event| event.text().contains("Maybe (1)")).await;
    assert!(
        event.text().contains("**1** of **2**") && event.text().contains("Coming (1)"),
        "{}",
        event.text()
    );
    anna.unreacts(&event, "✅");
    anna.unreacts(&event, "❓");
    event.wait_until(|event| event.text().contains("Maybe (0)")).await;
    assert!(event.text().contains("Coming (1)"), "the button's answer went with the reaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_missing_names_them_to_whoever_asks() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let event = posted(&stage, &guild).await;
    stage.pass(TimeDelta::hours(1));
    let reminder = event.channel().wait_for_message(|message| !message.pings().is_empty()).await;
    anna.presses(&event, "Coming").await.unwrap();
    let reply = ben.presses(&reminder, "Who is missing?").await.unwrap();
    assert_private(&reply);
    insta::assert_snapshot!(picture(&reply), @"
    **[Match](https://discord.com/channels/#/#/#)**
    1 of 3 members has answered, 2 are missing.
    @Owner of Chess club @Ben
    ");
    guild.owner().presses(&event, "Coming").await.unwrap();
    ben.presses(&event, "Coming").await.unwrap();
    let reply = ben.presses(&reminder, "Who is missing?").await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"
    **[Match](https://discord.com/channels/#/#/#)**
    All 3 members have answered; nobody is missing.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_left_is_neither_missing_nor_among_those_who_are_asked() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let event = posted(&stage, &guild).await;
    anna.presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("**1** of **3**")).await;
    ben.leave();
    anna.leave();
    within("both are gone from the numbers", || async {
        let told = stage.told(&guild.owner(), &event.channel(), "/event show", &[("event", "Match")]).await;
        told.contains("The only member whom I ask has not answered yet.")
    })
    .await;
}
