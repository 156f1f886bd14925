//! The one place that writes to the terminal.

use std::fmt::Display;

/// Writes what was asked for to standard output.
#[expect(clippy::print_stdout, reason = "the one place for it")]
pub(super) fn say(line: impl Display) {
    println!("{line}");
}

/// Writes why something failed to standard error.
#[expect(clippy::print_stderr, reason = "the one place for it")]
pub(super) fn complain(line: impl Display) {
    eprintln!("muster: {line}");
}
