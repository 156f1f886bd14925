//! What ends an event: its message or its place is deleted.

use chrono::TimeDelta;
use discord_emulator::{Guild, Message};

use crate::stage::{Stage, picture, watch};

/// Two events in `general`, one posted and one watched, and one in another channel.
async fn three_events(stage: &Stage, guild: &Guild) -> [Message; 3] {
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let posted = stage.create(&owner, &general, "Posted").await;
    let watched = owner.says(&general, "Watched");
    watch(stage, &owner, &watched).await;
    let elsewhere = stage.create(&owner, &guild.add_channel("side"), "Elsewhere").await;
    stage.only_the_gateway_tells();
    [posted, watched, elsewhere]
}

async fn until_left(stage: &Stage, guild: &Guild, titles: &[&str]) {
    stage.until("the events are over", || stage.live_titles(guild) == titles).await;
    stage.discord.faults().clear();
    stage.pass(TimeDelta::hours(1));
    let sent = || stage.log_rows(guild).len() == titles.len();
    stage.until("those that are left remind", sent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_message_ends_its_event_and_no_other() {
    let (stage, guild) = Stage::set().await;
    let [posted, watched, _] = three_events(&stage, &guild).await;
    posted.delete();
    until_left(&stage, &guild, &["Watched", "Elsewhere"]).await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    insta::assert_snapshot!(stage.told(&owner, &general, "/event pause", &[("event", &posted.link())]).await, @"**Posted** is over. Its message was deleted.");
    watched.delete();
    stage.until("the second is over", || stage.live_titles(&guild) == ["Elsewhere"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_deleted_together_end_their_events() {
    let (stage, guild) = Stage::set().await;
    let [posted, watched, _] = three_events(&stage, &guild).await;
    let general = guild.channel("general");
    let bystander = guild.owner().says(&general, "Never mind");
    general.delete_messages(&[posted, bystander, watched]);
    until_left(&stage, &guild, &["Elsewhere"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_channel_ends_all_its_events() {
    let (stage, guild) = Stage::set().await;
    let [posted, ..] = three_events(&stage, &guild).await;
    guild.channel("general").delete();
    until_left(&stage, &guild, &["Elsewhere"]).await;
    let told =
        stage.told(&guild.owner(), &guild.channel("side"), "/event show", &[("event", &posted.link())]).await;
    insta::assert_snapshot!(told, @"I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; `/event list` shows them all.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_thread_ends_its_events_and_so_does_the_deletion_of_its_channel() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, side) = (guild.owner(), guild.add_channel("side"));
    let mut threads = Vec::new();
    for name in ["first", "second"] {
        let thread = owner.starts_thread(&owner.says(&side, name), name);
        let message = owner.says(&thread, name);
        watch(&stage, &owner, &message).await;
        threads.push(thread);
    }
    stage.create(&owner, &guild.channel("general"), "General").await;
    stage.only_the_gateway_tells();
    threads[0].delete();
    stage.until("the first is over", || stage.live_titles(&guild) == ["second", "General"]).await;
    side.delete();
    until_left(&stage, &guild, &["General"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_deleted_while_the_bot_was_offline_ends_its_event_at_the_next_start() {
    let (mut stage, guild) = Stage::set().await;
    let [posted, watched, elsewhere] = three_events(&stage, &guild).await;
    stage.stop().await.unwrap();
    posted.delete();
    elsewhere.channel().delete();
    stage.discord.faults().clear();
    stage.start().await;
    until_left(&stage, &guild, &["Watched"]).await;
    assert!(watched.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archived_thread_ends_nothing() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let thread = owner.starts_thread(&owner.says(&general, "A thread"), "planning");
    let message = owner.says(&thread, "Who comes?");
    watch(&stage, &owner, &message).await;
    thread.archive();
    stage.pass(TimeDelta::hours(1));
    let reminder = thread.wait_for_message(|message| !message.pings().is_empty()).await;
    assert!(picture(&reminder).contains("Who comes?"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_of_a_reminder_says_that_the_event_is_over() {
    let (stage, guild) = Stage::set().await;
    let [posted, ..] = three_events(&stage, &guild).await;
    stage.discord.faults().clear();
    stage.pass(TimeDelta::hours(1));
    let general = guild.channel("general");
    let is_of_posted = |message: &Message| !message.pings().is_empty() && message.text().contains("Posted");
    let reminder = general.wait_for_message(is_of_posted).await;
    stage.until("all are sent", || stage.log_rows(&guild) == ["sent", "sent", "sent"]).await;
    posted.delete();
    stage.until("it is over", || stage.live_titles(&guild).len() == 2).await;
    // It may have gone out alone or with those of other events.
    let buttons = reminder.buttons();
    let names = ["Who is missing?", "Who is missing? Posted"];
    let button = buttons.iter().find(|button| names.contains(&button.label.as_str())).unwrap();
    let reply = guild.owner().presses(&reminder, &button.label).await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"**Posted** is over. Its message was deleted.");
}
