//! Everything that alters the world, with the events that tell the gateway's sessions of it.
//!
//! A [`Change`] holds the world's lock. What the bot asks for over HTTP and what people do in a test come together
//! here, after each side has checked who may.
//!
//! **Invariants**
//! - State and event go together: an event is dispatched under the same lock that made its change, so that a session
//!   that starts meanwhile sees the change either in its snapshot or as an event, never twice and never not at all.
//! - No event of a guild goes out that the bot is not in, that suffers an outage, or from a channel it cannot see.
//! - Dropping a [`Change`] wakes everybody who waits for a fact.

mod channel;
mod guild;
mod interaction;
mod member;
mod mentions;
mod message;
mod reaction;
mod scheduled;
mod thread;

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

pub(crate) use interaction::NewInteraction;
pub(crate) use mentions::AllowedMentions;
pub(crate) use message::{Draft, Edit};
pub(crate) use scheduled::NewInvite;
pub(crate) use thread::NewThread;

use serde_json::Value;

use crate::gateway::{Dispatch, Intents};
use crate::inner::Inner;
use crate::snowflake::Snowflake;
use crate::world::World;

/// Permission to change the world, for as long as it lives.
pub(crate) struct Change<'a> {
    world: MutexGuard<'a, World>,
    inner: &'a Inner,
}

impl Inner {
    /// Locks the world for a change.
    pub(crate) fn change(&self) -> Change<'_> {
        Change { world: self.world(), inner: self }
    }
}

impl Deref for Change<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.inner.touch();
    }
}

impl Change<'_> {
    /// Tells the guild's shard, unless the bot is not there to hear it.
    pub(crate) fn tell_guild(&self, name: &str, guild: Snowflake, intents: Intents, data: Value) {
        if self.is_bot_in(guild) && self.is_available(guild) {
            self.inner.hub.dispatch(&Dispatch::new(name, Some(guild), intents, data));
        }
    }

    /// Tells whoever hears of this channel: its guild's shard, or shard 0 for direct messages.
    fn tell_channel(
        &self,
        name: &str,
        channel: Snowflake,
        [guild_intent, direct_intent]: [Intents; 2],
        data: Value,
    ) {
        let event = self.channel_event(name, channel, [guild_intent, direct_intent], data);
        if let Some(event) = event {
            self.inner.hub.dispatch(&event);
        }
    }

    /// The event for a channel, if the bot hears of it.
    fn channel_event(
        &self,
        name: &str,
        channel: Snowflake,
        intents: [Intents; 2],
        data: Value,
    ) -> Option<Dispatch> {
        let [guild_intent, direct_intent] = intents;
        if !self.may_view(channel, self.bot_id()) {
            return None;
        }
        match self.guild_of(channel) {
            Some(guild) => {
                self.is_available(guild).then(|| Dispatch::new(name, Some(guild), guild_intent, data))
            }
            None => Some(Dispatch::new(name, None, direct_intent, data)),
        }
    }
}
