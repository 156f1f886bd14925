//! A reminder that waited: what Discord took of it, and whom the rest is for by now.
//!
//! While its nonce is known to Discord it is sent again word for word. Later, or if it was never tried, nothing of it
//! can come back as it was: it then names those who are missing at this moment.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::courier::Probe;
use super::delivery::Delivery;
use super::pass::PassError;
use super::turnout::turnout_of;
use crate::domain::reminder::{Reminder, rotated};
use crate::ids::UserId;
use crate::storage::{NewAddress, StorageError};

impl Delivery<'_> {
    /// The reminder as it is to be sent now; `None` if somebody else has ended it.
    ///
    /// It has no recipients if nobody is missing any more, and as many messages as parts if Discord took them all.
    pub(super) async fn brought_up_to_date(
        &self,
        mut reminder: Reminder,
    ) -> Result<Option<Reminder>, PassError> {
        if reminder.attempts == 0 {
            return self.readdressed(reminder, Probe::Absent).await;
        }
        if self.knows_nonce(&reminder) {
            return Ok(Some(reminder));
        }
        let found = self.look_for(&reminder).await?;
        let rest = self.take_down(&mut reminder, &found).await?;
        self.readdressed(reminder, rest).await
    }

    /// Whether Discord surely remembers the nonce of an earlier attempt.
    fn knows_nonce(&self, reminder: &Reminder) -> bool {
        let window = TimeDelta::from_std(self.scheduler.nonce_window).unwrap_or(TimeDelta::MAX);
        let age = self.now() - reminder.addressed_at;
        // A clock that was set back says nothing about how much time has passed.
        TimeDelta::zero() <= age && age < window
    }

    /// Looks into the channel for each part whose acceptance was never heard of.
    async fn look_for(&self, reminder: &Reminder) -> Result<Vec<Probe>, PassError> {
        let mut found = Vec::new();
        for part in reminder.message_ids.len()..reminder.parts().len() {
            let guild = self.store.guild_id();
            found.push(self.scheduler.courier.probe(guild, self.event, reminder, part).await?);
        }
        Ok(found)
    }

    /// Takes down the parts that were found; what is known of the rest.
    async fn take_down(&self, reminder: &mut Reminder, found: &[Probe]) -> Result<Probe, StorageError> {
        let is_there = |probe: &Probe| matches!(probe, Probe::Found(_));
        // Parts are sent in their order: one that is missing before one that is there was deleted since.
        let there = found.iter().rposition(is_there).map_or(0, |last| last + 1);
        let (there, rest) = found.split_at(there);
        for probe in there {
            let message = if let Probe::Found(message) = probe { Some(*message) } else { None };
            let part = reminder.message_ids.len();
            if self.store.reminders().record_part(reminder.id, part, message, self.now()).await? {
                reminder.message_ids.push(message);
            }
        }
        Ok(if rest.contains(&Probe::Blind) { Probe::Blind } else { Probe::Absent })
    }

    /// Asks anew who is missing, without those whom accepted messages mention already.
    async fn readdressed(&self, reminder: Reminder, rest: Probe) -> Result<Option<Reminder>, PassError> {
        let accepted = reminder.message_ids.len();
        if accepted >= reminder.parts().len() {
            return Ok(Some(reminder));
        }
        let turnout = turnout_of(self.scheduler, self.store, self.event).await?;
        let mut recipients: Vec<UserId> = reminder.parts().take(accepted).flatten().copied().collect();
        let mentioned: HashSet<UserId> = recipients.iter().copied().collect();
        let mut missing = turnout.non_responders;
        missing.retain(|user| !mentioned.contains(user));
        recipients.extend(rotated(missing, reminder.scheduled_at, self.event.interval));
        let address = NewAddress {
            accepted,
            recipients,
            responded: turnout.responded,
            perhaps_sent_before: rest == Probe::Blind,
        };
        Ok(self.store.reminders().readdress(reminder.id, &address, self.now()).await?)
    }
}
