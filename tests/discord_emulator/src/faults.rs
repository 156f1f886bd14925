//! What is scripted to go wrong with requests.
//!
//! A test says which requests, how many of them and what happens; the server asks for each request. Faults are
//! looked at in the order in which they were set: delays add up, and the first that answers or cuts decides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{ApiRequest, ApiResponse};
use crate::recorder::matches_route;

/// The faults of one emulator; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    rules: Vec<Rule>,
    is_outage: bool,
}

#[derive(Debug)]
struct Rule {
    method: Option<Method>,
    /// `None` is every route.
    route: Option<String>,
    skip: u32,
    left: Option<u32>,
    /// The state of a small generator and the chance in percent.
    chance: Option<(u64, u8)>,
    effect: Effect,
    hits: u32,
}

#[derive(Clone, Debug)]
enum Effect {
    Delay(Duration),
    DelayAnswer(Duration),
    DropBefore,
    DropAfter,
    Hang,
    Answer(ApiResponse),
    AnswerAfter(ApiResponse),
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Wait this long before anything else.
    pub(crate) delay: Duration,
    /// Wait this long between the effect and the answer.
    pub(crate) delay_answer: Duration,
    pub(crate) outcome: Outcome,
}

/// How one request ends.
#[derive(Debug, Default)]
pub(crate) enum Outcome {
    /// As it should.
    #[default]
    Usual,
    /// The connection is cut and the request had no effect.
    DropBefore,
    /// The connection is cut after the request took effect.
    DropAfter,
    /// No answer ever comes; the request had no effect.
    Hang,
    /// This answer, and no effect.
    Answer(ApiResponse),
    /// The request takes effect, and this answer says otherwise.
    AnswerAfter(ApiResponse),
}

impl Faults {
    /// Begins a fault for requests of this method to this route, `/channels/{id}/messages`; a segment in braces
    /// stands for anything, a literal one for itself.
    pub fn on(&self, method: Method, route: &str) -> FaultBuilder {
        FaultBuilder::new(self.clone(), Some(method), Some(route.to_owned()))
    }

    /// Begins a fault for every request.
    pub fn on_any(&self) -> FaultBuilder {
        FaultBuilder::new(self.clone(), None, None)
    }

    /// From now on every request is answered with 503, as in an outage of the whole API.
    pub fn begin_outage(&self) {
        self.script().is_outage = true;
    }

    /// Ends the outage.
    pub fn end_outage(&self) {
        self.script().is_outage = false;
    }

    /// Forgets every fault and ends an outage.
    pub fn clear(&self) {
        *self.script() = Script::default();
    }

    /// How many requests a fault has met so far, all faults together.
    #[must_use]
    pub fn hits(&self) -> u32 {
        self.script().rules.iter().map(|rule| rule.hits).sum()
    }

    /// Whether every limited fault has met as many requests as it was made for.
    #[must_use]
    pub fn are_spent(&self) -> bool {
        self.script().rules.iter().all(|rule| rule.left.is_none_or(|left| left == 0))
    }

    /// What is to happen to a request.
    pub(crate) fn plan(&self, request: &ApiRequest) -> Plan {
        let mut script = self.script();
        let mut plan = Plan::default();
        if script.is_outage {
            plan.outcome = Outcome::Answer(unavailable(StatusCode::SERVICE_UNAVAILABLE));
            return plan;
        }
        for rule in &mut script.rules {
            if !rule.takes(request) {
                continue;
            }
            plan.outcome = match rule.effect.clone() {
                Effect::Delay(time) => {
                    plan.delay += time;
                    continue;
                }
                Effect::DelayAnswer(time) => {
                    plan.delay_answer += time;
                    continue;
                }
                Effect::DropBefore => Outcome::DropBefore,
                Effect::DropAfter => Outcome::DropAfter,
                Effect::Hang => Outcome::Hang,
                Effect::Answer(response) => Outcome::Answer(response),
                Effect::AnswerAfter(response) => Outcome::AnswerAfter(response),
            };
            break;
        }
        plan
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    /// Whether the fault meets this request; counts it if so.
    fn takes(&mut self, request: &ApiRequest) -> bool {
        let is_meant = self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.route.as_ref().is_none_or(|route| matches_route(route, request.template, &request.path));
        if !is_meant || self.left == Some(0) || !self.is_lucky() {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        self.hits += 1;
        true
    }

    fn is_lucky(&mut self) -> bool {
        let Some((state, percent)) = &mut self.chance else { return true };
        // SplitMix64: the same seed gives the same faults.
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = *state;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (number ^ (number >> 31)) % 100 < u64::from(*percent)
    }
}

/// A fault in the making; the last call says what happens and sets it.
#[derive(Debug)]
#[must_use = "a fault is set by the call that says what happens"]
pub struct FaultBuilder {
    faults: Faults,
    method: Option<Method>,
    route: Option<String>,
    skip: u32,
    times: Option<u32>,
    chance: Option<(u64, u8)>,
}

impl FaultBuilder {
    fn new(faults: Faults, method: Option<Method>, route: Option<String>) -> Self {
        Self { faults, method, route, skip: 0, times: Some(1), chance: None }
    }

    /// It happens this many times; once unless said otherwise.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// It happens until [`Faults::clear`].
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// The first `requests` that it would meet pass.
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// It happens to this share of requests, chosen by the seed, until [`Faults::clear`] or the number of
    /// [`times`](Self::times) given after this.
    pub fn probability(mut self, seed: u64, percent: u8) -> Self {
        self.chance = Some((seed, percent));
        self.times = None;
        self
    }

    /// The request waits this long before it takes effect.
    pub fn delay(self, time: Duration) {
        self.set(Effect::Delay(time));
    }

    /// The request takes effect at once and is answered this much later.
    pub fn delay_answer(self, time: Duration) {
        self.set(Effect::DelayAnswer(time));
    }

    /// The connection is cut, and the request had no effect.
    pub fn drop_before(self) {
        self.set(Effect::DropBefore);
    }

    /// The connection is cut after the request took effect.
    pub fn drop_after(self) {
        self.set(Effect::DropAfter);
    }

    /// No answer ever comes, and the request had no effect.
    pub fn hang(self) {
        self.set(Effect::Hang);
    }

    /// It is answered with this status, 502 for example, and has no effect.
    ///
    /// # Panics
    ///
    /// When the number is no HTTP status.
    pub fn status(self, status: u16) {
        self.set(Effect::Answer(unavailable(parse_status(status))));
    }

    /// It is answered with this status although it took effect.
    ///
    /// # Panics
    ///
    /// When the number is no HTTP status.
    pub fn status_after(self, status: u16) {
        self.set(Effect::AnswerAfter(unavailable(parse_status(status))));
    }

    /// It is answered with one of Discord's errors, such as 403 / 50013 / "Missing Permissions".
    ///
    /// # Panics
    ///
    /// When the number is no HTTP status.
    pub fn error(self, status: u16, code: u32, message: &str) {
        self.set(Effect::Answer(ApiResponse::error(parse_status(status), code, message)));
    }

    /// It is answered with this status and body.
    ///
    /// # Panics
    ///
    /// When the number is no HTTP status.
    pub fn respond(self, status: u16, body: Value) {
        self.set(Effect::Answer(ApiResponse::with_status(parse_status(status), body)));
    }

    /// It is answered with 429 although no limit was reached.
    pub fn rate_limited(self, scope: RateLimitScope, retry_after: Duration) {
        self.set(Effect::Answer(crate::ratelimit::too_many(scope, retry_after)));
    }

    fn set(self, effect: Effect) {
        let Self { faults, method, route, skip, times: left, chance } = self;
        faults.script().rules.push(Rule { method, route, skip, left, chance, effect, hits: 0 });
    }
}

/// Whose limit a 429 speaks of
/// (<https://discord.com/developers/docs/topics/rate-limits#header-format-rate-limit-header-examples>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitScope {
    /// The bot's, for this route.
    User,
    /// The bot's, for everything.
    Global,
    /// The resource's, whoever asks; it does not count as an invalid request.
    Shared,
}

fn unavailable(status: StatusCode) -> ApiResponse {
    let message = format!("{}: {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    ApiResponse::with_status(status, json!({ "message": message, "code": 0 }))
}

fn parse_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a fault's status lies between 100 and 999")
}
