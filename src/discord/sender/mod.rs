//! The one way out: every request that Muster sends to Discord goes through [`Sender`].
//!
//! **Invariants**
//! - Nothing leaves but through [`Sender::send`]; serenity's own HTTP client is never used.
//! - Answers to interactions never wait; everything else waits for the route's window first, then for the global limit.
//! - The status decides before the body: a 2xx is success even if the body is broken.
//! - After an outage only what does no harm twice is repeated; a 429 was not done, so anything is repeated after one, up
//!   to a point.
//! - No error and no log line holds a path with an interaction's token, a body, or the bot's token.
//!
//! **Does not know** what it sends: [`routes`](super::routes) makes the calls.

mod bucket;
mod call;
mod error;
mod limiter;

use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

pub(crate) use call::{Call, Upload, Urgency};
pub(crate) use error::{CallError, Fate};

use crate::config::{DiscordConfig, Token};
use crate::telemetry::metric;
use bucket::{Buckets, Permit, Quota};
use limiter::{Limiter, RefusedCount};

const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The longest wait for a route's window; what would take longer is handed back to whoever wanted it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often one request is tried at most.
const ATTEMPTS: u32 = 4;

/// Discord wants a URL and a version: <https://docs.discord.com/developers/reference#user-agent>.
const USER_AGENT: &str =
    concat!("DiscordBot (", env!("CARGO_PKG_REPOSITORY"), ", ", env!("CARGO_PKG_VERSION"), ") Muster");

/// Sends requests to Discord, keeping to its limits.
#[derive(Debug)]
pub(crate) struct Sender {
    http: reqwest::Client,
    base: String,
    limiter: Limiter,
    buckets: Buckets,
    refused: RefusedCount,
    keeps_limits: bool,
}

/// Why there can be no sender.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The token cannot stand in a header.
    #[error("the token cannot be sent in an HTTP header: {0}")]
    Token(#[from] reqwest::header::InvalidHeaderValue),
    /// The TLS library does not start.
    #[error("the HTTP client cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// What Discord says when it refuses.
#[derive(Debug, Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    code: u32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Option<serde_json::Value>,
    #[serde(default)]
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

impl Sender {
    /// A sender for this bot.
    ///
    /// # Errors
    /// [`SenderError`], at start only.
    pub(crate) fn new(config: &DiscordConfig, token: &Token) -> Result<Self, SenderError> {
        let mut authorization = HeaderValue::from_str(&format!("Bot {}", token.expose()))?;
        authorization.set_sensitive(true);
        let http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_DEADLINE)
            .no_proxy()
            .build()?;
        Ok(Self {
            http,
            base: base(config.base_url()),
            limiter: Limiter::new(NonZeroU32::new(config.requests_per_second).unwrap_or(NonZeroU32::MIN)),
            buckets: Buckets::default(),
            refused: RefusedCount::new(),
            keeps_limits: config.limiter,
        })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Unreadable`] means that it was done.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        let body = self.send(call).await?;
        serde_json::from_slice(&body).map_err(|error| CallError::Unreadable(error.to_string()))
    }

    /// Sends a request whose answer says nothing more than that it was done.
    ///
    /// # Errors
    /// [`CallError`], never [`CallError::Unreadable`].
    pub(crate) async fn tell(&self, call: Call) -> Result<(), CallError> {
        match self.send(call).await {
            Ok(_) | Err(CallError::Unreadable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends a request and returns the body of its answer, waiting and repeating as the limits want it.
    ///
    /// # Errors
    /// As [`Sender::ask`].
    pub(crate) async fn send(&self, call: Call) -> Result<Vec<u8>, CallError> {
        let give_up_at =
            Instant::now() + if call.urgency == Urgency::Callback { call.deadline() } else { PATIENCE };
        let mut attempt = 1;
        loop {
            let error = match self.attempt(&call).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            let pause = match &error {
                CallError::Limited { after } => *after,
                CallError::Unavailable(_) if call.repeatable => {
                    Duration::from_millis(250) * 2_u32.pow(attempt)
                }
                _ => return Err(error),
            };
            if attempt == ATTEMPTS || Instant::now() + pause > give_up_at {
                return Err(error);
            }
            tracing::debug!(route = call.key.template, attempt, %error, "a request to Discord is tried again");
            attempt += 1;
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Vec<u8>, CallError> {
        let limited = self.keeps_limits && call.is_limited();
        if limited && self.refused.is_too_high() {
            return Err(CallError::HeldBack);
        }
        let permit = if limited {
            let permit = self.buckets.acquire(&call.key, PATIENCE).await;
            let permit = permit.map_err(|after| CallError::Limited { after })?;
            self.limiter.turn(call.urgency).await;
            Some(permit)
        } else {
            None
        };
        if call.is_too_late() {
            return Err(CallError::TooLate);
        }
        let started = Instant::now();
        let response = self.exchange(call).await;
        measure(call, started, response.as_ref().ok().map(Response::status));
        self.judge(response?, permit.as_ref()).await
    }

    async fn exchange(&self, call: &Call) -> Result<Response, CallError> {
        let url = format!("{}{}", self.base, call.path);
        let request = self.http.request(call.key.method.clone(), url).timeout(call.deadline());
        let request = match &call.body {
            Some(Ok(body)) if call.uploads.is_empty() => {
                request.header(CONTENT_TYPE, "application/json").body(body.clone())
            }
            Some(Ok(body)) => request.multipart(call.parts(body)),
            Some(Err(error)) => return Err(CallError::Unwritable(error.to_string())),
            None => request,
        };
        request.send().await.map_err(unavailable)
    }

    /// Learns from the status and the headers, then reads the body.
    async fn judge(&self, response: Response, permit: Option<&Permit<'_>>) -> Result<Vec<u8>, CallError> {
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403 | 429) && !is_shared(response.headers()) {
            self.refused.add();
        }
        if let Some(permit) =
            permit.filter(|_| !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS)
        {
            permit.learn(Quota::from_headers(response.headers()));
        }
        let headers = response.headers().clone();
        let body = response.bytes().await;
        if status.is_success() {
            return body
                .map(Vec::from)
                .map_err(|error| CallError::Unreadable(error.without_url().to_string()));
        }
        if status.is_server_error() {
            return Err(CallError::Unavailable(format!("it answered {status}")));
        }
        let refusal: Refusal =
            body.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.limited(&headers, &refusal, permit));
        }
        Err(refused(status, refusal))
    }

    /// Makes everybody wait whom a 429 concerns.
    fn limited(&self, headers: &HeaderMap, refusal: &Refusal, permit: Option<&Permit<'_>>) -> CallError {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let seconds = refusal.retry_after.or_else(|| header("retry-after")?.parse().ok());
        let after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let global = refusal.global || header("x-ratelimit-scope") == Some("global");
        let scope = if global { "global" } else { "route" };
        metrics::counter!(metric::RATE_LIMITED, "scope" => scope).increment(1);
        let Some(after) = after else {
            // Without a time it is one of Discord's special limits, told by its code (edits of old messages).
            return refused(
                StatusCode::TOO_MANY_REQUESTS,
                Refusal { code: refusal.code, ..Refusal::default() },
            );
        };
        tracing::warn!(
            scope,
            retry_after_ms = after.as_millis(),
            code = refusal.code,
            "Discord limits Muster"
        );
        if global {
            self.limiter.pause_for(after);
        } else if let Some(permit) = permit {
            permit.block(after);
        }
        CallError::Limited { after }
    }
}

/// What the path of every request is put behind. Many write the address of the API with its path.
fn base(url: &str) -> String {
    let mut host = url.trim_end_matches('/');
    // One version, or none: `/api/v10` and `/api` mean the same here.
    if let Some((before, version)) = host.rsplit_once("/v")
        && !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && before.ends_with("/api")
    {
        host = before;
    }
    let host = host.strip_suffix("/api").unwrap_or(host).trim_end_matches('/');
    format!("{host}/api/v10")
}

/// Whether a limit was reached by others, too: it does not count against Muster.
fn is_shared(headers: &HeaderMap) -> bool {
    headers.get("x-ratelimit-scope").is_some_and(|scope| scope == "shared")
}

fn refused(status: StatusCode, refusal: Refusal) -> CallError {
    let detail = refusal.errors.map(|errors| format!(" {errors}")).unwrap_or_default();
    let message = crate::domain::text::shorten(&format!("{}{detail}", refusal.message), 400);
    CallError::Refused { status: status.as_u16(), code: refusal.code, message }
}

/// The path of some requests holds an interaction's token, so the URL is left out.
fn unavailable(error: reqwest::Error) -> CallError {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    CallError::Unavailable(format!("{error}{cause}"))
}

fn measure(call: &Call, started: Instant, status: Option<StatusCode>) {
    let status = status.map_or_else(|| "none".to_owned(), |status| status.as_u16().to_string());
    metrics::counter!(metric::REQUESTS, "status" => status.clone()).increment(1);
    metrics::histogram!("muster_discord_request_seconds", "route" => call.key.template, "method" => call.key.method.to_string(), "status" => status)
        .record(started.elapsed().as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_already_holds_the_path_of_the_api_is_not_doubled() {
        for url in [
            "https://d.test",
            "https://d.test/api",
            "https://d.test/api/",
            "https://d.test/api/v10",
            "https://d.test/api/v9/",
        ] {
            assert_eq!(base(url), "https://d.test/api/v10", "{url}");
        }
        assert_eq!(base("http://127.0.0.1:80/discord"), "http://127.0.0.1:80/discord/api/v10");
        assert_eq!(base("http://127.0.0.1:80/my-api"), "http://127.0.0.1:80/my-api/api/v10");
    }
}
