//! The budget of logins: what is spent in one process is not there for the next.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::Upset;

use crate::stage::{Club, NonceWindow, Stage, read, within};

const PAID_UNTIL: &str = "SELECT value FROM key_values WHERE key = 'logins_paid_until'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_has_used_its_logins_up_begins_at_once_and_waits_after_a_lost_session() {
    let (mut stage, _guild) = Stage::set().await;
    let gateway = stage.discord.gateway();
    gateway.invalidate(false);
    stage.until("it has logged in again", || gateway.identifies() == 2 && gateway.is_ready()).await;
    stage.stop().await.expect("the bot stops cleanly");
    // A whole day of logins, however many processes made them.
    stage.write_system(
        "UPDATE key_values SET value = CAST(value AS INTEGER) + 86400000 WHERE key = 'logins_paid_until'",
    );
    stage.start().await;
    assert_eq!(gateway.identifies(), 3, "whoever starts it need not wait");
    gateway.invalidate(false);
    stage.until("it says that it waits", || stage.log().says("waits before it logs in again")).await;
    assert_eq!(gateway.identifies(), 3);
    stage.pass(TimeDelta::minutes(8));
    stage.until("it has logged in", || gateway.identifies() == 4 && gateway.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_written_down_before_they_are_made() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    let gateway = club.discord.gateway();
    let paid_until = |club: &Club| -> i64 {
        read(&club.data().join("system.db"), PAID_UNTIL).first().map_or(0, |value| value.parse().unwrap())
    };
    for _ in 0..2 {
        let (logins, before) = (gateway.identifies(), paid_until(&club));
        gateway.invalidate(false);
        within("it logs in", || async { gateway.identifies() > logins }).await;
        // As soon as Discord has heard of the login.
        club.kill();
        let after = paid_until(&club);
        assert!(after - before >= 8 * 60 * 1000, "{before} {after}");
        club.start();
        within("it is back", || async { gateway.is_ready() && gateway.identifies() > logins + 1 }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_end_as_soon_as_they_begin_use_few_logins_up_and_a_restart_forgets_none() {
    let (mut stage, _guild) = Stage::set().await;
    let gateway = stage.discord.gateway();
    let before = gateway.identifies();
    gateway.upset_next(1_000, Upset::CloseAfterReady(Some(4009)));
    gateway.drop_connections();
    stage.until("it slows down", || stage.log().says("end soon after they begin")).await;
    assert!(gateway.identifies() - before <= 5, "{} logins", gateway.identifies() - before);
    stage.stop().await.expect("the bot stops cleanly");
    let spent: i64 = read(&stage.data().join("system.db"), PAID_UNTIL)[0].parse().unwrap();
    let owed = Duration::from_millis(u64::try_from(spent - stage.now().timestamp_millis()).unwrap());
    let logins = u32::try_from(gateway.identifies()).unwrap();
    // The first of the process is free, and a moment of the last has passed.
    assert!(owed > Duration::from_mins(8) * (logins - 2), "{owed:?} for {logins} logins");
}
