//! The connection to the gateway: how soon it serves, and how soon it is back.

use std::time::{Duration, Instant};

use discord_emulator::Method;

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
