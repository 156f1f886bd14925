//! `/event resume`: reminders go on, at the instants at which they would have come anyway.

use serenity_commands::SubCommand;

use super::choose::{Chosen, EventChoice};
use crate::clock::Timestamp;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::place;
use crate::commands::reply::Reply;
use crate::commands::standing;
use crate::domain::event::{Event, State};
use crate::domain::reminder::first_on_grid;

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
            State::Suspended(_) => lift(call, chosen).await,
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
    let next = next_instant(&chosen.event, now);
    call.app.expect_due(call.guild(), next.at).await?;
    chosen.store.events().resume(chosen.event.id, next.at, now).await?;
    goes_on(call, chosen, &next).await
}

/// Goes on with what Discord refused, once what was missing is there.
async fn lift(call: Call<'_>, chosen: Chosen) -> Result<Reply, CommandError> {
    place::require_muster(call, chosen.event.channel_id, place::Purpose::Remind).await?;
    let now = call.now();
    let next = next_instant(&chosen.event, now);
    call.app.expect_due(call.guild(), next.at).await?;
    chosen.store.events().lift_suspension(chosen.event.id, Some(next.at), now).await?;
    goes_on(call, chosen, &next).await
}

async fn goes_on(call: Call<'_>, chosen: Chosen, next: &Next) -> Result<Reply, CommandError> {
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
struct Next {
    /// The next instant of the grid after now.
    at: Timestamp,
    /// Whether an earlier one passed during the pause.
    overdue: bool,
}

fn next_instant(event: &Event, now: Timestamp) -> Next {
    Next { at: first_on_grid(event.grid_at, event.interval, now), overdue: event.grid_at <= now }
}
