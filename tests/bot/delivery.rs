//! Reminders on a bad day: an outage, a limit, a lost connection. Each arrives once, late rather than twice.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::{Emulator, FaultBuilder, Guild, Method, RateLimitScope};

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders};

const MESSAGES: &str = "/channels/{channel_id}/messages";
const WAITS: &str = "a reminder waits for its next attempt";

fn on_sending(discord: &Emulator) -> FaultBuilder {
    discord.faults().on(Method::POST, MESSAGES)
}

/// Lets time pass until the reminder log of a guild says this.
async fn retry_until(stage: &Stage, guild: &Guild, statuses: &[&str]) {
    for attempt in 1.. {
        let tried = || stage.log().count(WAITS) >= attempt || stage.log_rows(guild) == statuses;
        stage.until("it was tried again", tried).await;
        if stage.log_rows(guild) == statuses {
            return;
        }
        stage.pass(TimeDelta::seconds(2 << attempt.min(10)));
    }
}

/// Discord has taken no message since before the reminder was due, and three more instants have passed.
async fn long_disturbance(stage: &Stage, guild: &Guild) {
    on_sending(&stage.discord).always().status(503);
    stage.pass(HOUR);
    stage.until("the first attempt has failed", || stage.log().says(WAITS)).await;
    for missed in 1..=3 {
        stage.pass(HOUR);
        let skipped = || stage.log_rows(guild).iter().filter(|row| *row == "skipped").count() == missed;
        stage.until("the next instant is passed over", skipped).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_for_hours_is_one_reminder_to_those_still_missing() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    long_disturbance(&stage, &guild).await;
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.discord.faults().clear();
    stage.pass(TimeDelta::minutes(16));
    stage.until("the reminder is sent", || stage.log_rows(&guild)[0] == "sent").await;
    assert_eq!(stage.log_rows(&guild)[1..], ["skipped", "skipped", "skipped"]);
    assert_eq!(pinged(&general), ids(&[&ben]));
    let [reminder] = reminders(&general).try_into().expect("no burst");
    let text = reminder.text();
    assert!(text.contains("(late)") && text.contains("2 of 3 answered, 1 missing"), "{text}");
    let next = text.split("<t:").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
    let now = stage.discord.now().as_millis() / 1000;
    assert!(next.parse::<u64>().unwrap() > now, "the next reminder lies in the past: {text}");
    stage.pass(HOUR);
    stage.until("the grid goes on", || stage.log_rows(&guild).len() == 5).await;
    stage.until("the next one is sent", || stage.log_rows(&guild)[4] == "sent").await;
    assert_eq!(pinged(&general), ids(&[&ben, &ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waited_until_everybody_answered_is_not_sent() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    long_disturbance(&stage, &guild).await;
    anna.reacts(&message, "❌");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.discord.faults().clear();
    stage.pass(TimeDelta::minutes(16));
    stage.until("the reminder is skipped", || stage.log_rows(&guild)[0] == "skipped").await;
    assert_eq!(reminders(&general), []);
    let history = guild.owner().runs(&general, "/event history").option("event", message.link()).send().await;
    let text = history.unwrap().text();
    assert!(text.contains("nobody was missing any more"), "{text}");
    assert_eq!(text.matches("an earlier reminder was still on its way").count(), 3, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_outage_of_the_whole_api_there_is_one_reminder() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    let before = stage.discord.requests().len();
    stage.discord.faults().begin_outage();
    for _ in 0..5 {
        let asked = stage.discord.requests().len();
        stage.pass(HOUR);
        stage.until("Discord was asked for something", || stage.discord.requests().len() > asked).await;
    }
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    let during = stage.discord.requests().len() - before;
    assert!(during < 80, "{during} requests hammered at what was down");
    stage.discord.faults().end_outage();
    stage.pass(TimeDelta::minutes(16));
    stage.until("the reminder is sent", || stage.log_rows(&guild).iter().any(|row| row == "sent")).await;
    assert_eq!(pinged(&general), ids(&[&ben]));
    assert!(reminders(&general)[0].text().contains("(late)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_can_say_who_answered_nobody_is_reminded() {
    let (mut stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    anna.reacts(&message, "✅");
    let reading = stage.discord.faults();
    reading.on(Method::GET, "/channels/{channel_id}/messages/{message_id}").always().status(500);
    stage.start().await;
    stage.pass(HOUR * 4);
    stage.until("the reminder has to wait", || stage.log().says("reminders of a guild wait")).await;
    assert_eq!(reminders(&general), []);
    reading.clear();
    stage.pass(TimeDelta::minutes(1));
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_waited_while_its_event_was_paused_is_dropped() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    on_sending(&stage.discord).always().status(503);
    stage.pass(HOUR);
    stage.until("the first attempt has failed", || stage.log().says(WAITS)).await;
    guild.owner().runs(&general, "/event pause").option("event", message.link()).send().await.unwrap();
    stage.discord.faults().clear();
    stage.pass(HOUR);
    stage.until("the reminder is dropped", || stage.log_rows(&guild) == ["skipped"]).await;
    assert_eq!(reminders(&general), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_survives_server_errors_and_arrives_once() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    on_sending(&stage.discord).times(2).status(502);
    on_sending(&stage.discord).status_after(500);
    on_sending(&stage.discord).drop_before();
    on_sending(&stage.discord).drop_after();
    stage.pass(HOUR);
    retry_until(&stage, &guild, &["sent"]).await;
    assert!(stage.discord.faults().are_spent());
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_whose_answer_was_lost_is_found_again_after_the_nonce_is_forgotten() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    on_sending(&stage.discord).drop_after();
    stage.pass(HOUR);
    stage.until("the answer is lost", || stage.log().says(WAITS)).await;
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.pass(TimeDelta::minutes(20));
    stage.until("the reminder is marked", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna, &ben]), "one message, sent before Anna answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_was_sent_and_deleted_before_its_answer_is_not_repeated() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    on_sending(&stage.discord).drop_after();
    stage.pass(HOUR);
    general.wait_for_messages(2).await[1].delete();
    retry_until(&stage, &guild, &["sent"]).await;
    assert_eq!(reminders(&general), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_the_route_delays_a_reminder_and_nothing_else() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    on_sending(&stage.discord).rate_limited(RateLimitScope::User, Duration::from_secs(1));
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
    let sends = stage.discord.requests_to(&Method::POST, MESSAGES);
    assert_eq!(
        sends.iter().map(discord_emulator::RecordedRequest::status).collect::<Vec<_>>(),
        [Some(429), Some(200)]
    );
    assert!(sends[1].at - sends[0].at >= Duration::from_secs(1), "it did not wait as it was told");
    assert!(!stage.log().says(WAITS), "a short limit costs no attempt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_global_limit_silences_every_guild() {
    let (stage, _) = Stage::set().await;
    let guilds = stage.discord.add_guilds(8, 2);
    for guild in &guilds {
        asked(&stage, guild).await;
    }
    let before = stage.discord.requests_to(&Method::POST, MESSAGES).len();
    on_sending(&stage.discord).rate_limited(RateLimitScope::Global, Duration::from_secs(2));
    stage.pass(HOUR);
    let all_sent = || guilds.iter().all(|guild| stage.log_rows(guild) == ["sent"]);
    stage.until("all reminders are sent", all_sent).await;
    let sends = stage.discord.requests_to(&Method::POST, MESSAGES).split_off(before);
    assert_eq!(sends.len(), 9, "{sends:?}");
    let refused = sends.iter().find(|send| send.status() == Some(429)).expect("one was refused");
    let early = sends.iter().filter(|send| {
        // What was under way when the answer came could not be held back.
        let since = send.at.saturating_duration_since(refused.at);
        since > Duration::from_millis(200) && since < Duration::from_secs(2)
    });
    assert_eq!(early.count(), 0, "{sends:?}");
}
