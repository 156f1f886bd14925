//! Discord's ids as types of their own, so that a channel can never be passed where a guild is meant.
//!
//! **Invariants**
//! - An id is printed in decimal and nothing else; a path or a custom id built from one cannot carry hostile text.
//! - In SQLite an id is an INTEGER. Snowflakes stay below 2^63 until the year 2154, so the conversion is exact.

use std::fmt;
use std::str::FromStr;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Milliseconds of Unix time at which Discord's ids begin.
///
/// Source: <https://docs.discord.com/developers/reference#snowflakes>
const DISCORD_EPOCH_MS: u64 = 1_420_070_400_000;

/// A text that should have been one of Discord's ids and is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a Discord id (a number of up to 19 digits)")]
pub struct ParseIdError(String);

fn parse_snowflake(text: &str) -> Result<u64, ParseIdError> {
    let invalid = || ParseIdError(text.chars().take(40).collect());
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    let number: u64 = text.parse().map_err(|_| invalid())?;
    if number == 0 || i64::try_from(number).is_err() {
        return Err(invalid());
    }
    Ok(number)
}

macro_rules! snowflake {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a number that came from Discord.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number as Discord counts it.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The instant at which Discord made this id, to the millisecond.
            #[must_use]
            pub fn created_at(self) -> Timestamp {
                let ms = (self.0 >> 22) + DISCORD_EPOCH_MS;
                i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_snowflake(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl sqlx::Type<sqlx::Sqlite> for $name {
            fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
                <i64 as sqlx::Type<sqlx::Sqlite>>::type_info()
            }
        }

        impl<'q> sqlx::Encode<'q, sqlx::Sqlite> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut <sqlx::Sqlite as sqlx::Database>::ArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                sqlx::Encode::<sqlx::Sqlite>::encode(i64::try_from(self.0)?, buffer)
            }
        }

        impl<'r> sqlx::Decode<'r, sqlx::Sqlite> for $name {
            fn decode(value: sqlx::sqlite::SqliteValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
                let number = <i64 as sqlx::Decode<sqlx::Sqlite>>::decode(value)?;
                Ok(Self(u64::try_from(number)?))
            }
        }
    };
}

snowflake! {
    /// A guild, which people call a server.
    GuildId
}
snowflake! {
    /// A channel or a thread.
    ChannelId
}
snowflake! {
    /// A message.
    MessageId
}
snowflake! {
    /// An account, of a person or a bot.
    UserId
}
snowflake! {
    /// A role inside a guild. The role `@everyone` carries the guild's own number.
    RoleId
}

impl GuildId {
    /// The role that every member of this guild has.
    #[must_use]
    pub const fn everyone_role(self) -> RoleId {
        RoleId::new(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        let id = MessageId::new(175_928_847_299_117_063);
        assert_eq!(id.created_at().to_rfc3339(), "2016-04-30T11:18:25.796+00:00");
    }

    #[test]
    fn only_decimal_digits_make_an_id() {
        assert_eq!("42".parse(), Ok(GuildId::new(42)));
        for text in ["", "0", "-1", "+1", " 1", "1e3", "../1", "99999999999999999999", "18446744073709551615"]
        {
            assert!(text.parse::<GuildId>().is_err(), "{text:?} was taken for an id");
        }
    }
}
