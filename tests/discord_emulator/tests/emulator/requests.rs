//! What is recorded, what is objected to, and how many requests there may be.

use discord_emulator::{Emulator, Method};

use crate::support::http;

/// A request that no library would make.
async fn raw(
    discord: &Emulator,
    method: Method,
    path: &str,
    body: Option<serde_json::Value>,
) -> reqwest::Response {
    let request = reqwest::Client::new()
        .request(method, format!("{}/api/v10{path}", discord.api_url()))
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)");
    let request = if let Some(body) = body { request.json(&body) } else { request };
    request.send().await.unwrap()
}

#[tokio::test]
async fn an_unknown_route_is_not_found_and_makes_the_test_fail() {
    let discord = Emulator::start().await.unwrap();
    let response = raw(&discord, Method::GET, "/telegrams", None).await;
    assert_eq!(response.status(), 404);
    assert_eq!(discord.unknown_routes().len(), 1);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| discord.assert_clean()));
    assert!(outcome.is_err());
}

#[tokio::test]
async fn a_request_without_the_token_is_unauthorized() {
    let discord = Emulator::start().await.unwrap();
    let response = reqwest::get(format!("{}/api/v10/gateway/bot", discord.api_url())).await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(discord.invalid_requests(), 1);
    assert_eq!(discord.violations()[0].rule, "user-agent");
}

#[tokio::test]
async fn the_fifty_first_request_of_a_second_is_refused() {
    let discord = Emulator::start().await.unwrap();
    let http = http(&discord);
    let requests = (0..60).map(|_| http.get_bot_gateway());
    let answers = futures::future::join_all(requests).await;
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert!((1..=10).contains(&refused), "{refused} of 60 were refused");
}

#[tokio::test]
async fn without_limits_nothing_is_refused() {
    let discord = Emulator::builder().rate_limits(false).start().await.unwrap();
    let http = http(&discord);
    let answers = futures::future::join_all((0..60).map(|_| http.get_bot_gateway())).await;
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_benchmark_may_have_requests_recorded_and_not_held_against_anything() {
    let discord = Emulator::builder().check_requests(false).start().await.unwrap();
    let response =
        reqwest::Client::new().get(format!("{}/api/v10/gateway", discord.api_url())).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(discord.count_requests(|request| request.status() == Some(200)), 1);
    assert!(discord.violations().is_empty(), "its user agent is not one that Discord takes");
}
