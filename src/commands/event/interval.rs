//! `/event interval`: how often an event reminds.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::commands::standing;
use crate::domain::event::State;
use crate::domain::interval::Interval;

/// The options of `/event interval`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct SetInterval {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,

    /// How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
    #[command(builder(max_length(60)))]
    interval: String,
}

impl SetInterval {
    /// Sets the interval; the due grid begins anew, one interval from now.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let interval = Interval::parse(&self.interval, call.app.config.reminders.limits())?;
        let chosen = self.event.find_to_manage(call).await?;
        let now = call.now();
        let next_due = now + interval.as_delta();
        // While it is paused that is early, and harmless.
        call.app.expect_due(call.guild(), next_due).await?;
        chosen.store.events().set_interval(chosen.event.id, interval, Some(next_due), now).await?;
        let event = chosen.settle(call).await?;
        let heading = standing::heading(&event, call.guild());
        let next = standing::next_reminder(&event);
        // Where reminders go out, the sentence about the next one says how often.
        let changed = match event.state {
            State::Active => format!("{heading} has a new interval."),
            _ => format!("{heading} now has an interval of {interval}."),
        };
        Ok(Reply::text(format!("{changed} {next}")))
    }
}
