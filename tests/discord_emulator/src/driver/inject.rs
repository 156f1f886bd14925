//! Events that no person could cause.

use std::time::Instant;

use serde_json::{Value, json};

use super::{ActionError, Reply, Shared, answer};
use crate::emulator::Emulator;
use crate::gateway::{Dispatch, Intents};
use crate::snowflake::Snowflake;
use crate::world::{Cause, Interaction, InteractionKind};

/// An interaction that the test made up.
pub struct Injected {
    inner: Shared,
    token: String,
}

impl Injected {
    /// Waits for the answer.
    ///
    /// # Errors
    ///
    /// When none comes.
    pub async fn answer(self) -> Result<Reply, ActionError> {
        answer::answered(&self.inner, self.token).await
    }
}

impl Emulator {
    /// Sends an event as it stands to every session of the shard of its `guild_id`, or of shard 0.
    pub fn dispatch_raw(&self, name: &str, data: Value) {
        let guild = data["guild_id"].as_str().and_then(Snowflake::parse);
        let change = self.inner.change();
        self.inner.hub.dispatch(&Dispatch::new(name, guild, Intents::NONE, data));
        drop(change);
    }

    /// Sends an interaction as it stands, with an id, a token and an application where it has none, and takes the
    /// bot's answer to it. Channel and user must exist for that.
    #[must_use]
    pub fn inject_interaction(&self, mut data: Value) -> Injected {
        let mut change = self.inner.change();
        let id = data["id"].as_str().and_then(Snowflake::parse).unwrap_or_else(|| change.next_id());
        let token = data["token"].as_str().map_or_else(|| format!("injected{id}"), ToOwned::to_owned);
        data["id"] = json!(id);
        data["token"] = json!(token);
        if data["application_id"].is_null() {
            data["application_id"] = json!(change.application_id());
        }
        let number = |value: &Value| value.as_str().and_then(Snowflake::parse);
        let user = number(&data["member"]["user"]["id"]).or_else(|| number(&data["user"]["id"]));
        let bot = change.bot_id();
        let interaction = Interaction {
            id,
            token: token.clone(),
            kind: match data["type"].as_u64() {
                Some(3) => InteractionKind::Component,
                Some(4) => InteractionKind::Autocomplete,
                Some(5) => InteractionKind::Modal,
                _ => InteractionKind::Command,
            },
            user: user.unwrap_or(bot),
            guild: number(&data["guild_id"]),
            channel: number(&data["channel_id"]).unwrap_or(bot),
            created: change.now(),
            told: Instant::now(),
            acknowledged_after: None,
            cause: Cause {
                command: data["data"]["name"].as_str().map(ToOwned::to_owned),
                target: number(&data["data"]["target_id"]),
                message: number(&data["message"]["id"]),
                opened_by: None,
            },
            acknowledged: None,
            original: None,
            follow_ups: Vec::new(),
            edits: 0,
        };
        let guild = interaction.guild;
        change.interactions.insert(token.clone(), interaction);
        self.inner.hub.dispatch(&Dispatch::new("INTERACTION_CREATE", guild, Intents::NONE, data));
        drop(change);
        Injected { inner: Shared::clone(&self.inner), token }
    }
}
