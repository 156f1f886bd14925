//! What differs when somebody sits at a terminal: a question before a deletion, and a bar on long work.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Bot, Club};

/// A terminal: the side at which a person sits, and the side that the program sees.
fn terminal() -> (File, File) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let program = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(person), program)
}

/// Runs `muster guild` with these words at a terminal at which this is typed; its exit code, and what is on the screen.
fn at_a_terminal(data: &Path, words: &[&str], typed: &str) -> (Option<i32>, String) {
    let (mut person, program) = terminal();
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.env_clear().env("MUSTER__STORAGE__DATA_DIR", data).env("TERM", "xterm").arg("guild").args(words);
    command.stdin(Stdio::from(program.try_clone().unwrap()));
    command.stdout(Stdio::from(program.try_clone().unwrap())).stderr(Stdio::from(program));
    let mut child = command.spawn().unwrap();
    // It holds the program's side, without whose end the screen would have none.
    drop(command);
    person.write_all(typed.as_bytes()).unwrap();
    let mut screen = Vec::new();
    let mut bytes = [0; 4096];
    // Linux says with an error that the program's side is closed.
    while let Ok(count @ 1..) = person.read(&mut bytes) {
        screen.extend_from_slice(&bytes[..count]);
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&screen).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_wants_the_number_typed_unless_it_is_told_yes() {
    let club = Club::with(Bot::Rests).await;
    let (data, id, store) = (club.stage.data(), club.id(), club.stage.guild_dir(&club.guild));
    let (code, screen) = at_a_terminal(&data, &["delete", &id], "yes\n");
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("Type its number") && screen.contains("nothing was deleted"), "{screen}");
    assert!(store.exists(), "it was deleted without the number");
    let (code, screen) = at_a_terminal(&data, &["delete", &id], &format!("{id}\n"));
    assert_eq!(code, Some(0), "{screen}");
    assert!(!store.exists(), "it was not deleted");

    let club = Club::with(Bot::Rests).await;
    let (code, screen) = at_a_terminal(&club.stage.data(), &["delete", &club.id(), "--yes"], "");
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("Type its number"), "{screen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bar_shows_how_far_all_guilds_are() {
    let club = Club::with(Bot::Rests).await;
    let (code, screen) = at_a_terminal(&club.stage.data(), &["backup", "--all"], "");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("0/1") && screen.contains("1 of 1 guilds backed up"), "{screen}");
}
