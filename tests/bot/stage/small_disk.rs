//! A small file system of a test's own, in a mount namespace that ends with the test.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

/// Ways into a mount namespace of one's own: for root, and for anybody else where the system allows it.
pub(crate) const NAMESPACES: [&str; 2] = ["unshare -m", "unshare -Urm"];

/// Gives `$1` a file system of `$0` bytes and runs the rest with it as the directory for temporary files.
const MOUNT: &str =
    r#"mount -t tmpfs -o size="$0",mode=0700 none "$1" && export TMPDIR="$1" && shift && exec "$@""#;

/// Runs an ignored test of this program again, with a directory for temporary files that holds so many bytes.
///
/// Where the system lets nobody mount anything the test cannot be run; that is said on standard error.
pub(crate) fn run_on_a_small_disk(test: &str, bytes: u64) {
    let Some(way) = NAMESPACES
        .into_iter()
        .find(|way| on_a_disk(way, bytes, &["true"]).is_some_and(|done| done.status.success()))
    else {
        skipped(test, "this system lets nobody mount a file system, with `unshare -m` or `unshare -Urm`");
        return;
    };
    let program = std::env::current_exe().unwrap();
    let again = [program.to_str().unwrap(), test, "--exact", "--ignored", "--nocapture"];
    let Output { status, stdout, stderr } = on_a_disk(way, bytes, &again).expect("it ran a moment ago");
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    assert!(status.success() && said.contains("1 passed"), "{said}");
}

/// Makes sure that the test which asks is on such a disk, before it fills the real one.
pub(crate) fn assert_small(directory: &Path, bytes: u64) {
    let found = rustix::fs::statvfs(directory).unwrap();
    assert!(found.f_blocks * found.f_frsize <= bytes, "run the test that starts this one");
}

/// Says that a test was not run, past the harness, which would keep it to itself.
pub(crate) fn skipped(test: &str, why: &str) {
    drop(writeln!(std::io::stderr(), "SKIPPED {test}: {why}"));
}

fn on_a_disk(way: &str, bytes: u64, command: &[&str]) -> Option<Output> {
    let directory = tempfile::tempdir().unwrap();
    let mut words = way.split(' ');
    let mut shell = Command::new(words.next()?);
    shell.args(words).args(["/bin/sh", "-c", MOUNT, &bytes.to_string()]).arg(directory.path());
    shell.args(command).output().ok()
}
