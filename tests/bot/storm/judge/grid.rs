//! Every instant of an event's grid has its row, or an earlier row that was claimed late stands for it.

use super::super::records::{EventRow, Row};
use super::Case;

/// How soon something due is claimed in a run, reading the guild and one rest after a failure included.
const CLAIMED_WITHIN_MS: i64 = 12_000;
/// How long after its creation an event's first instant is set at most.
const SET_WITHIN_MS: i64 = 3_000;

impl Case<'_> {
    /// Goes along all grids; the longest that an instant waited to be claimed.
    pub(super) fn judge_grids(&mut self) -> i64 {
        let mut latest = 0;
        for event in self.records.events.clone() {
            let rows: Vec<Row> =
                self.records.rows.iter().filter(|row| is_due(row, &event)).cloned().collect();
            self.judge_grid(&event, &rows);
            for row in &rows {
                latest = latest.max(row.claimed_at - row.scheduled_at);
                self.judge_lateness(&event, row);
            }
        }
        latest
    }

    fn judge_grid(&mut self, event: &EventRow, rows: &[Row]) {
        let Some(interval) = interval_ms(event) else {
            return self.findings.push(format!("{event:?} has no interval in its title"));
        };
        let end = event.ended_at.unwrap_or(self.diary.slowed_at);
        for pair in rows.windows(2) {
            let [row, next] = pair else { continue };
            let expected = after(row, interval);
            if next.scheduled_at != expected {
                let what = format!(
                    "LOST: the instant {expected} follows it, not that of reminder {}, {}",
                    next.id, next.scheduled_at
                );
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
            && !(first.scheduled_at - interval - SET_WITHIN_MS..=first.scheduled_at - interval)
                .contains(&event.created_at)
            && !(event.created_at - SET_WITHIN_MS..=event.created_at)
                .contains(&(first.scheduled_at - interval))
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
        let overlaps = self.diary.runs.iter().map(|(start, stop)| (*stop).min(to) - (*start).max(from));
        let too_long: i64 = overlaps.map(|up| (up - CLAIMED_WITHIN_MS).max(0)).sum();
        (to - from - too_long).max(CLAIMED_WITHIN_MS)
    }
}

/// Whether a row is of the grid: one that a member asked for is claimed at its own instant, and one of the last, long
/// interval is not there.
fn is_due(row: &Row, event: &EventRow) -> bool {
    row.event == event.id && row.claimed_at != row.scheduled_at
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
