//! `/event resume`: reminders go on, at the instants at which they would have come anyway.

use serenity_commands::SubCommand;

use super::choose::{Chosen, EventChoice};
use crate::clock::Timestamp;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::place;
use crate::commands::reply::Reply;
use crate::commands::standing;
use crate::domain::event::State;
use crate::domain::interval::Interval;
use crate::domain::reminder::next_on_grid;

/// Rows of the reminder log looked at for the due grid; those sent by hand during a pause know nothing of it.
const LOOKED_BACK: usize = 20;

/// The options of `/event resume`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Resume {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl Resume {
    /// Resumes a paused event, or one whose reminders Discord refused.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find_to_manage(call).await?;
        match chosen.event.state {
            State::Paused => resume(call, chosen).await,
            State::Suspended(_) => {
                place::require_muster(call, chosen.event.channel_id, place::Purpose::Post).await?;
                resume(call, chosen).await
            }
            State::Active | State::Ended(_) => {
                let heading = standing::heading(&chosen.event, call.guild());
                let next = standing::next_reminder(&chosen.event);
                Ok(Reply::text(format!("{heading} is running already. {next}")))
            }
        }
    }
}

async fn resume(call: Call<'_>, chosen: Chosen) -> Result<Reply, CommandError> {
    let now = call.now();
    let next = next_instant(due_without_rest(&chosen).await?, chosen.event.interval, now);
    call.app.expect_due(call.guild(), next.at).await?;
    chosen.store.events().resume(chosen.event.id, next.at, now).await?;
    let event = chosen.settle(call).await?;
    let mut lines = vec![format!("{} goes on.", standing::heading(&event, call.guild()))];
    if next.overdue {
        lines.push(
            "A reminder fell due meanwhile. I leave that one out and go on with the next; `/event remind` sends one now."
                .to_owned(),
        );
    }
    lines.push(standing::next_reminder(&event));
    Ok(Reply::lines(&lines))
}

/// Where the due grid goes on.
#[derive(Debug, PartialEq, Eq)]
struct Next {
    /// The next instant of the grid after now.
    at: Timestamp,
    /// Whether an earlier one passed meanwhile.
    overdue: bool,
}

/// The first instant after `now` of the grid on which `due` is.
fn next_instant(due: Timestamp, interval: Interval, now: Timestamp) -> Next {
    if due > now {
        return Next { at: due, overdue: false };
    }
    Next { at: next_on_grid(due, interval, now), overdue: true }
}

/// When the resting event would have been due. A pause clears that instant and a refusal replaces it, but each reminder
/// has noted the one after it; before the first reminder it is one interval after the beginning.
async fn due_without_rest(chosen: &Chosen) -> Result<Timestamp, CommandError> {
    let event = &chosen.event;
    let log = chosen.store.reminders().history(event.id, LOOKED_BACK, 0).await?;
    let noted = log.iter().find_map(|reminder| reminder.next_due_at);
    Ok(noted.unwrap_or_else(|| event.created_at + event.interval.as_delta()))
}
