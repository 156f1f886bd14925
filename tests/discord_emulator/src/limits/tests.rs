use std::time::Instant;

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::check;
use crate::api::{ApiRequest, Body};

fn rules(method: Method, path: &str, body: Value) -> Vec<&'static str> {
    let request = ApiRequest {
        method,
        path: path.to_owned(),
        template: None,
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Body::Json(body),
        at: Instant::now(),
    };
    check(&request).into_iter().map(|finding| finding.rule).collect()
}

fn message(body: Value) -> Vec<&'static str> {
    rules(Method::POST, "/channels/1/messages", body)
}

fn callback(kind: u8, data: Value) -> Vec<&'static str> {
    rules(Method::POST, "/interactions/1/token/callback", json!({ "type": kind, "data": data }))
}

fn row(components: Value) -> Value {
    json!([{ "type": 1, "components": components }])
}

fn button(id: &str) -> Value {
    json!({ "type": 2, "style": 1, "custom_id": id, "label": "Coming" })
}

#[test]
fn length_is_counted_in_characters() {
    assert_eq!(message(json!({ "content": "é".repeat(2000) })), [""; 0]);
    assert_eq!(message(json!({ "content": "é".repeat(2001) })), ["content.length"]);
}

#[test]
fn a_message_says_something() {
    assert_eq!(message(json!({ "content": " " })), ["message.empty"]);
    assert_eq!(message(json!({ "embeds": [{ "title": "Match" }] })), [""; 0]);
}

#[test]
fn embeds_share_six_thousand_characters() {
    let embed = |length: usize| json!({ "description": "x".repeat(length) });
    assert_eq!(message(json!({ "embeds": [embed(3000), embed(3000)] })), [""; 0]);
    assert_eq!(message(json!({ "embeds": [embed(3000), embed(3001)] })), ["embeds.total"]);
    assert_eq!(message(json!({ "embeds": vec![embed(1); 11] })), ["embeds.count"]);
    let field = json!({ "name": "", "value": "x" });
    assert_eq!(message(json!({ "embeds": [{ "fields": [field] }] })), ["embed.field.name"]);
}

#[test]
fn mentions_are_listed_or_parsed_but_not_both() {
    let mentions = |allowed: Value| message(json!({ "content": "x", "allowed_mentions": allowed }));
    assert_eq!(mentions(json!({ "parse": [], "users": ["1", "2"] })), [""; 0]);
    assert_eq!(mentions(json!({ "parse": ["users"], "users": ["1"] })), ["allowed_mentions.exclusive"]);
    assert_eq!(mentions(json!({ "parse": ["users"], "users": [] })), [""; 0]);
    let many: Vec<String> = (0..101).map(|id| id.to_string()).collect();
    assert_eq!(mentions(json!({ "parse": [], "users": many })), ["allowed_mentions.count"]);
}

#[test]
fn rows_hold_five_buttons_or_one_select() {
    let buttons: Vec<Value> = (0..6).map(|id| button(&id.to_string())).collect();
    assert_eq!(message(json!({ "components": row(json!(buttons[..5])) })), [""; 0]);
    assert_eq!(message(json!({ "components": row(json!(buttons)) })), ["row.components"]);
    let select = json!({ "type": 3, "custom_id": "s", "options": [{ "label": "a", "value": "a" }] });
    assert_eq!(message(json!({ "components": row(json!([select])) })), [""; 0]);
    assert_eq!(message(json!({ "components": row(json!([select, button("b")])) })), ["row.width"]);
    assert_eq!(
        message(json!({ "components": vec![json!({ "type": 1, "components": [] }); 6] }))[0],
        "components.rows"
    );
}

#[test]
fn custom_ids_differ_and_are_short() {
    assert_eq!(
        message(json!({ "components": row(json!([button("a"), button("a")])) })),
        ["custom_id.unique"]
    );
    assert_eq!(
        message(json!({ "components": row(json!([button(&"a".repeat(101))])) })),
        ["custom_id.length"]
    );
    let link = json!({ "type": 2, "style": 5, "label": "Open", "custom_id": "a" });
    assert_eq!(message(json!({ "components": row(json!([link])) })), ["button.link"]);
}

#[test]
fn a_nonce_is_there_to_be_enforced() {
    assert_eq!(message(json!({ "content": "x", "enforce_nonce": true })), ["nonce.missing"]);
    assert_eq!(message(json!({ "content": "x", "nonce": "x".repeat(26) })), ["nonce.length"]);
}

#[test]
fn autocompletion_offers_twenty_five() {
    let choices =
        |count: usize| (0..count).map(|n| json!({ "name": n.to_string(), "value": n })).collect::<Vec<_>>();
    assert_eq!(callback(8, json!({ "choices": choices(25) })), [""; 0]);
    assert_eq!(callback(8, json!({ "choices": choices(26) })), ["autocomplete.choices"]);
}

#[test]
fn modals_are_short() {
    let input = json!({ "type": 4, "custom_id": "title", "label": "Title", "style": 1 });
    let modal = |title: &str| {
        callback(9, json!({ "custom_id": "m", "title": title, "components": row(json!([input])) }))
    };
    assert_eq!(modal("Edit"), [""; 0]);
    assert_eq!(modal(&"x".repeat(46)), ["modal.title"]);
}

#[test]
fn commands_have_valid_names_and_ordered_options() {
    let command = |body: Value| rules(Method::PUT, "/applications/1/commands", json!([body]));
    assert_eq!(command(json!({ "name": "event", "description": "x" })), [""; 0]);
    assert_eq!(command(json!({ "name": "Event", "description": "x" })), ["command.name"]);
    assert_eq!(command(json!({ "name": "Watch for answers", "type": 3 })), [""; 0]);
    let option = |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "x", "required": required });
    let options = json!([option("a", false), option("b", true)]);
    assert_eq!(command(json!({ "name": "event", "description": "x", "options": options })), ["option.order"]);
    let nested = json!([{ "type": 1, "name": "watch", "description": "x", "options": [option("a", true)] }]);
    assert_eq!(command(json!({ "name": "event", "description": "x", "options": nested })), [""; 0]);
}

#[test]
fn a_command_has_eight_thousand_characters_in_all() {
    let choice = |n: usize| json!({ "name": format!("{n:0100}"), "value": format!("{n:0100}") });
    let option = |name: &str| {
        let choices: Vec<Value> = (0..25).map(choice).collect();
        json!({ "type": 3, "name": name, "description": "x", "choices": choices })
    };
    let body = json!([{ "name": "event", "description": "x", "options": [option("a"), option("b")] }]);
    assert_eq!(rules(Method::PUT, "/applications/1/commands", body), ["command.size"]);
}
