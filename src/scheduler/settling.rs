//! What becomes of a reminder that was not sent, and of its event.

use std::time::Duration;

use chrono::TimeDelta;

use super::courier::SendError;
use super::delivery::Delivery;
use super::rests::as_asked;
use super::{Scheduler, suspending};
use crate::clock::Timestamp;
use crate::domain::notice::Cause;
use crate::domain::reminder::{Reminder, ReminderId};
use crate::domain::text;
use crate::storage::{Lease, StorageError};
use crate::telemetry::metric;

/// The wait before the second attempt; it doubles up to [`LONGEST_BACKOFF`].
const FIRST_BACKOFF: TimeDelta = TimeDelta::seconds(2);
const LONGEST_BACKOFF: TimeDelta = TimeDelta::minutes(15);
/// A reminder that could not be delivered for so long after its claim is given up: the next one says the same.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(1);
/// But never before it was tried so often, which takes about an hour: a day on which Muster did not run is no day of trying.
const LEAST_ATTEMPTS: u32 = 12;
/// Old reminders looked at when a guild cannot be read.
const OLD_AT_ONCE: usize = 100;

impl Delivery<'_> {
    pub(super) async fn skip(&self, reminder: ReminderId, why: &str) -> Result<(), StorageError> {
        if self.store.reminders().mark_skipped(reminder, why, self.now()).await? {
            metrics::counter!(metric::REMINDERS, "status" => "skipped").increment(1);
            let (guild, event) = (self.store.guild_id(), self.event.id);
            tracing::info!(guild.id = %guild, event.id = %event, reminder.id = %reminder, why, "a reminder was dropped");
        }
        Ok(())
    }

    pub(super) async fn fail(&self, reminder: ReminderId, why: &str) -> Result<(), StorageError> {
        if self.store.reminders().mark_failed(reminder, why, self.now()).await? {
            metrics::counter!(metric::REMINDERS, "status" => "failed").increment(1);
            self.log(reminder, why, "a reminder was not sent");
        }
        Ok(())
    }

    /// Decides what a failed attempt makes of the reminder and its event.
    pub(super) async fn settle(&self, reminder: &Reminder, error: SendError) -> Result<(), StorageError> {
        let (now, why) = (self.now(), error.to_string());
        let events = self.store.events();
        match error {
            SendError::Retry { .. } if self.is_hopeless(reminder) => {
                // First the notice: after a crash in between, the reminder is tried once more, and then given up again.
                let due = text::full_time(reminder.scheduled_at);
                let told =
                    format!("it was due {due} and could not be delivered since: {}", text::escape(&why));
                self.store.notices().undelivered(self.event.id, &told, now).await?;
                self.fail(reminder.id, &format!("given up after a day: {why}")).await
            }
            SendError::Retry { after, .. } => {
                let again = self.backoff(reminder.attempts, after);
                if self.store.reminders().retry_at(reminder.id, again, &why, now).await? {
                    self.log(reminder.id, &why, "a reminder waits for its next attempt");
                }
                Ok(())
            }
            SendError::Forbidden { cause, .. } => {
                suspending::hold_up(self.scheduler, self.store, self.event, cause, &why).await?;
                // The log is read as plain text.
                self.fail(reminder.id, &why.replace("**", "")).await
            }
            SendError::ChannelGone => {
                events.end_in_channel(self.event.channel_id, now).await?;
                self.log(reminder.id, &why, "an event is over");
                self.skip(reminder.id, &why).await
            }
            SendError::EventMessageGone => {
                suspending::end(self.scheduler, self.store, self.event).await?;
                self.skip(reminder.id, &why).await
            }
            SendError::Refused { .. } => {
                // What Discord does not take now it does not take at the next instant either.
                suspending::hold_up(self.scheduler, self.store, self.event, Cause::Refused, &why).await?;
                self.fail(reminder.id, &why).await
            }
            SendError::SentAndDeleted => self.fail(reminder.id, &why).await,
        }
    }

    /// Whether it was tried for so long that the next reminder has to do.
    fn is_hopeless(&self, reminder: &Reminder) -> bool {
        let is_old = self.now() - reminder.claimed_at >= GIVEN_UP_AFTER;
        is_old && reminder.attempts.saturating_add(1) >= LEAST_ATTEMPTS
    }

    pub(super) fn log(&self, reminder: ReminderId, why: &str, message: &'static str) {
        tracing::warn!(
            guild.id = %self.store.guild_id(), event.id = %self.event.id, reminder.id = %reminder, why, "{message}"
        );
    }

    /// When to try again after this many attempts: twice as long each time, never sooner than Discord asks.
    pub(super) fn backoff(&self, attempts: u32, after: Option<Duration>) -> Timestamp {
        let doubled = FIRST_BACKOFF.checked_mul(1 << attempts.min(20)).unwrap_or(LONGEST_BACKOFF);
        self.now() + doubled.min(LONGEST_BACKOFF).max(as_asked(after))
    }
}

/// Counts the attempt of reminders that are too old and cannot even be tried, as their guild cannot be read: so they are given
/// up like any other.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn give_up_old(
    scheduler: &Scheduler,
    store: &Lease,
    error: &SendError,
) -> Result<(), StorageError> {
    let now = scheduler.clock.now();
    for reminder in store.reminders().pending(now, OLD_AT_ONCE).await?.into_iter().flatten() {
        if now - reminder.claimed_at < GIVEN_UP_AFTER {
            continue;
        }
        let Some(event) = store.events().find(reminder.event_id).await? else { continue };
        let delivery = Delivery { scheduler, store, event: &event };
        let retry_at = delivery.backoff(reminder.attempts, None);
        let counted = store.reminders().set_out(&[reminder.id], &reminder.nonce, retry_at, now).await?;
        if !counted.is_empty() {
            delivery.settle(&reminder, error.clone()).await?;
        }
    }
    Ok(())
}
