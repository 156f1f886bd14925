//! `/event remind`: mention now everybody who has not answered.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::place::{self, Purpose};
use crate::commands::reply::Reply;
use crate::commands::standing::{self, Standing};
use crate::domain::event::Event;
use crate::domain::reminder::rotated;
use crate::domain::text;
use crate::storage::{Lease, NewReminder};

/// The options of `/event remind`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Remind {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl Remind {
    /// Claims a reminder that is due at once. The due grid stays as it is; a paused event stays paused.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find_to_manage(call).await?;
        let (store, event) = (&chosen.store, &chosen.event);
        place::require_muster(call, event.channel_id, Purpose::Post).await?;
        refuse_a_second(store, event).await?;
        call.discord().sync_members(store).await?;
        call.discord().reconcile(store, event).await?;
        let standing = Standing::of(call, store, event).await?;
        let heading = standing::heading(event, call.guild());
        if standing.turnout.non_responders.is_empty() {
            return Ok(Reply::text(format!(
                "There is nobody to remind of {heading}. {}",
                standing.numbers()
            )));
        }
        let missing = claim(call, store, event, standing).await?;
        let next = standing::next_reminder(event);
        let members = standing::members(missing);
        Ok(Reply::text(format!("On its way: {members} will be mentioned for {heading}. {next}")))
    }
}

/// Claims the reminder and wakes the scheduler; returns how many it will mention.
async fn claim(
    call: Call<'_>,
    store: &Lease,
    event: &Event,
    standing: Standing,
) -> Result<usize, CommandError> {
    let now = call.now();
    let missing = standing.turnout.non_responders.len();
    let reminder = NewReminder {
        event_id: event.id,
        scheduled_at: now,
        next_due_at: event.next_due_at,
        recipients: rotated(standing.turnout.non_responders, now, event.interval),
        responded: standing.turnout.responded,
    };
    call.app.expect_due(call.guild(), now).await?;
    let claimed = store.reminders().claim_now(&reminder, now).await?;
    call.app.sync_due(store).await;
    claimed.map(|_| missing).ok_or_else(|| already_reminding(event))
}

/// Nobody is mentioned twice because two organisers had the same thought.
async fn refuse_a_second(store: &Lease, event: &Event) -> Result<(), CommandError> {
    if store.reminders().has_pending(event.id).await? { Err(already_reminding(event)) } else { Ok(()) }
}

fn already_reminding(event: &Event) -> CommandError {
    CommandError::AlreadyReminding(text::escape(&event.title))
}
