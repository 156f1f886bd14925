//! Where twilight asks whether a shard may log in.

use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;
use tokio::time::Instant;
use twilight_gateway::queue::Queue;

use crate::discord::logins::LoginDesk;

/// Passes the question of one connection on, and knows when it was granted: from then on READY is due.
#[derive(Debug, Clone)]
pub(super) struct Turnstile {
    desk: LoginDesk,
    granted_at: Arc<OnceLock<Instant>>,
}

impl Turnstile {
    /// For one connection.
    pub(super) fn new(desk: LoginDesk) -> Self {
        Self { desk, granted_at: Arc::default() }
    }

    /// When the login was granted, if it was.
    pub(super) fn granted_at(&self) -> Option<Instant> {
        self.granted_at.get().copied()
    }
}

impl Queue for Turnstile {
    fn enqueue(&self, id: u32) -> oneshot::Receiver<()> {
        self.desk.log_in(id, Arc::clone(&self.granted_at))
    }
}
