//! The connection to the gateway: how soon it serves, and how soon it is back.

use std::time::{Duration, Instant};

use discord_emulator::Method;
use serde_json::{Value, json};

use crate::stage::{HOUR, Stage, asked, ids, pinged};

/// Less than the wait before a reminder that failed is tried again.
const SOON: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_is_overdue_at_the_start_comes_as_soon_as_the_bot_is_connected() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(HOUR * 2);
    stage.discord.faults().on(Method::GET, "/gateway/bot").always().delay(Duration::from_secs(2));
    let started = Instant::now();
    stage.start_without_waiting();
    stage.until("Anna is reminded", || pinged(&general) == ids(&[&anna])).await;
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_waits_for_its_first_connection_stops_at_once() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(HOUR * 2);
    stage.discord.faults().on(Method::GET, "/gateway/bot").always().status(503);
    let asked_before = stage.discord.requests_to(&Method::GET, "/gateway/bot").len();
    stage.start_without_waiting();
    let asks = || stage.discord.requests_to(&Method::GET, "/gateway/bot").len() > asked_before;
    stage.until("it asks for the gateway", asks).await;
    let stopping = Instant::now();
    stage.stop().await.expect("the bot stops cleanly");
    assert!(stopping.elapsed() < Duration::from_secs(3), "{:?}", stopping.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_closed_without_a_code_or_with_one_for_shards_is_back_long_before_the_next_heartbeat() {
    for (code, logins) in [(None, 0), (Some(4010), 1), (Some(4011), 1)] {
        let (stage, guild) = Stage::set().await;
        let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
        let (general, message) = asked(&stage, &guild).await;
        let gateway = stage.discord.gateway();
        let (before, resumes) = (gateway.identifies(), gateway.resumes());
        gateway.close(code);
        anna.reacts(&message, "✅");
        let is_back = || gateway.identifies() + gateway.resumes() > before + resumes && gateway.is_ready();
        stage.until("the bot is back", is_back).await;
        stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
        let help = ben.runs(&general, "/help").send().await.expect("commands are answered");
        assert!(help.is_ephemeral());
        stage.pass(HOUR);
        stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
        assert_eq!(pinged(&general), ids(&[&ben]));
        assert_eq!(gateway.identifies(), before + logins, "no more logins than it takes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_lost_one_after_the_other_each_come_back() {
    let (stage, _guild) = Stage::set().await;
    let gateway = stage.discord.gateway();
    for logins in 2..=6 {
        gateway.invalidate(false);
        let is_back = || gateway.identifies() == logins && gateway.is_ready();
        stage.until("the bot has logged in again", is_back).await;
        stage
            .until("the bot knows", || {
                stage.log().count("a gateway session began") == usize::try_from(logins).unwrap()
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_tells_no_budget_of_logins_is_used_all_the_same() {
    let mut stage = Stage::empty().await;
    stage.discord.add_guild("Chess club");
    let url = stage.discord.api_url().replace("http", "ws");
    let answer = json!({ "url": url });
    stage.discord.faults().on(Method::GET, "/gateway/bot").always().respond(200, answer);
    stage.start().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_which_only_user_and_guilds_can_be_read_is_a_session_all_the_same() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let sessions = stage.log().count("a gateway session began");
    let ready = json!({
        "user": { "id": stage.discord.bot_id() }, "application": { "id": stage.discord.application_id() },
        "guilds": [{ "id": guild.id(), "unavailable": true }],
    });
    stage.discord.dispatch_raw("READY", ready);
    stage.until("a session began", || stage.log().count("a gateway session began") > sessions).await;
    stage.pass(HOUR);
    stage.until("Anna is reminded", || pinged(&general) == ids(&[&anna])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_cannot_be_read_at_all_is_named_as_an_error() {
    let (stage, _guild) = Stage::set().await;
    stage.expect_error("begins a session in a form");
    stage.discord.dispatch_raw("READY", json!({ "user": 5 }));
    stage.until("it is named", || !stage.log().errors().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_without_the_fields_that_muster_does_not_need_is_answered() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let general = guild.channel("general");
    let id = stage.discord.command(None, "help").unwrap()["id"].clone();
    let bare = |kind: u8, data: Value| {
        json!({
            "type": kind, "guild_id": guild.id(), "channel_id": general.id(), "data": data,
            "member": { "user": { "id": anna.id() }, "roles": [], "permissions": "1024" },
        })
    };
    let injected = stage.discord.inject_interaction(bare(2, json!({ "id": id, "name": "help", "type": 1 })));
    let reply = injected.answer().await.unwrap();
    assert!(reply.is_ephemeral() && reply.text().contains("/event watch"), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_that_cannot_be_registered_for_a_while_are_registered_in_the_same_session() {
    const COMMANDS: &str = "/applications/{application_id}/commands";
    let mut stage = Stage::empty().await;
    stage.discord.add_guild("Chess club");
    // Each attempt repeats the request three times.
    stage.discord.faults().on(Method::PUT, COMMANDS).times(4).status(503);
    stage.expect_error("cannot register the commands");
    stage.start().await;
    assert_eq!(stage.discord.gateway().identifies(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_somebody_deleted_comes_back_at_the_next_start() {
    let (mut stage, _guild) = Stage::set().await;
    stage.stop().await.expect("the bot stops cleanly");
    let client = reqwest::Client::new();
    let id = stage.discord.command(None, "help").unwrap()["id"].as_str().unwrap().to_owned();
    let application = stage.discord.application_id();
    let url = format!("{}/api/v10/applications/{application}/commands/{id}", stage.discord.api_url());
    let delete = client.delete(url).header("authorization", format!("Bot {}", stage.discord.token()));
    let delete = delete.header("user-agent", "DiscordBot (https://operator.test, 1)");
    assert!(delete.send().await.unwrap().status().is_success());
    assert!(stage.discord.command(None, "help").is_none());
    stage.start_without_waiting();
    stage.discord.wait_for_command("help").await;
}
