//! One event on its way to the sessions that asked for it.

use serde_json::Value;

use super::Intents;
use crate::snowflake::Snowflake;

/// An event of the gateway.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    /// Its name, `MESSAGE_CREATE`.
    pub(crate) name: String,
    /// The guild that decides which shard receives it; without one it goes to shard 0, as direct messages do.
    pub(crate) guild: Option<Snowflake>,
    /// A session receives it when it has at least one of these; with none, every session does.
    pub(crate) intents: Intents,
    /// What it says.
    pub(crate) data: Value,
    /// What it says to sessions that lack an intent, such as a message without its content.
    pub(crate) without: Option<(Intents, Value)>,
}

impl Dispatch {
    /// An event that any session receives that holds one of `intents`.
    pub(crate) fn new(
        name: impl Into<String>,
        guild: Option<Snowflake>,
        intents: Intents,
        data: Value,
    ) -> Self {
        Self { name: name.into(), guild, intents, data, without: None }
    }

    /// Says `data` instead to sessions that do not hold all of `missing`.
    pub(crate) fn without(mut self, missing: Intents, data: Value) -> Self {
        self.without = Some((missing, data));
        self
    }

    /// What a session with these intents receives, if anything.
    pub(crate) fn for_session(&self, intents: Intents) -> Option<&Value> {
        if !self.intents.is_empty() && !self.intents.intersects(intents) {
            return None;
        }
        match &self.without {
            Some((missing, data)) if !intents.contains(*missing) => Some(data),
            _ => Some(&self.data),
        }
    }
}
