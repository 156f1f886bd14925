//! The shards' connections to Discord's gateway, on a thread and a runtime of their own.
//!
//! The protocol is `twilight-gateway`'s: HELLO, heartbeats, IDENTIFY, RESUME. One of its shards serves for one connection
//! here: whether, when, where to and with which session the next one is made is decided in [`keeper`]. Only the texts are
//! taken from it; what they say is read by [`read`](super::gateway::read).
//!
//! **Invariants**
//! - Nothing else lives on the thread, so that reading a large guild delays no reminder.
//! - An event is handed on at most once: one whose number is not above the session's latest is dropped.
//! - From the moment a connection is lost until RESUMED or READY has been taken in, Muster does not count as hearing of the
//!   shard's guilds.
//! - No connection is waited for without a deadline, and every loss is followed by another attempt, unless Discord refuses for good.
//! - No login is made that [`Logins`](super::logins::Logins) has not granted.
//!
//! **Does not know** what an event means.

mod address;
mod attempt;
mod envelope;
mod keeper;
mod pauses;
mod turnstile;

use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use twilight_gateway::Intents;

use self::keeper::Keeper;
use super::gateway::Inbound;
use super::link::Link;
use super::logins::LoginDesk;
use crate::config::Token;

pub(super) use address::Address;

/// What the shards need to connect.
#[derive(Debug)]
pub(super) struct Plan {
    /// How many shards.
    pub(super) shards: u32,
    /// What Discord should tell.
    pub(super) intents: Intents,
    /// Where the gateway is.
    pub(super) address: Arc<Address>,
    /// Who may log in.
    pub(super) desk: LoginDesk,
    /// Who Muster is.
    pub(super) token: Token,
    /// Where what is heard goes.
    pub(super) inbox: UnboundedSender<Inbound>,
    /// Where it is noted how each shard is doing.
    pub(super) link: Arc<Link>,
}

/// Why the shards ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// They were told to stop.
    Stopped,
    /// Discord closed a connection with a code after which the same login would be refused again.
    Refused(u16),
    /// Their thread panicked; the log says why.
    Died,
}

/// The running shards.
#[derive(Debug)]
pub(super) struct Connection {
    stop: CancellationToken,
    end: oneshot::Receiver<End>,
}

impl Connection {
    /// Starts all shards on a thread of their own.
    ///
    /// # Errors
    /// If the system gives no thread or no runtime.
    pub(super) fn start(plan: Plan) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (tell_end, end) = oneshot::channel();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        // What this thread logs goes where its starter logs to.
        let log = tracing::dispatcher::get_default(Clone::clone);
        thread::Builder::new().name("gateway".into()).spawn(move || {
            let _log = tracing::dispatcher::set_default(&log);
            let end = runtime.block_on(serve(Arc::new(plan), &stopped));
            runtime.shutdown_background();
            // Nobody waits for it any more when the process is ending.
            _ = tell_end.send(end);
        })?;
        Ok(Self { stop, end })
    }

    /// Returns when all shards have ended, of which the first that was refused ends the others.
    ///
    /// # Cancel safety
    /// The end is not lost when the future is dropped, as long as it was not returned.
    pub(super) async fn ended(&mut self) -> End {
        (&mut self.end).await.unwrap_or(End::Died)
    }

    /// Tells the shards to say good-bye to Discord and to end.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(plan: Arc<Plan>, stop: &CancellationToken) -> End {
    let mut shards = JoinSet::new();
    for id in 0..plan.shards {
        shards.spawn(Keeper::new(id, Arc::clone(&plan), stop.clone()).run());
    }
    let mut first = End::Stopped;
    while let Some(ended) = shards.join_next().await {
        let end = ended.unwrap_or(End::Died);
        if first == End::Stopped {
            first = end;
        }
        stop.cancel();
    }
    first
}
