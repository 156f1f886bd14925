//! The edge towards Discord: what comes in by gateway, what goes out by request, and what is kept of either.
//!
//! **Invariants**
//! - Everything that is sent passes the one [`sender`]; everything that comes in passes the one [`gateway`] intake.
//! - The gateway [`connection`] lives on a thread of its own, and nothing but what it hears leaves that thread.
//! - A guild's data is deleted only in [`guild_lifecycle`], and only after Discord confirmed that Muster is not there.
//! - Whom a message pings is a list, never its text.
//! - No part of serenity crosses the border to the rooms below, except in [`crate::commands`].
//!
//! **Does not know** when something is due, what a command means, or any SQL.
//!
//! To react to another gateway event, see [`gateway`]; to make another request, add it to [`routes`].

mod access;
mod answers;
mod asker;
mod audience;
mod body;
mod casualties;
mod catch_up;
mod connection;
mod core;
mod courier;
mod drafts;
mod edits;
mod event_message;
mod event_messages;
mod facts;
mod failure;
mod freshness;
mod gateway;
mod gateway_address;
mod guild_lifecycle;
mod healing;
mod history;
mod interactions;
mod keyed_locks;
mod link;
mod login_budget;
mod logins;
mod members;
mod notice_board;
mod notice_words;
mod notices;
mod port;
mod reactions;
mod refresh;
mod registrar;
mod reminder_message;
mod roll_call;
mod routes;
mod sender;
mod supervisor;
mod token_watch;
mod wire;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::Instant;

use self::core::Core;
use self::gateway::Inbound;
use crate::app::App;
use crate::config::{Config, Token};
use crate::lifecycle::{Lifecycle, Shutdown};
use crate::upkeep::Upkeep;

pub use link::Readiness;
pub use sender::SenderError;
pub use supervisor::GatewayFatal;

/// The edge towards Discord: the scheduler's [`Courier`](crate::scheduler::Courier) and the commands'
/// [`Discord`](crate::app::Discord).
pub struct Edge {
    core: Arc<Core>,
    token: Token,
    shutdown: Shutdown,
    /// What the gateway tells, until somebody takes it in.
    arrivals: Mutex<Option<UnboundedReceiver<Inbound>>>,
    /// Until then a reminder waits for the first connection, which brings what it is computed from.
    patient_until: Instant,
}

impl Edge {
    /// An edge that is not connected yet; sending works at once.
    ///
    /// # Errors
    /// [`SenderError`] if the token cannot be sent or TLS does not start.
    pub fn new(
        config: Arc<Config>,
        token: Token,
        upkeep: Upkeep,
        lifecycle: &Lifecycle,
    ) -> Result<Arc<Self>, SenderError> {
        let sender = sender::Sender::new(&config.discord, &token)?;
        let Upkeep { stores, registry, agenda, clock, .. } = upkeep.clone();
        let (inbox, arrivals) = unbounded_channel();
        let core = Core {
            stores,
            registry,
            agenda,
            upkeep,
            config,
            clock,
            tracker: lifecycle.tracker().clone(),
            sender,
            link: Arc::default(),
            inbox,
            access: access::Access::default(),
            freshness: freshness::Freshness::default(),
            edits: edits::Edits::default(),
            healing: healing::Healing::default(),
            drafts: drafts::Drafts::default(),
            roll_call: Mutex::default(),
            membership: keyed_locks::KeyedLocks::default(),
            reading: keyed_locks::KeyedLocks::default(),
            member_changes: catch_up::CatchUp::default(),
            reaction_changes: catch_up::CatchUp::default(),
            absence_doubted: AtomicBool::new(true),
            stale: Notify::new(),
            departures: Notify::new(),
        };
        let shutdown = lifecycle.shutdown().clone();
        let patient_until = Instant::now() + courier::PATIENCE_AT_START;
        let arrivals = Mutex::new(Some(arrivals));
        Ok(Arc::new(Self { core: Arc::new(core), token, shutdown, arrivals, patient_until }))
    }

    /// Connects, answers commands with `app`, and keeps what is known of guilds up to date until a stop is asked for.
    ///
    /// # Errors
    /// [`GatewayFatal`]: a sentence for the operator, who has to do something before Muster can work.
    pub async fn run(self: Arc<Self>, app: App) -> Result<(), GatewayFatal> {
        let (core, shutdown) = (&self.core, &self.shutdown);
        let arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An edge runs once.
        let Some(arrivals) = arrivals else { return Ok(()) };
        let intake = gateway::Intake::new(Arc::clone(core), Arc::new(app));
        let helpers = async {
            tokio::join!(
                intake.run(arrivals, shutdown.clone()),
                edits::run(Arc::clone(core), shutdown.clone()),
                refresh::run(Arc::clone(core), shutdown.clone()),
                guild_lifecycle::run(Arc::clone(core), shutdown.clone()),
                registrar::run(Arc::clone(core), shutdown.clone()),
                casualties::run(Arc::clone(core), shutdown.clone()),
                healing::run(Arc::clone(core), shutdown.clone()),
            );
            Ok(())
        };
        // The helpers end only with a stop; a connection that ends otherwise is the end of all.
        tokio::try_join!(
            supervisor::run(core, &self.token, shutdown),
            token_watch::run(core, shutdown),
            helpers
        )?;
        Ok(())
    }

    /// Tells whether commands arrive and answers are seen, for the health check.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.core.link.readiness()
    }
}
