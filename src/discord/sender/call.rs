//! One request to Discord, as data.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use serde::Serialize;
use tokio::time::Instant;

const DEADLINE: Duration = Duration::from_secs(15);
/// Discord forgets an interaction after three seconds.
const CALLBACK_DEADLINE: Duration = Duration::from_millis(2_500);
/// Ten mebibytes over a line that carries two megabits a second upwards, and some more.
const UPLOAD_DEADLINE: Duration = Duration::from_mins(1);

/// How long somebody waits for the answer, and thereby who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// The first answer to an interaction: Discord gives three seconds and counts it against no global limit.
    Callback,
    /// What follows on a first answer: there is time for it, and no global limit either.
    FollowUp,
    /// A member waits for it.
    Interactive,
    /// Nobody waits: reminders, edits, reconciliation.
    Background,
    /// Reminders that were due while Muster was away: behind all else, and more slowly.
    Backlog,
}

/// What Discord's per-route limits are counted by: method, path with the ids left out, and the major parameter.
///
/// Source: <https://docs.discord.com/developers/topics/rate-limits>
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RouteKey {
    pub(super) method: Method,
    /// The path with names in place of ids; also what logs and metrics show.
    pub(super) template: &'static str,
    /// The channel or guild that the route is about; 0 where it is about none.
    pub(super) major: u64,
}

/// A file beside a JSON body.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    /// What Discord shows it as.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) content: Vec<u8>,
}

/// A request to Discord.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) key: RouteKey,
    pub(super) path: String,
    pub(super) body: Option<Result<Vec<u8>, serde_json::Error>>,
    /// Files that go with the body, which says of each by its number what it is.
    pub(super) uploads: Vec<Upload>,
    pub(super) urgency: Urgency,
    /// Whether doing it twice is the same as doing it once, whatever became of the first.
    pub(super) repeatable: bool,
    /// It must not leave later, however long it has to wait for the limits.
    pub(super) not_after: Option<Instant>,
}

impl Call {
    /// A request without a body that a member waits for.
    pub(crate) fn new(method: Method, template: &'static str, major: u64, path: String) -> Self {
        let repeatable = method == Method::GET;
        let key = RouteKey { method, template, major };
        let urgency = Urgency::Interactive;
        Self { key, path, body: None, uploads: Vec::new(), urgency, repeatable, not_after: None }
    }

    /// The same request with a JSON body.
    #[must_use]
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body));
        self
    }

    /// The same request with files beside its body.
    #[must_use]
    pub(crate) fn with_uploads(mut self, uploads: Vec<Upload>) -> Self {
        self.uploads = uploads;
        self
    }

    /// The same request, which does no harm when it is done twice.
    #[must_use]
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The same request, which must not leave after this instant.
    #[must_use]
    pub(crate) fn not_after(mut self, instant: Option<Instant>) -> Self {
        self.not_after = instant;
        self
    }

    /// The same request with another urgency.
    #[must_use]
    pub(crate) fn with_urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// Its body and its files as one multipart body.
    ///
    /// Source: <https://docs.discord.com/developers/reference#uploading-files>
    pub(super) fn parts(&self, body: &[u8]) -> Form {
        let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let form = Form::new().part("payload_json", Part::bytes(body.to_vec()).headers(json));
        self.uploads.iter().enumerate().fold(form, |form, (number, upload)| {
            let part = Part::bytes(upload.content.clone()).file_name(upload.name.clone());
            form.part(format!("files[{number}]"), part)
        })
    }

    /// How long an answer to it is waited for, once it leaves.
    pub(super) fn deadline(&self) -> Duration {
        match self.urgency {
            Urgency::Callback => CALLBACK_DEADLINE,
            _ if !self.uploads.is_empty() => UPLOAD_DEADLINE,
            _ => DEADLINE,
        }
    }

    /// Whether it has waited too long to be of use.
    pub(super) fn is_too_late(&self) -> bool {
        self.not_after.is_some_and(|instant| Instant::now() > instant)
    }

    /// Whether it waits for the limits: all but what answers an interaction.
    pub(super) fn is_limited(&self) -> bool {
        matches!(self.urgency, Urgency::Interactive | Urgency::Background | Urgency::Backlog)
    }
}
