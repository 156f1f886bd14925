//! Keeps one shard connected: connection after connection, with the session that the last one left if it left one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use twilight_gateway::{Config, ConfigBuilder, Session};

use super::attempt::{Attempt, Loss, Omen, Over};
use super::pauses::{Pauses, after_invalid_session};
use super::turnstile::Turnstile;
use super::{End, Plan};
use crate::telemetry::metric;

/// After so many connections in a row that came to nothing Discord is asked again where the gateway is.
const DOUBTFUL: u32 = 5;
/// After so many answers that a session cannot be resumed just now, or none, it is given up.
const RESUMES: u32 = 5;

/// A session that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    /// Its id.
    pub(super) id: String,
    /// The number of the latest event that was handed on.
    pub(super) sequence: u64,
    /// Where it wants to be resumed.
    pub(super) url: Option<String>,
}

impl Held {
    /// Counts an event; tells whether it was not handed on before. RESUMED never was: it says that the session goes on, whatever
    /// number it carries.
    pub(super) fn counts(&mut self, kind: &str, sequence: u64) -> bool {
        let is_new = sequence > self.sequence;
        self.sequence = self.sequence.max(sequence);
        is_new || kind == "RESUMED"
    }
}

/// Keeps one shard connected.
pub(super) struct Keeper {
    pub(super) id: u32,
    pub(super) plan: Arc<Plan>,
    pub(super) stop: CancellationToken,
    /// The session there is.
    pub(super) session: Option<Held>,
    /// How often in a row it could not be resumed.
    refusals: u32,
    /// How often in a row Discord did not answer a RESUME or IDENTIFY.
    pub(super) mute: u32,
    pauses: Pauses,
}

impl Keeper {
    /// A keeper of a shard that was never connected.
    pub(super) fn new(id: u32, plan: Arc<Plan>, stop: CancellationToken) -> Self {
        Self { id, plan, stop, session: None, refusals: 0, mute: 0, pauses: Pauses::default() }
    }

    /// Keeps the shard connected until a stop, or until Discord refuses it for good.
    pub(super) async fn run(mut self) -> End {
        let stop = self.stop.clone();
        loop {
            if self.session.is_none() {
                let wait = self.pauses.before_login();
                if !wait.is_zero() {
                    tracing::warn!(
                        shard = self.id,
                        wait_s = wait.as_secs(),
                        "sessions at Discord's gateway end soon after they begin; the next one waits"
                    );
                }
                let turn = async {
                    tokio::time::sleep(wait).await;
                    self.plan.desk.may_log_in(self.id).await;
                };
                tokio::select! {
                    () = stop.cancelled() => return End::Stopped,
                    () = turn => {}
                }
            }
            let loss = match self.connect().await {
                Over::Stopped => return End::Stopped,
                Over::Refused(code) => return End::Refused(code),
                Over::Lost(loss) => loss,
            };
            let wait = self.take_down(&loss);
            tokio::select! {
                () = stop.cancelled() => return End::Stopped,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// One connection from its beginning to its end.
    async fn connect(&mut self) -> Over {
        let epoch = self.plan.link.connecting(self.id);
        let attempt = AssertUnwindSafe(Attempt::begin(self, epoch).run()).catch_unwind();
        let over = attempt.await.unwrap_or_else(|_| {
            tracing::error!(shard = self.id, "the gateway connection panicked; another is made");
            Over::Lost(Loss::new("it panicked", None))
        });
        self.plan.link.lost(self.id);
        over
    }

    /// Takes down how a connection was lost; how long to wait before the next.
    fn take_down(&mut self, loss: &Loss) -> Duration {
        if loss.served_for.is_some() {
            self.pauses.served();
            (self.refusals, self.mute) = (0, 0);
        }
        match loss.omen {
            Omen::None => {}
            Omen::Over | Omen::Invalid => self.session = None,
            Omen::Refused => self.refusals += 1,
            Omen::Mute => self.mute += 1,
        }
        if self.refusals.max(self.mute) >= RESUMES {
            self.session = None;
            (self.refusals, self.mute) = (0, 0);
        }
        let mut wait = self.pauses.after(loss.served_for);
        if loss.omen == Omen::Invalid {
            wait = wait.max(after_invalid_session());
        }
        if self.pauses.failures() > 0 && self.pauses.failures().is_multiple_of(DOUBTFUL) {
            self.plan.address.doubt();
        }
        metrics::counter!(metric::GATEWAY_LOSSES).increment(1);
        tracing::info!(
            shard = self.id,
            why = loss.why,
            code = loss.code,
            resumable = self.session.is_some(),
            wait_ms = wait.as_millis(),
            "the gateway connection was lost"
        );
        wait
    }

    /// What twilight needs for one connection. A resumption goes where the session wants it, but every other one that follows a failure goes to
    /// the gateway itself.
    pub(super) fn config(&self, turnstile: Turnstile) -> Config<Turnstile> {
        let plan = &self.plan;
        let mut config = ConfigBuilder::new(plan.token.expose().to_owned(), plan.intents)
            .proxy_url(plan.address.url())
            .queue(turnstile);
        if let Some(session) = &self.session {
            config = config.session(Session::new(session.sequence, session.id.clone()));
            if let Some(url) = session.url.clone().filter(|_| self.pauses.failures().is_multiple_of(2)) {
                config = config.resume_url(url);
            }
        }
        config.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_goes_on_is_believed_whatever_its_number_and_nothing_else_is_handed_on_twice() {
        let mut session = Held { id: "a".into(), sequence: 7, url: None };
        for (kind, sequence, is_new, latest) in [
            ("MESSAGE_DELETE", 8, true, 8),
            ("MESSAGE_DELETE", 8, false, 8),
            ("RESUMED", 8, true, 8),
            ("RESUMED", 1, true, 8),
            ("MESSAGE_DELETE", 5, false, 8),
            ("RESUMED", 9, true, 9),
        ] {
            assert_eq!(
                (session.counts(kind, sequence), session.sequence),
                (is_new, latest),
                "{kind} {sequence}"
            );
        }
    }
}
