//! One request to Discord, as data.

use reqwest::Method;
use serde::Serialize;

/// How long somebody waits for the answer, and thereby who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// An answer to an interaction: Discord gives three seconds and counts it against no global limit.
    Callback,
    /// A member waits for it.
    Interactive,
    /// Nobody waits: reminders, edits, reconciliation.
    Background,
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

/// A request to Discord.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) key: RouteKey,
    pub(super) path: String,
    pub(super) body: Option<Result<Vec<u8>, serde_json::Error>>,
    pub(super) urgency: Urgency,
}

impl Call {
    /// A request without a body that a member waits for.
    pub(crate) fn new(method: Method, template: &'static str, major: u64, path: String) -> Self {
        Self { key: RouteKey { method, template, major }, path, body: None, urgency: Urgency::Interactive }
    }

    /// The same request with a JSON body.
    #[must_use]
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body));
        self
    }

    /// The same request for which nobody waits.
    #[must_use]
    pub(crate) fn in_background(self) -> Self {
        self.with_urgency(Urgency::Background)
    }

    /// The same request with another urgency.
    #[must_use]
    pub(crate) fn with_urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// Whether doing it twice is the same as doing it once, whatever happened to the first.
    pub(super) fn is_read(&self) -> bool {
        self.key.method == Method::GET
    }
}
