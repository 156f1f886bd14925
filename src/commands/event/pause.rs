//! `/event pause`: reminders rest, answers still count.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::commands::standing;

/// The options of `/event pause`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Pause {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl Pause {
    /// Pauses the event; once more does no harm.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find_to_manage(call).await?;
        let changed = chosen.store.events().pause(chosen.event.id, call.now()).await?;
        let event = chosen.settle(call).await?;
        let heading = standing::heading(&event, call.guild());
        let said = if changed { "is paused" } else { "was paused already" };
        Ok(Reply::text(format!("{heading} {said}. {}", standing::next_reminder(&event))))
    }
}
