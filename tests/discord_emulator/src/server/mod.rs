//! One port for everything: the gateway at `/`, the HTTP API below `/api`.
//!
//! **Invariants**
//! - Every request is recorded before anything else happens to it, and checked against Discord's description and
//!   limits whether or not it then succeeds, unless a benchmark has switched that off.
//! - The order is that of Discord's edge: faults, then who is asking, then how often, then what.
//!
//! It knows no route; those are in `rest`.

mod body;
mod listener;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;

use self::listener::{Cut, CutListener};
use crate::api::{ApiRequest, ApiResponse, Body};
use crate::faults::Outcome;
use crate::gateway;
use crate::inner::Inner;
use crate::ratelimit::Verdict;
use crate::recorder::{Violation, readable};
use crate::{limits, openapi, rest};

/// Serves until the last handle is gone.
pub(crate) async fn run(inner: Arc<Inner>, listener: TcpListener) {
    let shutdown = inner.shutdown.clone();
    let app = Router::new().route("/", any(socket)).fallback(api).with_state(inner);
    let server = axum::serve(CutListener(listener), app.into_make_service_with_connect_info::<Cut>());
    if let Err(error) = server.with_graceful_shutdown(shutdown.cancelled_owned()).await {
        tracing::error!(%error, "the emulator's server has ended");
    }
}

async fn socket(
    State(inner): State<Arc<Inner>>,
    Query(parameters): Query<gateway::UpgradeParameters>,
    upgrade: WebSocketUpgrade,
) -> Response {
    gateway::upgrade(inner, parameters, upgrade).await
}

async fn api(
    State(inner): State<Arc<Inner>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    let Some(path) = path.strip_prefix("/api/v10").or_else(|| path.strip_prefix("/api")) else {
        return (StatusCode::NOT_FOUND, "only the gateway and the HTTP API are emulated").into_response();
    };
    let request = body::read(request, path).await;
    let index = inner.recorder.request(&request);
    inner.touch();
    let what = format!("{} {}", request.method, readable(&request.path));
    // A task of its own: what a client no longer waits for takes effect all the same, as it does at Discord.
    let served = tokio::spawn(serve(Arc::clone(&inner), index, request)).await;
    match served {
        Ok(Some(response)) => written(response),
        Ok(None) => drop_connection(&cut),
        Err(error) => {
            let found = error.to_string();
            inner.recorder.violate(Violation { request: index, what, rule: "emulator.panic", found });
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Takes a request to its end: an answer, or a connection that is cut.
async fn serve(inner: Arc<Inner>, index: usize, request: ApiRequest) -> Option<ApiResponse> {
    let rejection = check(&inner, index, &request);
    let plan = inner.faults.plan(&request);
    pause(plan.delay).await;
    let response = match plan.outcome {
        Outcome::DropBefore => None,
        Outcome::Hang => {
            inner.shutdown.cancelled().await;
            None
        }
        Outcome::Answer(response) => Some(response),
        Outcome::AnswerAfter(answer) => {
            handle(&inner, &request, rejection);
            Some(answer)
        }
        Outcome::DropAfter => {
            handle(&inner, &request, rejection);
            None
        }
        Outcome::Usual => Some(handle(&inner, &request, rejection)),
    };
    pause(plan.delay_answer).await;
    if let Some(response) = &response {
        inner.limits.note(response);
        check_own(&inner, index, &request, response);
        inner.recorder.answer(index, response);
    }
    inner.touch();
    response
}

/// What the request leads to, faults aside.
fn handle(inner: &Inner, request: &ApiRequest, rejection: Option<ApiResponse>) -> ApiResponse {
    if !is_authorized(inner, request) {
        return ApiResponse::error(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized");
    }
    let headers = match inner.options.rate_limits.then(|| inner.limits.take(request)) {
        Some(Verdict::Refuse(response)) => return response,
        Some(Verdict::Pass(headers)) => headers,
        None => Vec::new(),
    };
    let response = match (&request.body, rejection) {
        (Body::Malformed(_), _) => {
            ApiResponse::error(StatusCode::BAD_REQUEST, 50109, "The request body contains invalid JSON.")
        }
        (_, Some(rejection)) => rejection,
        _ => rest::handle(inner, request),
    };
    headers.iter().fold(response, |response, (name, value)| response.header(name, value))
}

/// Whether the request may be made at all. Where the path holds a token of its own, no other is asked for.
fn is_authorized(inner: &Inner, request: &ApiRequest) -> bool {
    let needs_none = request.template.is_none_or(|template| {
        template == "/gateway"
            || template.starts_with("/interactions/")
            || template.starts_with("/webhooks/{webhook_id}/{webhook_token}")
    });
    let given =
        request.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok()).unwrap_or_default();
    let is_bot = given.strip_prefix("Bot ") == Some(&inner.options.token) && !inner.hub.is_token_reset();
    needs_none || is_bot
}

/// Notes everything that is wrong with a request; what Discord would refuse comes back as its refusal.
fn check(inner: &Inner, index: usize, request: &ApiRequest) -> Option<ApiResponse> {
    let what = format!("{} {}", request.method, readable(&request.path));
    let violate =
        |rule, found| inner.recorder.violate(Violation { request: index, what: what.clone(), rule, found });
    request.template?;
    if !inner.options.check_requests {
        return None;
    }
    let agent = request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    // https://discord.com/developers/docs/reference#user-agent
    if !agent.starts_with("DiscordBot (") {
        violate("user-agent", format!("{agent:?} is not of the form \"DiscordBot ($url, $version)\""));
    }
    for found in openapi::check(request) {
        violate(found.rule, found.found);
    }
    if let Some(found) = too_large(inner, request) {
        violate("files.size", found);
        let message = "Request entity too large";
        return Some(ApiResponse::error(StatusCode::PAYLOAD_TOO_LARGE, 40005, message));
    }
    let findings = limits::check(request);
    let refused = findings.iter().find_map(|found| Some((found, found.code?)));
    let rejection = refused.map(|(found, code)| ApiResponse::invalid_form(&found.path, code, &found.found));
    for found in findings {
        violate(found.rule, format!("{}: {}", found.path, found.found));
    }
    rejection
}

/// Which file is larger than the test's Discord takes.
fn too_large(inner: &Inner, request: &ApiRequest) -> Option<String> {
    let limit = inner.options.attachment_size_limit;
    let is_over = |bytes: usize| u64::try_from(bytes).is_ok_and(|bytes| bytes > limit);
    let file = request.files().iter().find(|file| is_over(file.bytes.len()))?;
    Some(format!("{} has {} bytes, more than {limit}", file.filename, file.bytes.len()))
}

/// Holds the emulator's own answers against the description, where its tests ask for that.
fn check_own(inner: &Inner, index: usize, request: &ApiRequest, response: &ApiResponse) {
    if !inner.options.check_responses || !response.status.is_success() {
        return;
    }
    let what = format!("{} {}", request.method, readable(&request.path));
    for found in openapi::check_response(request, response) {
        let violation =
            Violation { request: index, what: what.clone(), rule: found.rule, found: found.found };
        inner.recorder.violate(violation);
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The client finds the connection closed; the response is only there because axum wants one.
fn drop_connection(cut: &Cut) -> Response {
    cut.cut();
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn written(response: ApiResponse) -> Response {
    let ApiResponse { status, body, headers } = response;
    let mut written = match body {
        None => status.into_response(),
        Some(body) => {
            let json = HeaderValue::from_static("application/json");
            (status, [(CONTENT_TYPE, json)], body.to_string()).into_response()
        }
    };
    written.headers_mut().extend(headers);
    written
}
