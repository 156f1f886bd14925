//! Gateway intents.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// The groups of events that a session asked for
/// (<https://discord.com/developers/docs/events/gateway#gateway-intents>).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Intents(u64);

macro_rules! intents {
    ($($name:ident = $bit:literal;)*) => {
        impl Intents {
            $(
                #[doc = concat!("Bit ", $bit, ".")]
                pub const $name: Self = Self(1 << $bit);
            )*

            /// Every intent that exists.
            pub const ALL: Self = Self($(1 << $bit)|*);

            const NAMES: &[(Self, &str)] = &[$((Self::$name, stringify!($name)),)*];
        }
    };
}

intents! {
    GUILDS = 0;
    GUILD_MEMBERS = 1;
    GUILD_MODERATION = 2;
    GUILD_EXPRESSIONS = 3;
    GUILD_INTEGRATIONS = 4;
    GUILD_WEBHOOKS = 5;
    GUILD_INVITES = 6;
    GUILD_VOICE_STATES = 7;
    GUILD_PRESENCES = 8;
    GUILD_MESSAGES = 9;
    GUILD_MESSAGE_REACTIONS = 10;
    GUILD_MESSAGE_TYPING = 11;
    DIRECT_MESSAGES = 12;
    DIRECT_MESSAGE_REACTIONS = 13;
    DIRECT_MESSAGE_TYPING = 14;
    MESSAGE_CONTENT = 15;
    GUILD_SCHEDULED_EVENTS = 16;
    AUTO_MODERATION_CONFIGURATION = 20;
    AUTO_MODERATION_EXECUTION = 21;
    GUILD_MESSAGE_POLLS = 24;
    DIRECT_MESSAGE_POLLS = 25;
}

impl Intents {
    /// No intent: an event that needs none reaches every session.
    pub const NONE: Self = Self(0);

    /// The intents that the application's owner has to switch on.
    pub const PRIVILEGED: Self =
        Self(Self::GUILD_MEMBERS.0 | Self::GUILD_PRESENCES.0 | Self::MESSAGE_CONTENT.0);

    /// The set with exactly these bits, known to Discord or not.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits as IDENTIFY carries them.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether every intent of `wanted` is in the set.
    #[must_use]
    pub const fn contains(self, wanted: Self) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// Whether at least one intent is in both sets.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for Intents {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Intents {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl BitAnd for Intents {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The intents of the left side that are not in the right.
impl Sub for Intents {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Intents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, name)| *name);
        write!(formatter, "Intents({})", names.collect::<Vec<_>>().join(" | "))
    }
}
