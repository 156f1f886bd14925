//! All sessions of one emulator, and who may start one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::session::{Order, Session, Shard, Texts};
use super::{Dispatch, Intents, Upset};
use crate::snowflake::Snowflake;

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Whether the gateway has gone silent: nothing is accepted, read or answered.
    pub(super) silent: watch::Sender<bool>,
}

/// What the gateway knows, behind one lock.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) sessions: HashMap<String, Session>,
    /// Connections that are open, with or without a session.
    pub(super) connections: HashMap<u64, UnboundedSender<Order>>,
    pub(super) counters: Counters,
    /// When a session was last started in each bucket of `max_concurrency`.
    pub(super) last_identify: HashMap<u32, Instant>,
    /// When all members of a guild were last requested.
    pub(super) members_requested: HashMap<Snowflake, Instant>,
    pub(super) refuse_until: Option<Instant>,
    pub(super) acks_withheld: bool,
    /// A resumption sends again what the client has seen, as far as it is kept.
    pub(super) repeats: bool,
    /// Too many sessions were started: the token is no longer valid.
    pub(super) token_was_reset: bool,
    /// What goes wrong with the next connections.
    pub(super) upsets: std::collections::VecDeque<Upset>,
    pub(super) received: Vec<(u64, Value)>,
    number: u64,
}

/// How often things happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections opened.
    pub connections: u64,
    /// IDENTIFYs that started a session.
    pub identifies: u64,
    /// IDENTIFYs that were answered with INVALID_SESSION or a close code.
    pub refused_identifies: u64,
    /// RESUMEs that continued a session.
    pub resumes: u64,
    /// RESUMEs that were answered with INVALID_SESSION or a close code.
    pub refused_resumes: u64,
    /// Heartbeats received.
    pub heartbeats: u64,
}

impl Hub {
    /// Sends an event to every session that asked for it, by intents and by shard.
    pub(crate) fn dispatch(&self, dispatch: &Dispatch) {
        let mut state = self.state();
        let mut texts = Texts::default();
        for session in state.sessions.values_mut() {
            if session.wants(&dispatch.name, dispatch.guild) {
                session.offer(dispatch, &mut texts);
            }
        }
    }

    /// The same for an event whose data depends on what a session asked for, such as GUILD_CREATE.
    pub(crate) fn dispatch_with(
        &self,
        name: &str,
        guild: Option<Snowflake>,
        intents: Intents,
        data: impl Fn(Intents) -> Value,
    ) {
        for session in self.state().sessions.values_mut() {
            let is_asked_for = intents.is_empty() || intents.intersects(session.intents);
            if session.wants(name, guild) && is_asked_for {
                session.push(name, &data(session.intents).to_string());
            }
        }
    }

    /// Sends an event to one session alone.
    pub(super) fn dispatch_to(&self, session: &str, name: &str, data: &Value) {
        if let Some(session) = self.state().sessions.get_mut(session) {
            session.push(name, &data.to_string());
        }
    }

    /// Whether too many sessions were started, so that the token no longer opens anything.
    pub(crate) fn is_token_reset(&self) -> bool {
        self.state().token_was_reset
    }

    /// How many sessions were started.
    pub(crate) fn session_starts(&self) -> u64 {
        self.state().counters.identifies
    }

    /// The state; never held over an await, and taken after the world where both are needed.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A number that was not given before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Starts a session on this connection.
    pub(super) fn start(
        &mut self,
        shard: Shard,
        intents: Intents,
        guilds: Vec<Snowflake>,
        connection: u64,
    ) -> String {
        let number = self.next_number();
        let id = format!("{:016x}{number:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut session = Session::new(id.clone(), shard, intents, guilds);
        session.connection = self.connections.get(&connection).map(|sender| (connection, sender.clone()));
        self.sessions.insert(id.clone(), session);
        self.counters.identifies += 1;
        id
    }

    /// Continues a session on this connection after the event numbered `sequence`.
    pub(super) fn resume(
        &mut self,
        id: &str,
        sequence: u64,
        connection: u64,
        window: Duration,
    ) -> Result<(), ResumeRefused> {
        let connection =
            (connection, self.connections.get(&connection).ok_or(ResumeRefused::Unknown)?.clone());
        let session = self.sessions.get_mut(id).ok_or(ResumeRefused::Unknown)?;
        if session.disconnected_at.is_some_and(|at| at.elapsed() > window) {
            self.sessions.remove(id);
            return Err(ResumeRefused::Unknown);
        }
        if sequence > session.sequence {
            return Err(ResumeRefused::Sequence);
        }
        let mut missed = session.events_after(sequence).ok_or(ResumeRefused::Unknown)?;
        if self.repeats {
            missed = session.events_kept();
        }
        // The old connection may not have noticed yet that it is dead.
        session.send(Order::Drop);
        session.connection = Some(connection);
        session.disconnected_at = None;
        session.resumes += 1;
        for text in missed {
            session.send(Order::Send(text));
        }
        session.push("RESUMED", &json!({ "_trace": [] }).to_string());
        self.counters.resumes += 1;
        Ok(())
    }

    /// The connection is gone; its session waits to be resumed, unless it was given up.
    pub(super) fn disconnect(&mut self, connection: u64, ends_session: bool) {
        self.connections.remove(&connection);
        let is_here =
            |session: &Session| session.connection.as_ref().is_some_and(|(here, _)| *here == connection);
        if ends_session {
            self.sessions.retain(|_, session| !is_here(session));
        }
        for session in self.sessions.values_mut().filter(|session| is_here(session)) {
            session.connection = None;
            session.disconnected_at = Some(Instant::now());
        }
    }

    /// Ends every session for good, as Discord does with a bot that starts too many.
    pub(super) fn reset_token(&mut self) {
        self.token_was_reset = true;
        for session in self.sessions.values() {
            session.send(Order::Close(Some(super::close::AUTHENTICATION_FAILED)));
        }
        self.sessions.clear();
    }

    /// Forgets sessions that nobody can resume any more.
    pub(super) fn forget_expired(&mut self, window: Duration) {
        self.sessions.retain(|_, session| session.disconnected_at.is_none_or(|at| at.elapsed() <= window));
    }
}

/// Why a session cannot be continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResumeRefused {
    /// It never was, has ended, or what was missed is no longer kept.
    Unknown,
    /// The client claims to have seen events that never were.
    Sequence,
}
