//! Permissions, computed as Discord computes them.
//!
//! Pure functions over plain values: who somebody is, what their roles grant and what a channel overrides. Nothing
//! here knows where any of it is stored.
//!
//! **Invariants**
//! - The owner of a guild and everybody with Administrator hold every permission, whatever a channel says.
//! - Overwrites apply in the order `@everyone`, roles together, the member; within one step denials come first.
//! - Who may not see a channel may do nothing in it.
//!
//! The algorithm: <https://discord.com/developers/docs/topics/permissions#permission-overwrites>.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not, Sub};

use crate::snowflake::Snowflake;

/// A set of permissions, as Discord numbers their bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u64);

macro_rules! permissions {
    ($($name:ident = $bit:literal;)*) => {
        impl Permissions {
            $(
                #[doc = concat!("Bit ", $bit, ".")]
                pub const $name: Self = Self(1 << $bit);
            )*

            /// Every permission that exists.
            pub const ALL: Self = Self($(1 << $bit)|*);

            const NAMES: &[(Self, &str)] = &[$((Self::$name, stringify!($name)),)*];
        }
    };
}

permissions! {
    CREATE_INSTANT_INVITE = 0;
    KICK_MEMBERS = 1;
    BAN_MEMBERS = 2;
    ADMINISTRATOR = 3;
    MANAGE_CHANNELS = 4;
    MANAGE_GUILD = 5;
    ADD_REACTIONS = 6;
    VIEW_AUDIT_LOG = 7;
    PRIORITY_SPEAKER = 8;
    STREAM = 9;
    VIEW_CHANNEL = 10;
    SEND_MESSAGES = 11;
    SEND_TTS_MESSAGES = 12;
    MANAGE_MESSAGES = 13;
    EMBED_LINKS = 14;
    ATTACH_FILES = 15;
    READ_MESSAGE_HISTORY = 16;
    MENTION_EVERYONE = 17;
    USE_EXTERNAL_EMOJIS = 18;
    VIEW_GUILD_INSIGHTS = 19;
    CONNECT = 20;
    SPEAK = 21;
    MUTE_MEMBERS = 22;
    DEAFEN_MEMBERS = 23;
    MOVE_MEMBERS = 24;
    USE_VAD = 25;
    CHANGE_NICKNAME = 26;
    MANAGE_NICKNAMES = 27;
    MANAGE_ROLES = 28;
    MANAGE_WEBHOOKS = 29;
    MANAGE_GUILD_EXPRESSIONS = 30;
    USE_APPLICATION_COMMANDS = 31;
    REQUEST_TO_SPEAK = 32;
    MANAGE_EVENTS = 33;
    MANAGE_THREADS = 34;
    CREATE_PUBLIC_THREADS = 35;
    CREATE_PRIVATE_THREADS = 36;
    USE_EXTERNAL_STICKERS = 37;
    SEND_MESSAGES_IN_THREADS = 38;
    USE_EMBEDDED_ACTIVITIES = 39;
    MODERATE_MEMBERS = 40;
    VIEW_CREATOR_MONETIZATION_ANALYTICS = 41;
    USE_SOUNDBOARD = 42;
    CREATE_GUILD_EXPRESSIONS = 43;
    CREATE_EVENTS = 44;
    USE_EXTERNAL_SOUNDS = 45;
    SEND_VOICE_MESSAGES = 46;
    SET_VOICE_CHANNEL_STATUS = 48;
    SEND_POLLS = 49;
    USE_EXTERNAL_APPS = 50;
    PIN_MESSAGES = 51;
    BYPASS_SLOWMODE = 52;
}

impl Permissions {
    /// No permission at all.
    pub const NONE: Self = Self(0);

    /// What `@everyone` holds in a guild that was just made.
    pub const EVERYONE_DEFAULT: Self = Self(
        Self::CREATE_INSTANT_INVITE.0
            | Self::ADD_REACTIONS.0
            | Self::STREAM.0
            | Self::VIEW_CHANNEL.0
            | Self::SEND_MESSAGES.0
            | Self::EMBED_LINKS.0
            | Self::ATTACH_FILES.0
            | Self::READ_MESSAGE_HISTORY.0
            | Self::MENTION_EVERYONE.0
            | Self::USE_EXTERNAL_EMOJIS.0
            | Self::CONNECT.0
            | Self::SPEAK.0
            | Self::USE_VAD.0
            | Self::CHANGE_NICKNAME.0
            | Self::USE_APPLICATION_COMMANDS.0
            | Self::REQUEST_TO_SPEAK.0
            | Self::CREATE_PUBLIC_THREADS.0
            | Self::CREATE_PRIVATE_THREADS.0
            | Self::USE_EXTERNAL_STICKERS.0
            | Self::SEND_MESSAGES_IN_THREADS.0
            | Self::USE_EMBEDDED_ACTIVITIES.0
            | Self::USE_SOUNDBOARD.0
            | Self::CREATE_GUILD_EXPRESSIONS.0
            | Self::CREATE_EVENTS.0
            | Self::USE_EXTERNAL_SOUNDS.0
            | Self::SEND_VOICE_MESSAGES.0
            | Self::SEND_POLLS.0
            | Self::USE_EXTERNAL_APPS.0,
    );

    /// What a member keeps while timed out.
    const TIMED_OUT: Self = Self(Self::VIEW_CHANNEL.0 | Self::READ_MESSAGE_HISTORY.0);

    /// What goes with Send Messages (or, in a thread, with Send Messages in Threads).
    const NEEDS_SENDING: Self = Self(
        Self::MENTION_EVERYONE.0
            | Self::SEND_TTS_MESSAGES.0
            | Self::ATTACH_FILES.0
            | Self::EMBED_LINKS.0
            | Self::SEND_VOICE_MESSAGES.0
            | Self::SEND_POLLS.0,
    );

    /// The set with exactly these bits, known to Discord or not.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits as Discord sends them, in decimal, in a string.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether every permission of `wanted` is in the set.
    #[must_use]
    pub const fn contains(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

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

/// The permissions of the left side that are not in the right.
impl Sub for Permissions {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl Not for Permissions {
    type Output = Self;

    fn not(self) -> Self {
        Self::ALL - self
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| *name);
        write!(formatter, "Permissions({})", names.collect::<Vec<_>>().join(" | "))
    }
}

/// What a channel changes for one role or one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overwrite {
    /// Whom it is about.
    pub target: OverwriteTarget,
    /// What it grants.
    pub allow: Permissions,
    /// What it takes away.
    pub deny: Permissions,
}

/// Whom an [`Overwrite`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OverwriteTarget {
    /// Everybody with this role; the guild's own id stands for `@everyone`.
    Role(Snowflake),
    /// One member.
    Member(Snowflake),
}

/// Somebody whose permissions are asked for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The guild, which is also the id of its `@everyone` role.
    pub guild: Snowflake,
    /// The member's user id.
    pub user: Snowflake,
    /// Whether the guild is theirs.
    pub is_owner: bool,
    /// Whether they are timed out at this moment.
    pub is_timed_out: bool,
    /// What `@everyone` grants.
    pub everyone: Permissions,
    /// The member's further roles and what each grants.
    pub roles: Vec<(Snowflake, Permissions)>,
}

/// The kinds of place in which implicit denials differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A text, announcement or forum channel, or a category.
    Text,
    /// A voice or stage channel: without Connect there is nothing to do in it.
    Voice,
    /// A thread, with the overwrites of its parent: Send Messages in Threads takes the place of Send Messages.
    Thread,
}

/// What the member may do in the guild at large, before any channel has a say.
#[must_use]
pub fn in_guild(holder: &Holder) -> Permissions {
    let all = base(holder);
    if holder.is_timed_out && !is_above_channels(holder) { all & Permissions::TIMED_OUT } else { all }
}

/// What the member may do in one channel, with these overwrites (for a thread, those of its parent).
#[must_use]
pub fn in_channel(holder: &Holder, overwrites: &[Overwrite], place: Place) -> Permissions {
    if is_above_channels(holder) {
        return Permissions::ALL;
    }
    let granted = overwritten(holder, overwrites);
    let granted = if holder.is_timed_out { granted & Permissions::TIMED_OUT } else { granted };
    without_implicitly_denied(granted, place)
}

fn base(holder: &Holder) -> Permissions {
    let granted = holder.roles.iter().fold(holder.everyone, |sum, (_, role)| sum | *role);
    if holder.is_owner || granted.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { granted }
}

fn is_above_channels(holder: &Holder) -> bool {
    base(holder).contains(Permissions::ADMINISTRATOR)
}

fn overwritten(holder: &Holder, overwrites: &[Overwrite]) -> Permissions {
    let has_role = |role: Snowflake| holder.roles.iter().any(|(held, _)| *held == role);
    let everyone = sum(overwrites, |target| target == OverwriteTarget::Role(holder.guild));
    let roles = sum(
        overwrites,
        |target| matches!(target, OverwriteTarget::Role(role) if role != holder.guild && has_role(role)),
    );
    let member = sum(overwrites, |target| target == OverwriteTarget::Member(holder.user));
    [everyone, roles, member].iter().fold(base(holder), |granted, (allow, deny)| (granted - *deny) | *allow)
}

fn sum(overwrites: &[Overwrite], applies: impl Fn(OverwriteTarget) -> bool) -> (Permissions, Permissions) {
    overwrites
        .iter()
        .filter(|overwrite| applies(overwrite.target))
        .fold((Permissions::NONE, Permissions::NONE), |(allow, deny), overwrite| {
            (allow | overwrite.allow, deny | overwrite.deny)
        })
}

/// Takes away what makes no sense without something else
/// (<https://discord.com/developers/docs/topics/permissions#implicit-permissions>).
fn without_implicitly_denied(granted: Permissions, place: Place) -> Permissions {
    let sending = match place {
        Place::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        Place::Text | Place::Voice => Permissions::SEND_MESSAGES,
    };
    let is_shut = !granted.contains(Permissions::VIEW_CHANNEL)
        || (place == Place::Voice && !granted.contains(Permissions::CONNECT));
    if is_shut {
        // A voice channel that cannot be entered is still listed.
        return granted & Permissions::VIEW_CHANNEL;
    }
    if granted.contains(sending) { granted } else { granted - Permissions::NEEDS_SENDING }
}

#[cfg(test)]
mod tests;
