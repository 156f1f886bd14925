//! What happens in a storm, and when: all of it follows from the seed.

use std::time::Duration;

use super::dice::Dice;

/// How long the program trusts a nonce in the second half of a storm.
pub(super) const SHORT_WINDOW: Duration = Duration::from_secs(2);

/// How the program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Terminate,
}

/// One run of the program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// How long it runs.
    pub(super) runs_for: Duration,
    /// How it ends.
    pub(super) ending: Ending,
    /// Whether it trusts a nonce for [`SHORT_WINDOW`] only.
    pub(super) is_wary: bool,
    /// How long it is down after this.
    pub(super) down_for: Duration,
    /// Whether Discord has forgotten all nonces when it starts again.
    pub(super) forgets: bool,
}

/// A storm.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) rounds: Vec<Round>,
}

impl Plan {
    /// So many kills and so many stops, in an order that follows from the seed. In the first half every restart comes
    /// within the nonce window, in the second half one in four comes after it.
    pub(super) fn new(seed: u64, kills: usize, stops: usize) -> Self {
        let mut dice = Dice::of(seed).fork(1);
        let (mut kills, mut stops) = (kills, stops);
        let total = kills + stops;
        let mut rounds = Vec::with_capacity(total);
        while kills + stops > 0 {
            let is_kill = dice.within(0..as_number(kills + stops)) < as_number(kills);
            *(if is_kill { &mut kills } else { &mut stops }) -= 1;
            let is_wary = rounds.len() * 2 >= total;
            let forgets = is_wary && dice.percent(25);
            // Mostly short, so that many ends meet a start or a first attempt; sometimes long enough for second ones.
            let runs_for = if dice.percent(15) { dice.ms(2_500..7_000) } else { dice.ms(0..2_500) };
            rounds.push(Round {
                runs_for,
                ending: if is_kill { Ending::Kill } else { Ending::Terminate },
                is_wary,
                down_for: if forgets { SHORT_WINDOW } else { dice.ms(0..400) },
                forgets,
            });
        }
        Self { seed, rounds }
    }
}

fn as_number(count: usize) -> u64 {
    u64::try_from(count).expect("a count fits")
}
