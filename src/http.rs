//! The port for the operator's tools: is it alive, is it ready, what does it measure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::discord::Readiness;
use crate::lifecycle::{Pulse, Shutdown};
use crate::scheduler::Agenda;
use crate::storage::{DataDir, GuildStores};
use crate::telemetry::metric;

/// A scheduler that has not ticked for this long counts as dead; it ticks at least every 30 seconds.
pub const SCHEDULER_SILENCE: Duration = Duration::from_secs(90);

/// How old an answer about the disk may be.
const DISK_LOOK_EVERY: Duration = Duration::from_secs(5);

/// A disk that takes longer than this to write a small file counts as one that cannot be written.
const DISK_PATIENCE: Duration = Duration::from_secs(2);

/// How often the samples of histograms are summed up.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// What the port looks at to answer.
#[derive(Clone)]
pub struct Health {
    /// The scheduler's sign of life.
    pub pulse: Pulse,
    /// The gateway connection.
    pub gateway: Readiness,
    /// Whether the databases can be written.
    pub disk: DiskProbe,
    /// The databases.
    pub stores: GuildStores,
    /// What is due.
    pub agenda: Agenda,
    /// The metrics.
    pub metrics: PrometheusHandle,
}

impl Health {
    fn scheduler_problem(&self) -> Option<String> {
        let age = self.pulse.age();
        (age > SCHEDULER_SILENCE).then(|| format!("the scheduler has not ticked for {} s", age.as_secs()))
    }

    /// All reasons why Muster is not ready; empty if it is.
    async fn problems(&self) -> Vec<String> {
        let disk = self.disk.problem().await;
        [self.gateway.problem(), self.scheduler_problem(), disk].into_iter().flatten().collect()
    }
}

/// Looks whether the data directory can be written, at most every few seconds and never on a thread that others need.
#[derive(Clone)]
pub struct DiskProbe {
    data_dir: Arc<DataDir>,
    latest: Arc<Mutex<Option<Look>>>,
}

/// What one look at the disk showed.
struct Look {
    at: Instant,
    problem: Option<String>,
}

impl DiskProbe {
    /// A probe that has not looked yet.
    #[must_use]
    pub fn new(data_dir: Arc<DataDir>) -> Self {
        Self { data_dir, latest: Arc::default() }
    }

    /// Why the data directory cannot be written; `None` if it can.
    async fn problem(&self) -> Option<String> {
        let mut latest = self.latest.lock().await;
        if let Some(look) = latest.as_ref().filter(|look| look.at.elapsed() < DISK_LOOK_EVERY) {
            return look.problem.clone();
        }
        let data_dir = Arc::clone(&self.data_dir);
        let look = tokio::task::spawn_blocking(move || data_dir.check_writable());
        let problem = match tokio::time::timeout(DISK_PATIENCE, look).await {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(_)) => Some("the look at the data directory failed".to_owned()),
            Err(_) => Some(format!("the data directory has not answered for {} s", DISK_PATIENCE.as_secs())),
        };
        *latest = Some(Look { at: Instant::now(), problem: problem.clone() });
        problem
    }
}

/// Serves the port until a stop is asked for.
///
/// # Errors
/// If the connection cannot be accepted on any more.
pub async fn serve(listener: TcpListener, health: Health, shutdown: Shutdown) -> std::io::Result<()> {
    let metrics = health.metrics.clone();
    let router = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(health);
    let stop = async move { shutdown.requested().await };
    tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(stop) => served,
        () = upkeep(&metrics) => Ok(()),
    }
}

/// Sums up what was measured, so that it does not gather while nobody reads it.
async fn upkeep(metrics: &PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        metrics.run_upkeep();
    }
}

async fn live(State(health): State<Health>) -> impl IntoResponse {
    answer(health.scheduler_problem().as_slice())
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    answer(&health.problems().await)
}

fn answer(problems: &[String]) -> (StatusCode, String) {
    if problems.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", problems.join("\n")))
    }
}

async fn metrics_page(State(health): State<Health>) -> impl IntoResponse {
    let stats = health.stores.stats();
    let number = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    metrics::gauge!(metric::OPEN_STORES).set(number(stats.open));
    metrics::gauge!(metric::LEASED_STORES).set(number(stats.leased));
    metrics::counter!(metric::STORE_HITS).absolute(stats.hits);
    metrics::counter!(metric::STORE_MISSES).absolute(stats.misses);
    let disk = health.stores.disk();
    if let Some(free) = disk.free() {
        metrics::gauge!(metric::DISK_FREE).set(free.as_kib() * 1024.0);
    }
    metrics::gauge!(metric::DISK_LOW).set(f64::from(u8::from(disk.is_low())));
    metrics::gauge!(metric::AGENDA).set(number(health.agenda.len()));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], health.metrics.render())
}
