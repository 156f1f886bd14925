//! A token that Discord does not accept any more.

use discord_emulator::Method;
use serde_json::json;

use super::MESSAGES;
use crate::stage::{Club, HOUR, NonceWindow, Stage, asked, ids, pinged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_reset_ends_the_program_with_a_sentence() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    let body = json!({ "message": "401: Unauthorized", "code": 0 });
    club.discord.faults().on_any().always().respond(401, body);
    let owner = club.guild.owner();
    // Whatever it answers: that is a request with a token of its own.
    drop(owner.runs(&club.general, "/event remind").option("event", club.message.link()).send().await);
    let program = club.take_program();
    let (status, log) = tokio::task::spawn_blocking(|| program.ended()).await.unwrap();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("Discord does not accept the token."), "{log}");
    club.discord.faults().clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_refusal_of_the_token_ends_nothing() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let body = json!({ "message": "401: Unauthorized", "code": 0 });
    stage.discord.faults().on(Method::POST, MESSAGES).respond(401, body);
    stage.pass(HOUR);
    stage.until("it was looked into", || stage.log().says("refused the token once")).await;
    stage.pass(chrono::TimeDelta::minutes(2));
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_by_something_in_front_of_discord_ends_nothing_at_a_start_either() {
    let (mut stage, _guild) = Stage::set().await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.discord.faults().on(Method::GET, "/gateway/bot").times(2).respond(401, json!({}));
    stage.start().await;
    assert!(stage.log().says("something in front of Discord refuses the token"));
}
