//! Ctrl+C in the middle of something: what was begun is finished, and nothing more begins.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::output;

/// SIGINT and SIGTERM.
pub(super) struct Interrupt {
    sigint: Signal,
    sigterm: Signal,
    heard: bool,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// If the process may not listen to signals.
    pub(super) fn listen() -> io::Result<Self> {
        let (sigint, sigterm) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { sigint, sigterm, heard: false })
    }

    /// Whether the operator asked to stop.
    pub(super) const fn is_heard(&self) -> bool {
        self.heard
    }

    /// Lets something come to its end although the operator asks to stop. Asked again, this ends the process at once, as a
    /// crash would.
    pub(super) async fn let_finish<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = self.sigint.recv() => {}
                _ = self.sigterm.recv() => {}
            }
            if self.heard {
                std::process::exit(1);
            }
            self.heard = true;
            output::complain("Finishing what was begun; once more stops at once.");
        }
    }
}
