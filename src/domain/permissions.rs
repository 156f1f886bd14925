//! What a member or Muster may do in a channel, computed as Discord computes it.
//!
//! Source: <https://docs.discord.com/developers/topics/permissions>

use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

use crate::ids::{GuildId, RoleId, UserId};

/// A set of permissions, in Discord's bits; bits that this version does not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(pub u64);

impl Permissions {
    /// Everything, in every channel.
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    /// "Manage Server".
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    /// "Add Reactions".
    pub const ADD_REACTIONS: Self = Self(1 << 6);
    /// "View Channel".
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    /// "Send Messages".
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    /// "Embed Links".
    pub const EMBED_LINKS: Self = Self(1 << 14);
    /// "Read Message History".
    pub const READ_MESSAGE_HISTORY: Self = Self(1 << 16);
    /// "Mention @everyone, @here and All Roles".
    pub const MENTION_EVERYONE: Self = Self(1 << 17);
    /// "Manage Events".
    pub const MANAGE_EVENTS: Self = Self(1 << 33);
    /// "Send Messages in Threads".
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);
    /// All that Muster uses: seeing, reading, writing, embedding, and reacting.
    pub const USED: Self = Self(
        Self::VIEW_CHANNEL.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::SEND_MESSAGES.0
            | Self::SEND_MESSAGES_IN_THREADS.0
            | Self::EMBED_LINKS.0
            | Self::ADD_REACTIONS.0,
    );
    /// Every permission there is or will be.
    pub const ALL: Self = Self(u64::MAX);

    /// Whether all of `wanted` are in this set.
    #[must_use]
    pub fn contains(self, wanted: Self) -> bool {
        self & wanted == wanted
    }

    /// The names of these permissions as Discord's English client shows them; unknown bits have none.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter(move |(permission, _)| self.contains(*permission)).map(|(_, name)| *name)
    }
}

const NAMES: [(Permissions, &str); 10] = [
    (Permissions::VIEW_CHANNEL, "View Channel"),
    (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
    (Permissions::SEND_MESSAGES, "Send Messages"),
    (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    (Permissions::EMBED_LINKS, "Embed Links"),
    (Permissions::ADD_REACTIONS, "Add Reactions"),
    (Permissions::MENTION_EVERYONE, "Mention @everyone, @here and All Roles"),
    (Permissions::MANAGE_EVENTS, "Manage Events"),
    (Permissions::MANAGE_GUILD, "Manage Server"),
    (Permissions::ADMINISTRATOR, "Administrator"),
];

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Permissions {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Permissions {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Permissions {
    type Output = Self;
    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// Whom an overwrite of a channel is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverwriteFor {
    /// Everyone with the role.
    Role(RoleId),
    /// One member.
    Member(UserId),
}

/// An exception that a channel makes from the guild's roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overwrite {
    /// Whom it is about.
    pub who: OverwriteFor,
    /// Granted here.
    pub allow: Permissions,
    /// Taken here.
    pub deny: Permissions,
}

/// The roles of a guild and who owns it: all that permissions start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildRoles {
    /// The guild.
    pub guild_id: GuildId,
    /// The member who may do everything.
    pub owner_id: UserId,
    /// Each role with what it grants, `@everyone` among them.
    pub roles: Vec<(RoleId, Permissions)>,
}

impl GuildRoles {
    /// What a member may do in a channel with these overwrites.
    ///
    /// `roles` are the member's, without `@everyone`. Of a thread, the overwrites are those of its parent.
    #[must_use]
    pub fn permissions_in(&self, user: UserId, roles: &[RoleId], overwrites: &[Overwrite]) -> Permissions {
        if user == self.owner_id {
            return Permissions::ALL;
        }
        let everyone = self.guild_id.everyone_role();
        let has = |role: RoleId| role == everyone || roles.contains(&role);
        let mut granted = Permissions::default();
        for (_, permissions) in self.roles.iter().filter(|(role, _)| has(*role)) {
            granted |= *permissions;
        }
        if granted.contains(Permissions::ADMINISTRATOR) {
            return Permissions::ALL;
        }
        let layers: [&dyn Fn(OverwriteFor) -> bool; 3] = [
            &|who| who == OverwriteFor::Role(everyone),
            &|who| matches!(who, OverwriteFor::Role(role) if role != everyone && roles.contains(&role)),
            &|who| who == OverwriteFor::Member(user),
        ];
        for applies in layers {
            let (mut allow, mut deny) = (Permissions::default(), Permissions::default());
            for overwrite in overwrites.iter().filter(|overwrite| applies(overwrite.who)) {
                allow |= overwrite.allow;
                deny |= overwrite.deny;
            }
            granted = (granted & !deny) | allow;
        }
        // Whoever cannot see a channel can do nothing in it.
        if granted.contains(Permissions::VIEW_CHANNEL) { granted } else { Permissions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(1);
    const STAFF: RoleId = RoleId::new(5);
    const ANNA: UserId = UserId::new(9);

    fn guild() -> GuildRoles {
        let basic = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES;
        let roles = vec![(GUILD.everyone_role(), basic), (STAFF, Permissions::MANAGE_EVENTS)];
        GuildRoles { guild_id: GUILD, owner_id: UserId::new(2), roles }
    }

    fn overwrite(who: OverwriteFor, allow: Permissions, deny: Permissions) -> Overwrite {
        Overwrite { who, allow, deny }
    }

    #[test]
    fn a_private_channel_is_seen_by_the_role_it_names() {
        let none = Permissions::default();
        let private = [
            overwrite(OverwriteFor::Role(GUILD.everyone_role()), none, Permissions::VIEW_CHANNEL),
            overwrite(OverwriteFor::Role(STAFF), Permissions::VIEW_CHANNEL, none),
        ];
        assert_eq!(guild().permissions_in(ANNA, &[], &private), none);
        assert!(guild().permissions_in(ANNA, &[STAFF], &private).contains(Permissions::SEND_MESSAGES));
    }

    #[test]
    fn an_overwrite_for_the_member_has_the_last_word() {
        let none = Permissions::default();
        let muted = [
            overwrite(OverwriteFor::Member(ANNA), none, Permissions::SEND_MESSAGES),
            overwrite(OverwriteFor::Role(STAFF), Permissions::SEND_MESSAGES, none),
        ];
        assert!(!guild().permissions_in(ANNA, &[STAFF], &muted).contains(Permissions::SEND_MESSAGES));
    }

    #[test]
    fn the_owner_and_administrators_may_everything() {
        let mut guild = guild();
        assert_eq!(guild.permissions_in(guild.owner_id, &[], &[]), Permissions::ALL);
        guild.roles.push((RoleId::new(6), Permissions::ADMINISTRATOR));
        assert_eq!(guild.permissions_in(ANNA, &[RoleId::new(6)], &[]), Permissions::ALL);
    }

    #[test]
    fn missing_permissions_have_names() {
        let missing = Permissions::SEND_MESSAGES | Permissions::ADD_REACTIONS;
        assert_eq!(missing.names().collect::<Vec<_>>(), ["Send Messages", "Add Reactions"]);
    }
}
