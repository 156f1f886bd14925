//! The one place that writes to the terminal.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes what was asked for to standard output. A reader that has seen enough and left, as `head` does, is no failure.
///
/// # Errors
/// If it cannot be written otherwise: a file that standard output leads to may be on a full disk.
pub(super) fn say(line: impl Display) -> io::Result<()> {
    let text = format!("{line}\n");
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Writes why something failed to standard error.
pub(super) fn complain(line: impl Display) {
    note(format_args!("muster: {line}\n"));
}

/// Asks a question on standard error, so that it does not mix with what was asked for.
pub(super) fn ask(question: impl Display) {
    note(question);
}

fn note(text: impl Display) {
    // Where standard error is closed there is nobody left to be told so.
    drop(io::stderr().lock().write_all(text.to_string().as_bytes()));
}
