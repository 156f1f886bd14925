//! Interactions: what people cause and how the bot acknowledges it.

use std::time::Instant;

use serde_json::Value;

use super::Change;
use crate::gateway::{Dispatch, Intents};
use crate::payload::{self, InteractionParts};
use crate::snowflake::Snowflake;
use crate::world::{Cause, Interaction, InteractionKind};

/// The number of interactions above which dead ones are forgotten.
const MANY: usize = 10_000;

/// An interaction that somebody is about to cause.
#[derive(Clone, Debug)]
pub(crate) struct NewInteraction {
    pub(crate) kind: InteractionKind,
    pub(crate) user: Snowflake,
    pub(crate) channel: Snowflake,
    pub(crate) cause: Cause,
    pub(crate) data: Value,
}

impl Change<'_> {
    /// Starts an interaction, tells the bot and returns its token.
    pub(crate) fn interact(&mut self, new: NewInteraction) -> String {
        let id = self.next_id();
        let interaction = Interaction {
            id,
            token: token(id),
            kind: new.kind,
            user: new.user,
            guild: self.guild_of(new.channel),
            channel: new.channel,
            created: self.now(),
            told: Instant::now(),
            acknowledged_after: None,
            cause: new.cause,
            acknowledged: None,
            original: None,
            follow_ups: Vec::new(),
            edits: 0,
        };
        let message = interaction.cause.message.and_then(|message| self.message(new.channel, message));
        let parts = InteractionParts {
            data: new.data,
            message: message.map(|message| payload::message(self, message)),
            attachment_size_limit: self.inner.options.attachment_size_limit,
        };
        let event = payload::interaction(self, &interaction, parts);
        let (token, guild) = (interaction.token.clone(), interaction.guild);
        self.forget_dead_interactions();
        self.interactions.insert(token.clone(), interaction);
        self.inner.hub.dispatch(&Dispatch::new("INTERACTION_CREATE", guild, Intents::NONE, event));
        token
    }
}

impl Change<'_> {
    /// A token long dead is refused as one that never lived, so that it need not be kept.
    fn forget_dead_interactions(&mut self) {
        if self.interactions.len() >= MANY {
            let (now, kept) = (self.now(), self.inner.options.interaction_lifetime * 2);
            self.interactions.retain(|_, interaction| now.since(interaction.created) < kept);
        }
    }
}

/// A token as long as Discord's are.
fn token(id: Snowflake) -> String {
    let mut state = id.get();
    let noise = (0..9).map(|_| {
        // Knuth's multiplier: the token needs to look random, not to be secret.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    });
    format!("aW50ZXJhY3Rpb246{id}{}", noise.collect::<String>())
}
