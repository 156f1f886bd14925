//! The texts that go over the wire.

use std::io::Write;
use std::sync::Arc;

use axum::extract::ws::Message;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

/// An event with its number; `data` is JSON already.
pub(crate) fn dispatch(name: &str, sequence: u64, data: &str) -> Arc<str> {
    format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}"#).into()
}

/// Anything that is not an event.
pub(crate) fn control(op: u8, data: &Value) -> Arc<str> {
    json!({ "t": null, "s": null, "op": op, "d": data }).to_string().into()
}

/// The text as a WebSocket message: binary and compressed from `compress_from` bytes on, if the client takes that.
pub(crate) fn message(text: &Arc<str>, compress_from: Option<usize>) -> Message {
    if compress_from.is_some_and(|least| text.len() >= least) {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        if encoder.write_all(text.as_bytes()).is_ok()
            && let Ok(bytes) = encoder.finish()
        {
            return Message::Binary(bytes.into());
        }
    }
    Message::Text(text.as_ref().into())
}
