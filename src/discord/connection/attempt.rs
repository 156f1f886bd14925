//! One connection to the gateway, from the first packet to the last.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, MissedTickBehavior};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{CloseFrame, Message, Shard, ShardId, ShardState};

use super::address::resume_url;
use super::envelope::Envelope;
use super::keeper::{Held, Keeper};
use super::turnstile::Turnstile;
use crate::discord::gateway::{Arrival, Inbound, Update, read, unreadable_text};
use crate::discord::link::{Asked, Sensors};
use crate::telemetry::metric;

/// How often a connection is looked at that is not there yet, and one that is.
const LOOK: Duration = Duration::from_millis(500);
/// How long the opening of a connection may take; twilight itself gives it ten seconds.
const OPEN_LIMIT: Duration = Duration::from_secs(12);
/// How long the greeting of an open connection may take.
const HELLO_LIMIT: Duration = Duration::from_secs(5);
/// How long nothing may come after RESUME, or after IDENTIFY; twice that after each silence.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT_MAX: Duration = Duration::from_mins(1);
/// How long nothing may come after a heartbeat. twilight itself waits for the next one, usually 41.25 s.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(15);
/// How long a connection that is left may say good-bye.
const GOODBYE: Duration = Duration::from_millis(300);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Over {
    /// Muster stops.
    Stopped,
    /// Discord would refuse the same login again.
    Refused(u16),
    /// There may be another.
    Lost(Loss),
}

/// How a connection was lost, and what that means for the session.
#[derive(Debug)]
pub(super) struct Loss {
    /// What happened, for the log.
    pub(super) why: &'static str,
    /// The code that Discord closed it with.
    pub(super) code: Option<u16>,
    /// How long it had served; `None` if there was no session on it.
    pub(super) served_for: Option<Duration>,
    /// What it means for the session.
    pub(super) omen: Omen,
}

/// What a loss means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Omen {
    /// Nothing: it can be resumed if there is one.
    None,
    /// It is over.
    Over,
    /// Discord called it invalid, which ends it too.
    Invalid,
    /// It could not be resumed just now.
    Refused,
    /// Discord did not answer.
    Mute,
}

impl Loss {
    /// A loss that means nothing for the session.
    pub(super) fn new(why: &'static str, code: Option<u16>) -> Self {
        Self { why, code, served_for: None, omen: Omen::None }
    }
}

/// How far a connection has come, and since when.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Not open yet.
    Opening,
    /// Open; HELLO is due.
    Open(Instant),
    /// HELLO was there: RESUME or IDENTIFY is on its way.
    Greeted,
    /// There is a session.
    Serving(Instant),
}

/// One connection.
pub(super) struct Attempt<'a> {
    keeper: &'a mut Keeper,
    shard: Shard<Turnstile>,
    turnstile: Turnstile,
    epoch: u64,
    sensors: Sensors,
    phase: Phase,
    heard_at: Instant,
    beaten_at: Option<Instant>,
    /// twilight is saying good-bye.
    is_closing: bool,
}

impl<'a> Attempt<'a> {
    /// A connection that is not open yet.
    pub(super) fn begin(keeper: &'a mut Keeper, epoch: u64) -> Self {
        let turnstile = Turnstile::new(keeper.plan.desk.clone());
        let config = keeper.config(turnstile.clone());
        let shard = Shard::with_config(ShardId::new(keeper.id, keeper.plan.shards), config);
        let sensors = keeper.plan.link.sensors(keeper.id);
        Self {
            keeper,
            shard,
            turnstile,
            epoch,
            sensors,
            phase: Phase::Opening,
            heard_at: Instant::now(),
            beaten_at: None,
            is_closing: false,
        }
    }

    /// Serves until the connection is over.
    pub(super) async fn run(mut self) -> Over {
        let stop = self.keeper.stop.clone();
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let over = tokio::select! {
                // What comes rarely first: events may come without a pause.
                biased;
                () = stop.cancelled() => {
                    self.say_goodbye().await;
                    return Over::Stopped;
                }
                asked = self.sensors.asked() => match asked {
                    Asked::ForLife => {
                        self.beat();
                        None
                    }
                    Asked::ToHangUp => Some(Over::Lost(Loss::new("it shows no life", None))),
                },
                _ = looks.tick() => self.overdue().map(Over::Lost),
                item = next(&mut self.shard, &mut self.phase) => match item {
                    Some(Ok(Message::Text(text))) => self.take(&text),
                    Some(Ok(Message::Close(frame))) => Some(closed(frame.map(|frame| frame.code))),
                    Some(Err(error)) => match error.into_parts().0 {
                        // twilight cannot read it; Muster may.
                        ReceiveMessageErrorType::Deserializing { event } => self.take(&event),
                        _ => Some(Over::Lost(Loss::new("the gateway cannot be reached", None))),
                    },
                    None => Some(Over::Lost(Loss::new("it was cut", None))),
                },
            };
            match over {
                Some(Over::Lost(mut loss)) => {
                    if let Phase::Serving(since) = self.phase {
                        loss.served_for = Some(since.elapsed());
                    }
                    self.keeper.plan.link.lost(self.keeper.id);
                    if self.is_closing {
                        self.leave().await;
                    }
                    return Over::Lost(loss);
                }
                Some(over) => return over,
                None => {}
            }
        }
    }

    /// What takes too long, if something does.
    fn overdue(&mut self) -> Option<Loss> {
        let limit = ANSWER_LIMIT_MAX.min(ANSWER_LIMIT * 2_u32.saturating_pow(self.keeper.mute.min(8)));
        let mute = |why| Some(Loss { omen: Omen::Mute, ..Loss::new(why, None) });
        match self.phase {
            Phase::Opening => {
                let is_late = self.heard_at.elapsed() > OPEN_LIMIT;
                is_late.then(|| Loss::new("the gateway cannot be reached", None))
            }
            Phase::Open(since) if since.elapsed() > HELLO_LIMIT => {
                Some(Loss::new("Discord sent no greeting", None))
            }
            Phase::Open(_) => None,
            Phase::Greeted if self.keeper.session.is_some() => {
                if self.heard_at.elapsed() > limit {
                    mute("Discord did not answer a RESUME")
                } else {
                    None
                }
            }
            Phase::Greeted => {
                let waits = self.turnstile.granted_at().map(|at| at.max(self.heard_at).elapsed());
                if waits? > limit * 2 { mute("Discord did not answer an IDENTIFY") } else { None }
            }
            Phase::Serving(_) => {
                let sent = self.shard.latency().sent()?;
                let is_silent = sent.elapsed() > HEARTBEAT_LIMIT && self.heard_at.elapsed() > sent.elapsed();
                is_silent.then(|| Loss::new("a heartbeat was not acknowledged", None))
            }
        }
    }

    /// Takes a payload in; tells if it ends the connection.
    fn take(&mut self, text: &str) -> Option<Over> {
        self.heard_at = Instant::now();
        self.keeper.plan.link.heard(self.keeper.id);
        let Some(envelope) = Envelope::open(text) else {
            self.hand_on(unreadable_text());
            return None;
        };
        match envelope.op() {
            Some(0) => self.dispatch(&envelope),
            Some(7) => {
                self.is_closing = true;
                return Some(Over::Lost(Loss::new("Discord asked for it", None)));
            }
            Some(9) => {
                self.is_closing = true;
                return Some(Over::Lost(self.invalid_session(&envelope)));
            }
            // After a cut that was not noticed.
            Some(10) if matches!(self.phase, Phase::Greeted | Phase::Serving(_)) => {
                return Some(Over::Lost(Loss::new("it was cut", None)));
            }
            Some(10) => {
                self.phase = Phase::Greeted;
                let Some(interval) = envelope.field::<u64>("heartbeat_interval") else {
                    // twilight neither resumes nor logs in then.
                    return Some(Over::Lost(Loss::new("Discord's greeting cannot be read", None)));
                };
                self.keeper.plan.link.greeted(self.keeper.id, Duration::from_millis(interval));
            }
            Some(11) => {
                let latency = self.shard.latency().recent().first().copied();
                self.keeper.plan.link.acknowledged(self.keeper.id, latency);
            }
            _ => {}
        }
        None
    }

    fn invalid_session(&self, envelope: &Envelope<'_>) -> Loss {
        let is_serving = matches!(self.phase, Phase::Serving(_));
        let omen = match (envelope.data(), is_serving) {
            ("true", true) => Omen::None,
            ("true", false) => Omen::Refused,
            _ => Omen::Invalid,
        };
        Loss { omen, ..Loss::new("Discord called the session invalid", None) }
    }

    /// Hands an event on, unless it was before.
    fn dispatch(&mut self, envelope: &Envelope<'_>) {
        let Some(kind) = envelope.kind() else {
            self.hand_on(unreadable_text());
            return;
        };
        if !self.is_new(&kind, envelope) {
            metrics::counter!(metric::GATEWAY_REPEATED).increment(1);
            return;
        }
        if matches!(kind.as_str(), "READY" | "RESUMED") && !matches!(self.phase, Phase::Serving(_)) {
            self.phase = Phase::Serving(Instant::now());
        }
        if let Some(update) = read(&kind, envelope.data()) {
            self.hand_on(update);
        }
    }

    /// Whether an event was not handed on before; keeps count of the session.
    fn is_new(&mut self, kind: &str, envelope: &Envelope<'_>) -> bool {
        let Some(sequence) = envelope.sequence() else { return true };
        let session = &mut self.keeper.session;
        if kind == "READY"
            && let Some(id) = envelope.field::<String>("session_id")
            && session.as_ref().is_none_or(|session| session.id != id)
        {
            let url = envelope.field::<String>("resume_gateway_url").and_then(|url| resume_url(&url));
            *session = Some(Held { id, sequence, url });
            return true;
        }
        session.as_mut().is_none_or(|session| session.counts(kind, sequence))
    }

    fn hand_on(&self, update: Update) {
        let arrival = Arrival { shard: self.keeper.id, epoch: self.epoch, update };
        // The other end is gone only while Muster stops.
        drop(self.keeper.plan.inbox.send(Inbound::Heard(arrival)));
    }

    /// Sends a heartbeat out of turn, at most one a second.
    fn beat(&mut self) {
        if self.beaten_at.is_some_and(|at| at.elapsed() < Duration::from_secs(1)) {
            return;
        }
        self.beaten_at = Some(Instant::now());
        if !self.shard.state().is_identified() {
            // A READY that twilight could not read: it sends nothing of ours, so nothing can be proven.
            return self.keeper.plan.link.acknowledged(self.keeper.id, None);
        }
        let sequence = self.keeper.session.as_ref().map(|session| session.sequence);
        self.shard.send(serde_json::json!({ "op": 1, "d": sequence }).to_string());
    }

    /// Takes what still comes until Discord has heard that the connection is left. Not to be called for one that is closed
    /// already: twilight would open another.
    async fn leave(&mut self) {
        let goodbye = async {
            while let Some(Ok(Message::Text(text))) = self.shard.next().await {
                match Envelope::open(&text) {
                    Some(envelope) if envelope.op() == Some(0) => self.dispatch(&envelope),
                    Some(envelope) if envelope.op() != Some(10) => {}
                    _ => return,
                }
            }
        };
        // A connection that is dead answers nothing.
        drop(tokio::time::timeout(GOODBYE, goodbye).await);
    }

    /// Ends connection and session.
    async fn say_goodbye(&mut self) {
        self.shard.close(CloseFrame::NORMAL);
        let goodbye = async { while let Some(Ok(Message::Text(_))) = self.shard.next().await {} };
        drop(tokio::time::timeout(GOODBYE, goodbye).await);
    }
}

/// What twilight has next; `None` once the connection is gone. Where the old one ended without a close frame it would open
/// another by itself and say nothing of it.
async fn next(
    shard: &mut Shard<Turnstile>,
    phase: &mut Phase,
) -> Option<Result<Message, ReceiveMessageError>> {
    poll_fn(|context| {
        let polled = shard.poll_next_unpin(context);
        let is_gone = matches!(shard.state(), ShardState::Disconnected { .. });
        match phase {
            Phase::Opening if !is_gone => *phase = Phase::Open(Instant::now()),
            Phase::Opening => {}
            _ if is_gone && polled.is_pending() => return Poll::Ready(None),
            _ => {}
        }
        polled
    })
    .await
}

/// What a close frame with this code, or with none, means.
///
/// Source: <https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
fn closed(code: Option<u16>) -> Over {
    match code {
        Some(code @ (4004 | 4010..=4014)) => Over::Refused(code),
        code => {
            let omen = if matches!(code, Some(4007 | 4009)) { Omen::Over } else { Omen::None };
            Over::Lost(Loss { omen, ..Loss::new("it was closed", code) })
        }
    }
}
