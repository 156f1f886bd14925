//! The due grid: whatever the clock, a pause or another interval does to it, each instant is remembered once.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Message};

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders};

/// Runs a command of the owner on the event of a message, and returns the reply.
async fn run(guild: &Guild, message: &Message, command: &str) -> String {
    let owner = guild.owner();
    let command = owner.runs(&message.channel(), command).option("event", message.link());
    command.send().await.expect("it is answered").text()
}

/// Minutes from now, by the bot's clock and Discord's, to the first instant that a text shows.
fn minutes_until(stage: &Stage, text: &str) -> i64 {
    let shown = text.split("<t:").nth(1).unwrap_or_else(|| panic!("it shows no instant: {text}"));
    let seconds: i64 = shown.split(':').next().unwrap().parse().unwrap();
    let now = i64::try_from(stage.discord.now().as_millis() / 1_000).unwrap();
    (seconds - now + 30) / 60
}

async fn until_reminded(stage: &Stage, channel: &Channel, times: usize) {
    stage.until("everybody was reminded", || reminders(channel).len() >= times).await;
    assert_eq!(reminders(channel).len(), times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_repeats_no_reminder() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    stage.set_clock_back(HOUR * 3);
    run(&guild, &message, "/event show").await;
    stage.pass(HOUR * 3);
    run(&guild, &message, "/event show").await;
    assert_eq!(pinged(&general), ids(&[&anna]), "the same instant was reminded of twice");
    stage.pass(HOUR);
    stage.until("the next is sent", || stage.log_rows(&guild) == ["sent", "sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna, &anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_while_a_reminder_waits_neither_loses_nor_doubles_it() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let sending = || stage.discord.faults().on(discord_emulator::Method::POST, "/channels/{}/messages");
    sending().drop_before();
    stage.pass(HOUR);
    let waits = || stage.log().count("a reminder waits for its next attempt");
    stage.until("it waits", || waits() == 1).await;
    stage.set_clock_back(HOUR * 2);
    stage.pass(HOUR * 2 + TimeDelta::minutes(10));
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_reminds_once_and_goes_on_with_the_grid() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(HOUR * 7 + TimeDelta::minutes(30));
    until_reminded(&stage, &general, 1).await;
    assert!(reminders(&general)[0].text().contains("(late)"));
    assert_eq!(minutes_until(&stage, &reminders(&general)[0].text()), 30);
    stage.until("it is marked", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(minutes_until(&stage, &run(&guild, &message, "/event show").await), 30);
    stage.pass(TimeDelta::minutes(31));
    until_reminded(&stage, &general, 2).await;
    assert!(!reminders(&general)[1].text().contains("late"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_keeps_the_grid_and_leaves_out_what_fell_due() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(TimeDelta::minutes(20));
    run(&guild, &message, "/event pause").await;
    stage.pass(TimeDelta::minutes(130));
    let text = run(&guild, &message, "/event resume").await;
    assert!(text.contains("A reminder fell due meanwhile"), "{text}");
    assert_eq!(minutes_until(&stage, &text), 30);
    assert_eq!(reminders(&general), []);
    stage.pass(TimeDelta::minutes(31));
    until_reminded(&stage, &general, 1).await;
    assert!(!reminders(&general)[0].text().contains("late"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_within_one_interval_changes_nothing() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(TimeDelta::minutes(20));
    run(&guild, &message, "/event pause").await;
    stage.pass(TimeDelta::minutes(20));
    let text = run(&guild, &message, "/event resume").await;
    assert!(!text.contains("fell due"), "{text}");
    assert_eq!(minutes_until(&stage, &text), 20);
    stage.pass(TimeDelta::minutes(21));
    until_reminded(&stage, &general, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_interval_begins_the_grid_anew_and_a_pause_keeps_that_one() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(TimeDelta::minutes(30));
    let owner = guild.owner();
    let command = owner.runs(&general, "/event interval").option("event", message.link());
    let text = command.option("interval", "2h").send().await.unwrap().text();
    assert_eq!(minutes_until(&stage, &text), 120);
    stage.pass(TimeDelta::minutes(10));
    run(&guild, &message, "/event pause").await;
    stage.pass(TimeDelta::minutes(10));
    assert_eq!(minutes_until(&stage, &run(&guild, &message, "/event resume").await), 100);
    stage.pass(TimeDelta::minutes(101));
    until_reminded(&stage, &general, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_on_demand_leaves_the_grid_alone() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(TimeDelta::minutes(40));
    run(&guild, &message, "/event remind").await;
    until_reminded(&stage, &general, 1).await;
    assert_eq!(minutes_until(&stage, &reminders(&general)[0].text()), 20);
    stage.until("it is marked", || stage.log_rows(&guild) == ["sent"]).await;
    stage.pass(TimeDelta::minutes(21));
    until_reminded(&stage, &general, 2).await;
    assert_eq!(pinged(&general), ids(&[&anna, &anna]));
}
