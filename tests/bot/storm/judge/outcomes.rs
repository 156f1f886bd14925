//! What became of a row is something that the storm explains.

use super::super::ledger::Answer;
use super::super::records::Row;
use super::{Case, DOUBT_MS};

impl Case<'_> {
    pub(super) fn judge_outcomes(&mut self) {
        let rows = self.records.rows.clone();
        for row in &rows {
            if row.perhaps != 0 {
                self.accuse(row, "it may have been repeated, though the history may be read");
            }
            if let Some(what) = self.unexplained(row) {
                self.accuse(row, &what);
            }
        }
        let promised = self.village.promised.lock().unwrap().clone();
        for (message, from, to) in promised {
            let event = self.records.events.iter().find(|one| one.message == Some(message.to_string()));
            let event = event.map(|event| event.id);
            let kept = rows.iter().any(|row| {
                Some(row.event) == event
                    && row.claimed_at == row.scheduled_at
                    && (from..=to).contains(&row.claimed_at)
            });
            if !kept {
                self.findings.push(format!("LOST: a reminder of {message} was promised at {from}"));
            }
        }
    }

    fn unexplained(&self, row: &Row) -> Option<String> {
        match (row.status.as_str(), row.error.as_deref()) {
            ("sent", None) => None,
            ("skipped", None) => self.somebody_missing(row, row.claimed_at),
            ("skipped", Some("nobody was missing any more when it could be sent")) => {
                self.somebody_missing(row, row.updated_at)
            }
            ("skipped", Some("an earlier reminder was still on its way")) => {
                let was_on_its_way = self.records.rows.iter().any(|other| {
                    other.event == row.event
                        && other.id != row.id
                        && other.claimed_at <= row.claimed_at
                        && other.updated_at >= row.claimed_at
                });
                (!was_on_its_way).then(|| "LOST: no earlier reminder was on its way".to_owned())
            }
            ("skipped", Some("its event is over")) => {
                let is_over = self.event(row).is_some_and(|event| {
                    event.end_reason.as_deref() == Some("unwatched")
                        && event.ended_at.is_some_and(|at| at <= row.updated_at)
                });
                (!is_over).then(|| "LOST: its event is not over".to_owned())
            }
            (status, why) => Some(format!("LOST: it is {status} because of {why:?}")),
        }
    }

    /// A member who was missing all the time before an instant at which nobody is said to have been.
    fn somebody_missing(&self, row: &Row, at: i64) -> Option<String> {
        let event = self.event(row)?.message.as_ref()?.parse().ok()?;
        let ledger = &self.village.ledger;
        let held = |member: &discord_emulator::Member| {
            ledger.throughout(event, member.id().get(), at - DOUBT_MS, at)
        };
        let members = self.village.guild.members();
        let mut asked = members.into_iter().filter(|member| *member != self.village.guild.bot());
        let missing = asked.find(|member| held(member) == Answer::Missing)?;
        Some(format!("LOST: {missing:?} was missing"))
    }
}
