//! Claiming what is due: whom each event is to remind at this moment, in one transaction with its next instant.

use super::courier::SendError;
use super::pass::{PassError, SUSPENSION};
use super::round::Round;
use crate::clock::Timestamp;
use crate::domain::audience::Turnout;
use crate::domain::event::{EndReason, Event};
use crate::domain::reminder::{Reminder, first_on_grid, rotated};
use crate::domain::reminder_text::Outgoing;
use crate::storage::{NewReminder, Skip};
use crate::telemetry::metric;

impl Round<'_> {
    /// Claims the reminders of due events; left out are those for which nobody is missing, and those that fail, of which
    /// `failed` hears.
    pub(super) async fn claim(&self, events: &[Event], mut failed: impl FnMut(PassError)) -> Vec<Outgoing> {
        let mut due = Vec::with_capacity(events.len());
        for event in events {
            match self.look_at(event).await {
                Ok(new) => due.extend(new),
                Err(error) => failed(error),
            }
        }
        if due.is_empty() {
            return Vec::new();
        }
        match self.store.reminders().claim_all(&due, self.now()).await {
            Ok(claimed) => {
                let with_event = |reminder: Reminder| {
                    let event = events.iter().find(|event| event.id == reminder.event_id)?.clone();
                    Some(Outgoing { event, reminder })
                };
                claimed.into_iter().filter_map(with_event).collect()
            }
            Err(error) => {
                failed(error.into());
                Vec::new()
            }
        }
    }

    /// The reminder that a due event needs; `None` if it needs none, which is then written down.
    async fn look_at(&self, event: &Event) -> Result<Option<NewReminder>, PassError> {
        let Some(scheduled_at) = event.next_due_at else { return Ok(None) };
        let turnout = match self.turnout(event).await {
            Ok(turnout) => turnout,
            Err(PassError::Discord(SendError::ChannelGone)) => {
                self.end_channel(event).await?;
                return Ok(None);
            }
            Err(PassError::Discord(SendError::Forbidden { why })) => {
                self.suspend(event, scheduled_at, &why).await?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let now = self.now();
        let next_due_at = first_on_grid(event.grid_at, event.interval, now);
        let unfinished = self.store.reminders().has_pending(event.id).await?;
        if turnout.non_responders.is_empty() || unfinished {
            let why = unfinished.then_some("an earlier reminder was still on its way");
            let responded = turnout.responded;
            let skip = Skip { event_id: event.id, scheduled_at, next_due_at, responded, why };
            if self.store.reminders().skip(&skip, now).await? {
                metrics::counter!(metric::REMINDERS, "status" => "skipped").increment(1);
            }
            return Ok(None);
        }
        Ok(Some(new_reminder(event, scheduled_at, next_due_at, turnout)))
    }

    async fn end_channel(&self, event: &Event) -> Result<(), PassError> {
        let ended = self.store.events().end_in_channel(event.channel_id, self.now()).await?;
        tracing::info!(
            guild.id = %self.guild(), channel.id = %event.channel_id, events = ended.len(),
            reason = EndReason::ChannelDeleted.sentence(), "events ended"
        );
        Ok(())
    }

    async fn suspend(&self, event: &Event, due: Timestamp, why: &str) -> Result<(), PassError> {
        let now = self.now();
        tracing::warn!(guild.id = %self.guild(), event.id = %event.id, due_at = %due, why, "reminders are suspended");
        self.store.events().suspend(event.id, why, now + SUSPENSION, now).await?;
        self.scheduler.courier.event_changed(self.guild(), event.id);
        Ok(())
    }
}

fn new_reminder(
    event: &Event,
    scheduled_at: Timestamp,
    next_due_at: Timestamp,
    turnout: Turnout,
) -> NewReminder {
    NewReminder {
        event_id: event.id,
        scheduled_at,
        next_due_at: Some(next_due_at),
        recipients: rotated(turnout.non_responders, scheduled_at, event.interval),
        responded: turnout.responded,
    }
}
