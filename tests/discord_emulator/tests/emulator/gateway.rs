//! Sessions: how they begin, break and go on.

use std::time::Duration;

use discord_emulator::{Emulator, Intents, Upset};
use serde_json::{Value, json};
use serenity::all::GatewayIntents;
use serenity::gateway::GatewayError;

use crate::support::Bot;

const INTENTS: GatewayIntents = GatewayIntents::non_privileged();

/// An event of the smallest kind, to be counted.
fn typing(number: u64) -> Value {
    json!({ "channel_id": "1", "user_id": number.to_string(), "timestamp": 1_790_000_000 })
}

async fn connected() -> (Emulator, Bot) {
    let discord = Emulator::start().await.unwrap();
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("READY", 1).await;
    (discord, bot)
}

#[tokio::test]
async fn a_real_client_logs_in() {
    let (discord, bot) = connected().await;
    discord.gateway().wait_until_ready().await;
    let sessions = discord.gateway().sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].intents, Intents::from_bits(INTENTS.bits()));
    bot.stop().await;
    discord
        .gateway()
        .wait_for("the session to end with code 1000", |gateway| gateway.sessions().is_empty())
        .await;
    discord.assert_clean();
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let discord = Emulator::builder().token("a.b.c").start().await.unwrap();
    let http =
        serenity::http::HttpBuilder::new("x.y.z").proxy(discord.api_url()).ratelimiter_disabled(true).build();
    let error = http.get_bot_gateway().await.unwrap_err();
    assert!(error.to_string().contains("401"), "{error}");
}

#[tokio::test]
async fn an_intent_that_is_switched_off_closes_with_4014() {
    let discord = Emulator::builder().intents_allowed(Intents::NONE).start().await.unwrap();
    let bot = Bot::start(&discord, GatewayIntents::GUILD_MEMBERS).await;
    let error = bot.end().await.unwrap_err();
    assert!(matches!(error, serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents)), "{error:?}");
    assert_eq!(discord.gateway().counters().refused_identifies, 1);
}

#[tokio::test]
async fn what_happens_during_a_cut_is_replayed() {
    let (discord, bot) = connected().await;
    discord.gateway().dispatch("TYPING_START", None, typing(1));
    bot.wait_for("TYPING_START", 1).await;
    discord.gateway().drop_connections();
    discord.gateway().dispatch("TYPING_START", None, typing(2));
    discord.gateway().dispatch("TYPING_START", None, typing(3));
    bot.wait_for("RESUMED", 1).await;
    assert_eq!(bot.count("TYPING_START"), 3);
    assert_eq!(bot.count("READY"), 1);
    assert_eq!(discord.gateway().resumes(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_request_to_reconnect_is_followed_by_a_resume() {
    let (discord, bot) = connected().await;
    discord.gateway().reconnect_all();
    bot.wait_for("RESUMED", 1).await;
    assert_eq!(discord.gateway().identifies(), 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_session_invalidated_for_good_starts_anew() {
    let discord = Emulator::builder().identify_interval(Duration::from_millis(100)).start().await.unwrap();
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("READY", 1).await;
    discord.gateway().invalidate(false);
    bot.wait_for("READY", 2).await;
    assert_eq!(bot.count("RESUMED"), 0);
    assert_eq!(discord.gateway().identifies(), 2);
    bot.stop().await;
}

#[tokio::test]
async fn a_lost_session_cannot_be_resumed() {
    let (discord, bot) = connected().await;
    discord.gateway().lose_sessions();
    discord.gateway().drop_connections();
    bot.wait_for("READY", 2).await;
    assert_eq!(discord.gateway().counters().refused_resumes, 1);
    bot.stop().await;
}

#[tokio::test]
async fn a_close_code_of_discords_is_survived() {
    let (discord, bot) = connected().await;
    discord.gateway().close(Some(4000));
    bot.wait_for("RESUMED", 1).await;
    bot.stop().await;
}

#[tokio::test]
async fn an_upset_handshake_is_tried_again() {
    let discord = Emulator::builder().identify_interval(Duration::from_millis(100)).start().await.unwrap();
    discord.gateway().upset_next(1, Upset::InvalidSession { resumable: false });
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("READY", 1).await;
    assert_eq!(discord.gateway().counters().connections, 2);
    bot.stop().await;
}

#[tokio::test]
async fn a_storm_of_reconnects_is_weathered() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    discord.gateway().upset_next(3, Upset::ReconnectAfterReady);
    discord.gateway().upset_next(2, Upset::CloseAfterReady(Some(4000)));
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("RESUMED", 5).await;
    guild.add_member("Anna").says(&guild.channel("general"), "Still there?");
    bot.wait_for("MESSAGE_CREATE", 1).await;
    assert_eq!(discord.gateway().identifies(), 1);
    assert_eq!(bot.count("GUILD_CREATE"), 1);
    bot.stop().await;
}

#[tokio::test]
async fn missed_acknowledgements_make_the_client_reconnect() {
    let discord = Emulator::builder()
        .heartbeat_interval(Duration::from_millis(300))
        .identify_interval(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("READY", 1).await;
    discord.gateway().stop_acks();
    discord.gateway().wait_for("a second connection", |gateway| gateway.counters().connections >= 2).await;
    discord.gateway().resume_acks();
    bot.wait_for("READY", 2).await;
    bot.stop().await;
}

#[tokio::test]
async fn two_clients_that_identify_at_once_are_too_many() {
    let (discord, bot) = connected().await;
    let second = Bot::start(&discord, INTENTS).await;
    discord.gateway().wait_for("a refusal", |gateway| gateway.counters().refused_identifies == 1).await;
    second.wait_for("READY", 1).await;
    assert_eq!(discord.gateway().identifies(), 2);
    bot.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn sessions_are_limited_by_the_day() {
    let discord =
        Emulator::builder().session_starts(1).identify_interval(Duration::ZERO).start().await.unwrap();
    let bot = Bot::start(&discord, INTENTS).await;
    bot.wait_for("READY", 1).await;
    assert_eq!(bot.http.get_bot_gateway().await.unwrap().session_start_limit.remaining, 0);
    discord.gateway().invalidate(false);
    let error = bot.end().await.unwrap_err();
    assert!(matches!(error, serenity::Error::Gateway(GatewayError::InvalidAuthentication)), "{error:?}");
}

#[tokio::test]
async fn what_a_client_sends_is_shown_without_its_token() {
    let (discord, bot) = connected().await;
    let received = discord.gateway().received();
    assert_eq!(received[0].0, 2, "the first thing that is sent is IDENTIFY");
    assert!(!received[0].1.to_string().contains(discord.token()));
    bot.stop().await;
}
