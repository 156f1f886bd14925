//! Connections that are lost in ways that nobody announces: silence, greetings and answers that never come, many in a row.

use std::time::Duration;

use discord_emulator::{Emulator, Gateway, Method, Upset};
use serde_json::json;

use super::answering_during;
use crate::stage::{HOUR, Stage, asked, ids, last_pinged, pinged, until_steady};

/// A gateway that is silent is given up after its connection was open for so long, and some more for the machine.
const LONG: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_greets_nobody_is_left_for_another_connection() {
    let upset = |gateway: &Gateway| {
        gateway.upset_next(2, Upset::NoHello);
        gateway.drop_connections();
    };
    let [before, after] = answering_during(upset).await;
    assert_eq!(after, (before.0, before.1 + 1), "the session was kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resumption_that_is_never_answered_is_tried_again() {
    let upset = |gateway: &Gateway| {
        gateway.upset_next(1, Upset::NoAnswer);
        gateway.drop_connections();
    };
    let [before, after] = answering_during(upset).await;
    assert_eq!(after, (before.0, before.1 + 1), "the session was kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_given_while_the_connection_was_dead_without_anybody_noticing_count() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    let steady = until_steady(&stage, &guild).await;
    // No heartbeat is due for most of a minute.
    stage.discord.gateway().go_silent();
    anna.reacts(&message, "✅");
    // Longer than a sign of life counts as young.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == vec!["sent"; steady + 1]).await;
    assert_eq!(last_pinged(&general), ids(&[&ben]));
    let gateway = stage.discord.gateway();
    let (identifies, resumes) = (gateway.identifies(), gateway.resumes());
    gateway.come_back();
    stage.until("it is resumed", || gateway.resumes() > resumes && gateway.is_ready()).await;
    assert_eq!(gateway.identifies(), identifies);
    assert!(anna.runs(&general, "/help").send().await.expect("commands are answered").is_ephemeral());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_gateway_is_noticed_within_two_heartbeats() {
    let mut stage = Stage::with(Emulator::builder().heartbeat_interval(Duration::from_secs(2))).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let gateway = stage.discord.gateway();
    let resumes = gateway.resumes();
    gateway.go_silent();
    stage.until("the silence is noticed", || stage.log().says("the gateway connection was lost")).await;
    gateway.come_back();
    stage.until("it is resumed", || gateway.resumes() > resumes && gateway.is_ready()).await;
    let owner = guild.owner();
    owner.runs(&guild.channel("general"), "/help").send().await.expect("commands are answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_moved_again_and_again_is_resumed_each_time_and_costs_no_login() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let general = guild.channel("general");
    let gateway = stage.discord.gateway();
    let identifies = gateway.identifies();
    for times in 1..=12 {
        gateway.reconnect_all();
        stage.until("it is resumed", || gateway.resumes() >= times && gateway.is_ready()).await;
        stage
            .until("the bot knows", || {
                stage.log().count("a gateway session goes on") >= usize::try_from(times).unwrap()
            })
            .await;
    }
    assert!(anna.runs(&general, "/help").send().await.expect("commands are answered").is_ephemeral());
    assert_eq!(gateway.identifies(), identifies);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_tells_a_second_time_is_not_done_a_second_time() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    anna.runs(&general, "/help").send().await.expect("commands are answered");
    let answers = || {
        let callback = "/interactions/{interaction_id}/{interaction_token}/callback";
        stage.discord.requests_to(&Method::POST, callback).len()
    };
    let (answered, gateway) = (answers(), stage.discord.gateway());
    assert!(answered > 0);
    gateway.repeat_at_resumptions();
    let resumes = gateway.resumes();
    gateway.drop_connections();
    stage.until("it is resumed", || gateway.resumes() > resumes && gateway.is_ready()).await;
    stage.until("the bot knows", || stage.log().says("a gateway session goes on")).await;
    anna.runs(&general, "/help").send().await.expect("commands are answered");
    assert_eq!(answers(), answered + 1, "a command was answered twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_has_grown_out_of_its_shards_comes_back_with_as_many_as_discord_wants() {
    let mut stage = Stage::with(Emulator::builder().max_concurrency(2).wait_deadline(LONG)).await;
    let guilds: Vec<_> = (0..4).map(|number| stage.discord.add_guild(&format!("Club {number}"))).collect();
    stage.start().await;
    let anna = guilds[0].add_member("Anna");
    let (general, _) = asked(&stage, &guilds[0]).await;
    let answer = json!({
        "url": stage.discord.api_url().replace("http", "ws"), "shards": 2,
        "session_start_limit": { "total": 1000, "remaining": 900, "reset_after": 1000, "max_concurrency": 2 },
    });
    stage.discord.faults().on(Method::GET, "/gateway/bot").always().respond(200, answer);
    let gateway = stage.discord.gateway();
    let sessions = stage.log().count("a gateway session began");
    gateway.close(Some(4011));
    stage
        .until("there are two shards", || stage.log().count("a gateway session began") == sessions + 2)
        .await;
    assert!(stage.log().says("close_code=4011"));
    for guild in &guilds {
        let help = guild.owner().runs(&guild.channel("general"), "/help").send().await;
        help.expect("commands are answered in the guilds of both shards");
    }
    stage.pass(HOUR);
    stage.until("Anna is reminded", || pinged(&general) == ids(&[&anna])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_refuses_what_muster_asks_for_ends_it_with_a_sentence() {
    for (code, sentence) in
        [(4004, "does not accept the token"), (4012, "close code 4012"), (4013, "close code 4013")]
    {
        let (mut stage, _guild) = Stage::set().await;
        stage.discord.gateway().close(Some(code));
        let outcome = stage.ended().await;
        let error = outcome.expect_err("it cannot go on").to_string();
        assert!(error.contains(sentence), "{error}");
    }
}
