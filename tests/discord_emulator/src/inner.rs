//! Everything that one emulator owns, shared by its server, its sessions and its handles.
//!
//! **Invariants**
//! - Locks are taken in the order world, hub; neither is held over an await.
//! - Whatever changes the world bumps [`Inner::touch`], so that those who wait for a fact look again.

use std::sync::{Mutex, MutexGuard, PoisonError};

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
}
