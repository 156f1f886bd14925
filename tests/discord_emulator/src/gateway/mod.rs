//! The gateway.

mod dispatch;
mod intents;

pub(crate) use dispatch::Dispatch;
pub use intents::Intents;

use crate::snowflake::Snowflake;

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Hub;

impl Hub {
    /// Sends an event to every session that asked for it, by intents and by shard.
    pub(crate) fn dispatch(&self, dispatch: &Dispatch) {
        let _ = dispatch;
    }

    /// The same for an event whose data depends on what a session asked for, such as GUILD_CREATE.
    pub(crate) fn dispatch_with(
        &self,
        name: &str,
        guild: Option<Snowflake>,
        intents: Intents,
        data: impl Fn(Intents) -> serde_json::Value,
    ) {
        let _ = (name, guild, intents, data);
    }

    /// The intents of every session that the guild's events go to.
    pub(crate) fn has_intents(&self, intents: Intents) -> bool {
        let _ = intents;
        true
    }
}

/// Controls of the gateway.
#[derive(Clone, Debug)]
pub struct Gateway;

/// One session, as it was when it was asked for.
#[derive(Clone, Debug)]
pub struct SessionView;
