//! Guilds, their members, roles and custom emojis.

use std::collections::BTreeMap;

use super::{ScheduledEvent, Timestamp};
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;

/// A guild ("server").
#[derive(Clone, Debug)]
pub(crate) struct Guild {
    pub(crate) id: Snowflake,
    pub(crate) name: Box<str>,
    pub(crate) owner: Snowflake,
    /// By user, so that pages come in the order of ids.
    pub(crate) members: BTreeMap<Snowflake, Member>,
    /// `@everyone` among them, under the guild's id.
    pub(crate) roles: BTreeMap<Snowflake, Role>,
    /// Channels without threads, in the order of creation.
    pub(crate) channels: Vec<Snowflake>,
    /// Threads, archived ones too.
    pub(crate) threads: Vec<Snowflake>,
    pub(crate) emojis: Vec<CustomEmoji>,
    pub(crate) scheduled_events: BTreeMap<Snowflake, ScheduledEvent>,
    /// Who was banned, with the reason.
    pub(crate) bans: BTreeMap<Snowflake, Option<String>>,
    /// Commands that its settings let everybody use, whatever their default permissions.
    pub(crate) open_commands: Vec<Box<str>>,
    /// `false` during an outage of this guild.
    pub(crate) is_available: bool,
    /// The language of the guild, `en-US`.
    pub(crate) locale: &'static str,
}

/// One user's place in a guild.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) nick: Option<Box<str>>,
    /// Without `@everyone`.
    pub(crate) roles: Vec<Snowflake>,
    pub(crate) joined: Timestamp,
    pub(crate) timed_out_until: Option<Timestamp>,
    /// Whether they have yet to accept the guild's rules.
    pub(crate) is_pending: bool,
}

impl Member {
    /// A member with no roles who joins at this moment.
    pub(crate) fn joining(at: Timestamp) -> Self {
        Self { nick: None, roles: Vec::new(), joined: at, timed_out_until: None, is_pending: false }
    }

    pub(crate) fn is_timed_out(&self, now: Timestamp) -> bool {
        self.timed_out_until.is_some_and(|until| until > now)
    }
}

/// A role.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) id: Snowflake,
    pub(crate) name: Box<str>,
    pub(crate) permissions: Permissions,
    pub(crate) position: u16,
    pub(crate) color: u32,
    pub(crate) is_hoisted: bool,
    pub(crate) is_mentionable: bool,
    /// The bot whose own role this is: managed, and neither assignable nor removable.
    pub(crate) of_bot: Option<Snowflake>,
}

impl Role {
    /// A plain role.
    pub(crate) fn new(id: Snowflake, name: &str, permissions: Permissions, position: u16) -> Self {
        Self {
            id,
            name: name.into(),
            permissions,
            position,
            color: 0,
            is_hoisted: false,
            is_mentionable: false,
            of_bot: None,
        }
    }
}

/// An emoji that a guild has uploaded.
#[derive(Clone, Debug)]
pub(crate) struct CustomEmoji {
    pub(crate) id: Snowflake,
    pub(crate) name: Box<str>,
    pub(crate) is_animated: bool,
}

impl Guild {
    /// What `@everyone` and the member's roles are called and grant, highest first.
    pub(crate) fn highest_role(&self, user: Snowflake) -> (u16, Snowflake) {
        let roles = self.members.get(&user).map(|member| member.roles.as_slice()).unwrap_or_default();
        roles
            .iter()
            .filter_map(|role| self.roles.get(role))
            .map(|role| (role.position, role.id))
            .max_by_key(|(position, id)| (*position, std::cmp::Reverse(*id)))
            .unwrap_or((0, self.id))
    }

    /// Whether the first stands above the second, so that one may manage the other.
    pub(crate) fn outranks(&self, user: Snowflake, other: Snowflake) -> bool {
        user == self.owner || (other != self.owner && self.highest_role(user).0 > self.highest_role(other).0)
    }

    /// The position that a new role on top gets.
    pub(crate) fn top_position(&self) -> u16 {
        self.roles.values().map(|role| role.position).max().unwrap_or(0).saturating_add(1)
    }
}
