//! One request to Discord, as data.

use reqwest::Method;
use serde::Serialize;

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
    /// Whether doing it twice is the same as doing it once, whatever became of the first.
    pub(super) repeatable: bool,
}

impl Call {
    /// A request without a body that a member waits for.
    pub(crate) fn new(method: Method, template: &'static str, major: u64, path: String) -> Self {
        let repeatable = method == Method::GET;
        let key = RouteKey { method, template, major };
        Self { key, path, body: None, urgency: Urgency::Interactive, repeatable }
    }

    /// The same request with a JSON body.
    #[must_use]
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(serde_json::to_vec(body));
        self
    }

    /// The same request, which does no harm when it is done twice.
    #[must_use]
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The same request with another urgency.
    #[must_use]
    pub(crate) fn with_urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// Whether it waits for the limits: all but what answers an interaction.
    pub(super) fn is_limited(&self) -> bool {
        matches!(self.urgency, Urgency::Interactive | Urgency::Background)
    }
}
