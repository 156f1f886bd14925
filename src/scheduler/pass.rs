//! One guild's turn: its unfinished reminders first, then what has become due.

use chrono::TimeDelta;

use super::courier::SendError;
use super::turnout::turnout_of;
use super::{Scheduler, delivery, sync_due};
use crate::clock::Timestamp;
use crate::domain::audience::Turnout;
use crate::domain::event::{EndReason, Event};
use crate::domain::reminder::{first_on_grid, rotated};
use crate::ids::GuildId;
use crate::storage::{Lease, NewReminder, Skip, StorageError};
use crate::telemetry::metric;

/// Due events handled before the agenda is looked at again.
const EVENTS_PER_PASS: usize = 100;

/// How long a guild rests after its store or Discord failed in a way that has no row to wait in.
const REST: TimeDelta = TimeDelta::seconds(30);

/// How often reminders that Discord refuses for want of a permission are tried again.
pub(super) const SUSPENSION: TimeDelta = TimeDelta::hours(12);

/// One guild's turn.
pub(super) struct Pass {
    pub(super) scheduler: Scheduler,
    pub(super) guild: GuildId,
}

/// What ended a pass early.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassError {
    /// The guild's store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Discord failed, or said no.
    #[error("Discord cannot be asked: {0}")]
    Discord(#[from] SendError),
}

impl Pass {
    /// Does all that is due in this guild, and writes into the agenda when it is due again.
    pub(super) async fn run(&self) {
        if let Err(error) = self.work().await {
            tracing::warn!(guild.id = %self.guild, error = %error, "reminders of this guild wait for a moment");
            self.scheduler.agenda.pull_forward(self.guild, self.scheduler.clock.now() + REST);
        }
    }

    async fn work(&self) -> Result<(), PassError> {
        let Scheduler { stores, registry, agenda, courier, clock, .. } = &self.scheduler;
        let Some(store) = stores.open(self.guild).await? else {
            registry.set_next_due(self.guild, None).await?;
            return Ok(());
        };
        courier.refresh(&store).await?;
        for reminder in store.reminders().pending(clock.now(), EVENTS_PER_PASS).await? {
            if self.scheduler.shutdown.is_requested() {
                return Ok(());
            }
            delivery::go_on(&self.scheduler, &store, reminder).await?;
        }
        for event in store.events().due(clock.now(), EVENTS_PER_PASS).await? {
            if self.scheduler.shutdown.is_requested() {
                return Ok(());
            }
            self.remind(&store, &event).await?;
        }
        sync_due(&store, registry, agenda).await?;
        Ok(())
    }

    /// Claims the reminder of a due event and sends it, or notes that nobody is missing.
    async fn remind(&self, store: &Lease, event: &Event) -> Result<(), PassError> {
        let Some(scheduled_at) = event.next_due_at else { return Ok(()) };
        let turnout = match turnout_of(&self.scheduler, store, event).await {
            Ok(turnout) => turnout,
            Err(PassError::Discord(SendError::ChannelGone)) => return self.end_channel(store, event).await,
            Err(PassError::Discord(SendError::Forbidden { why })) => {
                return self.suspend(store, event, scheduled_at, &why).await;
            }
            Err(error) => return Err(error),
        };
        let now = self.scheduler.clock.now();
        let next_due_at = first_on_grid(event.grid_at, event.interval, now);
        let unfinished = store.reminders().has_pending(event.id).await?;
        if turnout.non_responders.is_empty() || unfinished {
            let why = unfinished.then_some("an earlier reminder was still on its way");
            let responded = turnout.responded;
            let skip = Skip { event_id: event.id, scheduled_at, next_due_at, responded, why };
            if store.reminders().skip(&skip, now).await? {
                metrics::counter!(metric::REMINDERS, "status" => "skipped").increment(1);
            }
            return Ok(());
        }
        let claim = new_reminder(event, scheduled_at, next_due_at, turnout);
        if let Some(reminder) = store.reminders().claim(&claim, now).await? {
            delivery::deliver(&self.scheduler, store, event, reminder).await?;
        }
        Ok(())
    }

    async fn end_channel(&self, store: &Lease, event: &Event) -> Result<(), PassError> {
        let ended = store.events().end_in_channel(event.channel_id, self.scheduler.clock.now()).await?;
        tracing::info!(
            guild.id = %self.guild, channel.id = %event.channel_id, events = ended.len(),
            reason = EndReason::ChannelDeleted.sentence(), "events ended"
        );
        Ok(())
    }

    async fn suspend(
        &self,
        store: &Lease,
        event: &Event,
        due: Timestamp,
        why: &str,
    ) -> Result<(), PassError> {
        let now = self.scheduler.clock.now();
        tracing::warn!(guild.id = %self.guild, event.id = %event.id, due_at = %due, why, "reminders are suspended");
        if store.events().suspend(event.id, why, now + SUSPENSION, now).await? {
            self.scheduler.courier.event_changed(self.guild, event.id);
        }
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
