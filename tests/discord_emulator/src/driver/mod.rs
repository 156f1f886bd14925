//! What tests hold: people, channels and messages, and what people do and see.
//!
//! Handles are small and cheap to clone, and read the world anew each time. Whoever is told to do what Discord would
//! not let them do fails the test where it said so; what depends on the bot's answer returns a `Result`.
//!
//! **Invariants**
//! - A person acts with their own permissions and sees only what they may see.
//! - Nothing waits longer than its deadline, and nothing waits by sleeping.

#![expect(
    clippy::must_use_candidate,
    reason = "what people do counts, whether or not the test keeps the handle"
)]

mod answer;
mod autocomplete;
mod channel;
mod command;
mod component;
mod error;
mod guild;
mod inject;
mod member;
mod message;
mod modal;
mod naming;
mod options;
mod schedule;
mod screen;
mod wait;

use std::sync::Arc;
use std::time::Duration;

pub use answer::Reply;
pub use autocomplete::{Choice, Completion};
pub use channel::{Channel, OverwriteFor};
pub use command::CommandRun;
pub use component::{Button, Select, Shown};
pub use error::ActionError;
pub use guild::{Guild, Role};
pub use inject::Injected;
pub use member::{BotMember, Member};
pub use message::{Message, ReactionView};
pub use modal::{Modal, ModalField, Submission};
pub use options::OptionValue;
pub use schedule::ScheduledEvent;

use crate::emulator::Emulator;
use crate::snowflake::Snowflake;
use crate::world::Timestamp;

impl Emulator {
    /// The bot's user id, which is its application's id too.
    #[must_use]
    pub fn bot_id(&self) -> Snowflake {
        self.inner.world().bot_id()
    }

    /// The application's id.
    #[must_use]
    pub fn application_id(&self) -> Snowflake {
        self.inner.world().application_id()
    }

    /// Makes a guild with an owner, the channel "general" and the bot in it.
    pub fn add_guild(&self, name: &str) -> Guild {
        let mut change = self.inner.change();
        let owner = change.add_user(&format!("Owner of {name}"), false);
        let id = change.add_guild(name, owner);
        change.add_bot_to(id);
        Guild::new(&self.inner, id)
    }

    /// Makes many guilds at once, each with this many people beside its owner.
    ///
    /// People are shared between guilds, as they are on Discord: each is in at most a hundred of them.
    pub fn add_guilds(&self, count: usize, members_each: usize) -> Vec<Guild> {
        let mut change = self.inner.change();
        let owner = change.add_user("Owner of many", false);
        let mut people: Vec<Snowflake> = Vec::new();
        let mut made = Vec::with_capacity(count);
        for index in 0..count {
            if index % 100 == 0 {
                people = (0..members_each)
                    .map(|number| change.add_user(&format!("Person {index} {number}"), false))
                    .collect();
            }
            let id = change.add_guild(&format!("Guild {index}"), owner);
            let now = change.now();
            if let Some(guild) = change.guilds.get_mut(&id) {
                guild.members.extend(people.iter().map(|user| (*user, crate::world::Member::joining(now))));
            }
            change.add_bot_to(id);
            made.push(Guild::new(&self.inner, id));
        }
        made
    }

    /// The guilds that the bot is in.
    #[must_use]
    pub fn guilds(&self) -> Vec<Guild> {
        let ids = self.inner.world().guild_ids();
        ids.into_iter().map(|id| Guild::new(&self.inner, id)).collect()
    }

    /// Lets this much time pass for Discord: deadlines, ages and the instants of new ids move on with it.
    pub fn advance(&self, by: Duration) {
        self.inner.change().clock.advance(by);
    }

    /// Forgets every nonce so far, as if its window had passed, and leaves the clock alone: for a client that goes by a
    /// clock of its own.
    pub fn forget_nonces(&self) {
        self.inner.change().nonces.forget();
    }

    /// The moment that it is for Discord.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.world().now()
    }

    /// The names of the registered commands: global ones, or those of one guild.
    #[must_use]
    pub fn commands(&self, guild: Option<Snowflake>) -> Vec<String> {
        self.inner.world().commands.list(guild).iter().map(|command| command.name.clone()).collect()
    }

    /// The registered command of this name, as Discord returns it.
    #[must_use]
    pub fn command(&self, guild: Option<Snowflake>, name: &str) -> Option<serde_json::Value> {
        let world = self.inner.world();
        let found = world.commands.list(guild).iter().find(|command| command.name == name)?;
        Some(crate::payload::command(&world, found))
    }

    /// Waits until the bot has registered this global command.
    ///
    /// # Panics
    ///
    /// When it has not by the deadline.
    pub async fn wait_for_command(&self, name: &str) {
        let found =
            wait::until(&self.inner, || self.commands(None).iter().any(|known| known == name).then_some(()))
                .await;
        assert!(
            found.is_some(),
            "the command {name:?} was not registered; there are {:?}",
            self.commands(None)
        );
    }

    /// Waits until `is_true` holds; it is asked again after each change of the world, of a session or of the requests.
    ///
    /// # Panics
    ///
    /// When it does not hold by the deadline.
    pub async fn wait_until(&self, what: &str, is_true: impl Fn() -> bool) {
        let found = wait::until(&self.inner, || is_true().then_some(())).await;
        assert!(found.is_some(), "waited in vain: {what}");
    }

    /// The direct messages with a user that the bot has opened or been written in.
    #[must_use]
    pub fn direct_channel(&self, user: Snowflake) -> Channel {
        let id = self.inner.change().direct_channel(user);
        Channel::new(&self.inner, id)
    }

    /// A channel by its id.
    #[must_use]
    pub fn channel(&self, id: impl Into<Snowflake>) -> Channel {
        Channel::new(&self.inner, id.into())
    }

    /// A guild by its id.
    #[must_use]
    pub fn guild(&self, id: impl Into<Snowflake>) -> Guild {
        Guild::new(&self.inner, id.into())
    }
}

/// What every handle holds.
type Shared = Arc<crate::inner::Inner>;
