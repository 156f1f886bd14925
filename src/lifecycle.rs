//! How Muster stops: softly when asked, hard when asked twice or when time is up, loudly when a part of it died.
//!
//! **Invariants**
//! - Every background task runs on the [`Lifecycle`]; none ends unnoticed.
//! - After a soft stop nothing new begins; what runs has [`GRACE`] to finish, and everything is over after [`LIMIT`].

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long running work may go on after a soft stop.
pub const GRACE: Duration = Duration::from_millis(5_500);

/// How long a soft stop may take in all: less than the ten seconds after which Docker kills
/// (<https://docs.docker.com/reference/cli/docker/container/stop/>).
pub const LIMIT: Duration = Duration::from_millis(7_500);

/// How long a stop may still take once it was hurried.
pub const HURRIED: Duration = Duration::from_millis(500);

/// The two stages of stopping, as a cheap clone that everybody may hold.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    /// Asks for a soft stop: nothing new, finish what runs. Asked again, it hurries.
    pub fn request(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        }
        self.soft.cancel();
    }

    /// Whether nothing new should begin.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Returns once a soft stop was asked for.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn requested(&self) {
        self.soft.cancelled().await;
    }

    /// Returns once everything must end at once.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn hurried(&self) {
        self.hard.cancelled().await;
    }

    /// Returns at `deadline`, or so long after everything must end at once.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn cut_off(&self, deadline: Instant, once_hurried: Duration) {
        let hurry = async {
            self.hurried().await;
            tokio::time::sleep(once_hurried).await;
        };
        tokio::select! {
            () = tokio::time::sleep_until(deadline) => {}
            () = hurry => {}
        }
    }
}

/// A part of Muster that ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
#[error("{part} ended unexpectedly: {why}")]
pub struct PartFailed {
    /// Which part, in the operator's words.
    pub part: &'static str,
    /// What it said, or that it panicked.
    pub why: String,
}

/// Runs Muster's background tasks and notices when one of them ends.
#[derive(Debug, Clone)]
pub struct Lifecycle {
    shutdown: Shutdown,
    tracker: TaskTracker,
    failures: mpsc::UnboundedSender<PartFailed>,
}

/// The other end of a [`Lifecycle`]: hears of parts that died.
#[derive(Debug)]
pub struct Failures(mpsc::UnboundedReceiver<PartFailed>);

impl Failures {
    /// Returns the next part that died.
    ///
    /// # Cancel safety
    /// No failure is lost when the future is dropped.
    pub async fn next(&mut self) -> PartFailed {
        match self.0.recv().await {
            Some(failure) => failure,
            // All lifecycles are gone, so no part is left that could fail.
            None => std::future::pending().await,
        }
    }
}

impl Lifecycle {
    /// A lifecycle that stops when `shutdown` says so.
    #[must_use]
    pub fn new(shutdown: Shutdown) -> (Self, Failures) {
        let (failures, heard) = mpsc::unbounded_channel();
        (Self { shutdown, tracker: TaskTracker::new(), failures }, Failures(heard))
    }

    /// The stop signal, for parts that watch it.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The tracker for short tasks, which may end whenever they are done.
    #[must_use]
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Runs a part that Muster cannot do without. If it ends before a stop was asked for, by returning, by an error or
    /// by a panic, that is a failure of the whole process.
    pub fn spawn_part<F, E>(&self, part: &'static str, future: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let shutdown = self.shutdown.clone();
        self.spawn_watched(part, future, move |ended| match ended {
            Ok(()) if shutdown.is_requested() => None,
            Ok(()) => Some("it returned".to_owned()),
            Err(error) => Some(error.to_string()),
        });
    }

    /// Runs a task that ends when it is done. If it panics instead, that is a failure of the whole process: nobody
    /// would notice that its work is not done.
    pub fn spawn_task<F>(&self, task: &'static str, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.spawn_watched(task, future, |()| None);
    }

    /// Runs `future` and reports a panic, and whatever `complaint` makes of its end.
    fn spawn_watched<F>(
        &self,
        part: &'static str,
        future: F,
        complaint: impl FnOnce(F::Output) -> Option<String> + Send + 'static,
    ) where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let failures = self.failures.clone();
        let running = self.tracker.spawn(future);
        self.tracker.spawn(async move {
            let why = match running.await {
                Ok(ended) => complaint(ended),
                Err(error) => error.is_panic().then(|| "it panicked; the log has the place".to_owned()),
            };
            if let Some(why) = why {
                // Nobody listens any more only when the process is ending anyway.
                drop(failures.send(PartFailed { part, why }));
            }
        });
    }

    /// Waits until every task has ended, at most [`GRACE`], less if hurried; `false` if some had to be left.
    pub async fn drained(&self) -> bool {
        self.tracker.close();
        tokio::select! {
            () = self.tracker.wait() => true,
            () = tokio::time::sleep(GRACE) => false,
            () = self.shutdown.hurried() => false,
        }
    }
}

/// Asks for a stop at SIGTERM and SIGINT; a second signal hurries.
///
/// # Errors
/// If the process may not listen to signals.
pub fn stop_on_signals(lifecycle: &Lifecycle) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let shutdown = lifecycle.shutdown().clone();
    // Not on the tracker: it lives until the process ends and must not be waited for.
    let listen = async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: finishing what runs; a second signal stops at once");
            shutdown.request();
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it must outlive the tracker, which shutdown waits for")]
    drop(tokio::spawn(listen));
    Ok(())
}

/// A sign of life that one part gives and others read.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<std::sync::Mutex<std::time::Instant>>);

impl Default for Pulse {
    fn default() -> Self {
        Self(Arc::new(std::sync::Mutex::new(std::time::Instant::now())))
    }
}

impl Pulse {
    /// Says: alive.
    pub fn beat(&self) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = std::time::Instant::now();
    }

    /// The time since the last beat, by the machine's monotonic clock.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed()
    }
}

/// Ends the process, from a thread that no runtime can stall, once `pulse` has been silent for `limit`.
///
/// # Errors
/// If the system gives no thread.
pub fn watchdog(pulse: Pulse, limit: Duration) -> std::io::Result<()> {
    let watch = move || {
        loop {
            std::thread::sleep(limit / 10);
            let age = pulse.age();
            if age > limit {
                tracing::error!(
                    silent_s = age.as_secs(),
                    "the scheduler stopped ticking; ending the process"
                );
                std::process::exit(70);
            }
        }
    };
    std::thread::Builder::new().name("watchdog".into()).spawn(watch).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_is_a_failure() {
        let (lifecycle, mut failures) = Lifecycle::new(Shutdown::default());
        lifecycle.spawn_part("the test part", async {
            assert!(std::hint::black_box(false), "on purpose");
            Ok::<(), PartFailed>(())
        });
        let failure = failures.next().await;
        assert_eq!(
            failure.to_string(),
            "the test part ended unexpectedly: it panicked; the log has the place"
        );
    }

    #[tokio::test]
    async fn a_part_that_fails_or_just_returns_is_a_failure() {
        let (lifecycle, mut failures) = Lifecycle::new(Shutdown::default());
        lifecycle.spawn_part("the first", async { Err("the disk is gone") });
        assert_eq!(failures.next().await.to_string(), "the first ended unexpectedly: the disk is gone");
        lifecycle.spawn_part("the second", async { Ok::<(), &str>(()) });
        assert_eq!(failures.next().await.to_string(), "the second ended unexpectedly: it returned");
    }

    #[tokio::test]
    async fn whoever_does_not_finish_is_left_when_hurried() {
        let (lifecycle, _failures) = Lifecycle::new(Shutdown::default());
        lifecycle.spawn_part("the stubborn part", std::future::pending::<Result<(), PartFailed>>());
        lifecycle.shutdown().request();
        lifecycle.shutdown().request();
        assert!(!lifecycle.drained().await);
    }

    #[tokio::test]
    async fn a_task_may_end_but_its_panic_is_a_failure() {
        let (lifecycle, mut failures) = Lifecycle::new(Shutdown::default());
        lifecycle.spawn_task("the good task", async {});
        lifecycle.spawn_task("the bad task", async { assert!(std::hint::black_box(false), "on purpose") });
        assert!(lifecycle.drained().await);
        drop(lifecycle);
        let failure = failures.next().await;
        assert_eq!((failure.part, failures.0.recv().await.is_none()), ("the bad task", true));
    }

    #[tokio::test]
    async fn a_part_that_ends_after_a_stop_is_no_failure() {
        let (lifecycle, mut failures) = Lifecycle::new(Shutdown::default());
        let shutdown = lifecycle.shutdown().clone();
        lifecycle.spawn_part("the test part", async move {
            shutdown.requested().await;
            Ok::<(), PartFailed>(())
        });
        lifecycle.shutdown().request();
        assert!(lifecycle.drained().await);
        drop(lifecycle);
        tokio::select! {
            biased;
            failure = failures.next() => panic!("{failure}"),
            () = std::future::ready(()) => {}
        }
    }
}
