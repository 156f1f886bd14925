//! What becomes of a reminder that was not sent, and of its event.

use std::time::Duration;

use chrono::TimeDelta;

use super::courier::SendError;
use super::delivery::Delivery;
use super::pass::SUSPENSION;
use super::rests::as_asked;
use crate::clock::Timestamp;
use crate::domain::event::EndReason;
use crate::domain::reminder::{Reminder, ReminderId};
use crate::storage::StorageError;
use crate::telemetry::metric;

/// The wait before the second attempt; it doubles up to [`LONGEST_BACKOFF`].
const FIRST_BACKOFF: TimeDelta = TimeDelta::seconds(2);
const LONGEST_BACKOFF: TimeDelta = TimeDelta::minutes(15);

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
            SendError::Retry { after, .. } => {
                let again = self.backoff(reminder.attempts, after);
                if self.store.reminders().retry_at(reminder.id, again, &why, now).await? {
                    self.log(reminder.id, &why, "a reminder waits for its next attempt");
                }
                Ok(())
            }
            SendError::Forbidden { .. } => {
                // False: a member paused or ended the event meanwhile, which says more.
                if events.suspend(self.event.id, &why, now + SUSPENSION, now).await? {
                    self.scheduler.courier.event_changed(self.store.guild_id(), self.event.id);
                }
                self.fail(reminder.id, &why).await
            }
            SendError::ChannelGone => {
                events.end_in_channel(self.event.channel_id, now).await?;
                self.log(reminder.id, &why, "an event is over");
                self.skip(reminder.id, &why).await
            }
            SendError::EventMessageGone => {
                // False: somebody else saw it first.
                let _ended = events.end(self.event.id, EndReason::MessageDeleted, now).await?;
                self.log(reminder.id, &why, "an event is over");
                self.skip(reminder.id, &why).await
            }
            SendError::Refused { .. } | SendError::SentAndDeleted => self.fail(reminder.id, &why).await,
        }
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
