//! What Muster may believe without asking: for which guilds no change can have been missed.
//!
//! It lives in memory only. A restart has missed changes in every guild, and a lost session in every guild of its
//! shard; so nothing is fresh at first, and nothing has to be written into ten thousand stores when a session is lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::event::EventId;
use crate::ids::GuildId;

/// The guilds whose members and answers are known to be up to date.
#[derive(Debug, Default)]
pub(super) struct Freshness {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    members: HashSet<GuildId>,
    answers: HashSet<GuildId>,
    /// Events whose answers were not read when those of their guild were.
    unread: HashSet<(GuildId, EventId)>,
    /// Guilds of which some events were left for later.
    left_for_later: HashSet<GuildId>,
    /// The guilds that are being read, and whether a change may have been missed meanwhile.
    readings: HashMap<GuildId, Missed>,
}

/// Whether a change may have been missed during a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    No,
    Maybe,
}

impl Freshness {
    /// A reading of a guild begins; only one at a time. It counts only if Muster `hears_of` the guild by now.
    pub(super) fn begin(&self, guild: GuildId, hears_of: bool) {
        self.lock().readings.insert(guild, if hears_of { Missed::No } else { Missed::Maybe });
    }

    /// Whether no change of the guild's members was missed since they were read.
    pub(super) fn has_members(&self, guild: GuildId) -> bool {
        self.lock().members.contains(&guild)
    }

    /// Whether no reaction in the guild was missed since they were read.
    pub(super) fn has_answers(&self, guild: GuildId) -> bool {
        self.lock().answers.contains(&guild)
    }

    /// The members were read; ends the reading.
    pub(super) fn members_read(&self, guild: GuildId) {
        let mut inner = self.lock();
        if inner.readings.remove(&guild) == Some(Missed::No) {
            inner.members.insert(guild);
        }
    }

    /// The reactions of all live events were read; ends the reading.
    pub(super) fn answers_read(&self, guild: GuildId) {
        let mut inner = self.lock();
        if inner.readings.remove(&guild) == Some(Missed::No) {
            inner.answers.insert(guild);
        }
    }

    /// Some events of a guild were left for later: they are unread.
    pub(super) fn left_for_later(&self, guild: GuildId, events: impl IntoIterator<Item = EventId>) {
        let mut inner = self.lock();
        let before = inner.unread.len();
        inner.unread.extend(events.into_iter().map(|event| (guild, event)));
        if inner.unread.len() > before {
            inner.left_for_later.insert(guild);
        }
    }

    /// Whether some events of a guild were left for later.
    pub(super) fn has_left_for_later(&self, guild: GuildId) -> bool {
        self.lock().left_for_later.contains(&guild)
    }

    /// The same, and whoever asks takes it on.
    pub(super) fn take_left_for_later(&self, guild: GuildId) -> bool {
        self.lock().left_for_later.remove(&guild)
    }

    /// The answers of one event could not be read; the others of its guild may be fresh.
    pub(super) fn note_unread(&self, guild: GuildId, event: EventId) {
        self.lock().unread.insert((guild, event));
    }

    /// The answers of one event were read.
    pub(super) fn note_read(&self, guild: GuildId, event: EventId) {
        self.lock().unread.remove(&(guild, event));
    }

    /// Whether the answers of one event have to be read before they are believed, however fresh its guild is.
    pub(super) fn is_unread(&self, guild: GuildId, event: EventId) -> bool {
        self.lock().unread.contains(&(guild, event))
    }

    /// A change of the guild's members was not written down, because nobody needs them at present.
    pub(super) fn members_skipped(&self, guild: GuildId) {
        self.lock().members.remove(&guild);
    }

    /// Changes may have been missed in the guilds that `affected` names.
    pub(super) fn missed(&self, affected: impl Fn(GuildId) -> bool) {
        let mut inner = self.lock();
        inner.members.retain(|guild| !affected(*guild));
        inner.answers.retain(|guild| !affected(*guild));
        for (_, missed) in inner.readings.iter_mut().filter(|(guild, _)| affected(**guild)) {
            *missed = Missed::Maybe;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(1);

    #[test]
    fn a_reading_that_began_before_a_loss_proves_nothing() {
        let freshness = Freshness::default();
        freshness.begin(GUILD, true);
        freshness.missed(|guild| guild == GUILD);
        freshness.answers_read(GUILD);
        assert!(!freshness.has_answers(GUILD));
        freshness.begin(GUILD, false);
        freshness.answers_read(GUILD);
        assert!(!freshness.has_answers(GUILD));
        freshness.begin(GUILD, true);
        freshness.answers_read(GUILD);
        assert!(freshness.has_answers(GUILD));
    }

    #[test]
    fn a_loss_touches_only_the_guilds_it_names() {
        let (freshness, other) = (Freshness::default(), GuildId::new(2));
        for guild in [GUILD, other] {
            freshness.begin(guild, true);
            freshness.members_read(guild);
        }
        freshness.missed(|guild| guild == GUILD);
        assert!(!freshness.has_members(GUILD) && freshness.has_members(other));
        freshness.members_skipped(other);
        assert!(!freshness.has_members(other));
    }
}
