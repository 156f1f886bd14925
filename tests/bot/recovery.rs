//! What comes back after something on the disk was lost, was broken, or could not be reached.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use discord_emulator::{Emulator, Method};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::stage::{HOUR, Program, Stage, asked, ids, pinged, reminders, watch};

const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_system_store_loses_no_reminder() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    std::fs::remove_file(stage.data().join("system.db")).unwrap();
    stage.start().await;
    stage.pass(HOUR);
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_knows_of_no_live_event_is_put_right_after_a_crash() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.write_system("UPDATE guilds SET live = 0, next_due_at = NULL");
    stage.write_system("UPDATE key_values SET value = 'no' WHERE key = 'clean_stop'");
    stage.start().await;
    stage.pass(HOUR);
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_left_stays_away_after_a_crash() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.write_system("UPDATE guilds SET membership = 'left', left_at = joined_at");
    stage.write_system("UPDATE key_values SET value = 'no' WHERE key = 'clean_stop'");
    stage.configure("MUSTER__STORAGE__DELETE_GRACE", "30d");
    guild.remove_bot();
    stage.start().await;
    let other = stage.discord.add_guild("Metronomes");
    other.add_member("Maelzel");
    asked(&stage, &other).await;
    stage.pass(HOUR);
    stage.until("another guild has its reminder", || stage.log_rows(&other) == ["sent"]).await;
    assert!(stage.log_rows(&guild).is_empty() && pinged(&general).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_channel_cannot_be_looked_at_holds_up_no_other() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    // The event in trouble is the earlier one.
    let side = guild.add_channel("side");
    let message = guild.owner().says(&side, "And who comes here?");
    watch(&stage, &guild.owner(), &message).await;
    stage.pass(TimeDelta::seconds(2));
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    let channel = format!("/channels/{}", side.id());
    for route in [channel.as_str(), "/guilds/{id}/channels"] {
        stage.discord.faults().on(Method::GET, route).always().respond(403, json!("blocked by a proxy"));
    }
    stage.start().await;
    stage.pass(HOUR);
    stage.until("the other event goes on", || pinged(&general) == ids(&[&anna])).await;
    stage.until("it is told", || stage.log().says("reminders of a guild wait")).await;
    stage.pass(HOUR);
    stage.until("and goes on", || reminders(&general).len() == 2).await;
    stage.discord.faults().clear();
    let reminded_by_now = || {
        stage.pass(TimeDelta::seconds(1));
        !reminders(&side).is_empty()
    };
    stage.until("it is reminded when it can be", reminded_by_now).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_written_is_told_with_its_file_and_not_blamed_on_discord() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    let full =
        "CREATE TRIGGER full BEFORE INSERT ON reminder_log BEGIN SELECT raise(ABORT, 'disk full'); END";
    let file = SqliteConnectOptions::new().filename(stage.guild_dir(&guild).join("guild.db"));
    let mut store = SqliteConnection::connect_with(&file).await.unwrap();
    store.execute(full).await.unwrap();
    store.close().await.unwrap();
    stage.start().await;
    stage.pass(HOUR);
    stage.until("it is told", || stage.log().says("guild.db) failed to claim reminders: ")).await;
    assert!(stage.log().says("disk full") && !stage.log().says("Discord cannot be asked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_was_absent_is_reminded_as_soon_as_it_is_back() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    guild.remove_bot();
    stage.start().await;
    stage.until("it is missed", || stage.log().says("counts as absent")).await;
    stage.pass(HOUR);
    let other = stage.discord.add_guild("Metronomes");
    other.add_member("Maelzel");
    asked(&stage, &other).await;
    stage.pass(HOUR);
    stage.until("another guild has its reminder", || stage.log_rows(&other) == ["sent"]).await;
    assert!(!stage.log().says("reminders of a guild wait"), "it is left alone");
    guild.reinvite_bot();
    stage.until("it is reminded", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

/// Stops the program while another one keeps a guild's database locked; how long it took, and its exit code.
async fn stopped_with_a_locked_store(hurried: bool) -> (Duration, Option<i32>) {
    let discord = Emulator::builder().identify_interval(Duration::ZERO).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let patient = [("MUSTER__STORAGE__BUSY_TIMEOUT", "60s")];
    let program = Program::start(&discord, data.path(), &patient);
    discord.wait_for_command("event").await;
    let (general, owner) = (guild.channel("general"), guild.owner());
    let message = owner.says(&general, "Match on Friday, who comes?");
    owner.runs(&general, "/event watch").option("message", message.link()).send().await.unwrap();
    let file = data.path().join("guilds").join(guild.id().to_string()).join("guild.db");
    let mut other =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    // It is deferred, and then waits for the lock.
    let pause = owner.runs(&general, "/event pause").option("event", message.link());
    let mut waiting = tokio::task::JoinSet::new();
    waiting.spawn(pause.send());
    discord
        .wait_until("the command waits", || !discord.requests_to(&Method::POST, CALLBACK).is_empty())
        .await;
    let asked = Instant::now();
    program.terminate();
    if hurried {
        program.interrupt();
    }
    let (status, _log) = program.ended();
    (asked.elapsed(), status.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_does_not_wait_for_a_store_that_somebody_else_has_locked() {
    let (took, code) = stopped_with_a_locked_store(false).await;
    assert!(code == Some(0) && took < Duration::from_secs(8), "{code:?} after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_hurries_past_a_locked_store() {
    let (took, code) = stopped_with_a_locked_store(true).await;
    assert!(code == Some(0) && took < Duration::from_millis(1_500), "{code:?} after {took:?}");
}
