//! What members and organisers do in a simulation, and when: written before it begins.
//!
//! Reminders fall due at whole hundredths of a second, and people act between them: which of the two comes first is
//! never a matter of luck.

use super::dice::Dice;

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// An arbitrary beginning, in milliseconds.
pub(super) const BEGIN: i64 = 1_800_000_000_000;

/// What happens in all guilds.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) end: i64,
    pub(super) guilds: Vec<Club>,
    /// When the bot does not run.
    pub(super) downtimes: Vec<(i64, i64)>,
}

/// A guild, and what happens in it.
#[derive(Debug)]
pub(super) struct Club {
    pub(super) id: u64,
    /// Who is there at the beginning.
    pub(super) members: Vec<u64>,
    /// The channel of each event.
    pub(super) channels: Vec<u64>,
    /// In the order of their instants.
    pub(super) acts: Vec<Act>,
}

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub(super) at: i64,
    pub(super) what: What,
}

/// What somebody does; events are counted from zero, in each guild for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Watches a message, with so many milliseconds between reminders.
    Begin(usize, i64),
    Answer(usize, u64),
    TakeBack(usize, u64),
    Join(u64),
    Leave(u64),
    Pause(usize),
    Resume(usize),
    SetInterval(usize, i64),
    End(usize),
}

/// How much happens.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) guilds: u64,
    /// How long the bot runs, downtimes apart.
    pub(super) length: i64,
    /// Minutes between reminders.
    pub(super) intervals: &'static [i64],
    /// From an instant at which nobody acts and nothing is due to one at which something may be.
    pub(super) downtimes: Vec<(i64, i64)>,
}

impl Script {
    /// What a seed makes happen.
    pub(super) fn of(seed: u64, size: &Size) -> Self {
        let mut dice = Dice::new(seed);
        let mut end = BEGIN + size.length;
        let mut guilds: Vec<Club> =
            (1..=size.guilds).map(|number| club(number, end, size, &mut dice)).collect();
        for (from, to) in &size.downtimes {
            // While the bot is away nobody can ask it for anything: all that would follow follows later.
            let away = to - from + 5;
            let acts = guilds.iter_mut().flat_map(|club| &mut club.acts);
            acts.filter(|act| act.at >= *from).for_each(|act| act.at += away);
            end += away;
        }
        Self { end, guilds, downtimes: size.downtimes.clone() }
    }
}

/// When something falls due that begins to count at an act.
pub(super) fn due_after(act_at: i64, interval: i64) -> i64 {
    act_at - act_at.rem_euclid(10) + interval
}

fn club(number: u64, end: i64, size: &Size, dice: &mut Dice) -> Club {
    let id = 1_000_000_000_000_000_000 + (number << 22);
    // A hundred and more need two messages.
    let crowd = if dice.says(1) { dice.between(90, 170) } else { dice.between(3, 12) };
    let user = |number: i64| id + 1_000 + number.unsigned_abs();
    let members: Vec<u64> = (0..crowd).map(user).collect();
    let mut club = Club { id, members, channels: Vec::new(), acts: Vec::new() };
    let (first, shares) = (moment(BEGIN, BEGIN + HOUR, dice), dice.says(30));
    let first_interval = dice.pick(size.intervals) * MINUTE;
    for event in 0..usize::try_from(dice.between(1, 3)).unwrap() {
        // Some ask several things at once in one channel: their reminders fall due together.
        let (begin, interval) = if shares {
            (first, first_interval)
        } else {
            (moment(BEGIN, BEGIN + size.length / 3, dice), dice.pick(size.intervals) * MINUTE)
        };
        club.channels.push(id + 1 + if shares { 0 } else { u64::try_from(event).unwrap() });
        club.add(begin, What::Begin(event, interval));
        club.answer(event, begin, end, dice);
        club.organise(event, begin, end, size, dice);
    }
    for guest in 0..dice.between(0, 3) {
        let come = moment(BEGIN, end, dice);
        club.add(come, What::Join(user(500 + guest)));
        if dice.says(50) {
            club.add(moment(come, end, dice), What::Leave(user(500 + guest)));
        }
    }
    if dice.says(30) {
        let who = *dice.pick(&club.members);
        club.add(moment(BEGIN, end, dice), What::Leave(who));
    }
    club.acts.sort_by_key(|act| act.at);
    club
}

impl Club {
    fn add(&mut self, at: i64, what: What) {
        self.acts.push(Act { at, what });
    }

    /// Most answer at some time, and some change their minds; the last one rarely does.
    fn answer(&mut self, event: usize, begin: i64, end: i64, dice: &mut Dice) {
        let last = self.members.len() - 1;
        for (place, user) in self.members.clone().into_iter().enumerate() {
            if !dice.says(if place == last { 8 } else { 70 }) {
                continue;
            }
            let at = moment(begin, end, dice);
            self.add(at, What::Answer(event, user));
            if dice.says(10) {
                self.add(moment(at, end, dice), What::TakeBack(event, user));
            }
        }
    }

    fn organise(&mut self, event: usize, begin: i64, end: i64, size: &Size, dice: &mut Dice) {
        if dice.says(20) {
            let at = moment(begin, end, dice);
            self.add(at, What::Pause(event));
            if dice.says(80) {
                let longest = (at + size.length / 8).min(end);
                self.add(moment(at, longest, dice), What::Resume(event));
            }
        }
        if dice.says(15) {
            let interval = dice.pick(size.intervals) * MINUTE;
            self.add(moment(begin, end, dice), What::SetInterval(event, interval));
        }
        if dice.says(10) {
            self.add(moment(begin + size.length / 4, end, dice), What::End(event));
        }
    }
}

/// A moment between two at which nothing falls due.
fn moment(from: i64, to: i64, dice: &mut Dice) -> i64 {
    let at = dice.between(from, to.max(from + 10));
    at - at.rem_euclid(10) + 15
}
