//! `/event unwatch`.

use chrono::TimeDelta;
use discord_emulator::Message;

use crate::stage::{Stage, picture};

const EVENT: [(&str, &str); 1] = [("event", "Match")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_unwatched_counts_and_reminds_no_more_and_its_message_says_so() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    let buttons = event.buttons();
    insta::assert_snapshot!(stage.told(&owner, &general, "/event unwatch", &EVENT).await, @"**[Match](https://discord.com/channels/#/#/#)** is over: I count no more answers and send no more reminders. The message stays; `/event watch` with its link goes on where it ended.");
    event.wait_until(|event| event.buttons().is_empty()).await;
    insta::assert_snapshot!(picture(&event), @"
    Match
    **0** of **2** answered, **2** missing
    This is over. Somebody stopped watching it.
    ✅ Coming (0)
    –
    ❌ Not coming (0)
    –
    ❓ Maybe (0)
    –
    ");

    // A client that has not redrawn the message yet still shows its buttons.
    let reply = anna.presses_raw(&event, buttons[0].custom_id.as_deref().unwrap()).await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"**Match** is over. Somebody stopped watching it.");
    stage.pass(TimeDelta::hours(2));
    let (link, mut told) = (event.link(), Vec::new());
    for command in ["unwatch", "pause", "resume", "remind"] {
        let command = format!("/event {command}");
        told.push(stage.told(&owner, &general, &command, &[("event", link.as_str())]).await);
    }
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @"**Match** is over. Somebody stopped watching it.");
    let told = stage.told(&owner, &general, "/event unwatch", &EVENT).await;
    assert!(told.starts_with("I know no such event here."), "a title names only events that run: {told}");
    assert_eq!(stage.answers(&guild), 0);
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_a_posted_event_again_brings_its_buttons_and_answers_back() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    anna.presses(&event, "Coming").await.unwrap();
    stage.told(&owner, &general, "/event unwatch", &EVENT).await;
    event.wait_until(|event| event.buttons().is_empty()).await;
    let told = stage.told(&owner, &general, "/event watch", &[("message", &event.link())]).await;
    assert!(told.contains("1 of 2 members has answered"), "{told}");
    event.wait_until(|event| event.buttons().len() == 3).await;
    stage.pass(TimeDelta::hours(1));
    let reminder = general.wait_for_message(|message: &Message| !message.pings().is_empty()).await;
    assert_eq!(reminder.pings(), [owner.id()]);
}
