//! The budget of logins: what is spent in one process is not there for the next.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::Upset;

use crate::stage::{Club, NonceWindow, Stage, read, within};

const PAID_UNTIL: &str = "SELECT value FROM key_values WHERE key = 'logins_paid_until'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_has_used_its_logins_up_waits_says_so_and_still_comes() {
    let (mut stage, _guild) = Stage::set().await;
    let gateway = stage.discord.gateway();
    stage.stop().await.expect("the bot stops cleanly");
    // A whole day of logins, however many processes made them.
    let far =
        "UPDATE key_values SET value = CAST(value AS INTEGER) + 86400000 WHERE key = 'logins_paid_until'";
    stage.write_system(far);
    let logins = gateway.identifies();
    stage.start_without_waiting();
    stage
        .until("it says that it waits", || stage.log().says("has logged in at Discord's gateway so often"))
        .await;
    assert_eq!(gateway.identifies(), logins);
    stage.pass(TimeDelta::minutes(8));
    stage.until("it has logged in", || gateway.identifies() == logins + 1 && gateway.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_written_down_before_they_are_made() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    let paid_until = |club: &Club| -> i64 {
        read(&club.data().join("system.db"), PAID_UNTIL).first().map_or(0, |value| value.parse().unwrap())
    };
    let mut before = paid_until(&club);
    for _ in 0..3 {
        // Killed as soon as Discord has heard of the login.
        let logins = club.discord.gateway().identifies();
        club.kill();
        club.start();
        within("it logs in", || async { club.discord.gateway().identifies() > logins }).await;
        let after = paid_until(&club);
        assert!(after - before >= 8 * 60 * 1000, "{before} {after}");
        before = after;
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
    assert!(owed > Duration::from_mins(8) * (logins - 1), "{owed:?} for {logins} logins");
}
