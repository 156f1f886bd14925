//! `/event unwatch`: an event ends.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::Reply;
use crate::commands::standing;
use crate::domain::event::EndReason;

/// The options of `/event unwatch`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Unwatch {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl Unwatch {
    /// Ends the event. Its message stays, and so does what was answered.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find_to_manage(call).await?;
        chosen.store.events().end(chosen.event.id, EndReason::Unwatched, call.now()).await?;
        let event = chosen.settle(call).await?;
        let heading = standing::heading(&event, call.guild());
        Ok(Reply::text(format!(
            "{heading} is over: I count no more answers and send no more reminders. The message stays; \
             `/event watch` with its link goes on where it ended."
        )))
    }
}
