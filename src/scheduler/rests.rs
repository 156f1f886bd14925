//! How long guilds rest in which something keeps failing: twice as long after each failure.
//!
//! Kept in memory only: a restart is a reason to look again.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;

use crate::ids::GuildId;

/// The rest after the first failure; it doubles up to [`LONGEST`].
const FIRST: TimeDelta = TimeDelta::seconds(5);
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// The rest after every failure for want of room on the disk: asking again strains nobody, and once there is room all
/// that is due is to go out soon.
pub(super) const WITHOUT_ROOM: TimeDelta = TimeDelta::seconds(10);
/// A rest that Discord asks for is taken for a mistake beyond this.
const LONGEST_ASKED: TimeDelta = TimeDelta::days(1);

/// The guilds whose latest pass failed.
#[derive(Debug, Default)]
pub(super) struct Rests {
    /// How many passes in a row failed.
    failures: HashMap<GuildId, u32>,
}

impl Rests {
    /// How long a guild rests whose pass failed just now: never less than Discord asks for.
    pub(super) fn next(&mut self, guild: GuildId, asked: Option<Duration>) -> TimeDelta {
        let failures = self.failures.entry(guild).or_default();
        let doubled = FIRST.checked_mul(1 << (*failures).min(20)).unwrap_or(LONGEST);
        *failures = failures.saturating_add(1);
        doubled.min(LONGEST).max(as_asked(asked))
    }

    /// Forgets the failures of a guild whose pass went well.
    pub(super) fn end(&mut self, guild: GuildId) {
        self.failures.remove(&guild);
    }
}

/// The wait that Discord asks for, a day at most.
pub(super) fn as_asked(asked: Option<Duration>) -> TimeDelta {
    let asked = asked.map(|asked| TimeDelta::from_std(asked).unwrap_or(LONGEST_ASKED));
    asked.unwrap_or_default().min(LONGEST_ASKED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guild_that_keeps_failing_rests_longer_each_time_until_it_works_again() {
        let (guild, other) = (GuildId::new(1), GuildId::new(2));
        let mut rests = Rests::default();
        let taken: Vec<_> = (0..4).map(|_| rests.next(guild, None).num_seconds()).collect();
        assert_eq!(taken, [5, 10, 20, 40]);
        assert_eq!(rests.next(other, None), FIRST, "each guild for itself");
        for _ in 0..100 {
            rests.next(guild, None);
        }
        assert_eq!(rests.next(guild, None), LONGEST);
        rests.end(guild);
        assert_eq!(rests.next(guild, None), FIRST);
    }

    #[test]
    fn a_wait_that_discord_asks_for_is_kept_up_to_a_day() {
        let mut rests = Rests::default();
        let guild = GuildId::new(1);
        assert_eq!(rests.next(guild, Some(Duration::from_mins(30))), TimeDelta::minutes(30));
        assert_eq!(rests.next(guild, Some(Duration::MAX)), TimeDelta::days(1));
    }
}
