//! What a command cannot do, and how it says so.

use std::fs;
use std::process::{Command, Stdio};

use muster::storage::DataDir;

use super::{Bot, Club, guild_command};
use crate::stage::Program;

#[test]
fn wrong_use_is_explained_with_exit_code_2() {
    let data = tempfile::tempdir().unwrap();
    for words in [
        vec!["backup"],
        vec!["verify"],
        vec!["optimize"],
        vec!["backup", "5", "--all"],
        vec!["info"],
        vec!["info", "five"],
        vec!["info", "-5"],
        vec!["export", "5", "--force"],
        vec!["explode", "5"],
        vec![],
    ] {
        let said = guild_command(data.path(), &words);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{words:?}: {}", said.stderr);
        assert!(
            said.stderr.contains("--help") || said.stderr.contains("Usage: muster guild"),
            "{words:?}: {}",
            said.stderr
        );
    }
    let output = Program::run(&["guild", "list"], data.path(), &[("MUSTER__STORAGE__MAX_OPEN", "0")]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_data_directory_that_is_not_there_is_named_and_not_made() {
    let parent = tempfile::tempdir().unwrap();
    let missing = parent.path().join("missing");
    for words in [vec!["list"], vec!["backup", "--all"], vec!["delete", "5"]] {
        let sentence = guild_command(&missing, &words).failed();
        assert!(sentence.contains(missing.to_str().unwrap()), "{sentence}");
        let sentence = guild_command(parent.path(), &words).failed();
        assert!(sentence.contains("is not a data directory of Muster's"), "{sentence}");
    }
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_nobody_knows_is_named() {
    for bot in [Bot::Rests, Bot::Runs] {
        let club = Club::with(bot).await;
        for errand in ["info", "backup", "restore", "verify", "optimize", "delete", "export"] {
            let said = club.says(&[errand, "123456"]);
            let sentence = said.failed();
            assert!(sentence.contains("123456"), "{bot:?} {errand}: {sentence}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_backup_is_refused_and_the_store_stays() {
    for bot in [Bot::Rests, Bot::Runs] {
        let club = Club::with(bot).await;
        let file = club.stage.data().join("notes.txt");
        fs::write(&file, "This is no backup. ".repeat(500)).unwrap();
        let sentence = club.says(&["restore", "ID", file.to_str().unwrap()]).failed();
        assert!(sentence.contains("notes.txt"), "{bot:?}: {sentence}");
        assert_eq!(club.says(&["verify", "ID"]).done(), format!("{}: sound\n", club.id()));
        assert_eq!(club.stage.live_titles(&club.guild).len(), 1);
    }
}

#[test]
fn a_directory_that_somebody_else_uses_who_cannot_be_asked_is_said_so() {
    let data = tempfile::tempdir().unwrap();
    let _taken = DataDir::open(data.path()).unwrap();
    let sentence = guild_command(data.path(), &["list"]).failed();
    assert!(sentence.contains("stop it first") && sentence.contains("control.sock"), "{sentence}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_leaves_early_is_no_failure() {
    let club = Club::with(Bot::Rests).await;
    for words in [vec!["list"], vec!["export", &club.id()], vec!["backup", "--all"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.env_clear().env("MUSTER__STORAGE__DATA_DIR", club.stage.data()).arg("guild").args(&words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let complaint = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), complaint.as_str()), (Some(0), ""), "{words:?}");
    }
    assert_eq!(club.says(&["list", "--json"]).json()[0]["backups"], 1, "the backup was taken all the same");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_that_cannot_be_written_is_a_failure() {
    let club = Club::with(Bot::Rests).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.env_clear().env("MUSTER__STORAGE__DATA_DIR", club.stage.data()).args(["guild", "list"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let complaint = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("Standard output cannot be written"), "{complaint}");
}
