//! One guild's turn: its unfinished reminders first, then what has become due.

use std::time::Duration;

use super::courier::SendError;
use super::{Scheduler, delivery, settling, suspending, sync_due};
use crate::clock::Timestamp;
use crate::domain::audience::Turnout;
use crate::domain::event::{EndReason, Event};
use crate::domain::reminder::{first_on_grid, rotated};
use crate::ids::GuildId;
use crate::storage::{Lease, Membership, NewReminder, Skip, StorageError};
use crate::telemetry::metric;

/// Due events handled before the agenda is looked at again.
const EVENTS_PER_PASS: usize = 100;

/// One guild's turn.
pub(super) struct Pass {
    pub(super) scheduler: Scheduler,
    pub(super) guild: GuildId,
}

/// How a pass ended.
pub(super) enum Ended {
    /// All that was due is done, and the agenda says when the guild is due again.
    Well,
    /// Some of what was due has to be tried again, after a rest.
    InTrouble {
        /// What failed first.
        error: PassError,
        /// When something else is due in this guild.
        next: Option<Timestamp>,
    },
}

/// What a pass could not do.
#[derive(Debug, thiserror::Error)]
pub(super) enum PassError {
    /// The guild's store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Discord failed, or said no.
    #[error(transparent)]
    Discord(#[from] SendError),
}

impl PassError {
    /// How long Discord asks to wait, where it says so.
    pub(super) fn asks_to_wait(&self) -> Option<Duration> {
        match self {
            Self::Discord(SendError::Retry { after, .. }) => *after,
            Self::Discord(_) | Self::Storage(_) => None,
        }
    }
}

impl Pass {
    /// Does all that is due in this guild, and writes into the agenda when it is due again unless something failed.
    pub(super) async fn run(&self) -> Ended {
        self.work().await.unwrap_or_else(|error| Ended::InTrouble { error, next: None })
    }

    async fn work(&self) -> Result<Ended, PassError> {
        let Scheduler { stores, registry, agenda, courier, clock, .. } = &self.scheduler;
        let known = registry.find(self.guild);
        if known.is_none_or(|known| known.membership == Membership::Left || known.absent_since.is_some()) {
            // Its return puts it into the agenda again.
            return Ok(Ended::Well);
        }
        let Some(store) = stores.open(self.guild).await? else {
            registry.set_next_due(self.guild, None).await?;
            return Ok(Ended::Well);
        };
        if let Err(error) = courier.refresh(&store).await {
            settling::give_up_old(&self.scheduler, &store, &error).await?;
            return Err(error.into());
        }
        let now = clock.now();
        let worked = self.work_in(&store, now).await?;
        courier.tell_organisers(&store).await?;
        match worked {
            None => {
                sync_due(&store, registry, agenda).await?;
                store.reminders().delete_old(now).await?;
                Ok(Ended::Well)
            }
            Some(error) => {
                // What has become due since was not looked at yet.
                let next = store.events().earliest_instant_after(now).await?;
                Ok(Ended::InTrouble { error, next })
            }
        }
    }

    /// Goes through all that is due at `now`, whatever becomes of each; the first failure, if there is one.
    async fn work_in(&self, store: &Lease, now: Timestamp) -> Result<Option<PassError>, PassError> {
        let mut first = None;
        for reminder in store.reminders().pending(now, EVENTS_PER_PASS).await? {
            if self.scheduler.shutdown.is_requested() {
                return Ok(first);
            }
            if let Err(error) = delivery::go_on(&self.scheduler, store, reminder).await {
                first.get_or_insert(error.into());
            }
        }
        for event in store.events().due(now, EVENTS_PER_PASS).await? {
            if self.scheduler.shutdown.is_requested() {
                return Ok(first);
            }
            if let Err(error) = self.remind(store, &event).await {
                first.get_or_insert(error);
            }
        }
        Ok(first)
    }

    /// Claims the reminder of a due event and sends it, or notes that nobody is missing.
    async fn remind(&self, store: &Lease, event: &Event) -> Result<(), PassError> {
        let Some(scheduled_at) = event.next_due_at else { return Ok(()) };
        let turnout = match suspending::turnout_of_due(&self.scheduler, store, event).await {
            Ok(Some(turnout)) => turnout,
            Ok(None) => return Ok(()),
            Err(PassError::Discord(SendError::ChannelGone)) => return self.end_channel(store, event).await,
            Err(PassError::Discord(SendError::EventMessageGone)) => {
                return Ok(suspending::end(&self.scheduler, store, event).await?);
            }
            Err(PassError::Discord(SendError::Forbidden { cause, why })) => {
                return Ok(suspending::hold_up(&self.scheduler, store, event, cause, &why).await?);
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
