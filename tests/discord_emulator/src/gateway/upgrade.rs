//! From an HTTP request to a WebSocket, or a plain refusal.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{Upset, close, connection};
use crate::inner::Inner;

/// The query parameters of a connection
/// (<https://discord.com/developers/docs/events/gateway#connecting-gateway-url-query-string-params>).
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Parameters {
    v: Option<String>,
    encoding: Option<String>,
    compress: Option<String>,
}

/// Accepts a connection, unless the gateway is silent, refuses, or does not speak what is asked for.
pub(crate) async fn upgrade(
    inner: Arc<Inner>,
    parameters: Parameters,
    upgrade: WebSocketUpgrade,
) -> Response {
    wait_out_silence(&inner).await;
    let upset = {
        let mut state = inner.hub.state();
        let is_refused = state.refuse_until.is_some_and(|until| Instant::now() < until);
        if is_refused { Some(Upset::Refuse) } else { state.upsets.pop_front() }
    };
    if upset == Some(Upset::Refuse) {
        return (StatusCode::SERVICE_UNAVAILABLE, "upstream connect error").into_response();
    }
    if parameters.encoding.as_deref().unwrap_or("json") != "json" || parameters.compress.is_some() {
        let message = "the emulator speaks encoding=json without transport compression";
        return (StatusCode::NOT_IMPLEMENTED, message).into_response();
    }
    let is_version_known = parameters.v.as_deref() == Some("10");
    upgrade.on_upgrade(async move |socket| {
        if is_version_known {
            connection::serve(inner, socket, upset).await;
        } else {
            refuse(socket).await;
        }
    })
}

async fn wait_out_silence(inner: &Inner) {
    let mut silent = inner.hub.silent.subscribe();
    tokio::select! {
        // The sender lives in the hub that is borrowed here.
        _ = silent.wait_for(|silent| !silent) => {}
        () = inner.shutdown.cancelled() => {}
    }
}

async fn refuse(mut socket: WebSocket) {
    let (code, reason) = close::INVALID_VERSION;
    // A client that is gone already needs no reason.
    drop(socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await);
}
