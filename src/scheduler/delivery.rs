//! One reminder's way to Discord: claim, send, mark, and what a failure makes of it.
//!
//! A crash between any two steps loses nothing and doubles nothing. A part is sent with a nonce that Discord
//! recognises for a few minutes; later, the channel's history is asked first.

use super::Scheduler;
use super::courier::SendError;
use super::pass::PassError;
use crate::clock::Timestamp;
use crate::domain::event::{Event, State};
use crate::domain::reminder::Reminder;
use crate::storage::{Lease, StorageError};
use crate::telemetry::metric;

/// Sends a reminder that was claimed at this moment, and writes down what became of it.
///
/// # Errors
/// [`StorageError`] if the outcome could not be written; the row then says to try again.
pub(super) async fn deliver(
    scheduler: &Scheduler,
    store: &Lease,
    event: &Event,
    reminder: Reminder,
) -> Result<(), StorageError> {
    let delivery = Delivery { scheduler, store, event };
    if delivery.begin(&reminder).await? { delivery.send(reminder).await } else { Ok(()) }
}

/// Goes on with a reminder that was claimed earlier, if it is still wanted, and writes down what became of it.
///
/// # Errors
/// As [`deliver`].
pub(super) async fn go_on(
    scheduler: &Scheduler,
    store: &Lease,
    reminder: Reminder,
) -> Result<(), StorageError> {
    let Some(event) = store.events().find(reminder.event_id).await? else {
        let now = scheduler.clock.now();
        if store.reminders().mark_skipped(reminder.id, "its event is gone", now).await? {
            metrics::counter!(metric::REMINDERS, "status" => "skipped").increment(1);
        }
        return Ok(());
    };
    let delivery = Delivery { scheduler, store, event: &event };
    if let Some(why) = is_unwanted(&event, &reminder) {
        return delivery.skip(reminder.id, why).await;
    }
    if !delivery.begin(&reminder).await? {
        return Ok(());
    }
    match delivery.brought_up_to_date(reminder.clone()).await {
        Ok(Some(reminder)) if reminder.recipients.is_empty() => {
            delivery.skip(reminder.id, "nobody was missing any more when it could be sent").await
        }
        Ok(Some(reminder)) => delivery.send(reminder).await,
        Ok(None) => Ok(()),
        Err(PassError::Discord(error)) => delivery.settle(&reminder, error).await,
        Err(PassError::Storage(error)) => Err(error),
    }
}

/// Why a reminder that waited is no longer wanted, as a part of a sentence.
fn is_unwanted(event: &Event, reminder: &Reminder) -> Option<&'static str> {
    match event.state {
        State::Ended(_) => Some("its event is over"),
        // One that was asked for during the pause knows of no next instant.
        State::Paused if reminder.next_due_at.is_some() => Some("its event was paused"),
        State::Paused | State::Active | State::Suspended(_) => None,
    }
}

/// One reminder of one event on its way.
pub(super) struct Delivery<'a> {
    pub(super) scheduler: &'a Scheduler,
    pub(super) store: &'a Lease,
    pub(super) event: &'a Event,
}

/// How far an attempt came.
enum Outcome {
    Sent,
    /// A stop was asked for between two parts, and the next start goes on; or its row is gone.
    Interrupted,
    Failed(SendError),
}

impl Delivery<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.scheduler.clock.now()
    }

    /// Writes down that an attempt begins; `false` if there is nothing left to attempt.
    async fn begin(&self, reminder: &Reminder) -> Result<bool, StorageError> {
        let retry_at = self.backoff(reminder.attempts, None);
        self.store.reminders().begin_attempt(reminder.id, retry_at, self.now()).await
    }

    async fn send(&self, reminder: Reminder) -> Result<(), StorageError> {
        match self.send_parts(&reminder).await? {
            Outcome::Sent => self.mark_sent(&reminder).await,
            Outcome::Interrupted => Ok(()),
            Outcome::Failed(error) => self.settle(&reminder, error).await,
        }
    }

    async fn send_parts(&self, reminder: &Reminder) -> Result<Outcome, StorageError> {
        for part in reminder.message_ids.len()..reminder.parts().len() {
            if part > 0 && self.scheduler.shutdown.is_requested() {
                return Ok(Outcome::Interrupted);
            }
            let sent = self.scheduler.courier.send(self.store.guild_id(), self.event, reminder, part).await;
            let message = match sent {
                Ok(message) => Some(message),
                Err(SendError::SentAndDeleted) => None,
                Err(error) => return Ok(Outcome::Failed(error)),
            };
            if !self.store.reminders().record_part(reminder.id, part, message, self.now()).await? {
                // Its event was deleted from the store: nothing is left to be marked.
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(Outcome::Sent)
    }

    async fn mark_sent(&self, reminder: &Reminder) -> Result<(), StorageError> {
        let now = self.now();
        if !self.store.reminders().mark_sent(reminder.id, reminder.recipients.len(), now).await? {
            self.log(
                reminder.id,
                "its row had ended before",
                "a reminder was sent that was no longer wanted",
            );
            return Ok(());
        }
        if self.store.events().lift_suspension(self.event.id, None, now).await? {
            self.scheduler.courier.event_changed(self.store.guild_id(), self.event.id);
        }
        metrics::counter!(metric::REMINDERS, "status" => "sent").increment(1);
        let lateness = (now - reminder.scheduled_at).to_std().unwrap_or_default();
        metrics::histogram!(metric::LATENESS).record(lateness.as_secs_f64());
        tracing::info!(
            guild.id = %self.store.guild_id(), event.id = %self.event.id, reminder.id = %reminder.id,
            members = reminder.recipients.len(), lateness_ms = lateness.as_millis(), "reminder sent"
        );
        Ok(())
    }
}
