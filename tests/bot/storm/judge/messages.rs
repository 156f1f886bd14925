//! Each reminder is in the channel exactly once, and so is everybody whom it was to mention.

use std::collections::HashSet;

use super::super::ledger::Answer;
use super::super::records::Row;
use super::{Case, DOUBT_MS, Part};

impl Case<'_> {
    pub(super) fn judge_messages(&mut self) {
        let mut accused = Vec::new();
        let mut orphans = Vec::new();
        let parts = self.parts();
        for (reminder, of_one) in &parts {
            if !self.records.rows.iter().any(|row| row.id == *reminder) {
                orphans.push(format!("reminder {reminder} was sent and has no row: {of_one:?}"));
            }
        }
        for row in &self.records.rows {
            let of_one = parts.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let wrong = if row.status == "sent" {
                self.wrong_with_sent(row, of_one)
            } else {
                wrong_with_unsent(row, of_one).into_iter().collect()
            };
            accused.extend(wrong.into_iter().map(|what| (row.clone(), what)));
        }
        self.findings.extend(orphans);
        for (row, what) in accused {
            self.accuse(&row, &what);
        }
    }

    fn wrong_with_sent(&self, row: &Row, parts: &[Part<'_>]) -> Vec<String> {
        let mut wrong = Vec::new();
        let numbers: Vec<usize> = parts.iter().map(|part| part.number).collect();
        if numbers != (0..numbers.len()).collect::<Vec<_>>() || numbers.is_empty() {
            let ids: Vec<_> = parts.iter().map(|part| (part.number, part.seen.id, part.seen.at)).collect();
            wrong.push(format!("LOST OR DOUBLED: its parts are {ids:?}"));
        }
        let found: Vec<_> = parts.iter().map(|part| Some(part.seen.id.to_string())).collect();
        if found != row.messages {
            wrong.push(format!("the row names other messages than {found:?}"));
        }
        let mentioned: Vec<u64> = parts.iter().flat_map(|part| part.users.iter().copied()).collect();
        let different: HashSet<u64> = mentioned.iter().copied().collect();
        if different.len() != mentioned.len() {
            wrong.push(format!("somebody is mentioned twice: {mentioned:?}"));
        }
        if mentioned.len() != row.notified {
            wrong.push(format!("{} members are mentioned, not {}", mentioned.len(), row.notified));
        }
        for Part { number: part, seen, users } in parts {
            if users.iter().any(|user| !seen.pings.contains(user)) {
                wrong.push(format!("part {part} mentions somebody without a notification"));
            }
            if seen.text.contains("perhaps sent before") {
                wrong.push(format!("part {part} says that it may be a repeat"));
            }
        }
        wrong.extend(self.wrong_people(row, parts, &different));
        wrong
    }

    /// Who had answered is left alone; who had not is mentioned.
    fn wrong_people(&self, row: &Row, parts: &[Part<'_>], mentioned: &HashSet<u64>) -> Vec<String> {
        let Some(event) = self.event(row).and_then(|event| event.message.as_ref()?.parse().ok()) else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        let ledger = &self.village.ledger;
        for Part { number: part, seen, users } in parts {
            // A part that was taken before the rest was addressed anew was addressed at the claim, or in between.
            let addressed = if row.addressed_at <= seen.at { row.addressed_at } else { row.claimed_at };
            for user in *users {
                let answer = ledger.throughout(event, *user, addressed - DOUBT_MS, seen.at.max(addressed));
                if answer == Answer::Given {
                    wrong.push(format!("part {part} mentions {user}, who had answered"));
                }
            }
        }
        for member in self.village.guild.members() {
            let is_asked = member != self.village.guild.bot();
            let held = || {
                let from = row.claimed_at.min(row.addressed_at) - DOUBT_MS;
                ledger.throughout(event, member.id().get(), from, row.updated_at)
            };
            if is_asked && !mentioned.contains(&member.id().get()) && held() == Answer::Missing {
                wrong.push(format!("{member:?} had not answered and is not mentioned"));
            }
        }
        wrong
    }
}

fn wrong_with_unsent(row: &Row, parts: &[Part<'_>]) -> Option<String> {
    // What was sent when its event was ended by a member is dropped without another look.
    let is_explained = row.error.as_deref() == Some("its event is over");
    (!parts.is_empty() && !is_explained).then(|| format!("it is {}, but was sent: {parts:?}", row.status))
}
