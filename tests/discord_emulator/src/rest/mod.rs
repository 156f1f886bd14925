//! The HTTP API v10: which routes there are, and what each does.
//!
//! A handler looks up what the path names, asks whether the bot may, and changes the world through [`change`]. It
//! knows no sockets, no rate limits and no faults: those have had their say before it runs.
//!
//! **Invariants**
//! - What the bot cannot see is refused as Discord refuses it: 10003 for a channel that does not exist, 50001 for one
//!   out of sight, 50013 for a permission that is missing.
//! - A refused request has changed nothing.
//!
//! A further route is a line in the table of its file and a function below it; its template is spelt as in Discord's
//! OpenAPI description, so that the request is checked against it.
//!
//! [`change`]: crate::change

mod access;
mod application;
mod call;
mod channels;
mod commands;
mod guilds;
mod interactions;
mod invites;
mod members;
mod message_body;
mod messages;
mod pins;
mod reactions;
mod refusal;
mod roles;
mod scheduled;
mod threads;
mod users;
mod webhooks;

use axum::http::Method;

use crate::api::{ApiRequest, ApiResponse};
use crate::inner::Inner;
use call::Call;
pub(crate) use reactions::parse_emoji;
use refusal::Refusal;

/// What a handler answers.
type Answer = Result<ApiResponse, Refusal>;

/// A method, a template and what happens.
type Route = (Method, &'static str, fn(&Call<'_>) -> Answer);

/// All routes, file by file. Where two templates fit a path, the earlier one counts.
const TABLES: [&[Route]; 15] = [
    application::ROUTES,
    users::ROUTES,
    commands::ROUTES,
    interactions::ROUTES,
    webhooks::ROUTES,
    reactions::ROUTES,
    pins::ROUTES,
    messages::ROUTES,
    threads::ROUTES,
    invites::ROUTES,
    channels::ROUTES,
    members::ROUTES,
    roles::ROUTES,
    scheduled::ROUTES,
    guilds::ROUTES,
];

fn find(method: &Method, path: &str) -> Option<&'static Route> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|(known, template, _)| known == method && fits(template, path))
}

fn fits(template: &str, path: &str) -> bool {
    let segments = |text| str::split(text, '/').filter(|segment: &&str| !segment.is_empty());
    let is_same = |(wanted, given): (&str, &str)| wanted.starts_with('{') || wanted == given;
    segments(template).count() == segments(path).count()
        && segments(template).zip(segments(path)).all(is_same)
}

/// The template of the route that a request goes to, `/channels/{channel_id}`; `None` for a route that is not there.
pub(crate) fn template(method: &Method, path: &str) -> Option<&'static str> {
    find(method, path).map(|(_, template, _)| *template)
}

/// Answers a request.
pub(crate) fn handle(inner: &Inner, request: &ApiRequest) -> ApiResponse {
    let Some((_, _, handler)) = find(&request.method, &request.path) else {
        return Refusal::NO_ROUTE.into_response();
    };
    if let crate::api::Body::Malformed(_) = &request.body {
        return Refusal::MALFORMED.into_response();
    }
    handler(&Call::new(inner, request)).unwrap_or_else(Refusal::into_response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_segments_go_before_parameters() {
        assert_eq!(template(&Method::GET, "/users/@me"), Some("/users/@me"));
        assert_eq!(template(&Method::GET, "/users/5"), Some("/users/{user_id}"));
        assert_eq!(
            template(&Method::GET, "/channels/1/messages/pins"),
            Some("/channels/{channel_id}/messages/pins")
        );
        assert_eq!(
            template(&Method::POST, "/channels/1/messages/bulk-delete"),
            Some("/channels/{channel_id}/messages/bulk-delete"),
        );
        assert_eq!(template(&Method::GET, "/nowhere"), None);
    }
}
