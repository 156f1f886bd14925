//! The application itself, and where its gateway is.

use axum::http::Method;
use serde_json::{Value, json};

use super::Route;
use super::call::{Call, text_of};
use crate::api::ApiResponse;
use crate::payload;

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/gateway", |call| Ok(gateway(call))),
    (Method::GET, "/gateway/bot", |call| Ok(gateway_bot(call))),
    (Method::GET, "/applications/@me", |call| Ok(get(call))),
    (Method::PATCH, "/applications/@me", |call| Ok(update(call))),
    (Method::GET, "/oauth2/applications/@me", |call| Ok(get(call))),
];

fn gateway(call: &Call<'_>) -> ApiResponse {
    ApiResponse::ok(json!({ "url": call.inner.gateway_url() }))
}

fn gateway_bot(call: &Call<'_>) -> ApiResponse {
    ApiResponse::ok(call.inner.gateway_bot())
}

fn get(call: &Call<'_>) -> ApiResponse {
    ApiResponse::ok(payload::application(&call.world()))
}

fn update(call: &Call<'_>) -> ApiResponse {
    let mut change = call.change();
    if let Some(description) = text_of(call.body(), "description") {
        description.clone_into(&mut change.application.description);
    }
    let value: Value = payload::application(&change);
    ApiResponse::ok(value)
}
