//! Who had answered what, and since when, as the members themselves know it.

use std::collections::HashMap;
use std::sync::Mutex;

use discord_emulator::{Member, Message};

/// Whether a member has answered an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Missing,
    Given,
    /// It changed, or nobody can tell: a button was pressed and no answer came.
    Unsure,
}

/// Event's message and member.
type Pair = (u64, u64);

/// The changes of each pair, in their order, by Unix milliseconds.
#[derive(Debug, Default)]
pub(super) struct Ledger(Mutex<HashMap<Pair, Vec<(i64, Answer)>>>);

impl Ledger {
    pub(super) fn note(&self, event: &Message, member: &Member, at: i64, answer: Answer) {
        let pair = (event.id().get(), member.id().get());
        self.0.lock().unwrap().entry(pair).or_default().push((at, answer));
    }

    /// What holds now, and since when.
    pub(super) fn latest(&self, event: &Message, member: &Member) -> (i64, Answer) {
        let pair = (event.id().get(), member.id().get());
        let latest = self.0.lock().unwrap().get(&pair).and_then(|changes| changes.last().copied());
        latest.unwrap_or((0, Answer::Missing))
    }

    /// What held all the time between two instants.
    pub(super) fn throughout(&self, event: u64, member: u64, from: i64, to: i64) -> Answer {
        let ledger = self.0.lock().unwrap();
        let mut held = Answer::Missing;
        for (at, answer) in ledger.get(&(event, member)).into_iter().flatten() {
            if *at <= from {
                held = *answer;
            } else if *at <= to && *answer != held {
                return Answer::Unsure;
            }
        }
        held
    }
}
