//! Locks for guilds: a few for all of them, so that they cost nothing by the guild.

use tokio::sync::Mutex;

use crate::ids::GuildId;

/// So many that two guilds with something to do at the same time seldom share one.
const LOCKS: usize = 64;
const LOCKS_U64: u64 = 64;

/// Fair locks, each for a share of the guilds.
#[derive(Debug)]
pub(super) struct Turns([Mutex<()>; LOCKS]);

impl Default for Turns {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl Turns {
    /// The lock of a guild.
    pub(super) fn of(&self, guild: GuildId) -> &Mutex<()> {
        // An id begins with the milliseconds of its making, <https://docs.discord.com/developers/reference#snowflakes>.
        let [first, ..] = &self.0;
        let index = usize::try_from((guild.get() >> 22) % LOCKS_U64).unwrap_or_default();
        self.0.get(index).unwrap_or(first)
    }
}
