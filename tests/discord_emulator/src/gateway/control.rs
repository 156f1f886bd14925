//! What a test can do to the gateway, and see of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::hub::Counters;
use super::session::{Order, Session, Shard};
use super::{Dispatch, Intents, Upset, close, frame};
use crate::inner::Inner;
use crate::snowflake::Snowflake;

/// The gateway of one emulator, as a test handles it.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

/// One session, as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Its id, as READY told it.
    pub id: String,
    /// Which part of the guilds it serves.
    pub shard: Shard,
    /// The intents it asked for.
    pub intents: Intents,
    /// Whether a connection serves it now; without one it waits to be resumed.
    pub connected: bool,
    /// Whether each of its guilds has been announced.
    pub complete: bool,
    /// How often it was resumed.
    pub resumes: u32,
    /// The number of its last event.
    pub sequence: u64,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.clone(),
            shard: session.shard,
            intents: session.intents,
            connected: session.connection.is_some(),
            complete: session.is_complete(),
            resumes: session.resumes,
            sequence: session.sequence,
        }
    }
}

impl Gateway {
    /// All sessions that can still be used, ordered by shard.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        let mut state = self.inner.hub.state();
        state.forget_expired(self.inner.options.resume_window);
        let mut sessions: Vec<_> = state.sessions.values().map(SessionView::from).collect();
        sessions.sort_by_key(|session| (session.shard.total, session.shard.id));
        sessions
    }

    /// How often connections, IDENTIFYs, RESUMEs and heartbeats came in.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner.hub.state().counters
    }

    /// How many sessions were started.
    #[must_use]
    pub fn identifies(&self) -> u64 {
        self.counters().identifies
    }

    /// How many sessions were resumed.
    #[must_use]
    pub fn resumes(&self) -> u64 {
        self.counters().resumes
    }

    /// What clients sent besides heartbeats, in order: the opcode and the data, tokens blotted out.
    #[must_use]
    pub fn received(&self) -> Vec<(u64, Value)> {
        self.inner.hub.state().received.clone()
    }

    /// Waits until each shard has a connected session that knows all of its guilds.
    ///
    /// # Panics
    ///
    /// When that takes longer than [`Builder::wait_deadline`](crate::Builder::wait_deadline).
    pub async fn wait_until_ready(&self) {
        self.wait_for("each shard to be ready", Self::is_ready).await;
    }

    /// Waits until something holds of the gateway, such as a number of resumes.
    ///
    /// # Panics
    ///
    /// When that takes longer than [`Builder::wait_deadline`](crate::Builder::wait_deadline).
    pub async fn wait_for(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut changes = self.inner.changed.subscribe();
        let found = async {
            while !holds(self) {
                if changes.changed().await.is_err() {
                    break;
                }
            }
        };
        let deadline = self.inner.options.wait_deadline;
        let is_late = tokio::time::timeout(deadline, found).await.is_err();
        assert!(!is_late, "waited {deadline:?} in vain for {what}; sessions: {:?}", self.sessions());
    }

    /// Whether each shard has a connected session that knows all of its guilds.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let sessions = self.sessions();
        let total = sessions.iter().map(|session| session.shard.total).max().unwrap_or(1);
        let is_served = |shard| {
            sessions.iter().any(|session| {
                session.shard == Shard { id: shard, total } && session.connected && session.complete
            })
        };
        (0..total).all(is_served)
    }

    /// Sends any event to each session whose shard serves the guild, whatever it asked for; without a guild, to
    /// the first shard.
    pub fn dispatch(&self, name: &str, guild: Option<Snowflake>, data: Value) {
        self.inner.hub.dispatch(&Dispatch::new(name, guild, Intents::NONE, data));
    }

    /// Asks every connection to reconnect and resume (opcode 7), as Discord does when it moves sessions.
    pub fn reconnect_all(&self) {
        self.tell_all(&Order::Send(frame::control(7, &Value::Null)));
    }

    /// Asks every connection for a heartbeat at once (opcode 1).
    pub fn request_heartbeats(&self) {
        self.tell_all(&Order::Send(frame::control(1, &Value::Null)));
    }

    /// Invalidates every session (opcode 9). One that is not `resumable` is gone for good.
    pub fn invalidate(&self, resumable: bool) {
        let mut state = self.inner.hub.state();
        for connection in state.connections.values() {
            // One that has just ended has nothing left to be told.
            drop(connection.send(Order::Send(frame::control(9, &json!(resumable)))));
            drop(connection.send(Order::Forget));
        }
        if !resumable {
            state.sessions.clear();
        }
        drop(state);
        self.inner.touch();
    }

    /// Closes every connection with a close frame: with a code, or with none.
    ///
    /// Codes after which Discord has no session left (1000, 1001, 4004, 4007, 4009 to 4014) end the sessions.
    pub fn close(&self, code: Option<u16>) {
        self.tell_all(&Order::Close(code.map(|code| (code, close::reason(code)))));
    }

    /// Cuts every connection without a close frame; sessions can be resumed.
    pub fn drop_connections(&self) {
        self.tell_all(&Order::Drop);
    }

    /// Swallows everything: connections stay open, and nothing is accepted, read or answered until
    /// [`come_back`](Self::come_back).
    pub fn go_silent(&self) {
        self.inner.hub.silent.send_replace(true);
    }

    /// Ends the silence. Connections from before are cut, as they would long have timed out.
    pub fn come_back(&self) {
        self.drop_connections();
        self.inner.hub.silent.send_replace(false);
    }

    /// Acknowledges no heartbeat until [`resume_acks`](Self::resume_acks).
    pub fn stop_acks(&self) {
        self.inner.hub.state().acks_withheld = true;
    }

    /// Acknowledges heartbeats again.
    pub fn resume_acks(&self) {
        self.inner.hub.state().acks_withheld = false;
    }

    /// From now on a resumption sends again what the client had seen already, as far as no heartbeat confirmed it.
    pub fn repeat_at_resumptions(&self) {
        self.inner.hub.state().repeats = true;
    }

    /// Answers new connections with 503 for a while.
    pub fn refuse_connections(&self, time: Duration) {
        self.inner.hub.state().refuse_until = Some(Instant::now() + time);
    }

    /// Lets something go wrong with each of the next `times` connections; kinds queue up behind each other.
    pub fn upset_next(&self, times: usize, upset: Upset) {
        self.inner.hub.state().upsets.extend(std::iter::repeat_n(upset, times));
    }

    /// Forgets every session, so that connected clients hear nothing more and a RESUME fails.
    pub fn lose_sessions(&self) {
        self.inner.hub.state().sessions.clear();
        self.inner.touch();
    }

    fn tell_all(&self, order: &Order) {
        for connection in self.inner.hub.state().connections.values() {
            // One that has just ended has nothing left to be told.
            drop(connection.send(order.clone()));
        }
    }
}
