//! Events whose reminders Discord refuses: held up with their channel, tried now and then, never asked for more than that.

use chrono::TimeDelta;

use super::Scheduler;
use crate::domain::event::{EndReason, Event, State};
use crate::domain::notice::Cause;
use crate::storage::{Lease, StorageError};

/// How often reminders that Discord refuses for want of a permission are tried again.
pub const SUSPENSION: TimeDelta = TimeDelta::hours(12);

/// Holds up the reminders of an event, and of all others in its channel if the cause concerns them too.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn hold_up(
    scheduler: &Scheduler,
    store: &Lease,
    event: &Event,
    cause: Cause,
    why: &str,
) -> Result<(), StorageError> {
    let (guild, now) = (store.guild_id(), scheduler.clock.now());
    let (events, retry_at) = (store.events(), now + SUSPENSION);
    let fresh = if cause.concerns_channel() {
        events.suspend_channel(event.channel_id, cause, why, retry_at, now).await?
    } else {
        let was_suspended = matches!(event.state, State::Suspended(_));
        // False: a member paused or ended the event meanwhile, which says more.
        let is_suspended = events.suspend(event.id, cause, why, retry_at, now).await?;
        if is_suspended && !was_suspended { vec![event.id] } else { Vec::new() }
    };
    if !fresh.is_empty() {
        tracing::warn!(
            guild.id = %guild, event.id = %event.id, channel.id = %event.channel_id, events = fresh.len(), why,
            "reminders are suspended"
        );
    }
    // Where Muster sees nothing it can rewrite nothing either.
    for event in fresh.into_iter().filter(|_| cause != Cause::Access) {
        scheduler.courier.event_changed(guild, event);
    }
    Ok(())
}

/// Ends an event whose message is gone.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn end(scheduler: &Scheduler, store: &Lease, event: &Event) -> Result<(), StorageError> {
    let (reason, now) = (EndReason::MessageDeleted, scheduler.clock.now());
    if store.events().end(event.id, reason, now).await? {
        tracing::info!(
            guild.id = %store.guild_id(), event.id = %event.id, reason = reason.sentence(), "an event is over"
        );
    }
    Ok(())
}
