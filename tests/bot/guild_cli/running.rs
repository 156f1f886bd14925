//! The socket of a bot that runs, and what is left of it when it does not.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::time::Duration;

use discord_emulator::Emulator;
use muster::storage::DataDir;
use serde_json::json;

use super::{Bot, Club, guild_command};
use crate::stage::{self, NonceWindow, Program, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_answers_commands_while_all_is_backed_up_checked_and_made_small() {
    let club = Club::with(Bot::Runs).await;
    let (data, id) = (club.stage.data(), club.id());
    let errands = tokio::task::spawn_blocking(move || {
        for _ in 0..3 {
            for errand in ["backup", "verify", "optimize"] {
                guild_command(&data, &[errand, &id]).done();
            }
        }
    });
    while !errands.is_finished() {
        let list = club.stage.told(&club.guild.owner(), &club.general, "/event list", &[]).await;
        assert!(list.contains("Match on Friday"), "{list}");
    }
    errands.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_the_socket_that_is_left_is_in_nobodys_way() {
    let mut club = stage::Club::of(0, NonceWindow::Usual).await;
    let (data, id) = (club.data().to_owned(), club.guild.id().to_string());
    club.kill();
    let socket = data.join("control.sock");
    assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket(), "the bot had no socket");
    assert!(guild_command(&data, &["list"]).done().contains(&id));
    let clean = "SELECT value FROM key_values WHERE key = 'clean_stop'";
    assert_eq!(stage::read(&data.join("system.db"), clean), ["no"], "the crash is forgotten");

    club.start();
    club.until_ready().await;
    within("the bot is asked", || async { guild_command(&data, &["backup", &id]).code == Some(0) }).await;
    let program = club.take_program();
    program.terminate();
    assert_eq!(program.ended().0.code(), Some(0));
    assert!(!socket.exists(), "the socket is left behind");
    guild_command(&data, &["list"]).done();
    assert_eq!(stage::read(&data.join("system.db"), clean), ["yes"], "the clean stop is forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_leaves_the_data_directory_to_the_bot_and_asks_it() {
    let club = Club::with(Bot::Runs).await;
    let socket = fs::symlink_metadata(club.stage.data().join("control.sock")).unwrap();
    assert_eq!((socket.file_type().is_socket(), socket.permissions().mode() & 0o777), (true, 0o600));
    assert!(DataDir::open(&club.stage.data()).is_err(), "the bot does not have its directory");
    let backup = club.says(&["backup", "ID", "--json"]).json();
    let list = club.says(&["list", "--json"]).json();
    assert_eq!((&list[0]["backups"], &list[0]["last_backup_at"]), (&json!(1), &backup["taken_at"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_deep_in_the_file_system_is_reached_as_well() {
    let discord = Emulator::builder().identify_interval(Duration::ZERO).start().await.unwrap();
    discord.add_guild("Chess club");
    let tmp = tempfile::tempdir().unwrap();
    let data = tmp.path().join("d".repeat(120)).join("data");
    let program = Program::start(&discord, &data, &[]);
    discord.wait_for_command("event").await;
    assert!(guild_command(&data, &["list"]).done().contains("joined"));
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("control socket"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_can_have_no_socket_runs_and_has_to_be_stopped_first() {
    let discord = Emulator::builder().identify_interval(Duration::ZERO).start().await.unwrap();
    discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("control.sock"), "precious").unwrap();
    let program = Program::start(&discord, data.path(), &[]);
    discord.wait_for_command("event").await;
    let sentence = guild_command(data.path(), &["list"]).failed();
    assert!(sentence.contains("stop it first"), "{sentence}");
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("is not a socket").count(), 1, "{log}");
    assert_eq!(fs::read(data.path().join("control.sock")).unwrap(), b"precious");
    assert!(guild_command(data.path(), &["list"]).done().contains("joined"));
}
