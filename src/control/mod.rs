//! The control socket: how the command line asks the bot that runs.
//!
//! A process has the data directory alone, so what an operator asks for while the bot runs is done by the bot. It
//! listens on `control.sock` in its data directory, which only its own user can enter. A connection begins with a
//! greeting of the bot; then each line of JSON from the client is answered by one line, which is `{"answer": …}` or
//! `{"error": "a sentence"}`.
//!
//! **Invariants**
//! - Only the process with the lock of the data directory opens the socket; a file that is there before is a remnant.
//! - What was begun comes to its end, whether its client waits for it or not. After a stop was asked for nothing begins.
//! - Neither a client nor what it asked for holds up another client, or a stop for longer than anything else may.
//! - The bot can do without: where there can be no socket it says so once, and the command line says what to do.
//!
//! **Does not know** what is asked for: requests and answers are [`upkeep`](crate::upkeep)'s.

mod address;
mod client;
mod protocol;
mod server;
#[cfg(test)]
mod tests;

use crate::errors::chain;
use crate::upkeep::{Answer, Request, Upkeep};

pub use client::{Client, ClientError};
pub use server::{Clerk, ControlSocket, SocketError};

impl Clerk for Upkeep {
    type Request = Request;
    type Answer = Answer;

    async fn answer(&self, request: Request) -> Result<Answer, String> {
        self.answer(request).await.map_err(|error| chain(&error))
    }
}
