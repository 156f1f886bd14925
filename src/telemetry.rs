//! What Muster tells its operator: a log on standard error, and metrics.
//!
//! **Never logged:** the token, tokens of interactions, the text of messages, titles, names. Logs carry ids.
//! The default filter keeps serenity at `warn`, since its spans print tokens of interactions at `debug`, and what speaks to the
//! gateway at `warn`, since it reports each acknowledgement of a heartbeat that it did not send itself.

use std::io::IsTerminal;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogConfig, LogFormat};

/// Metric names, so that whoever counts and whoever reads agree.
pub mod metric {
    /// Reminders that reached a final status, by `status`.
    pub const REMINDERS: &str = "muster_reminders_total";
    /// Seconds from the due instant to Discord's acceptance.
    pub const LATENESS: &str = "muster_reminder_lateness_seconds";
    /// Seconds from an instant to the scheduler's waking for it.
    pub const TICK_LATENESS: &str = "muster_tick_lateness_seconds";
    /// Guild stores open now.
    pub const OPEN_STORES: &str = "muster_open_stores";
    /// Guild stores leased now.
    pub const LEASED_STORES: &str = "muster_leased_stores";
    /// Leases of a guild store that was open already.
    pub const STORE_HITS: &str = "muster_store_hits_total";
    /// Leases that waited for the opening of a guild store.
    pub const STORE_MISSES: &str = "muster_store_misses_total";
    /// Guild stores that were closed to make room for others.
    pub const STORE_EVICTIONS: &str = "muster_store_evictions_total";
    /// Seconds that the opening of a guild store took, its creation included.
    pub const STORE_OPEN_LATENCY: &str = "muster_store_open_seconds";
    /// Bytes that Muster may still write to its disk.
    pub const DISK_FREE: &str = "muster_disk_free_bytes";
    /// Whether the disk is nearly full (1), so that nothing new is begun.
    pub const DISK_LOW: &str = "muster_disk_low";
    /// Seconds that a statement or a transaction took, with its wait for the connection.
    pub const STATEMENT_LATENCY: &str = "muster_statement_seconds";
    /// Guilds with something due at some time.
    pub const AGENDA: &str = "muster_agenda_guilds";
    /// Seconds from an interaction's arrival to its first acknowledgement, by `command`.
    pub const COMMAND_LATENCY: &str = "muster_command_latency_seconds";
    /// Answers of Discord with status 429, by `scope`.
    pub const RATE_LIMITED: &str = "muster_discord_429_total";
    /// Requests to Discord, by `status`.
    pub const REQUESTS: &str = "muster_discord_requests_total";
    /// Gateway events that could not be understood, by `kind`.
    pub const UNDECODABLE: &str = "muster_gateway_undecodable_total";
    /// Gateway events that came a second time and were dropped.
    pub const GATEWAY_REPEATED: &str = "muster_gateway_repeated_total";
    /// Gateway connections that were lost.
    pub const GATEWAY_LOSSES: &str = "muster_gateway_losses_total";
    /// Logins at the gateway.
    pub const GATEWAY_LOGINS: &str = "muster_gateway_logins_total";
    /// Damaged guild stores that were set aside.
    pub const QUARANTINES: &str = "muster_stores_quarantined_total";
    /// Guild stores that were brought to this version's schema.
    pub const MIGRATIONS: &str = "muster_store_migrations_total";
    /// Seconds since the newest backup of the guild whose newest is the oldest.
    pub const BACKUP_AGE: &str = "muster_backup_age_seconds";
    /// Backups that were taken.
    pub const BACKUPS: &str = "muster_backups_total";
}

/// Bounds of the histogram of lateness, in seconds.
const LATENESS_BOUNDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0, 60.0, 600.0, 3600.0];
/// Bounds of the histogram of command latency, in seconds.
const LATENCY_BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 3.0];

/// Bounds of the histogram of statements, in seconds: a point read takes some 20 µs, a commit on a disk some 5 ms.
const STATEMENT_BOUNDS: [f64; 9] = [0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 5.0];

/// Bounds of the histogram of openings, in seconds: a known store takes some 300 µs, a new one on a disk some 7 ms.
const OPENING_BOUNDS: [f64; 8] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0];

/// Why logs or metrics cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one. (The configuration was checked, so this is a mistake of Muster's.)
    #[error("log.filter cannot be used: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Metrics could not be set up.
    #[error("metrics cannot be set up: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// Starts the log. In a process that already has one, that one stays.
///
/// # Errors
/// [`TelemetryError::Filter`].
pub fn start_log(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter: EnvFilter = config.filter.parse()?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let started = match config.format {
        // Colours are for people at a terminal; in a file they break up the words one searches for.
        LogFormat::Human => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    if started.is_err() {
        tracing::debug!("a log was already started in this process; it stays");
    }
    Ok(())
}

/// The metrics of this process, ready to be read in Prometheus' format.
///
/// Whoever asks for them has to call [`PrometheusHandle::run_upkeep`] now and then: samples gather until they are read
/// or summed up. A process that nobody can ask for metrics should therefore not have any.
///
/// # Errors
/// [`TelemetryError::Metrics`].
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(metric::LATENESS.into()), &LATENESS_BOUNDS)?
        .set_buckets_for_metric(Matcher::Full(metric::TICK_LATENESS.into()), &LATENCY_BOUNDS)?
        .set_buckets_for_metric(Matcher::Full(metric::COMMAND_LATENCY.into()), &LATENCY_BOUNDS)?
        .set_buckets_for_metric(Matcher::Full(metric::STATEMENT_LATENCY.into()), &STATEMENT_BOUNDS)?
        .set_buckets_for_metric(Matcher::Full(metric::STORE_OPEN_LATENCY.into()), &OPENING_BOUNDS)?
        .build_recorder();
    let handle = HANDLE.get_or_init(|| recorder.handle()).clone();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics were already set up in this process");
    }
    describe();
    Ok(handle)
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(metric::REMINDERS, "Reminders by final status");
    describe_histogram!(metric::LATENESS, "Seconds from the due instant to Discord's acceptance");
    describe_histogram!(metric::TICK_LATENESS, "Seconds from an instant to the scheduler's waking for it");
    describe_gauge!(metric::OPEN_STORES, "Guild stores open now");
    describe_gauge!(metric::LEASED_STORES, "Guild stores leased now");
    describe_histogram!(
        metric::STATEMENT_LATENCY,
        "Seconds that a statement took, with its wait for the connection"
    );
    describe_counter!(metric::STORE_HITS, "Leases of a guild store that was open already");
    describe_counter!(metric::STORE_MISSES, "Leases that waited for the opening of a guild store");
    describe_counter!(metric::STORE_EVICTIONS, "Guild stores that were closed to make room for others");
    describe_histogram!(metric::STORE_OPEN_LATENCY, "Seconds that the opening of a guild store took");
    describe_gauge!(metric::DISK_FREE, "Bytes that Muster may still write to its disk");
    describe_gauge!(metric::DISK_LOW, "Whether the disk is nearly full (1), so that nothing new is begun");
    describe_gauge!(metric::AGENDA, "Guilds with something due at some time");
    describe_histogram!(metric::COMMAND_LATENCY, "Seconds from an interaction to its acknowledgement");
    describe_counter!(metric::RATE_LIMITED, "Answers of Discord with status 429");
    describe_counter!(metric::REQUESTS, "Requests to Discord by status");
    describe_counter!(metric::UNDECODABLE, "Gateway events that could not be understood");
    describe_counter!(metric::GATEWAY_REPEATED, "Gateway events that came a second time and were dropped");
    describe_counter!(metric::GATEWAY_LOSSES, "Gateway connections that were lost");
    describe_counter!(metric::GATEWAY_LOGINS, "Logins at the gateway");
    describe_counter!(metric::QUARANTINES, "Damaged guild stores that were set aside");
    describe_counter!(metric::MIGRATIONS, "Guild stores that were brought to this version's schema");
    describe_counter!(metric::BACKUPS, "Backups that were taken");
    describe_gauge!(metric::BACKUP_AGE, "Seconds since the newest backup, of the guild where that is oldest");
    metrics::gauge!(metric::BACKUP_AGE).set(0.0);
    for counted in [metric::QUARANTINES, metric::MIGRATIONS, metric::BACKUPS] {
        metrics::counter!(counted).absolute(0);
    }
    for counted in [metric::GATEWAY_REPEATED, metric::GATEWAY_LOSSES, metric::GATEWAY_LOGINS] {
        metrics::counter!(counted).absolute(0);
    }
    metrics::counter!(metric::RATE_LIMITED, "scope" => "global").absolute(0);
    metrics::counter!(metric::STORE_EVICTIONS).absolute(0);
    for status in ["sent", "skipped", "failed"] {
        metrics::counter!(metric::REMINDERS, "status" => status).absolute(0);
    }
}
