//! The budget of logins: what is spent in one process is not there for the next.

use discord_emulator::Upset;

use crate::stage::{Club, HOUR, NonceWindow, Stage, asked, ids, pinged, read, within};

/// How many logins are noted.
const NOTED: &str =
    "SELECT CAST(json_array_length(value) AS TEXT) FROM key_values WHERE key = 'recent_logins'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_has_used_its_logins_up_waits_says_so_and_reminds_all_the_same() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let gateway = stage.discord.gateway();
    stage.stop().await.expect("the bot stops cleanly");
    // As if it had been started all day long.
    stage.write_system(
        "WITH RECURSIVE logins (number, at) AS (
             SELECT 1, json_extract(value, '$[0]') FROM key_values WHERE key = 'recent_logins'
             UNION ALL SELECT number + 1, at FROM logins WHERE number < 180)
         UPDATE key_values SET value = (SELECT json_group_array(at) FROM logins) WHERE key = 'recent_logins'",
    );
    let logins = gateway.identifies();
    stage.start_without_waiting();
    stage
        .until("it says that it waits", || stage.log().says("has logged in at Discord's gateway so often"))
        .await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!((pinged(&general), gateway.identifies()), (ids(&[&anna]), logins));
    stage.pass(HOUR * 2);
    stage.until("it has logged in", || gateway.identifies() == logins + 1 && gateway.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_are_written_down_before_they_are_made() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    let noted = |club: &Club| -> u64 {
        read(&club.data().join("system.db"), NOTED).first().map_or(0, |value| value.parse().unwrap())
    };
    for _ in 0..3 {
        // Killed as soon as Discord has heard of the login.
        let logins = club.discord.gateway().identifies();
        club.kill();
        club.start();
        within("it logs in", || async { club.discord.gateway().identifies() > logins }).await;
        assert!(noted(&club) > logins, "{} of {logins} and one more", noted(&club));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_end_as_soon_as_they_begin_are_all_counted_and_a_restart_forgets_none() {
    let (mut stage, _guild) = Stage::set().await;
    let gateway = stage.discord.gateway();
    let before = gateway.identifies();
    gateway.upset_next(1_000, Upset::CloseAfterReady(Some(4009)));
    gateway.drop_connections();
    stage.until("it has logged in again", || gateway.identifies() >= before + 2).await;
    stage.stop().await.expect("the bot stops cleanly");
    let noted: u64 = read(&stage.data().join("system.db"), NOTED)[0].parse().unwrap();
    assert_eq!(noted, gateway.identifies());
}
