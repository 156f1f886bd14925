//! What was asked of the HTTP API, how it was answered, and what was wrong with it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Method;
use serde_json::Value;

use crate::api::{ApiRequest, ApiResponse, Body};

/// One request, with its answer.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// Its place in the order of arrival, from 0.
    pub index: usize,
    /// `POST`.
    pub method: Method,
    /// The path after `/api/v10`, decoded.
    pub path: String,
    /// The route, `/channels/{channel_id}/messages`; `None` where there is none.
    pub template: Option<&'static str>,
    /// Query parameters, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The JSON body, or its `payload_json`; `Null` without one.
    pub body: Value,
    /// The names of uploaded files.
    pub files: Vec<String>,
    /// The audit log reason, as the header carried it.
    pub reason: Option<String>,
    /// When it arrived.
    pub at: Instant,
    /// How it was answered; `None` while it is open, or when the connection was cut.
    pub answer: Option<Answer>,
}

/// How a request was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Discord's error code, `50013`, where there is one.
    pub code: Option<u64>,
    /// How long it took, scripted latency included.
    pub took: Duration,
}

impl RecordedRequest {
    /// The HTTP status, if it was answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// Whether it is a request of this method to this route, `/channels/{}/messages`: a `{…}` stands for anything.
    #[must_use]
    pub fn is(&self, method: &Method, route: &str) -> bool {
        self.method == *method && matches_route(route, self.template, &self.path)
    }
}

impl fmt::Display for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{} {} {}", self.index, self.method, readable(&self.path))?;
        match &self.answer {
            Some(Answer { status, code: Some(code), .. }) => write!(formatter, " → {status} / {code}"),
            Some(Answer { status, .. }) => write!(formatter, " → {status}"),
            None => write!(formatter, " → no answer"),
        }
    }
}

/// One thing that a client did and that Discord forbids or that its description does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The request's place in [`Emulator::requests`](crate::Emulator::requests).
    pub request: usize,
    /// Method and path, to be read by people.
    pub what: String,
    /// The rule: `content.length`, `openapi.body` …
    pub rule: &'static str,
    /// What was found instead.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{} {}: {}: {}", self.request, self.what, self.rule, self.found)
    }
}

/// All requests so far, and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    /// How many were forgotten: the index of the first that is kept.
    forgotten: usize,
    requests: VecDeque<RecordedRequest>,
    violations: Vec<Violation>,
}

impl Recorder {
    /// Notes a request that has arrived and returns its index.
    pub(crate) fn request(&self, request: &ApiRequest) -> usize {
        let mut records = self.records();
        let index = records.forgotten + records.requests.len();
        let body = match &request.body {
            Body::Malformed(text) => Value::String(text.clone()),
            Body::Empty | Body::Json(_) | Body::Multipart { .. } => request.json().clone(),
        };
        let reason = request.headers.get("x-audit-log-reason").and_then(|reason| reason.to_str().ok());
        records.requests.push_back(RecordedRequest {
            index,
            method: request.method.clone(),
            path: request.path.clone(),
            template: request.template,
            query: request.query.clone(),
            body,
            files: request.files().iter().map(|file| file.filename.clone()).collect(),
            reason: reason.map(ToOwned::to_owned),
            at: request.at,
            answer: None,
        });
        index
    }

    /// Notes how a request was answered.
    pub(crate) fn answer(&self, index: usize, response: &ApiResponse) {
        let mut records = self.records();
        let Some(place) = index.checked_sub(records.forgotten) else { return };
        if let Some(request) = records.requests.get_mut(place) {
            request.answer = Some(Answer {
                status: response.status.as_u16(),
                code: response.body.as_ref().and_then(|body| body.get("code")).and_then(Value::as_u64),
                took: request.at.elapsed(),
            });
        }
    }

    /// Notes what was wrong with a request.
    pub(crate) fn violate(&self, violation: Violation) {
        tracing::warn!(%violation, "a request breaks Discord's rules");
        self.records().violations.push(violation);
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.records().requests.iter().cloned().collect()
    }

    pub(crate) fn count(&self, is_such: impl Fn(&RecordedRequest) -> bool) -> usize {
        self.records().requests.iter().filter(|request| is_such(request)).count()
    }

    pub(crate) fn unknown_routes(&self) -> Vec<RecordedRequest> {
        self.records().requests.iter().filter(|request| request.template.is_none()).cloned().collect()
    }

    /// Forgets all requests so far; those that follow keep counting from where these ended.
    pub(crate) fn forget_requests(&self) {
        let mut records = self.records();
        records.forgotten += records.requests.len();
        records.requests.clear();
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.records().violations.clone()
    }

    pub(crate) fn take_violations(&self) -> Vec<Violation> {
        std::mem::take(&mut self.records().violations)
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path with tokens cut short, which are long and tell a reader nothing.
pub(crate) fn readable(path: &str) -> String {
    const LONGEST: usize = 24;
    let short = |part: &str| match part.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", part.get(..end).unwrap_or(part)),
        None => part.to_owned(),
    };
    path.split('/').map(short).collect::<Vec<_>>().join("/")
}

/// Whether a route as a test writes it means this request.
///
/// Segments in braces match what is variable in the template; others match the path itself, so that a test can name
/// one channel.
pub(crate) fn matches_route(route: &str, template: Option<&str>, path: &str) -> bool {
    let parts =
        |text: &str| text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (route, path) = (parts(route), parts(path));
    // A path without a route may be anything.
    let template = template.map_or_else(|| vec!["{}".to_owned(); path.len()], parts);
    let is_variable = |part: &str| part.starts_with('{');
    route.len() == path.len()
        && template.len() == path.len()
        && route.iter().zip(&template).zip(&path).all(|((wanted, template), path)| {
            wanted == path || (is_variable(wanted) && is_variable(template))
        })
}

#[cfg(test)]
mod tests {
    use super::matches_route;

    #[test]
    fn a_route_with_braces_means_any_id_and_a_literal_means_itself() {
        let template = Some("/channels/{channel_id}/messages/{message_id}");
        assert!(matches_route("/channels/{}/messages/{id}", template, "/channels/1/messages/2"));
        assert!(matches_route("/channels/1/messages/{id}", template, "/channels/1/messages/2"));
        assert!(!matches_route("/channels/3/messages/{id}", template, "/channels/1/messages/2"));
        assert!(!matches_route("/channels/{}/messages", template, "/channels/1/messages/2"));
        let bulk = Some("/channels/{channel_id}/messages/bulk-delete");
        assert!(!matches_route("/channels/{}/messages/{}", bulk, "/channels/1/messages/bulk-delete"));
        assert!(matches_route("/channels/{}/messages/bulk-delete", bulk, "/channels/1/messages/bulk-delete"));
    }
}
