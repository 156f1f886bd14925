//! The port for the operator's tools: is it alive, is it ready, what does it measure.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use crate::discord::Readiness;
use crate::lifecycle::{Pulse, Shutdown};
use crate::scheduler::Agenda;
use crate::storage::{DataDir, GuildStores};
use crate::telemetry::metric;

/// A scheduler that has not ticked for this long counts as dead; it ticks at least every 30 seconds.
pub const SCHEDULER_SILENCE: Duration = Duration::from_secs(90);

/// What the port looks at to answer.
#[derive(Clone)]
pub struct Health {
    /// The scheduler's sign of life.
    pub pulse: Pulse,
    /// The gateway connection.
    pub gateway: Readiness,
    /// Where the databases are.
    pub data_dir: Arc<DataDir>,
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
    fn problems(&self) -> Vec<String> {
        let data_dir = self.data_dir.check_writable().err().map(|error| error.to_string());
        [self.gateway.problem(), self.scheduler_problem(), data_dir].into_iter().flatten().collect()
    }
}

/// Serves the port until a stop is asked for.
///
/// # Errors
/// If the connection cannot be accepted on any more.
pub async fn serve(listener: TcpListener, health: Health, shutdown: Shutdown) -> std::io::Result<()> {
    let router = Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_page))
        .with_state(health);
    axum::serve(listener, router).with_graceful_shutdown(async move { shutdown.requested().await }).await
}

async fn live(State(health): State<Health>) -> impl IntoResponse {
    answer(health.scheduler_problem().as_slice())
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    answer(&health.problems())
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
    metrics::gauge!(metric::AGENDA).set(number(health.agenda.len()));
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], health.metrics.render())
}
