//! What should have come of one event: an independent reading of the rules, which knows what people did and what Discord
//! answered, and says which due instants have a row, how each ended and when, and whom the messages mention.
//!
//! It shares no code with the scheduler. When a reminder that waited is tried again is the scheduler's to choose, within
//! limits; everything else is foretold.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use muster::domain::reminder::{Reminder, Status};
use muster::storage::Stamped;

use super::courier::{Answer, Request};
use super::script::{Act, Club, HOUR, MINUTE, SECOND, Script, What, due_after};

/// A repeat is word for word while Discord surely knows its nonce.
const WORD_FOR_WORD: i64 = 2 * MINUTE;
/// A reminder says that it is late beyond this.
const LATE: i64 = 2 * MINUTE;
/// No reminder waits longer for its next attempt.
const LONGEST_WAIT: i64 = 16 * MINUTE;
/// How long an event rests that Discord forbids.
const SUSPENDED: i64 = 12 * HOUR;
/// Most members that one message mentions.
const ONE_MESSAGE: usize = 80;

/// The first instant after another of the grid on which `anchor` is, and not before `anchor`.
pub(super) fn on_grid(anchor: i64, interval: i64, after: i64) -> i64 {
    if anchor > after { anchor } else { anchor + ((after - anchor) / interval + 1) * interval }
}

/// What became of a due instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) status: Status,
    pub(super) sent_at: Option<i64>,
    pub(super) notified: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unborn,
    Active,
    Paused,
    Ended,
}

/// A reminder that waits.
#[derive(Debug)]
struct Waiting {
    scheduled: i64,
    nonce: String,
    /// Whom it names, and whom of them its first message.
    to: BTreeSet<u64>,
    first: BTreeSet<u64>,
    /// When that was decided.
    addressed: i64,
    /// Its latest attempt.
    tried: i64,
}

/// An attempt: whom it is for, and since when.
struct Attempt {
    scheduled: i64,
    to: BTreeSet<u64>,
    /// Mentioned by messages that are there already.
    accepted: usize,
    addressed: i64,
}

/// The life of one event.
pub(super) struct Model<'a> {
    script: &'a Script,
    event: usize,
    acts: VecDeque<&'a Act>,
    /// What was asked of Discord, by due instant.
    requests: HashMap<i64, VecDeque<&'a Request>>,
    rows: &'a [&'a Stamped<Reminder>],
    standing: Standing,
    interval: i64,
    anchor: i64,
    next_due: Option<i64>,
    members: BTreeSet<u64>,
    answered: BTreeSet<u64>,
    waiting: Option<Waiting>,
    fates: BTreeMap<i64, Fate>,
}

impl<'a> Model<'a> {
    pub(super) fn new(
        script: &'a Script,
        club: &'a Club,
        event: usize,
        requests: &[&'a Request],
        rows: &'a [&'a Stamped<Reminder>],
    ) -> Self {
        let mut by_instant: HashMap<i64, VecDeque<&Request>> = HashMap::new();
        for request in requests {
            by_instant.entry(request.scheduled_ms).or_default().push_back(request);
        }
        Self {
            script,
            event,
            acts: club.acts.iter().collect(),
            requests: by_instant,
            rows,
            standing: Standing::Unborn,
            interval: 0,
            anchor: 0,
            next_due: None,
            members: club.members.iter().copied().collect(),
            answered: BTreeSet::new(),
            waiting: None,
            fates: BTreeMap::new(),
        }
    }

    /// Lives through it all; what became of each due instant, or the first thing that is not as it should be.
    pub(super) fn live(mut self) -> Result<BTreeMap<i64, Fate>, String> {
        loop {
            let act = self.acts.front().map_or(i64::MAX, |act| act.at);
            let due = self.next_due.map_or(i64::MAX, |due| self.awake(due));
            let retry = self.end_of_wait()?;
            let now = act.min(due).min(retry);
            if now > self.script.end {
                break;
            }
            if now == retry {
                self.go_on(now)?;
            } else if now == act
                && let Some(act) = self.acts.pop_front()
            {
                self.act(act);
            } else {
                self.fall_due(now)?;
            }
        }
        // Who ended before its company may be looked for once more with it.
        let mut left = self.requests.values().flatten().filter(|request| !request.answer.is_of_look());
        if let Some(left) = left.next() {
            return Err(format!("Discord was asked once more: {left:?}"));
        }
        Ok(self.fates)
    }

    /// The first instant from this one on at which the bot runs.
    fn awake(&self, at: i64) -> i64 {
        let down = self.script.downtimes.iter().find(|(from, to)| (*from..*to).contains(&at));
        down.map_or(at, |(_, to)| *to)
    }

    /// When the reminder that waits is looked at again.
    fn end_of_wait(&mut self) -> Result<i64, String> {
        let Some(waiting) = &self.waiting else { return Ok(i64::MAX) };
        let (scheduled, tried) = (waiting.scheduled, waiting.tried);
        let asked = self.requests.get(&scheduled).and_then(VecDeque::front).map(|request| request.at_ms);
        let row = self.rows.iter().find(|row| row.row.scheduled_at.timestamp_millis() == scheduled);
        let dropped = row.filter(|row| row.row.status == Status::Skipped);
        let again = asked.or(dropped.map(|row| row.updated_at.timestamp_millis()));
        let longest = self.awake(tried + LONGEST_WAIT);
        match again {
            Some(again) if again < tried + SECOND => {
                Err(format!("tried again at {again}, too soon after {tried}"))
            }
            Some(again) if again > longest => Err(format!("tried again at {again}, long after {tried}")),
            Some(again) => Ok(again),
            None if longest <= self.script.end => Err(format!("forgotten since {tried}: {waiting:?}")),
            None => {
                let fate = Fate { status: Status::Pending, sent_at: None, notified: 0 };
                self.fates.insert(scheduled, fate);
                Ok(i64::MAX)
            }
        }
    }

    fn fall_due(&mut self, now: i64) -> Result<(), String> {
        let Some(scheduled) = self.next_due else { return Ok(()) };
        self.anchor = on_grid(self.anchor, self.interval, now);
        self.next_due = Some(self.anchor);
        let missing = self.missing();
        if missing.is_empty() || self.waiting.is_some() {
            self.end(scheduled, Status::Skipped, None, 0);
            return Ok(());
        }
        let requests = self.asked_at(scheduled, now);
        self.attempt(now, &requests, Attempt { scheduled, to: missing, accepted: 0, addressed: now })
    }

    /// What becomes of the reminder that waits.
    fn go_on(&mut self, now: i64) -> Result<(), String> {
        let Some(waiting) = self.waiting.take() else { return Ok(()) };
        let requests = self.asked_at(waiting.scheduled, now);
        let Waiting { scheduled, to, .. } = waiting;
        let is_wanted = self.standing == Standing::Active;
        let Some(first) = requests.first() else {
            self.end(scheduled, Status::Skipped, None, 0);
            return if is_wanted { Err(format!("dropped at {now} although it is wanted")) } else { Ok(()) };
        };
        if !is_wanted {
            return Err(format!("nobody wants it any more, and at {now} there was {first:?}"));
        }
        if now - waiting.addressed < WORD_FOR_WORD {
            if first.nonce != waiting.nonce {
                return Err(format!("another nonce than {}: {first:?}", waiting.nonce));
            }
            let again = Attempt { scheduled, to, accepted: 0, addressed: waiting.addressed };
            return self.attempt(now, &requests, again);
        }
        let sends = &requests[requests.iter().take_while(|asked| asked.answer.is_of_look()).count()..];
        let accepted = match first.answer {
            Answer::Unseen => {
                self.waiting = Some(Waiting { to, tried: now, ..waiting });
                return Ok(());
            }
            Answer::Found if to.len() <= ONE_MESSAGE => {
                self.end(scheduled, Status::Sent, Some(now), to.len());
                return Ok(());
            }
            Answer::Found => waiting.first,
            _ => BTreeSet::new(),
        };
        let rest: BTreeSet<u64> = self.missing().difference(&accepted).copied().collect();
        if !rest.is_empty() {
            let accepted = accepted.len();
            return self.attempt(now, sends, Attempt { scheduled, to: rest, accepted, addressed: now });
        }
        match accepted.len() {
            0 => self.end(scheduled, Status::Skipped, None, 0),
            some => self.end(scheduled, Status::Sent, Some(now), some),
        }
        Ok(())
    }

    /// Checks what an attempt asked of Discord, and sees what became of it.
    fn attempt(&mut self, now: i64, requests: &[&Request], attempt: Attempt) -> Result<(), String> {
        let Attempt { scheduled, to, accepted, addressed } = attempt;
        let (Some(first), Some(last)) = (requests.first(), requests.last()) else {
            return Err(format!("nothing was sent at {now} of what was due at {scheduled}"));
        };
        let mentioned: BTreeSet<u64> = requests.iter().flat_map(|asked| &asked.mentions).copied().collect();
        let is_whole = matches!(last.answer, Answer::Taken(_));
        if is_whole && mentioned != to || !mentioned.is_subset(&to) {
            return Err(format!("at {now} it mentions {mentioned:?} instead of {to:?}"));
        }
        if first.says_late != (addressed - scheduled > LATE) {
            return Err(format!("late or not late: {first:?}"));
        }
        match last.answer {
            Answer::Taken(_) => self.end(scheduled, Status::Sent, Some(now), accepted + to.len()),
            Answer::Unheard(_) | Answer::Unreachable => {
                let (nonce, first) = (first.nonce.clone(), first.mentions.clone());
                self.waiting = Some(Waiting { scheduled, nonce, to, first, addressed, tried: now });
            }
            Answer::Refused => self.end(scheduled, Status::Failed, None, 0),
            Answer::Forbidden => {
                self.end(scheduled, Status::Failed, None, 0);
                self.next_due = Some(now + SUSPENDED);
            }
            Answer::Found | Answer::Absent | Answer::Unseen => {
                return Err(format!("only a look: {last:?}"));
            }
        }
        Ok(())
    }

    fn end(&mut self, scheduled: i64, status: Status, sent_at: Option<i64>, notified: usize) {
        self.fates.insert(scheduled, Fate { status, sent_at, notified });
    }

    fn missing(&self) -> BTreeSet<u64> {
        self.members.difference(&self.answered).copied().collect()
    }

    /// Takes what was asked about a due instant at a moment.
    fn asked_at(&mut self, scheduled: i64, now: i64) -> Vec<&'a Request> {
        let Some(requests) = self.requests.get_mut(&scheduled) else { return Vec::new() };
        std::iter::from_fn(|| requests.pop_front_if(|request| request.at_ms == now)).collect()
    }

    fn act(&mut self, act: &Act) {
        let is_live = matches!(self.standing, Standing::Active | Standing::Paused);
        match act.what {
            What::Join(user) => _ = self.members.insert(user),
            What::Leave(user) => _ = self.members.remove(&user),
            What::Begin(event, interval) if event == self.event => {
                self.standing = Standing::Active;
                self.regrid(act.at, interval);
            }
            What::Answer(event, user) if event == self.event && is_live => _ = self.answered.insert(user),
            What::TakeBack(event, user) if event == self.event => _ = self.answered.remove(&user),
            What::Pause(event) if event == self.event && is_live => {
                (self.standing, self.next_due) = (Standing::Paused, None);
            }
            What::Resume(event) if event == self.event && self.standing == Standing::Paused => {
                self.standing = Standing::Active;
                self.anchor = on_grid(self.anchor, self.interval, act.at);
                self.next_due = Some(self.anchor);
            }
            What::SetInterval(event, interval) if event == self.event && is_live => {
                self.regrid(act.at, interval);
            }
            What::End(event) if event == self.event && is_live => {
                (self.standing, self.next_due) = (Standing::Ended, None);
            }
            _ => {}
        }
    }

    /// Begins the grid anew.
    fn regrid(&mut self, at: i64, interval: i64) {
        (self.interval, self.anchor) = (interval, due_after(at, interval));
        self.next_due = (self.standing == Standing::Active).then_some(self.anchor);
    }
}
