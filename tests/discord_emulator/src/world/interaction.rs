//! Interactions, from the person's action to the end of the token's life.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::Timestamp;
use crate::snowflake::Snowflake;

/// The kinds of interaction, by what caused them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InteractionKind {
    Command,
    Component,
    Autocomplete,
    Modal,
}

impl InteractionKind {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Command => 2,
            Self::Component => 3,
            Self::Autocomplete => 4,
            Self::Modal => 5,
        }
    }
}

/// What lay under the person's hand, for `interaction_metadata` and for updates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cause {
    /// The command's full name, `event watch`.
    pub(crate) command: Option<String>,
    /// The message command's target.
    pub(crate) target: Option<Snowflake>,
    /// The message whose button or select was used, or from which a modal was opened.
    pub(crate) message: Option<Snowflake>,
    /// For modals, the metadata of the interaction that opened it.
    pub(crate) opened_by: Option<Value>,
}

/// How the bot has acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Acknowledged {
    /// Type 4.
    Message,
    /// Type 5; the reader sees that the bot is thinking until the first edit.
    DeferredMessage,
    /// Type 6.
    DeferredUpdate,
    /// Type 7.
    Update,
    /// Type 8, with the choices.
    Choices(Vec<Value>),
    /// Type 9, with the form.
    Modal(Value),
    /// Another type that the driver cannot show (10, 12).
    Other(u64),
}

/// One interaction.
#[derive(Clone, Debug)]
pub(crate) struct Interaction {
    pub(crate) id: Snowflake,
    pub(crate) token: String,
    pub(crate) kind: InteractionKind,
    pub(crate) user: Snowflake,
    pub(crate) guild: Option<Snowflake>,
    pub(crate) channel: Snowflake,
    pub(crate) created: Timestamp,
    /// When it was told to the bot, by a clock that no test turns.
    pub(crate) told: Instant,
    /// How much later the request arrived that acknowledged it.
    pub(crate) acknowledged_after: Option<Duration>,
    pub(crate) cause: Cause,
    pub(crate) acknowledged: Option<Acknowledged>,
    /// The message that `@original` names, if any.
    pub(crate) original: Option<Snowflake>,
    pub(crate) follow_ups: Vec<Snowflake>,
    /// How often `@original` was edited, updates of the component's message included.
    pub(crate) edits: u32,
}

impl Interaction {
    /// Whether the first response would come too late.
    pub(crate) fn is_overdue(&self, now: Timestamp, deadline: Duration) -> bool {
        self.acknowledged.is_none() && now.since(self.created) > deadline
    }

    /// Whether the token is dead.
    pub(crate) fn is_expired(&self, now: Timestamp, lifetime: Duration) -> bool {
        now.since(self.created) > lifetime
    }
}
