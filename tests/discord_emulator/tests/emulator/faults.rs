//! What is scripted to go wrong, seen from a client.

use std::time::{Duration, Instant};

use discord_emulator::{Emulator, Method, RateLimitScope};
use serenity::http::HttpError;

use crate::support::http;

fn status(error: &serenity::Error) -> Option<u16> {
    match error {
        serenity::Error::Http(HttpError::UnsuccessfulRequest(response)) => {
            Some(response.status_code.as_u16())
        }
        _ => None,
    }
}

#[tokio::test]
async fn a_scripted_status_is_answered_as_often_as_it_was_asked_for() {
    let discord = Emulator::start().await.unwrap();
    discord.faults().on(Method::GET, "/gateway/bot").times(2).status(503);
    let http = http(&discord);
    for _ in 0..2 {
        assert_eq!(status(&http.get_bot_gateway().await.unwrap_err()), Some(503));
    }
    http.get_bot_gateway().await.unwrap();
    assert!(discord.faults().are_spent());
    assert_eq!(
        discord.requests().iter().filter_map(discord_emulator::RecordedRequest::status).collect::<Vec<_>>(),
        [503, 503, 200]
    );
}

#[tokio::test]
async fn a_cut_connection_has_no_status() {
    let discord = Emulator::start().await.unwrap();
    discord.faults().on(Method::GET, "/gateway/bot").drop_before();
    let http = http(&discord);
    let error = http.get_bot_gateway().await.unwrap_err();
    assert!(matches!(&error, serenity::Error::Http(HttpError::Request(_))), "{error:?}");
    assert_eq!(discord.requests()[0].status(), None);
    http.get_bot_gateway().await.unwrap();
}

#[tokio::test]
async fn latency_is_added() {
    let discord = Emulator::start().await.unwrap();
    discord.faults().on_any().delay(Duration::from_millis(200));
    let start = Instant::now();
    http(&discord).get_bot_gateway().await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn an_outage_lasts_until_it_ends() {
    let discord = Emulator::start().await.unwrap();
    let http = http(&discord);
    discord.faults().begin_outage();
    assert_eq!(status(&http.get_bot_gateway().await.unwrap_err()), Some(503));
    discord.faults().end_outage();
    http.get_bot_gateway().await.unwrap();
}

#[tokio::test]
async fn a_fault_by_chance_is_the_same_for_the_same_seed() {
    let outcomes = async |seed| {
        let discord = Emulator::builder().rate_limits(false).start().await.unwrap();
        discord.faults().on_any().probability(seed, 50).status(500);
        let http = http(&discord);
        let mut outcomes = Vec::new();
        for _ in 0..20 {
            outcomes.push(http.get_bot_gateway().await.is_ok());
        }
        outcomes
    };
    let first = outcomes(7).await;
    assert_eq!(first, outcomes(7).await);
    assert!(first.contains(&true) && first.contains(&false));
}

#[tokio::test]
async fn a_global_limit_can_be_scripted() {
    let discord = Emulator::start().await.unwrap();
    discord.faults().on_any().rate_limited(RateLimitScope::Global, Duration::from_millis(1500));
    let url = format!("{}/api/v10/gateway/bot", discord.api_url());
    let response = reqwest::Client::new()
        .get(url)
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["x-ratelimit-global"], "true");
    assert_eq!(response.headers()["retry-after"], "2");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["retry_after"], 1.5);
    assert_eq!(body["global"], true);
}

#[tokio::test]
async fn what_a_client_no_longer_waits_for_takes_effect_all_the_same() {
    let discord = Emulator::start().await.unwrap();
    let general = discord.add_guild("Chess club").channel("general");
    discord.faults().on(Method::POST, "/channels/{}/messages").delay(Duration::from_millis(300));
    let http = http(&discord);
    let channel = serenity::all::ChannelId::new(general.id().get());
    let said = channel.say(&http, "Too late");
    assert!(tokio::time::timeout(Duration::from_millis(50), said).await.is_err());
    assert_eq!(general.messages().len(), 0);
    general.wait_for_message(|message| message.content() == "Too late").await;
}
