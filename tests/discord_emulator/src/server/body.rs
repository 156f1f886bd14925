//! From an HTTP request to an [`ApiRequest`].

use std::time::Instant;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::api::{ApiRequest, Body, FilePart};
use crate::rest;

/// More than any request that Discord takes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// Reads the whole request.
pub(super) async fn read(request: Request, path: &str) -> ApiRequest {
    let at = Instant::now();
    let method = request.method().clone();
    let headers = request.headers().clone();
    let query = request.uri().query().map(parse_query).unwrap_or_default();
    let path = decode(path, Keep::Slashes);
    let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body = if content_type.starts_with("multipart/form-data") {
        read_multipart(request).await
    } else {
        read_json(request).await
    };
    ApiRequest { template: rest::template(&method, &path), method, path, query, headers, body, at }
}

async fn read_json(request: Request) -> Body {
    match to_bytes(request.into_body(), MAX_BYTES).await {
        Ok(bytes) if bytes.is_empty() => Body::Empty,
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value) => Body::Json(value),
            Err(_) => Body::Malformed(String::from_utf8_lossy(&bytes).into_owned()),
        },
        Err(error) => Body::Malformed(error.to_string()),
    }
}

async fn read_multipart(request: Request) -> Body {
    let mut parts = match Multipart::from_request(request, &()).await {
        Ok(parts) => parts,
        Err(error) => return Body::Malformed(error.to_string()),
    };
    let (mut payload, mut files) = (Value::Null, Vec::new());
    loop {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return Body::Multipart { payload, files },
            Err(error) => return Body::Malformed(error.to_string()),
        };
        let name = part.name().unwrap_or_default().to_owned();
        let filename = part.file_name().map(ToOwned::to_owned);
        let content_type = part.content_type().map(ToOwned::to_owned);
        let bytes: Bytes = match part.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return Body::Malformed(error.to_string()),
        };
        if name == "payload_json" {
            match serde_json::from_slice(&bytes) {
                Ok(value) => payload = value,
                Err(error) => return Body::Malformed(error.to_string()),
            }
        } else {
            let filename = filename.unwrap_or_else(|| "unknown".to_owned());
            files.push(FilePart { name, filename, content_type, bytes: bytes.to_vec() });
        }
    }
}

fn parse_query(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decode(&text.replace('+', " "), Keep::Nothing);
        (plain(name), plain(value))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// What stays encoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// A slash inside a segment, which would look like two.
    Slashes,
    Nothing,
}

/// Decodes `%E2%9C%85`; what is not valid stays as it is.
fn decode(text: &str, keep: Keep) -> String {
    let mut bytes = text.as_bytes().iter();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(&byte) = bytes.next() {
        let rest = bytes.as_slice();
        let value = (byte == b'%')
            .then(|| rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .filter(|value| keep == Keep::Nothing || *value != b'/');
        if let Some(value) = value {
            decoded.push(value);
            bytes.nth(1);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}
