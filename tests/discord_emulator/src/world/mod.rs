//! Everything that one Discord keeps, as typed state in memory.
//!
//! **Invariants**
//! - A channel of a guild is listed in that guild, and a thread's parent exists.
//! - The bot is in a guild exactly when it is among the guild's members.
//! - Ephemeral messages lie among the others and carry whom they are for; only their reader and the interaction that
//!   made them ever see them.
//!
//! It knows no JSON and no events: `payload` writes it down, `change` alters it and says so on the gateway. A further
//! kind of thing gets a file here, its JSON in `payload` and its changes in `change`.

mod access;
mod channel;
mod command;
mod guild;
mod interaction;
mod message;
mod nonce;
mod scheduled;
mod time;

use std::collections::{BTreeMap, HashMap};

pub(crate) use channel::{Channel, ChannelKind, Thread};
pub(crate) use command::{Command, CommandKind, Commands};
pub(crate) use guild::{CustomEmoji, Guild, Member, Role};
pub(crate) use interaction::{Acknowledged, Cause, Interaction, InteractionKind};
pub(crate) use message::{Attachment, EmojiKey, Mentioned, Message, Reaction, Reference, flags};
pub(crate) use nonce::Nonces;
pub(crate) use scheduled::{Invite, ScheduledEvent};
pub(crate) use time::Clock;
pub use time::Timestamp;

use crate::options::Options;
use crate::snowflake::{Ids, Snowflake};

/// An account: a person or a bot.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The unique name, in lower case.
    pub(crate) username: Box<str>,
    /// The name that others see.
    pub(crate) global_name: Option<Box<str>>,
    pub(crate) is_bot: bool,
    /// Whether the bot may write to them; sending answers 50007 otherwise.
    pub(crate) accepts_direct_messages: bool,
    /// The language of their client, `en-US`.
    pub(crate) locale: &'static str,
}

impl User {
    /// The name as others see it.
    pub(crate) fn display_name(&self) -> &str {
        self.global_name.as_deref().unwrap_or(&self.username)
    }
}

/// The bot's application.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    /// Its id, which is also the bot's.
    pub(crate) id: Snowflake,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The person it belongs to.
    pub(crate) owner: Snowflake,
    /// Whether its owner switched the message content intent on; it governs what the HTTP API returns.
    pub(crate) has_message_content: bool,
    /// The same for the members intent, which `GET /guilds/{id}/members` demands.
    pub(crate) has_members: bool,
    /// And for presences, for the flags of `GET /applications/@me` only.
    pub(crate) has_presences: bool,
}

/// The whole of it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) application: Application,
    pub(crate) users: HashMap<Snowflake, User>,
    pub(crate) guilds: BTreeMap<Snowflake, Guild>,
    pub(crate) channels: HashMap<Snowflake, Channel>,
    pub(crate) commands: Commands,
    /// By token.
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) nonces: Nonces,
    /// By code.
    pub(crate) invites: BTreeMap<String, Invite>,
}

impl World {
    /// A world with one application, its bot and its owner, and nothing else.
    pub(crate) fn new(options: &Options) -> Self {
        let clock = Clock::default();
        let mut ids = Ids::new(clock.now());
        let (bot, owner) = (ids.next(clock.now()), ids.next(clock.now()));
        let mut users = HashMap::new();
        users.insert(bot, account(bot, "Bot", true));
        users.insert(owner, account(owner, "Application owner", false));
        let application = Application {
            id: bot,
            name: "Bot".to_owned(),
            description: String::new(),
            owner,
            has_message_content: options.intents_allowed.contains(crate::gateway::Intents::MESSAGE_CONTENT),
            has_members: options.intents_allowed.contains(crate::gateway::Intents::GUILD_MEMBERS),
            has_presences: options.intents_allowed.contains(crate::gateway::Intents::GUILD_PRESENCES),
        };
        Self {
            clock,
            ids,
            application,
            users,
            guilds: BTreeMap::new(),
            channels: HashMap::new(),
            commands: Commands::default(),
            interactions: HashMap::new(),
            nonces: Nonces::default(),
            invites: BTreeMap::new(),
        }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new id, made now.
    pub(crate) fn next_id(&mut self) -> Snowflake {
        self.ids.next(self.clock.now())
    }

    /// The bot's user id.
    pub(crate) fn bot_id(&self) -> Snowflake {
        self.application.id
    }

    /// The application's id, the same as the bot's.
    pub(crate) fn application_id(&self) -> Snowflake {
        self.application.id
    }

    /// The guilds the bot is in, available or not.
    pub(crate) fn guild_ids(&self) -> Vec<Snowflake> {
        self.guilds
            .values()
            .filter(|guild| guild.members.contains_key(&self.bot_id()))
            .map(|guild| guild.id)
            .collect()
    }

    /// Whether the bot is a member of the guild.
    pub(crate) fn is_bot_in(&self, guild: Snowflake) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&self.bot_id()))
    }

    /// Whether the guild exists and suffers no outage.
    pub(crate) fn is_available(&self, guild: Snowflake) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.is_available)
    }

    /// A new account with this visible name.
    pub(crate) fn add_user(&mut self, name: &str, is_bot: bool) -> Snowflake {
        let id = self.next_id();
        self.users.insert(id, account(id, name, is_bot));
        id
    }

    /// The message, wherever it is.
    pub(crate) fn message(&self, channel: Snowflake, message: Snowflake) -> Option<&Message> {
        self.channels.get(&channel)?.messages.get(&message)
    }

    /// The message, to be changed.
    pub(crate) fn message_mut(&mut self, channel: Snowflake, message: Snowflake) -> Option<&mut Message> {
        self.channels.get_mut(&channel)?.messages.get_mut(&message)
    }

    /// The guild of a channel; `None` for direct messages.
    pub(crate) fn guild_of(&self, channel: Snowflake) -> Option<Snowflake> {
        self.channels.get(&channel)?.guild
    }
}

fn account(id: Snowflake, name: &str, is_bot: bool) -> User {
    let username: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let username = if username.len() < 2 { format!("user{}", id.get() % 100_000) } else { username };
    User {
        username: username.into(),
        global_name: (!is_bot).then(|| name.into()),
        is_bot,
        accepts_direct_messages: !is_bot,
        locale: "en-US",
    }
}
