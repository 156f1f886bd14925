//! Everything that one emulator owns, shared by its server, its sessions and its handles.
//!
//! **Invariants**
//! - Locks are taken in the order world, hub; neither is held over an await.
//! - Whatever changes the world bumps [`Inner::touch`], so that those who wait for a fact look again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::faults::Faults;
use crate::gateway::Hub;
use crate::options::Options;
use crate::ratelimit::RateLimits;
use crate::recorder::Recorder;
use crate::world::World;

/// One Discord.
pub(crate) struct Inner {
    /// Users, guilds, channels, messages: what Discord keeps.
    pub(crate) world: Mutex<World>,
    /// The gateway's sessions.
    pub(crate) hub: Hub,
    /// What was asked, and what was wrong with it.
    pub(crate) recorder: Recorder,
    /// What is scripted to go wrong.
    pub(crate) faults: Faults,
    /// Buckets and their counters.
    pub(crate) limits: RateLimits,
    /// What the test chose.
    pub(crate) options: Options,
    /// A counter that moves with each change of the world or of a session.
    pub(crate) changed: watch::Sender<u64>,
    /// Ends the server and every connection.
    pub(crate) shutdown: CancellationToken,
    /// The port that was bound.
    pub(crate) port: u16,
}

impl Inner {
    /// The world, for as long as the guard lives; a test that panicked while holding it does not spoil it.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits for a fact.
    pub(crate) fn touch(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Where the gateway listens, as `GET /gateway` tells it.
    pub(crate) fn gateway_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// The answer to `GET /gateway/bot`.
    pub(crate) fn gateway_bot(&self) -> Value {
        let total = u64::from(self.options.session_starts);
        json!({
            "url": self.gateway_url(),
            "shards": self.options.shards,
            "session_start_limit": {
                "total": total,
                "remaining": total.saturating_sub(self.hub.session_starts()),
                "reset_after": 86_400_000,
                "max_concurrency": self.options.max_concurrency,
            },
        })
    }
}
