//! Discord's limits: how long, how many, and what goes with what.
//!
//! The OpenAPI description holds some of these, but not sums, uniqueness, or what excludes each other. What Discord
//! refuses carries the error it answers; what Discord takes although it cannot be meant is noted without one.
//!
//! **Invariants**
//! - Lengths are counted in characters, as Discord does, not in bytes.
//! - Nothing here depends on the state of an emulator; who may do what is decided by the routes.
//!
//! A further resource gets a file and a line in [`check`].

mod command;
mod component;
mod embed;
mod finding;
mod mention;
mod message;
mod modal;
mod resource;

use axum::http::Method;
use serde_json::Value;

use self::finding::Findings;
use crate::api::ApiRequest;
pub(crate) use finding::Finding;

/// All that is wrong with a request.
pub(crate) fn check(request: &ApiRequest) -> Vec<Finding> {
    let mut findings = Findings::default();
    check_reason(request, &mut findings);
    let body = request.json();
    let segments: Vec<&str> = request.segments().collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["channels", _, "messages", "bulk-delete"]) => resource::bulk_delete(body, &mut findings),
        ("POST" | "PATCH", ["channels", _, "messages"] | ["channels", _, "messages", _]) => {
            message::check(
                body,
                "",
                message::Place::Channel(edited(request)),
                request.files(),
                &mut findings,
            );
        }
        ("POST" | "PATCH", ["webhooks", _, _, ..]) => {
            message::check(
                body,
                "",
                message::Place::Interaction(edited(request)),
                request.files(),
                &mut findings,
            );
        }
        ("POST", ["interactions", _, _, "callback"]) => interaction(request, &mut findings),
        ("PUT", ["applications", .., "commands"]) => command::list(body, &mut findings),
        ("POST", ["applications", .., "commands"]) => command::one(body, "", &mut findings),
        ("PATCH", ["applications", .., "commands", _]) => command::changed(body, &mut findings),
        ("POST" | "PATCH", ["guilds", _, "scheduled-events", ..]) => {
            resource::scheduled_event(body, &mut findings);
        }
        ("POST", ["guilds", _, "channels"]) | ("PATCH", ["channels", _]) => {
            resource::channel(body, &mut findings);
        }
        ("POST", ["channels", .., "threads"]) => resource::channel(body, &mut findings),
        ("POST", ["channels", _, "invites"]) => resource::invite(body, &mut findings),
        ("POST" | "PATCH", ["guilds", _, "roles", ..]) => resource::role(body, &mut findings),
        ("PATCH", ["guilds", _, "members", _]) => resource::member(body, &mut findings),
        _ => {}
    }
    findings.into_vec()
}

fn edited(request: &ApiRequest) -> message::Action {
    if request.method == Method::PATCH { message::Action::Edit } else { message::Action::Create }
}

fn interaction(request: &ApiRequest, findings: &mut Findings) {
    let body = request.json();
    let data = body.get("data").unwrap_or(&Value::Null);
    match body.get("type").and_then(Value::as_u64) {
        Some(4) => {
            let place = message::Place::Interaction(message::Action::Create);
            message::check(data, "data", place, request.files(), findings);
        }
        Some(7) => {
            let place = message::Place::Interaction(message::Action::Edit);
            message::check(data, "data", place, request.files(), findings);
        }
        Some(8) => command::autocompletion(data, findings),
        Some(9) => modal::check(data, findings),
        _ => {}
    }
}

/// The reason for the audit log, percent-encoded in a header
/// (<https://discord.com/developers/docs/resources/audit-log>).
fn check_reason(request: &ApiRequest, findings: &mut Findings) {
    let Some(reason) = request.headers.get("x-audit-log-reason") else { return };
    let escapes = String::from_utf8_lossy(reason.as_bytes()).matches('%').count();
    let length = reason.len().saturating_sub(escapes * 2);
    if length > 512 {
        findings.refuse(
            "reason.length",
            "X-Audit-Log-Reason",
            "BASE_TYPE_MAX_LENGTH",
            format!("{length} > 512"),
        );
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` reads best in place")]
mod tests;
