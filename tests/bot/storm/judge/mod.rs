//! Whether anything was lost or doubled, judged from what Discord has and what the rows say, not by the bot's own reading.

mod grid;
mod messages;
mod outcomes;

use std::collections::HashMap;

use super::records::{EventRow, Records, Row, Seen};
use super::ride::Diary;
use super::town::{Town, Village};

/// How far in time the members' own knowledge and the bot's may be apart, in milliseconds.
const DOUBT_MS: i64 = 4_000;

/// One guild before the judge.
struct Case<'a> {
    village: &'a Village,
    diary: &'a Diary,
    records: Records,
    findings: Vec<String>,
}

/// One part of a reminder, in the message that carries it.
#[derive(Debug)]
struct Part<'a> {
    number: usize,
    seen: &'a Seen,
    users: &'a [u64],
}

/// How much there was to judge.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) events: usize,
    pub(super) sent: usize,
    pub(super) passed_over: usize,
    pub(super) messages: usize,
    pub(super) retried: usize,
    pub(super) mentions: usize,
    /// The longest that an instant waited to be claimed, and that it did so in one run of the program.
    pub(super) longest_wait_ms: i64,
    pub(super) longest_wait_in_one_run_ms: i64,
}

/// All that is wrong.
pub(super) fn judge(town: &Town, diary: &Diary) -> (Tally, Vec<String>) {
    let mut tally = Tally::default();
    let mut findings = diary.findings.clone();
    for village in &town.villages {
        let records = Records::of(town, village);
        let mut case = Case { village, diary, records, findings: Vec::new() };
        case.count(&mut tally);
        case.judge_messages();
        case.judge_outcomes();
        case.judge_grids(&mut tally);
        case.judge_events();
        findings.append(&mut case.findings);
    }
    (tally, findings)
}

impl Case<'_> {
    fn count(&self, tally: &mut Tally) {
        let rows = &self.records.rows;
        tally.events += self.records.events.len();
        tally.sent += rows.iter().filter(|row| row.status == "sent").count();
        tally.passed_over += rows.iter().filter(|row| row.status == "skipped").count();
        tally.retried += rows.iter().filter(|row| row.attempts > 1).count();
        tally.messages += self.records.messages.iter().filter(|seen| !seen.sections.is_empty()).count();
        tally.mentions += rows.iter().map(|row| row.notified).sum::<usize>();
    }

    /// Notes what is wrong with a reminder, with all that is known of it.
    fn accuse(&mut self, row: &Row, what: &str) {
        let guild = self.village.guild.id();
        let lines = self.diary.lines_about(guild.get(), row.id);
        self.findings.push(format!("guild {guild}, reminder {}: {what}\n      {row:?}\n{lines}", row.id));
    }

    /// The parts of each reminder, in their order.
    fn parts(&self) -> HashMap<i64, Vec<Part<'_>>> {
        let mut parts: HashMap<i64, Vec<Part<'_>>> = HashMap::new();
        for seen in &self.records.messages {
            for section in &seen.sections {
                let part = Part { number: section.part, seen, users: &section.mentioned };
                parts.entry(section.reminder).or_default().push(part);
            }
        }
        for of_one in parts.values_mut() {
            of_one.sort_by_key(|part| (part.number, part.seen.id));
        }
        parts
    }

    fn event(&self, row: &Row) -> Option<&EventRow> {
        self.records.events.iter().find(|event| event.id == row.event)
    }

    /// Each confirmed event is there, and each event has one message.
    fn judge_events(&mut self) {
        let Records { events, messages, .. } = &self.records;
        let mut findings = Vec::new();
        for title in self.village.confirmed.lock().unwrap().iter() {
            if events.iter().filter(|event| event.title == *title).count() != 1 {
                findings.push(format!("the confirmed event {title:?} is not there once"));
            }
        }
        for event in events {
            // The message of one that is over offers no choices any more.
            let is_its = |seen: &&Seen| {
                seen.asks == Some(event.id) || event.message.as_deref() == Some(&seen.id.to_string())
            };
            let asking: Vec<_> = messages.iter().filter(is_its).collect();
            // A draft that was never posted is kept for a while, in no list and never due.
            let is_draft = event.message.is_none() && event.ended_at.is_none();
            if asking.len() != usize::from(!is_draft) {
                findings.push(format!("{event:?} has {} messages: {asking:?}", asking.len()));
            }
        }
        let guild = self.village.guild.id();
        for seen in messages.iter().filter(|seen| seen.asks.is_some()) {
            if !events.iter().any(|event| Some(event.id) == seen.asks) {
                findings.push(format!("a message asks for an event that there is not: {seen:?}"));
            }
        }
        self.findings.extend(findings.into_iter().map(|finding| format!("guild {guild}: {finding}")));
    }
}
