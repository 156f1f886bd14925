//! Ids as Discord makes them: a time in milliseconds and a counter.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::world::Timestamp;

/// The first millisecond of 2015, from which ids count.
pub(crate) const DISCORD_EPOCH: u64 = 1_420_070_400_000;

/// An id. Orders by the time at which its thing was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Snowflake(u64);

impl Snowflake {
    /// The id with this number.
    #[must_use]
    pub const fn new(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The id as Discord writes it in a path or in JSON; `None` for anything but a decimal number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_decimal.then(|| text.parse().ok().map(Self)).flatten()
    }

    /// When the id was made.
    pub(crate) fn at(self) -> Timestamp {
        Timestamp::from_millis((self.0 >> 22) + DISCORD_EPOCH)
    }

    /// The shard of a guild with this id (<https://discord.com/developers/docs/events/gateway#sharding>).
    #[must_use]
    pub const fn shard(self, shards: u64) -> u64 {
        (self.0 >> 22) % if shards == 0 { 1 } else { shards }
    }
}

impl fmt::Display for Snowflake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<u64> for Snowflake {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

impl From<Snowflake> for u64 {
    fn from(id: Snowflake) -> Self {
        id.0
    }
}

impl FromStr for Snowflake {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Snowflake {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Snowflake {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("{text:?} is no snowflake")))
    }
}

/// Makes ids that always grow.
///
/// Guilds get ids of their own: each lies one millisecond after the one before, and all lie before the emulator's
/// start, so that consecutive guilds fall on consecutive shards.
#[derive(Debug)]
pub(crate) struct Ids {
    last: u64,
    next_guild: u64,
}

impl Ids {
    /// Ids from this moment on.
    pub(crate) fn new(start: Timestamp) -> Self {
        let guilds_from = start - Duration::from_hours(24 * 30);
        Self { last: 0, next_guild: Self::first_at(guilds_from) }
    }

    /// The next id, made at this moment.
    pub(crate) fn next(&mut self, now: Timestamp) -> Snowflake {
        self.last = Self::first_at(now).max(self.last + 1);
        Snowflake(self.last)
    }

    /// The next guild's id.
    pub(crate) fn next_guild(&mut self) -> Snowflake {
        let id = self.next_guild;
        self.next_guild += 1 << 22;
        Snowflake(id)
    }

    /// The lowest id of a moment.
    pub(crate) fn first_at(at: Timestamp) -> u64 {
        at.as_millis().saturating_sub(DISCORD_EPOCH) << 22
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_tell_their_time() {
        let start = Timestamp::from_millis(1_790_000_000_123);
        let mut ids = Ids::new(start);
        let (first, second) = (ids.next(start), ids.next(start));
        assert!(first < second);
        assert_eq!(first.at(), start);
        assert_eq!(second.at(), start);
    }

    #[test]
    fn consecutive_guilds_fall_on_consecutive_shards() {
        let mut ids = Ids::new(Timestamp::from_millis(1_790_000_000_000));
        let shards: Vec<u64> = (0..4).map(|_| ids.next_guild().shard(4)).collect();
        let mut sorted = shards.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3]);
    }
}
