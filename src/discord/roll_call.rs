//! Which guilds are missing after a start: those that no shard's READY listed although Muster was in them.

use std::collections::{HashMap, HashSet};

use crate::ids::GuildId;

/// What the latest READY of each shard listed, and the guilds that came since.
#[derive(Debug, Default)]
pub(super) struct RollCall {
    listed: HashMap<u32, HashSet<GuildId>>,
}

/// What a roll call showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not every shard has answered yet.
    Waiting,
    /// These guilds are missing; often none.
    Missing(Vec<GuildId>),
    /// So many are missing that a fault is likelier than as many removals.
    Implausible(Vec<GuildId>),
}

impl RollCall {
    /// A shard's READY listed these guilds.
    pub(super) fn ready(&mut self, shard: u32, guilds: impl IntoIterator<Item = GuildId>) {
        self.listed.insert(shard, guilds.into_iter().collect());
    }

    /// A guild of this shard was announced.
    pub(super) fn present(&mut self, shard: u32, guild: GuildId) {
        if let Some(listed) = self.listed.get_mut(&shard) {
            listed.insert(guild);
        }
    }

    /// Whether a guild is listed or was announced since.
    pub(super) fn lists(&self, guild: GuildId) -> bool {
        self.listed.values().any(|listed| listed.contains(&guild))
    }

    /// Compares with the guilds that Muster was in. Over half of them missing is implausible, unless the operator
    /// `confirmed` it; but where there was only one, its absence is as plausible as any.
    pub(super) fn outcome(&self, shards: u32, joined: &[GuildId], confirmed: bool) -> Outcome {
        if (0..shards).any(|shard| !self.listed.contains_key(&shard)) {
            return Outcome::Waiting;
        }
        let missing: Vec<GuildId> = joined.iter().copied().filter(|guild| !self.lists(*guild)).collect();
        if joined.len() > 1 && missing.len() * 2 > joined.len() && !confirmed {
            return Outcome::Implausible(missing);
        }
        Outcome::Missing(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guilds(ids: std::ops::Range<u64>) -> Vec<GuildId> {
        ids.map(GuildId::new).collect()
    }

    #[test]
    fn nobody_is_missing_before_every_shard_has_answered() {
        let mut call = RollCall::default();
        call.ready(0, guilds(0..5));
        assert_eq!(call.outcome(2, &guilds(0..10), false), Outcome::Waiting);
        call.ready(1, guilds(5..9));
        assert_eq!(call.outcome(2, &guilds(0..10), false), Outcome::Missing(guilds(9..10)));
        call.present(1, GuildId::new(9));
        assert_eq!(call.outcome(2, &guilds(0..10), false), Outcome::Missing(Vec::new()));
    }

    #[test]
    fn over_half_of_all_guilds_gone_is_not_believed_without_the_operators_word() {
        let mut call = RollCall::default();
        call.ready(0, guilds(0..4));
        let refused = Outcome::Implausible(guilds(4..10));
        assert_eq!(call.outcome(1, &guilds(0..10), false), refused);
        assert_eq!(call.outcome(1, &guilds(0..10), true), Outcome::Missing(guilds(4..10)));
    }

    #[test]
    fn a_few_guilds_are_doubted_like_many_and_only_a_lone_one_may_always_go() {
        let mut call = RollCall::default();
        call.ready(0, []);
        assert_eq!(call.outcome(1, &guilds(0..1), false), Outcome::Missing(guilds(0..1)));
        assert_eq!(call.outcome(1, &guilds(0..2), false), Outcome::Implausible(guilds(0..2)));
        call.present(0, GuildId::new(0));
        assert_eq!(call.outcome(1, &guilds(0..2), false), Outcome::Missing(guilds(1..2)));
        assert_eq!(call.outcome(1, &guilds(0..3), false), Outcome::Implausible(guilds(1..3)));
    }
}
