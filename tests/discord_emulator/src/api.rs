//! What travels between the server and the routes: one request, one response, no sockets.

use std::time::Instant;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

/// One request to the HTTP API, with its body already read.
#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    /// The path after `/api/v10`, percent-decoded by segment only where it is read: `/channels/1/messages`.
    pub(crate) path: String,
    /// The route's template, `/channels/{channel_id}/messages`; `None` for a route that does not exist.
    pub(crate) template: Option<&'static str>,
    /// Decoded query parameters in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// When the request arrived.
    pub(crate) at: Instant,
}

/// The body of a request.
#[derive(Clone, Debug, Default)]
pub(crate) enum Body {
    /// None was sent.
    #[default]
    Empty,
    /// `application/json`.
    Json(Value),
    /// `multipart/form-data`: the part named `payload_json` and the files beside it.
    Multipart { payload: Value, files: Vec<FilePart> },
    /// It could not be read; Discord answers 400 / 50109.
    Malformed(String),
}

/// One uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePart {
    /// The part's name, `files[0]`.
    pub(crate) name: String,
    /// The file's name.
    pub(crate) filename: String,
    /// Its media type, where it was sent.
    pub(crate) content_type: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl ApiRequest {
    /// The JSON of the body, or of its `payload_json`; `Null` where there is none.
    pub(crate) fn json(&self) -> &Value {
        match &self.body {
            Body::Json(value) | Body::Multipart { payload: value, .. } => value,
            Body::Empty | Body::Malformed(_) => &Value::Null,
        }
    }

    /// The files of a multipart body.
    pub(crate) fn files(&self) -> &[FilePart] {
        match &self.body {
            Body::Multipart { files, .. } => files,
            Body::Empty | Body::Json(_) | Body::Malformed(_) => &[],
        }
    }

    /// The first query parameter of this name.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The segments of the path, without empty ones.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').filter(|segment| !segment.is_empty())
    }

    /// The value that stands in the path where the template has `{name}`.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let template = self.template?;
        let wanted =
            |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name);
        template
            .split('/')
            .filter(|part| !part.is_empty())
            .zip(self.segments())
            .find(|(part, _)| wanted(part))
            .map(|(_, value)| value)
    }
}

/// One answer of the HTTP API.
#[derive(Clone, Debug)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    /// `None` is an empty body, as with 204.
    pub(crate) body: Option<Value>,
    pub(crate) headers: HeaderMap,
}

impl ApiResponse {
    /// 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// 201 with a body.
    pub(crate) fn created(body: Value) -> Self {
        Self::with_status(StatusCode::CREATED, body)
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, headers: HeaderMap::new() }
    }

    /// Any status with a body.
    pub(crate) fn with_status(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body), headers: HeaderMap::new() }
    }

    /// An error as Discord words it (<https://discord.com/developers/docs/topics/opcodes-and-status-codes#json>).
    pub(crate) fn error(status: StatusCode, code: u32, message: &str) -> Self {
        Self::with_status(status, json!({ "message": message, "code": code }))
    }

    /// 400 / 50035 with one entry in `errors`, at a path of dotted keys (`embeds.0.title`).
    pub(crate) fn invalid_form(path: &str, code: &str, message: &str) -> Self {
        let leaf = json!({ "_errors": [{ "code": code, "message": message }] });
        let errors =
            path.rsplit('.').filter(|key| !key.is_empty()).fold(leaf, |inner, key| json!({ key: inner }));
        let body = json!({ "message": "Invalid Form Body", "code": 50035, "errors": errors });
        Self::with_status(StatusCode::BAD_REQUEST, body)
    }

    /// The same response with one more header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }
}
