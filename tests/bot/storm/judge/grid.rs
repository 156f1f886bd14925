//! Every instant of an event's grid has its row, or an earlier row that was claimed late stands for it.

use super::super::records::{EventRow, Row};
use super::{Case, Tally};

/// How soon something due is claimed in a run, reading the guild and one rest after a failure included.
const CLAIMED_WITHIN_MS: i64 = 20_000;
/// How long a command may take between its start, from which the grid counts, and the creation of its event.
const SET_WITHIN_MS: i64 = 10_000;

impl Case<'_> {
    /// Goes along all grids.
    pub(super) fn judge_grids(&mut self, tally: &mut Tally) {
        for event in self.records.events.clone() {
            let Some(interval) = interval_ms(&event) else {
                self.findings.push(format!("{event:?} has no interval in its title"));
                continue;
            };
            let rows = self.due_rows(&event, interval);
            self.judge_grid(&event, interval, &rows);
            for row in &rows {
                let (due, claimed) = (row.scheduled_at, row.claimed_at);
                let in_one_run = self.running_between(due, claimed).max().unwrap_or_default();
                tally.longest_wait_ms = tally.longest_wait_ms.max(claimed - due);
                tally.longest_wait_in_one_run_ms = tally.longest_wait_in_one_run_ms.max(in_one_run);
                self.judge_lateness(&event, row);
            }
        }
    }

    /// The rows of an event that are of its grid. One that a member asked for is claimed at its own instant, and is of the
    /// grid only if that happens to be one of the grid's, whose row it then is.
    fn due_rows(&self, event: &EventRow, interval: i64) -> Vec<Row> {
        let rows: Vec<&Row> = self.records.rows.iter().filter(|row| row.event == event.id).collect();
        let phase =
            rows.iter().find(|row| !is_asked_for(row)).map(|row| row.scheduled_at.rem_euclid(interval));
        let is_due = |row: &&Row| !is_asked_for(row) || Some(row.scheduled_at.rem_euclid(interval)) == phase;
        rows.into_iter().filter(is_due).cloned().collect()
    }

    fn judge_grid(&mut self, event: &EventRow, interval: i64, rows: &[Row]) {
        let end = event.ended_at.unwrap_or(self.diary.slowed_at);
        for pair in rows.windows(2) {
            let [row, next] = pair else { continue };
            // One between the look at who is missing and the claim may follow as well.
            let follows = row.scheduled_at + interval..=after(row, interval);
            let is_on_grid = (next.scheduled_at - row.scheduled_at) % interval == 0;
            if !follows.contains(&next.scheduled_at) || !is_on_grid {
                let (id, at) = (next.id, next.scheduled_at);
                let near: Vec<_> = self.records.rows.iter().filter(|one| is_near(one, row, next)).collect();
                let what =
                    format!("LOST: what follows is reminder {id} of {at}, not of {follows:?}: {near:#?}");
                self.accuse(row, &what);
            }
        }
        let allowed = |due: i64| self.waits_allowed(due, end);
        match rows.last() {
            Some(last) if end - after(last, interval) > allowed(after(last, interval)) => {
                let what = format!("LOST: nothing follows it, though its event went on until {end}");
                self.accuse(last, &what);
            }
            None if end - event.created_at - interval
                > allowed(event.created_at + interval) + SET_WITHIN_MS =>
            {
                self.findings.push(format!("LOST: {event:?} never reminded, and went on until {end}"));
            }
            _ => {}
        }
        if let Some(first) = rows.first()
            && event.title.starts_with("Extra")
            && (first.scheduled_at - interval - event.created_at).abs() > SET_WITHIN_MS
        {
            self.accuse(first, &format!("LOST: it is not the first instant of {event:?}"));
        }
    }

    /// Only what the program could not claim is late.
    fn judge_lateness(&mut self, event: &EventRow, row: &Row) {
        let late = row.claimed_at - row.scheduled_at;
        let allowed = self.waits_allowed(row.scheduled_at, row.claimed_at);
        if late > allowed {
            self.accuse(
                row,
                &format!("it was claimed {late} ms late, more than {allowed} ms, for {event:?}"),
            );
        }
    }

    /// How long something due may wait between two instants: while the program is down, and some time in each run.
    fn waits_allowed(&self, from: i64, to: i64) -> i64 {
        let too_long = self.running_between(from, to).map(|up| (up - CLAIMED_WITHIN_MS).max(0)).sum::<i64>();
        (to - from - too_long).max(CLAIMED_WITHIN_MS)
    }

    /// How long each run was under way between two instants.
    fn running_between(&self, from: i64, to: i64) -> impl Iterator<Item = i64> {
        self.diary.runs.iter().map(move |(start, stop)| ((*stop).min(to) - (*start).max(from)).max(0))
    }
}

/// Whether a row may be one that a member asked for.
fn is_asked_for(row: &Row) -> bool {
    row.claimed_at == row.scheduled_at
}

/// Whether a row is of the same event and of the time between two others.
fn is_near(one: &Row, row: &Row, next: &Row) -> bool {
    one.event == row.event && (row.claimed_at..=next.claimed_at).contains(&one.claimed_at)
}

/// The first instant of the grid after a row was claimed.
fn after(row: &Row, interval: i64) -> i64 {
    let passed = (row.claimed_at - row.scheduled_at).max(0) / interval;
    row.scheduled_at + (passed + 1) * interval
}

fn interval_ms(event: &EventRow) -> Option<i64> {
    let seconds: i64 = event.title.rsplit(' ').next()?.strip_suffix('s')?.parse().ok()?;
    Some(seconds * 1_000)
}
