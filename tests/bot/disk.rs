//! What the system may refuse at the start: file descriptors, and the right to write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use muster::clock::SystemClock;
use muster::storage::{DataDir, Registry};

use crate::stage::{NAMESPACES, Program, skipped};

const TOKEN: (&str, &str) = ("DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret");

/// The user that has no rights, by number; it need not have a name.
const NOBODY: u32 = 65_534;

/// The exit code of a command, and what it wrote to standard error.
fn after(before: &str, command: &str, data: &Path, settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Program::run_after(before, &[command], data, settings);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn too_few_file_descriptors_are_refused_at_the_start_with_both_numbers() {
    let data = tempfile::tempdir().unwrap();
    for command in ["run", "check"] {
        let (code, said) = after("ulimit -n 300 && exec", command, data.path(), &[TOKEN]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains("storage.max_open is 256, which needs 968 file descriptors"), "{said}");
        assert!(said.contains("the system allows 300"), "{said}");
    }
}

#[test]
fn a_low_limit_that_may_be_raised_is_raised() {
    let data = tempfile::tempdir().unwrap();
    let (code, said) = after("ulimit -S -n 300 && exec", "check", data.path(), &[TOKEN]);
    assert_eq!(code, Some(0), "{said}");
    let fewer = [TOKEN, ("MUSTER__STORAGE__MAX_OPEN", "30")];
    let (code, said) = after("ulimit -n 300 && exec", "check", data.path(), &fewer);
    assert_eq!(code, Some(0), "{said}");
}

/// What a user without special rights is told at the start, and by `muster check`, once `spoil` has changed something
/// in a data directory of that user's.
async fn refusal(spoil: impl FnOnce(&Path)) -> String {
    let data = tempfile::tempdir().unwrap();
    let dir = DataDir::open(data.path()).unwrap();
    let registry = Registry::open(&dir, std::sync::Arc::new(SystemClock)).await.unwrap();
    registry.close(true).await.unwrap();
    drop(dir);
    let is_root = rustix::process::getuid().is_root();
    if is_root {
        for path in everything_in(data.path()) {
            chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    spoil(data.path());
    // Root may write everything: then the program runs as somebody else.
    let (before, uid) = if is_root {
        ("exec setpriv --reuid 65534 --regid 65534 --clear-groups", NOBODY)
    } else {
        ("exec", rustix::process::getuid().as_raw())
    };
    let started = Instant::now();
    let (code, said) = after(before, "run", data.path(), &[TOKEN]);
    assert!(started.elapsed() < Duration::from_secs(2), "it took {:?}", started.elapsed());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("user id {uid}")), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let (code, checked) = after(before, "check", data.path(), &[TOKEN]);
    assert_eq!((code, &checked), (Some(1), &said), "`muster check` says the same");
    for path in everything_in(data.path()).into_iter().rev() {
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    }
    said.replace(data.path().to_str().unwrap(), "data")
}

/// A directory and everything in it, itself first.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    if folder.is_dir() {
        found.extend(fs::read_dir(folder).unwrap().flat_map(|entry| everything_in(&entry.unwrap().path())));
    }
    found
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_data_directory_that_may_only_be_read_is_refused_with_path_and_user() {
    let said = refusal(|data| set_mode(data, 0o500)).await;
    assert!(said.contains("cannot write to data: Permission denied"), "{said}");
    for name in ["guilds", "backups", "quarantine"] {
        let said = refusal(|data| set_mode(&data.join(name), 0o500)).await;
        assert!(said.contains(&format!("cannot write to data/{name}: Permission denied")), "{said}");
    }
}

#[test]
fn a_read_only_file_system_is_refused_with_path_and_user() {
    let data = tempfile::tempdir().unwrap();
    set_mode(data.path(), 0o700);
    let mount = "mount --bind \"$MUSTER__STORAGE__DATA_DIR\" \"$MUSTER__STORAGE__DATA_DIR\" && \
                 mount -o remount,bind,ro \"$MUSTER__STORAGE__DATA_DIR\"";
    let Some(way) = NAMESPACES.into_iter().find(|way| {
        Program::run_after(&format!("exec {way} /bin/sh -c '{mount} && true'"), &[], data.path(), &[])
            .status
            .success()
    }) else {
        return skipped("disk::a_read_only_file_system_is_refused", "nobody may mount here");
    };
    let before = format!("exec {way} /bin/sh -c '{mount} && exec \"$0\" \"$@\"'");
    let started = Instant::now();
    let (code, said) = after(&before, "run", data.path(), &[TOKEN]);
    assert!(started.elapsed() < Duration::from_secs(2), "it took {:?}", started.elapsed());
    assert_eq!(code, Some(1), "{said}");
    let path = data.path().display();
    assert!(
        said.contains("user id 0") && said.contains(&format!("{path}/lock: Read-only file system")),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn a_lock_or_a_system_store_that_may_not_be_written_is_refused_with_path_and_user() {
    for name in ["lock", "system.db", "system.db-wal", "system.db-shm"] {
        let said = refusal(|data| {
            let file = data.join(name);
            fs::OpenOptions::new().append(true).create(true).open(&file).unwrap();
            set_mode(&file, 0o400);
        });
        let said = said.await;
        assert!(said.contains(&format!("cannot write data/{name}: Permission denied")), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_data_directory_of_somebody_else_is_refused_with_path_and_user() {
    if !rustix::process::getuid().is_root() {
        skipped("disk::a_data_directory_of_somebody_else", "only root can give a directory away");
        return;
    }
    let said = refusal(|data| chown(data, Some(0), Some(0)).unwrap()).await;
    assert!(said.contains("data") && said.contains("Permission denied"), "{said}");
    let readable = |data: &Path| {
        chown(data.join("system.db"), Some(0), Some(0)).unwrap();
        set_mode(&data.join("system.db"), 0o644);
    };
    let said = refusal(readable).await;
    assert!(said.contains("cannot write data/system.db: Permission denied"), "{said}");
}

#[tokio::test]
async fn a_file_in_the_place_of_a_directory_is_refused_with_path_and_user() {
    for name in ["guilds", "backups", "quarantine"] {
        let said = refusal(|data| {
            fs::remove_dir(data.join(name)).unwrap();
            fs::write(data.join(name), "").unwrap();
        });
        let said = said.await;
        assert!(said.contains(&format!("cannot use data/{name}: not a directory")), "{said}");
    }
}
