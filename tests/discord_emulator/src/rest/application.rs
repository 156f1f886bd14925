//! The application itself, and where its gateway is.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, text_of};
use super::{Answer, Route};
use crate::api::ApiResponse;
use crate::payload;

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/gateway", gateway),
    (Method::GET, "/gateway/bot", gateway_bot),
    (Method::GET, "/applications/@me", get),
    (Method::PATCH, "/applications/@me", update),
    (Method::GET, "/oauth2/applications/@me", get),
];

fn gateway(call: &Call<'_>) -> Answer {
    Ok(ApiResponse::ok(json!({ "url": call.inner.gateway_url() })))
}

fn gateway_bot(call: &Call<'_>) -> Answer {
    Ok(ApiResponse::ok(call.inner.gateway_bot()))
}

fn get(call: &Call<'_>) -> Answer {
    Ok(ApiResponse::ok(payload::application(&call.world())))
}

fn update(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    if let Some(description) = text_of(call.body(), "description") {
        change.application.description = description.to_owned();
    }
    let value: Value = payload::application(&change);
    Ok(ApiResponse::ok(value))
}
