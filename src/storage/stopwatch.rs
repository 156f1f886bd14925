//! How long statements take: measured for the metrics, and logged where it is too long.

use std::time::{Duration, Instant};

use super::StoreOptions;
use crate::ids::GuildId;
use crate::telemetry::metric;

/// Whose database a statement runs on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner {
    Guild(GuildId),
    System,
}

/// Measures statements, and logs the slow ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch {
    /// A statement that takes longer is slow; zero: none is.
    pub(super) slow_after: Duration,
}

impl Default for Stopwatch {
    fn default() -> Self {
        Self { slow_after: StoreOptions::default().slow_statement }
    }
}

impl Stopwatch {
    /// Runs a statement, or a transaction, and measures it.
    ///
    /// A database has one connection, and the time spent waiting for it counts: that is what a member waits for.
    ///
    /// The statement is boxed at once: its future has some kilobytes, and every future around it would carry them along.
    pub(super) fn time<'a, T>(
        self,
        owner: Owner,
        operation: &'static str,
        statement: impl Future<Output = T> + Send + 'a,
    ) -> impl Future<Output = T> + Send + 'a {
        let statement = Box::pin(statement);
        async move {
            let started = Instant::now();
            let done = statement.await;
            self.note(owner, operation, started.elapsed());
            done
        }
    }

    /// Counts what a statement took, and logs it if that was too long.
    fn note(self, owner: Owner, operation: &'static str, elapsed: Duration) {
        metrics::histogram!(metric::STATEMENT_LATENCY).record(elapsed.as_secs_f64());
        if self.slow_after.is_zero() || elapsed <= self.slow_after {
            return;
        }
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        match owner {
            Owner::Guild(guild) => {
                tracing::warn!(guild.id = %guild, operation, elapsed_ms, "a statement was slow");
            }
            Owner::System => {
                tracing::warn!(operation, elapsed_ms, "a statement was slow in the system store");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::storage::testing::{GUILD, stores_in};

    /// What was logged on this thread.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged while somebody counts the events and waits 20 ms for the connection.
    async fn logged_by_a_count(slow_statement: Duration) -> String {
        let tmp = tempfile::tempdir().unwrap();
        let stores = stores_in(&tmp, StoreOptions { slow_statement, ..StoreOptions::default() });
        stores.admit(GUILD);
        let lease = stores.open_or_create(GUILD).await.unwrap();
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let _log = tracing::subscriber::set_default(log);
        let turn = lease.db().pool.turn().await.unwrap();
        let events = lease.events();
        let mut count = Box::pin(events.count_live());
        assert!(futures::poll!(&mut count).is_pending());
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        drop(turn);
        assert_eq!(count.await.unwrap(), 0);
        let lines = lines.0.lock().unwrap().clone();
        String::from_utf8(lines).unwrap()
    }

    #[tokio::test]
    async fn a_statement_that_waited_too_long_is_logged_with_its_guild_and_its_time() {
        let logged = logged_by_a_count(Duration::from_millis(19)).await;
        assert!(
            logged.contains(r#"guild.id=1000 operation="count the live events" elapsed_ms="#),
            "{logged}"
        );
        let elapsed_ms = logged.split_once("elapsed_ms=").unwrap().1.trim();
        assert!(elapsed_ms.parse::<u64>().unwrap() >= 20, "{logged}");
        assert_eq!(logged.matches("WARN").count(), 1, "{logged}");
    }

    #[tokio::test]
    async fn without_a_limit_no_statement_is_slow() {
        assert_eq!(logged_by_a_count(Duration::ZERO).await, "");
        assert_eq!(logged_by_a_count(Duration::from_hours(1)).await, "");
    }
}
