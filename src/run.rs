//! Builds every part in order, wires them, and runs until a stop.
//!
//! The order is the order of trust: the data directory and its databases first, so that nothing is promised that
//! cannot be kept; then what sends; then what asks for work. Stopping goes the other way round.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::app::App;
use crate::clock::SharedClock;
use crate::config::{Config, Token};
use crate::control::ControlSocket;
use crate::discord::Edge;
use crate::errors::chain;
use crate::http::{self, DiskProbe, Health};
use crate::lifecycle::{self, Failures, Lifecycle, Pulse};
use crate::scheduler::{self, Scheduler};
use crate::telemetry;
use crate::upkeep::{self, Upkeep};

/// How often stores are looked for that are idle, or that a rush left open over the limit.
const IDLE_SWEEP: Duration = Duration::from_secs(5);

/// What the closing of the guilds' stores leaves at least to that of the registry.
const REGISTRY_TIME: Duration = Duration::from_millis(200);

/// What a bot is started with.
pub struct Bot {
    /// What the operator decided.
    pub config: Config,
    /// The token.
    pub token: Token,
    /// The time.
    pub clock: SharedClock,
    /// The scheduler's sign of life, for whoever watches it from outside.
    pub pulse: Pulse,
}

impl Bot {
    /// Runs the bot until a stop is asked for or a part of it dies.
    ///
    /// # Errors
    /// A sentence for the operator: what cannot be used at start, or which part died.
    pub async fn run(self, lifecycle: Lifecycle, mut failures: Failures) -> anyhow::Result<()> {
        let upkeep = self.open_data().await?;
        let config = Arc::new(self.config.clone());
        let edge = Edge::new(Arc::clone(&config), self.token.clone(), upkeep.clone(), &lifecycle)
            .context("the connection to Discord cannot be set up")?;
        self.open_port(&upkeep, &edge, &lifecycle).await?;
        let app = App {
            stores: upkeep.stores.clone(),
            registry: Arc::clone(&upkeep.registry),
            agenda: upkeep.agenda.clone(),
            upkeep: upkeep.clone(),
            discord: Arc::<Edge>::clone(&edge),
            config,
            clock: Arc::clone(&self.clock),
        };
        self.start_scheduler(&upkeep, Arc::clone(&edge), &lifecycle);
        open_control(&upkeep, &lifecycle);
        start_housekeeping(&upkeep, self.config.storage.backup_every, &lifecycle);
        lifecycle.spawn_part("the connection to Discord", edge.run(app));

        let outcome = tokio::select! {
            () = lifecycle.shutdown().requested() => Ok(()),
            failure = failures.next() => Err(failure.into()),
        };
        if !lifecycle.shutdown().is_requested() {
            lifecycle.shutdown().request();
        }
        stop(&upkeep, &lifecycle, outcome.is_ok()).await;
        outcome
    }

    /// Opens what is kept on the disk, and lets guilds have stores that Muster is in.
    async fn open_data(&self) -> anyhow::Result<Upkeep> {
        let upkeep = Upkeep::open(&self.config.storage, Arc::clone(&self.clock)).await?;
        let joined = upkeep.registry.joined_guilds();
        for guild in &joined {
            upkeep.stores.admit(*guild);
        }
        let data_dir = self.config.storage.data_dir.display();
        tracing::info!(%data_dir, guilds = joined.len(), due = upkeep.agenda.len(), "data is ready");
        Ok(upkeep)
    }

    async fn open_port(&self, upkeep: &Upkeep, edge: &Edge, lifecycle: &Lifecycle) -> anyhow::Result<()> {
        let Some(address) = self.config.http.listen else { return Ok(()) };
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("http.listen is {address}, which cannot be opened"))?;
        let health = Health {
            pulse: self.pulse.clone(),
            gateway: edge.readiness(),
            disk: DiskProbe::new(Arc::clone(&upkeep.data_dir)),
            stores: upkeep.stores.clone(),
            agenda: upkeep.agenda.clone(),
            metrics: telemetry::metrics()?,
        };
        tracing::info!(address = %listener.local_addr()?, "the port for health and metrics is open");
        lifecycle.spawn_part("the HTTP port", http::serve(listener, health, lifecycle.shutdown().clone()));
        Ok(())
    }

    fn start_scheduler(&self, upkeep: &Upkeep, courier: Arc<Edge>, lifecycle: &Lifecycle) {
        let scheduler = Scheduler {
            stores: upkeep.stores.clone(),
            registry: Arc::clone(&upkeep.registry),
            agenda: upkeep.agenda.clone(),
            courier,
            clock: Arc::clone(&self.clock),
            nonce_window: self.config.reminders.nonce_window,
            pulse: self.pulse.clone(),
            shutdown: lifecycle.shutdown().clone(),
        };
        lifecycle.spawn_part("the scheduler", scheduler.run());
    }
}

/// Lets the command line ask this process. Muster can do without.
fn open_control(upkeep: &Upkeep, lifecycle: &Lifecycle) {
    match ControlSocket::open(upkeep.data_dir.path()) {
        Ok(socket) => {
            let serving = socket.serve(upkeep.clone(), lifecycle.clone());
            lifecycle.spawn_part("the control socket", serving);
        }
        Err(error) => tracing::warn!(
            error = chain(&error),
            "there is no control socket; `muster guild` can be used only while this Muster is stopped"
        ),
    }
}

/// Closes idle stores now and then, looks once whether each is sound, and backs them up; after a crash, or if the registry
/// was lost, also reads what is due in each.
fn start_housekeeping(upkeep: &Upkeep, backup_every: Duration, lifecycle: &Lifecycle) {
    let (stores, shutdown) = (upkeep.stores.clone(), lifecycle.shutdown().clone());
    let sweep_idle = async move {
        loop {
            tokio::select! {
                () = shutdown.requested() => return Ok::<(), std::convert::Infallible>(()),
                () = tokio::time::sleep(IDLE_SWEEP) => stores.close_idle().await,
            }
        }
    };
    lifecycle.spawn_part("the closing of idle stores", sweep_idle);
    let disk = upkeep.stores.disk().clone();
    lifecycle.spawn_part("the look at the disk", disk.watch(lifecycle.shutdown().clone()));
    if !upkeep.registry.was_clean_stop() {
        let (stores, registry) = (upkeep.stores.clone(), Arc::clone(&upkeep.registry));
        let (agenda, shutdown) = (upkeep.agenda.clone(), lifecycle.shutdown().clone());
        let sweep = async move { scheduler::sweep(stores, &registry, &agenda, shutdown).await };
        lifecycle.spawn_task("the look into every guild's store", sweep);
    }
    let (upkeep, shutdown) = (upkeep.clone(), lifecycle.shutdown().clone());
    let care = async move {
        upkeep::look_through(upkeep.clone(), shutdown.clone()).await;
        upkeep::back_up_regularly(upkeep, backup_every, shutdown).await;
    };
    lifecycle.spawn_task("the backups", care);
}

/// Lets running work finish, then closes every database; all within [`lifecycle::LIMIT`], or soon after being hurried.
async fn stop(upkeep: &Upkeep, lifecycle: &Lifecycle, asked_for: bool) {
    let deadline = Instant::now() + lifecycle::LIMIT;
    let drained = lifecycle.drained().await;
    if !drained {
        tracing::warn!(
            "some work did not finish in time; what it claimed is taken up again at the next start"
        );
    }
    let shutdown = lifecycle.shutdown();
    let stores_deadline = deadline - REGISTRY_TIME;
    // A store that was replaced at the last moment, which nobody looked at any more.
    let is_exact = tokio::select! {
        is_exact = upkeep.settle_casualties() => is_exact,
        () = shutdown.cut_off(stores_deadline, Duration::ZERO) => false,
    };
    tokio::select! {
        () = upkeep.stores.close(stores_deadline) => {}
        () = shutdown.cut_off(stores_deadline, lifecycle::HURRIED.saturating_sub(REGISTRY_TIME)) => {}
    }
    let is_exact = is_exact && upkeep.stores.take_casualties().is_empty();
    tokio::select! {
        closed = upkeep.registry.close(asked_for && drained && is_exact) => if let Err(error) = closed {
            tracing::error!(error = chain(&error), "the registry could not be closed; the next start looks at every guild");
        },
        () = shutdown.cut_off(deadline, REGISTRY_TIME) => {
            tracing::warn!("the registry could not be closed in time; the next start looks at every guild");
        }
    }
    tracing::info!("stopped");
}
