//! The program: parses the command line, calls one function, and maps its outcome to an exit code.

use std::process::ExitCode;

use clap::Parser;
use muster::cli::{self, Cli};

fn main() -> ExitCode {
    // Before anything else: whatever this process writes is for its own user only.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    cli::main(&Cli::parse())
}
