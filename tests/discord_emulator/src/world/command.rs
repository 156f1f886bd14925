//! Application commands as the bot has registered them.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Timestamp;
use crate::snowflake::Snowflake;

const DAY: Duration = Duration::from_hours(24);

/// How many new commands a day has room for, in one guild or globally.
const MOST_CREATES: usize = 200;

/// What a command is used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CommandKind {
    /// Typed, with a slash.
    Slash,
    /// In the menu of a user.
    User,
    /// In the menu of a message.
    Message,
}

impl CommandKind {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Slash => 1,
            Self::User => 2,
            Self::Message => 3,
        }
    }

    pub(crate) fn from_number(number: u64) -> Option<Self> {
        [Self::Slash, Self::User, Self::Message].into_iter().find(|kind| u64::from(kind.number()) == number)
    }
}

/// One registered command.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) id: Snowflake,
    /// Changes with each update.
    pub(crate) version: Snowflake,
    pub(crate) kind: CommandKind,
    /// The guild it is limited to.
    pub(crate) guild: Option<Snowflake>,
    pub(crate) name: String,
    /// What the bot sent, without name and type, as Discord keeps it.
    pub(crate) body: Map<String, Value>,
}

impl Command {
    /// The options, or subcommands, in order.
    pub(crate) fn options(&self) -> &[Value] {
        self.body.get("options").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commands {
    pub(crate) global: Vec<Command>,
    pub(crate) by_guild: HashMap<Snowflake, Vec<Command>>,
    /// When new commands were made, for each guild and for all of them.
    created: HashMap<Option<Snowflake>, Vec<Timestamp>>,
}

impl Commands {
    /// Counts new commands against the limit of a day
    /// (<https://discord.com/developers/docs/interactions/application-commands#registering-a-command>).
    ///
    /// Returns whether there was room for them; if not, nothing was counted.
    pub(crate) fn count_creates(&mut self, guild: Option<Snowflake>, count: usize, now: Timestamp) -> bool {
        let created = self.created.entry(guild).or_default();
        created.retain(|at| now.since(*at) < DAY);
        let has_room = count == 0 || created.len() + count <= MOST_CREATES;
        if has_room {
            created.extend(std::iter::repeat_n(now, count));
        }
        has_room
    }

    /// Those of one guild, or the global ones.
    pub(crate) fn list(&self, guild: Option<Snowflake>) -> &[Command] {
        match guild {
            None => &self.global,
            Some(guild) => self.by_guild.get(&guild).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// The same, to be changed.
    pub(crate) fn list_mut(&mut self, guild: Option<Snowflake>) -> &mut Vec<Command> {
        match guild {
            None => &mut self.global,
            Some(guild) => self.by_guild.entry(guild).or_default(),
        }
    }

    /// The command that somebody in the guild would find: the guild's own goes before the global one.
    pub(crate) fn find(
        &self,
        guild: Option<Snowflake>,
        kind: CommandKind,
        is_wanted: impl Fn(&Command) -> bool,
    ) -> Option<&Command> {
        let matching = |command: &&Command| command.kind == kind && is_wanted(command);
        guild
            .and_then(|guild| self.list(Some(guild)).iter().find(matching))
            .or_else(|| self.global.iter().find(matching))
    }
}
