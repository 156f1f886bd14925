//! The way of reminders to Discord: set out, send, mark.
//!
//! A crash between any two steps loses nothing and doubles nothing. A message is sent with a nonce that Discord recognises
//! for a few minutes; later, the channel's history is asked first. What travels in one message takes each step together.

use std::collections::HashSet;

use super::Scheduler;
use super::courier::{Probe, SendError};
use super::round::Round;
use crate::clock::Timestamp;
use crate::domain::event::{Event, State};
use crate::domain::reminder::{self, Reminder, ReminderId};
use crate::domain::reminder_text::Outgoing;
use crate::ids::MessageId;
use crate::storage::{Lease, StorageError};
use crate::telemetry::metric;

/// One event's reminder on its way.
pub(super) struct Delivery<'a> {
    pub(super) scheduler: &'a Scheduler,
    pub(super) store: &'a Lease,
    pub(super) event: &'a Event,
}

impl Delivery<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.scheduler.clock.now()
    }
}

/// How far an attempt came.
enum Outcome {
    Sent,
    /// A stop was asked for between two parts, and the next start goes on; or its row is gone.
    Interrupted,
    Failed(SendError),
}

impl Round<'_> {
    /// Sends reminders that share a message, or one that may need several, and writes down what became of them.
    ///
    /// # Errors
    /// [`StorageError`] if an attempt or its outcome could not be written; the rows then say to try again.
    pub(super) async fn deliver(&self, bundle: Vec<Outgoing>) -> Result<(), StorageError> {
        let Some(first) = bundle.first() else { return Ok(()) };
        let nonce = first.reminder.nonce.clone();
        let bundle = self.set_out(bundle, &nonce).await?;
        match bundle.as_slice() {
            [] => Ok(()),
            [only] if needs_messages_of_its_own(&only.reminder) => self.send_parts(only).await,
            bundle => self.send_together(bundle).await,
        }
    }

    /// Writes down that an attempt begins, under one nonce; what is left to attempt.
    async fn set_out(&self, mut bundle: Vec<Outgoing>, nonce: &str) -> Result<Vec<Outgoing>, StorageError> {
        let attempts = bundle.iter().map(|outgoing| outgoing.reminder.attempts).max().unwrap_or_default();
        let Some(first) = bundle.first() else { return Ok(bundle) };
        let retry_at = self.delivery(&first.event).backoff(attempts, None);
        let out = self.store.reminders().set_out(&ids(&bundle), nonce, retry_at, self.now()).await?;
        let out: HashSet<ReminderId> = out.into_iter().collect();
        bundle.retain(|outgoing| out.contains(&outgoing.reminder.id));
        for outgoing in &mut bundle {
            nonce.clone_into(&mut outgoing.reminder.nonce);
        }
        Ok(bundle)
    }

    /// Counts an attempt that came to nothing before it left.
    pub(super) async fn count_attempt(&self, bundle: &[Outgoing]) -> Result<(), StorageError> {
        let Some(first) = bundle.first() else { return Ok(()) };
        let nonce = first.reminder.nonce.clone();
        self.set_out(bundle.to_vec(), &nonce).await.map(drop)
    }

    async fn send_together(&self, bundle: &[Outgoing]) -> Result<(), StorageError> {
        let haste = self.haste(bundle);
        let sent = match self.refusal_of(bundle) {
            Some(error) => Err(error),
            None => self.scheduler.courier.send(self.guild(), bundle, 0, haste).await,
        };
        if let Err(error) = &sent {
            self.note_refusal(bundle, error);
        }
        match sent {
            Ok(message) => self.delivered(bundle, Some(message)).await,
            Err(SendError::SentAndDeleted) => self.delivered(bundle, None).await,
            // One of them may have spoilt it for the others.
            Err(error @ SendError::Refused { .. }) if bundle.len() > 1 => {
                self.take_apart(bundle, error).await
            }
            Err(error) => self.settle_all(bundle, &error).await,
        }
    }

    pub(super) async fn settle_all(
        &self,
        bundle: &[Outgoing],
        error: &SendError,
    ) -> Result<(), StorageError> {
        for outgoing in bundle {
            self.delivery(&outgoing.event).settle(&outgoing.reminder, error.clone()).await?;
        }
        Ok(())
    }

    /// Goes on after Discord refused a shared message. If it was tried before, it may be there all the same.
    async fn take_apart(&self, bundle: &[Outgoing], refusal: SendError) -> Result<(), StorageError> {
        let tried = bundle.iter().find(|outgoing| outgoing.reminder.attempts > 0);
        let probe = match tried {
            Some(tried) => self.scheduler.courier.probe(self.guild(), tried, 0).await,
            None => Ok(Probe::Absent),
        };
        match probe {
            Ok(Probe::Absent) => self.send_each(bundle).await,
            Ok(Probe::Found(message)) => self.delivered(bundle, Some(message)).await,
            Ok(Probe::Blind) => self.settle_all(bundle, &refusal).await,
            Err(error) => self.settle_all(bundle, &error).await,
        }
    }

    /// Sends what Discord refused together one after the other, each under the nonce that it would have had alone: of the
    /// refused message nothing was made.
    async fn send_each(&self, bundle: &[Outgoing]) -> Result<(), StorageError> {
        let mut apart = bundle.to_vec();
        for Outgoing { reminder, .. } in &mut apart {
            reminder.nonce = reminder::nonce(self.guild(), reminder.id, reminder.addressed_at);
        }
        let nonces: Vec<_> =
            apart.iter().map(|outgoing| (outgoing.reminder.id, outgoing.reminder.nonce.clone())).collect();
        self.store.reminders().part(&nonces, self.now()).await?;
        for outgoing in apart {
            Box::pin(self.deliver(vec![outgoing])).await?;
        }
        Ok(())
    }

    async fn send_parts(&self, outgoing: &Outgoing) -> Result<(), StorageError> {
        match self.try_parts(outgoing).await? {
            Outcome::Sent => self.all_parts_sent(outgoing).await,
            Outcome::Interrupted => Ok(()),
            Outcome::Failed(error) => self.delivery(&outgoing.event).settle(&outgoing.reminder, error).await,
        }
    }

    async fn try_parts(&self, outgoing: &Outgoing) -> Result<Outcome, StorageError> {
        let reminder = &outgoing.reminder;
        let alone = std::slice::from_ref(outgoing);
        for part in reminder.message_ids.len()..reminder.parts().len() {
            if part > 0 && self.scheduler.shutdown.is_requested() {
                return Ok(Outcome::Interrupted);
            }
            let sent = match self.refusal_of(alone) {
                Some(error) => Err(error),
                None => self.scheduler.courier.send(self.guild(), alone, part, self.haste(alone)).await,
            };
            let message = match sent {
                Ok(message) => Some(message),
                Err(SendError::SentAndDeleted) => None,
                Err(error) => {
                    self.note_refusal(alone, &error);
                    return Ok(Outcome::Failed(error));
                }
            };
            if !self.store.reminders().record_part(reminder.id, part, message, self.now()).await? {
                // Its event was deleted from the store: nothing is left to be marked.
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(Outcome::Sent)
    }

    async fn all_parts_sent(&self, outgoing: &Outgoing) -> Result<(), StorageError> {
        let (reminder, now) = (&outgoing.reminder, self.now());
        let members = reminder.recipients.len();
        let is_marked = self.store.reminders().mark_sent(reminder.id, members, now).await?;
        self.sent(outgoing, is_marked, now).await
    }

    /// Marks the reminders that one message carries.
    pub(super) async fn delivered(
        &self,
        bundle: &[Outgoing],
        message: Option<MessageId>,
    ) -> Result<(), StorageError> {
        let now = self.now();
        let marked = self.store.reminders().mark_delivered(&ids(bundle), message, now).await?;
        for outgoing in bundle {
            self.sent(outgoing, marked.contains(&outgoing.reminder.id), now).await?;
        }
        Ok(())
    }

    /// What else follows once a reminder is sent.
    async fn sent(&self, outgoing: &Outgoing, is_marked: bool, now: Timestamp) -> Result<(), StorageError> {
        let Outgoing { event, reminder } = outgoing;
        if !is_marked {
            let why = "its row had ended before";
            self.delivery(event).log(reminder.id, why, "a reminder was sent that was no longer wanted");
            return Ok(());
        }
        if matches!(event.state, State::Suspended(_))
            && self.store.events().lift_suspension(event.id, Some(self.next_on_grid(event)), now).await?
        {
            self.scheduler.courier.event_changed(self.guild(), event.id);
        }
        metrics::counter!(metric::REMINDERS, "status" => "sent").increment(1);
        let lateness = (now - reminder.scheduled_at).to_std().unwrap_or_default();
        metrics::histogram!(metric::LATENESS).record(lateness.as_secs_f64());
        tracing::info!(
            guild.id = %self.guild(), event.id = %event.id, reminder.id = %reminder.id,
            members = reminder.recipients.len(), lateness_ms = lateness.as_millis(), "reminder sent"
        );
        Ok(())
    }
}

/// Whether it cannot share a message: it has several, or some of it was accepted already.
fn needs_messages_of_its_own(reminder: &Reminder) -> bool {
    reminder.parts().len() > 1 || !reminder.message_ids.is_empty()
}

fn ids(bundle: &[Outgoing]) -> Vec<ReminderId> {
    bundle.iter().map(|outgoing| outgoing.reminder.id).collect()
}
