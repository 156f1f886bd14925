//! One reminder's way to Discord: claim, send, mark, and what a failure makes of it.
//!
//! A crash between any two steps loses nothing and doubles nothing. A part is sent with a nonce that Discord
//! recognises for a few minutes; later, the channel's history is asked first.

use std::time::Duration;

use chrono::TimeDelta;

use super::courier::{Probe, SendError, Sending};
use super::pass::SUSPENSION;
use super::{Courier, Scheduler};
use crate::clock::Timestamp;
use crate::domain::event::{EndReason, Event};
use crate::domain::reminder::{Reminder, ReminderId};
use crate::ids::MessageId;
use crate::storage::{Lease, StorageError};
use crate::telemetry::metric;

/// The wait before the second attempt; it doubles up to [`LONGEST_BACKOFF`].
const FIRST_BACKOFF: TimeDelta = TimeDelta::seconds(2);
const LONGEST_BACKOFF: TimeDelta = TimeDelta::minutes(15);

/// Sends what is left of a claimed reminder and writes down what became of it.
///
/// # Errors
/// [`StorageError`] if the outcome could not be written; the row then says to try again.
pub(super) async fn deliver(
    scheduler: &Scheduler,
    store: &Lease,
    reminder: Reminder,
) -> Result<(), StorageError> {
    let delivery = Delivery { scheduler, store };
    let Some(event) = store.events().find(reminder.event_id).await? else {
        return delivery.skip(reminder.id, "its event is gone").await;
    };
    if !event.is_live() {
        return delivery.skip(reminder.id, "its event is over").await;
    }
    let retry_at = delivery.backoff(reminder.attempts, None);
    if !store.reminders().begin_attempt(reminder.id, retry_at, scheduler.clock.now()).await? {
        return Ok(());
    }
    match delivery.send_parts(&event, &reminder).await? {
        Outcome::Sent => delivery.mark_sent(&event, &reminder).await,
        Outcome::Interrupted => Ok(()),
        Outcome::Failed(error) => delivery.settle(&event, &reminder, error).await,
    }
}

struct Delivery<'a> {
    scheduler: &'a Scheduler,
    store: &'a Lease,
}

/// How far an attempt came.
enum Outcome {
    Sent,
    /// A stop was asked for between two parts; the next start goes on.
    Interrupted,
    Failed(SendError),
}

impl Delivery<'_> {
    fn now(&self) -> Timestamp {
        self.scheduler.clock.now()
    }

    async fn skip(&self, reminder: ReminderId, why: &str) -> Result<(), StorageError> {
        if self.store.reminders().mark_skipped(reminder, why, self.now()).await? {
            metrics::counter!(metric::REMINDERS, "status" => "skipped").increment(1);
        }
        Ok(())
    }

    async fn send_parts(&self, event: &Event, reminder: &Reminder) -> Result<Outcome, StorageError> {
        let mut accepted = reminder.message_ids.len();
        for part in 0..reminder.parts().len() {
            if part < accepted {
                continue;
            }
            if part > 0 && self.scheduler.shutdown.is_requested() {
                return Ok(Outcome::Interrupted);
            }
            match self.send_part(event, reminder, part).await {
                Ok(message) => {
                    self.store.reminders().record_part(reminder.id, part, message, self.now()).await?;
                }
                Err(error) => return Ok(Outcome::Failed(error)),
            }
            accepted += 1;
        }
        Ok(Outcome::Sent)
    }

    /// Sends one part; `None` for the message if it was sent before and somebody deleted it since.
    async fn send_part(
        &self,
        event: &Event,
        reminder: &Reminder,
        part: usize,
    ) -> Result<Option<MessageId>, SendError> {
        let courier: &dyn Courier = self.scheduler.courier.as_ref();
        let guild = self.store.guild_id();
        let mut sending = Sending::Fresh;
        if self.may_have_been_forgotten(reminder) {
            match courier.probe(guild, event, reminder, part).await? {
                Probe::Found(message) => return Ok(Some(message)),
                Probe::Absent => {}
                Probe::Blind => sending = Sending::PerhapsAgain,
            }
        }
        match courier.send(guild, event, reminder, part, sending).await {
            Ok(message) => Ok(Some(message)),
            Err(SendError::SentAndDeleted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether an earlier attempt may have been accepted so long ago that Discord has forgotten its nonce.
    fn may_have_been_forgotten(&self, reminder: &Reminder) -> bool {
        let window = TimeDelta::from_std(self.scheduler.nonce_window).unwrap_or(TimeDelta::MAX);
        reminder.attempts > 0 && self.now() - reminder.claimed_at >= window
    }

    async fn mark_sent(&self, event: &Event, reminder: &Reminder) -> Result<(), StorageError> {
        let now = self.now();
        self.store.reminders().mark_sent(reminder.id, reminder.recipients.len(), now).await?;
        self.store.events().lift_suspension(event.id, now).await?;
        metrics::counter!(metric::REMINDERS, "status" => "sent").increment(1);
        let lateness = (now - reminder.scheduled_at).to_std().unwrap_or_default();
        metrics::histogram!(metric::LATENESS).record(lateness.as_secs_f64());
        tracing::info!(
            guild.id = %self.store.guild_id(), event.id = %event.id, reminder.id = %reminder.id,
            members = reminder.recipients.len(), lateness_ms = lateness.as_millis(), "reminder sent"
        );
        self.scheduler.courier.event_changed(self.store.guild_id(), event.id);
        Ok(())
    }

    /// Decides what a failed attempt makes of the reminder and its event.
    async fn settle(&self, event: &Event, reminder: &Reminder, error: SendError) -> Result<(), StorageError> {
        let (now, why) = (self.now(), error.to_string());
        let (reminders, events) = (self.store.reminders(), self.store.events());
        match error {
            SendError::Retry { after, .. } => {
                let again = self.backoff(reminder.attempts, after);
                reminders.retry_at(reminder.id, again, &why, now).await?;
                self.log(reminder.id, event, &why, "a reminder waits for its next attempt");
                return Ok(());
            }
            SendError::Forbidden { .. } => {
                events.suspend(event.id, &why, now + SUSPENSION, now).await?;
                reminders.mark_failed(reminder.id, &why, now).await?;
            }
            SendError::ChannelGone => {
                events.end_in_channel(event.channel_id, now).await?;
                reminders.mark_skipped(reminder.id, &why, now).await?;
            }
            SendError::EventMessageGone => {
                events.end(event.id, EndReason::MessageDeleted, now).await?;
                reminders.mark_skipped(reminder.id, &why, now).await?;
            }
            SendError::Refused { .. } | SendError::SentAndDeleted => {
                reminders.mark_failed(reminder.id, &why, now).await?;
            }
        }
        metrics::counter!(metric::REMINDERS, "status" => "failed").increment(1);
        self.log(reminder.id, event, &why, "a reminder was not sent");
        self.scheduler.courier.event_changed(self.store.guild_id(), event.id);
        Ok(())
    }

    fn log(&self, reminder: ReminderId, event: &Event, why: &str, message: &'static str) {
        tracing::warn!(
            guild.id = %self.store.guild_id(), event.id = %event.id, reminder.id = %reminder, why, "{message}"
        );
    }

    /// When to try again after this many attempts: twice as long each time, never sooner than Discord asks.
    fn backoff(&self, attempts: u32, after: Option<Duration>) -> Timestamp {
        let doubled = FIRST_BACKOFF.checked_mul(1 << attempts.min(20)).unwrap_or(LONGEST_BACKOFF);
        let asked = after.and_then(|after| TimeDelta::from_std(after).ok()).unwrap_or_default();
        self.now() + doubled.min(LONGEST_BACKOFF).max(asked)
    }
}
