//! `/event history`: the reminder log.

use chrono::TimeDelta;
use discord_emulator::{Message, Method, Permissions};

use crate::stage::{Stage, within};

const EVENT: [(&str, &str); 1] = [("event", "Match")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_tells_what_became_of_each_reminder() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event history", &EVENT).await, @"
    Reminders
    **[Match](https://discord.com/channels/#/#/#)**
    No reminder has fallen due yet.
    I remind every hour, next <t:F> (<t:R>).
    ");

    stage.pass(TimeDelta::hours(1));
    stage.until("one is sent", || stage.log_rows(&guild) == ["sent"]).await;
    stage.stop().await.unwrap();
    stage.pass(TimeDelta::minutes(90));
    stage.start().await;
    stage.until("one is sent late", || stage.log_rows(&guild).len() == 2).await;
    for member in guild.members().iter().filter(|member| member.id() != guild.bot().id()) {
        member.presses(&event, "Coming").await.unwrap();
    }
    stage.pass(TimeDelta::hours(1));
    stage.until("one is skipped", || stage.log_rows(&guild).len() == 3).await;
    guild.add_member("Ben");
    stage.discord.faults().on(Method::POST, "/channels/{id}/messages").always().status(503);
    stage.pass(TimeDelta::hours(1));
    stage.until("one is on its way", || stage.log_rows(&guild).contains(&"pending".into())).await;
    within("the attempt is noted", || async {
        stage.told(&owner, &general, "/event history", &EVENT).await.contains("last attempt")
    })
    .await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event history", &EVENT).await, @"
    Reminders
    **[Match](https://discord.com/channels/#/#/#)**
    ⏳ <t:F>: on its way to 1 member; last attempt: Discord cannot be reached: it answered 503 Service Unavailable
    ➖ <t:F>: skipped, nobody was missing
    ✅ <t:F>: sent, late, 2 members mentioned
    ✅ <t:F>: sent, 2 members mentioned
    I remind every hour, next <t:F> (<t:R>).
    ");
    stage.discord.faults().clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_reminder_stands_in_the_history_with_the_reason() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(TimeDelta::hours(1));
    stage.until("one is refused", || stage.log_rows(&guild) == ["failed"]).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event history", &EVENT).await, @"
    Reminders
    **[Match](https://discord.com/channels/#/#/#)**
    ❌ <t:F>: failed, I am missing Send Messages in #general
    Reminders are held up: I am missing **Send Messages** in #general. I try again <t:R>; `/event resume` goes on as soon as that is mended.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_history_shows_the_latest_and_says_that_there_is_more() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    for sent in 1..=16 {
        stage.pass(TimeDelta::hours(1));
        stage.until("one is sent", || stage.log_rows(&guild) == vec!["sent"; sent]).await;
    }
    let told = stage.told(&owner, &general, "/event history", &EVENT).await;
    assert_eq!(told.matches("✅").count(), 15, "{told}");
    assert!(told.contains("These are the latest 15; there are older ones."), "{told}");
    assert_eq!(
        general.messages().iter().filter(|message: &&Message| !message.pings().is_empty()).count(),
        16
    );
}
