//! The gateway: sessions over web sockets, and the events they asked for.
//!
//! Owns every session, the count of session starts, and what a test does to connections. The world says what
//! happened with [`Hub::dispatch`], which never waits.
//!
//! **Invariants**
//! - A session receives an event only if its shard serves the guild and its intents cover the event.
//! - Events of a session are numbered without gaps and kept until a heartbeat confirms them, whether or not a
//!   connection is there; RESUME sends what was missed, in order, or refuses.
//! - A session hears of a guild first by GUILD_CREATE.
//! - Locks are taken in the order world, hub, and never held over an await.
//!
//! It does not know what an event's data means. A new opcode goes into [`connection`], a new way to fail into
//! [`Upset`].

mod close;
mod connection;
mod control;
mod dispatch;
mod frame;
mod handshake;
mod hub;
mod intents;
mod members;
mod session;
mod upgrade;

pub use control::{Gateway, SessionView};
pub(crate) use dispatch::Dispatch;
pub use hub::Counters;
pub(crate) use hub::Hub;
pub use intents::Intents;
pub use session::Shard;
pub(crate) use upgrade::{Parameters as UpgradeParameters, upgrade};

/// What goes wrong with one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upset {
    /// It is answered with 503.
    Refuse,
    /// It opens, but HELLO never comes.
    NoHello,
    /// Its first IDENTIFY or RESUME is never answered, and nothing else is.
    NoAnswer,
    /// It is closed right after HELLO, with a code or with none.
    CloseAfterHello(Option<u16>),
    /// Its first IDENTIFY or RESUME is answered with INVALID_SESSION.
    InvalidSession {
        /// Whether the session lives on.
        resumable: bool,
    },
    /// It is closed right after READY or RESUMED, with a code or with none.
    CloseAfterReady(Option<u16>),
    /// It is asked to reconnect right after READY or RESUMED.
    ReconnectAfterReady,
}
