use std::time::Instant;

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{Finding, check};
use crate::api::{ApiRequest, Body};

fn request(method: Method, path: &str, body: Option<Value>) -> ApiRequest {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    ApiRequest {
        method,
        path: path.to_owned(),
        template: None,
        query: query.split('&').filter_map(pair).collect(),
        headers: HeaderMap::new(),
        body: body.map_or(Body::Empty, Body::Json),
        at: Instant::now(),
    }
}

fn rules(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_plain_message_is_as_described() {
    let body = json!({ "content": "Who comes?", "nonce": "7", "enforce_nonce": true, "tts": false });
    let findings = check(&request(Method::POST, "/channels/41771983423143937/messages", Some(body)));
    assert_eq!(findings, []);
}

#[test]
fn a_wrong_type_is_found_with_its_place() {
    let body = json!({ "content": 7 });
    let findings = check(&request(Method::POST, "/channels/41771983423143937/messages", Some(body)));
    assert_eq!(rules(&findings), ["openapi.body"]);
    assert!(findings[0].found.contains("/content"), "{findings:?}");
}

#[test]
fn of_several_alternatives_the_closest_is_explained() {
    let button = json!({ "type": 2, "style": 1, "custom_id": "x".repeat(101), "label": "Coming" });
    let body = json!({ "type": 4, "data": { "components": [{ "type": 1, "components": [button] }] } });
    let path = "/interactions/41771983423143937/token/callback";
    let findings = check(&request(Method::POST, path, Some(body)));
    assert_eq!(rules(&findings), ["openapi.body"]);
    assert!(findings[0].found.contains("/data/components/0/components/0/custom_id"), "{findings:?}");
}

#[test]
fn an_outdated_property_is_found() {
    let body = json!({ "content": "Hello", "embed": { "title": "Hello" } });
    let findings = check(&request(Method::POST, "/channels/41771983423143937/messages", Some(body)));
    assert_eq!(rules(&findings), ["openapi.property"]);
}

#[test]
fn paths_and_queries_are_checked() {
    let findings = check(&request(Method::GET, "/channels/general/messages?limit=101&arround=1", None));
    assert_eq!(rules(&findings), ["openapi.path", "openapi.query", "openapi.query"]);
    let findings = check(&request(Method::GET, "/channels/1/messages?limit=100&before=2", None));
    assert_eq!(findings, []);
}

#[test]
fn a_route_that_discord_does_not_have_is_found() {
    let findings = check(&request(Method::GET, "/channels/1/telegrams", None));
    assert_eq!(rules(&findings), ["openapi.route"]);
}

#[test]
fn a_literal_route_wins_over_one_with_a_variable() {
    let findings = check(&request(
        Method::POST,
        "/channels/1/messages/bulk-delete",
        Some(json!({ "messages": ["2", "3"] })),
    ));
    assert_eq!(findings, []);
    let findings = check(&request(Method::GET, "/guilds/1/members/search?query=an&limit=5", None));
    assert_eq!(findings, []);
}
