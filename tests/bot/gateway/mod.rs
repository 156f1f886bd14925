//! The gateway on a bad day: whatever it goes through, what members answered meanwhile counts before the next reminder.

mod recovery_times;

use std::time::Duration;

use discord_emulator::{Emulator, Gateway, Guild};
use serde_json::json;

use crate::stage::{HOUR, Stage, asked, ids, last_pinged, pinged, reminders, until_steady};

/// Two shards that lost their sessions begin anew one after the other.
const LONG: Duration = Duration::from_secs(30);

/// Anna answers and Ben takes his answer back while the connection goes through an upset; then the next reminder is
/// due. Returns how the gateway was before and after: its logins and its resumptions.
async fn answering_during(upset: impl Fn(&Gateway)) -> [(u64, u64); 2] {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    ben.reacts(&message, "✅");
    stage.until("Ben's answer is known", || stage.answers(&guild) == 2).await;
    let steady = until_steady(&stage, &guild).await;
    let gateway = stage.discord.gateway();
    let counts = |gateway: &Gateway| (gateway.identifies(), gateway.resumes());
    let before = counts(&gateway);
    upset(&gateway);
    anna.reacts(&message, "❌");
    ben.unreacts(&message, "✅");
    stage.until("it is connected anew", || counts(&gateway) != before && gateway.is_ready()).await;
    // The emulator knows of the connection before the bot does: a reminder due in between could know nothing of it.
    let is_known = || stage.has_answered(&guild, &anna) && !stage.has_answered(&guild, &ben);
    stage.until("what was answered meanwhile is known", is_known).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == vec!["sent"; steady + 1]).await;
    assert_eq!(last_pinged(&general), ids(&[&ben]), "{}", stage.log().lines().join("\n"));
    [before, counts(&gateway)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_to_reconnect_is_a_resumption_that_misses_nothing() {
    let [before, after] = answering_during(Gateway::reconnect_all).await;
    assert_eq!(after, (before.0, before.1 + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_is_resumed_and_misses_nothing() {
    let [before, after] = answering_during(Gateway::drop_connections).await;
    assert_eq!(after, (before.0, before.1 + 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_can_be_resumed_after_its_invalidation_misses_nothing() {
    answering_during(|gateway| gateway.invalidate(true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_gone_for_good_begins_anew_and_misses_nothing() {
    let [before, after] = answering_during(|gateway| gateway.invalidate(false)).await;
    assert!(after.0 > before.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resumption_that_discord_refuses_misses_nothing() {
    let upset = |gateway: &Gateway| {
        gateway.lose_sessions();
        gateway.drop_connections();
    };
    let [before, after] = answering_during(upset).await;
    assert!(after.0 > before.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_close_code_that_lets_muster_come_back_misses_nothing() {
    for code in [1000, 1001, 4000, 4007, 4009] {
        answering_during(|gateway| gateway.close(Some(code))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_cannot_be_reached_for_a_while_misses_nothing() {
    let upset = |gateway: &Gateway| {
        gateway.refuse_connections(Duration::from_secs(2));
        gateway.drop_connections();
    };
    answering_during(upset).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_acknowledges_nothing_is_left_and_nothing_is_missed() {
    let mut stage = Stage::with(Emulator::builder().heartbeat_interval(Duration::from_secs(1))).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    let gateway = stage.discord.gateway();
    let connected = || gateway.identifies() + gateway.resumes();
    let before = connected();
    gateway.stop_acks();
    stage.until("the silence is noticed", || connected() > before).await;
    gateway.resume_acks();
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_in_the_guilds_of_both_shards_count_whatever_happens_to_the_connections() {
    let mut stage = Stage::with(Emulator::builder().shards(2).max_concurrency(2).wait_deadline(LONG)).await;
    let guilds: Vec<Guild> =
        (0..4).map(|number| stage.discord.add_guild(&format!("Club {number}"))).collect();
    let shards: std::collections::HashSet<u64> =
        guilds.iter().map(|guild| (guild.id().get() >> 22) % 2).collect();
    assert_eq!(shards.len(), 2, "the guilds are all of one shard");
    stage.start().await;
    let mut clubs = Vec::new();
    for guild in &guilds {
        let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
        clubs.push((guild, anna, ben, asked(&stage, guild).await));
    }
    stage.discord.gateway().reconnect_all();
    for (_, anna, _, (_, message)) in &clubs {
        anna.reacts(message, "✅");
    }
    for (guild, ..) in &clubs {
        stage.until("Anna's answer is known", || stage.answers(guild) == 2).await;
    }
    stage.discord.gateway().invalidate(false);
    stage.discord.gateway().wait_until_ready().await;
    stage.pass(HOUR);
    for (guild, _, ben, (general, _)) in &clubs {
        stage.until("the reminder is sent", || stage.log_rows(guild) == ["sent"]).await;
        assert_eq!(pinged(general), ids(&[ben]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_emoji_that_a_moderator_clears_takes_its_answers_back() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben, dora] = ["Anna", "Ben", "Dora"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "❌");
    ben.reacts(&message, "❓");
    stage.until("all answers are known", || stage.answers(&guild) == 3).await;
    let steady = until_steady(&stage, &guild).await;
    message.clear_emoji("❌");
    stage.until("Anna's is gone", || stage.answers(&guild) == 2).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == vec!["sent"; steady + 1]).await;
    assert_eq!(last_pinged(&general), ids(&[&anna, &dora]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_events_that_cannot_be_read_harm_nothing_and_are_named_once() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    let id = guild.id().to_string();
    for (event, data) in [
        ("MESSAGE_REACTION_ADD", json!({ "guild_id": id, "emoji": 5 })),
        ("MESSAGE_REACTION_ADD", json!({ "guild_id": id, "emoji": 6 })),
        ("GUILD_MEMBER_UPDATE", json!({ "guild_id": id, "user": "who?" })),
        ("INTERACTION_CREATE", json!({ "id": "1", "token": "t", "type": "?" })),
        ("CHANNEL_UPDATE", json!(null)),
        ("SOMETHING_OF_NEXT_YEAR", json!({ "guild_id": id, "a": [1] })),
    ] {
        stage.discord.dispatch_raw(event, data);
    }
    let help = anna.runs(&general, "/help").send().await.expect("commands are still answered");
    assert!(help.is_ephemeral());
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!((pinged(&general), reminders(&general).len()), (ids(&[&ben]), 1));
    let named = |kind: &str| stage.log().lines().iter().filter(|line| line.contains(kind)).count();
    assert_eq!(named("MESSAGE_REACTION_ADD"), 1, "{}", stage.log().lines().join("\n"));
}
