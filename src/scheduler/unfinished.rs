//! Reminders that waited: what Discord took of them, and whom the rest is for by now.
//!
//! While their nonce is known to Discord they are sent again word for word. Later, or if they were never tried, nothing of
//! them can come back as it was: they then name those who are missing at this moment.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::courier::Probe;
use super::pass::PassError;
use super::round::Round;
use crate::domain::event::{Event, State};
use crate::domain::reminder::{Reminder, rotated};
use crate::domain::reminder_text::Outgoing;
use crate::ids::UserId;
use crate::storage::{NewAddress, StorageError};

const FOR_NOBODY: &str = "nobody was missing any more when it could be sent";

/// How reminders that waited go on.
pub(super) enum GoOn {
    /// As the one message that they were: Discord still knows it if it took it.
    WordForWord(Vec<Outgoing>),
    /// As if they were claimed just now.
    Anew(Vec<Outgoing>),
}

impl Round<'_> {
    /// Decides how reminders go on that set out together, or one that did not set out yet. Those that are no longer wanted, or
    /// turn out to have been sent, reach their end here.
    ///
    /// # Errors
    /// [`StorageError`]; what Discord says is settled here.
    pub(super) async fn go_on(&self, company: Vec<Reminder>) -> Result<GoOn, StorageError> {
        let wanted = self.still_wanted(company).await?;
        let were_tried = wanted.iter().any(|outgoing| outgoing.reminder.attempts > 0);
        if were_tried && wanted.iter().all(|outgoing| self.knows_nonce(&outgoing.reminder)) {
            return Ok(GoOn::WordForWord(wanted));
        }
        let up_to_date = match wanted.as_slice() {
            [] => return Ok(GoOn::Anew(Vec::new())),
            [_] => self.one_up_to_date(&wanted).await,
            company => self.company_up_to_date(company).await,
        };
        match up_to_date {
            Ok(anew) => Ok(GoOn::Anew(self.without_those_for_nobody(anew).await?)),
            Err(PassError::Storage(error)) => Err(error),
            Err(PassError::Discord(error)) => {
                // A look that fails counts as an attempt: it waits ever longer, and ends.
                self.count_attempt(&wanted).await?;
                self.settle_all(&wanted, &error).await?;
                Ok(GoOn::Anew(Vec::new()))
            }
        }
    }

    async fn still_wanted(&self, company: Vec<Reminder>) -> Result<Vec<Outgoing>, StorageError> {
        let mut wanted = Vec::with_capacity(company.len());
        for reminder in company {
            let Some(event) = self.store.events().find(reminder.event_id).await? else {
                // Rows go with their event; one that did not would be looked at for ever.
                self.store.reminders().mark_skipped(reminder.id, "its event is gone", self.now()).await?;
                continue;
            };
            // Killed after it was addressed anew, before this was written down.
            let for_nobody = reminder.recipients.is_empty().then_some(FOR_NOBODY);
            match is_unwanted(&event, &reminder).or(for_nobody) {
                Some(why) => self.delivery(&event).skip(reminder.id, why).await?,
                None => wanted.push(Outgoing { event, reminder }),
            }
        }
        Ok(wanted)
    }

    /// Whether Discord surely remembers the nonce of an earlier attempt.
    fn knows_nonce(&self, reminder: &Reminder) -> bool {
        let window = TimeDelta::from_std(self.scheduler.nonce_window).unwrap_or(TimeDelta::MAX);
        let age = self.now() - reminder.addressed_at;
        // A clock that was set back says nothing about how much time has passed.
        TimeDelta::zero() <= age && age < window
    }

    /// A reminder as it is to be sent now: without the parts that are there, for those who are still missing.
    async fn one_up_to_date(&self, wanted: &[Outgoing]) -> Result<Vec<Outgoing>, PassError> {
        let Some(outgoing) = wanted.first() else { return Ok(Vec::new()) };
        let mut outgoing = outgoing.clone();
        let mut rest = Probe::Absent;
        if outgoing.reminder.attempts > 0 {
            let found = self.look_for_parts(&outgoing).await?;
            rest = self.take_down(&mut outgoing.reminder, &found).await?;
        }
        Ok(Vec::from_iter(self.readdressed(outgoing, rest).await?))
    }

    /// Reminders that shared a message: all of them are there, or none is.
    async fn company_up_to_date(&self, company: &[Outgoing]) -> Result<Vec<Outgoing>, PassError> {
        let Some(first) = company.first() else { return Ok(Vec::new()) };
        let found = self.scheduler.courier.probe(self.guild(), first, 0).await?;
        if let Probe::Found(message) = found {
            self.delivered(company, Some(message)).await?;
            return Ok(Vec::new());
        }
        let mut anew = Vec::with_capacity(company.len());
        for outgoing in company {
            anew.extend(self.readdressed(outgoing.clone(), found).await?);
        }
        Ok(anew)
    }

    /// Looks into the channel for each part whose acceptance was never heard of.
    async fn look_for_parts(&self, outgoing: &Outgoing) -> Result<Vec<Probe>, PassError> {
        let mut found = Vec::new();
        for part in outgoing.reminder.message_ids.len()..outgoing.reminder.parts().len() {
            found.push(self.scheduler.courier.probe(self.guild(), outgoing, part).await?);
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

    /// Asks anew who is missing, without those whom accepted messages mention already; `None` if somebody else has ended it.
    ///
    /// It has no recipients then if nobody is missing any more, and as many messages as parts if Discord took them all.
    async fn readdressed(&self, mut outgoing: Outgoing, rest: Probe) -> Result<Option<Outgoing>, PassError> {
        let Outgoing { event, reminder } = &outgoing;
        let accepted = reminder.message_ids.len();
        if accepted >= reminder.parts().len() {
            return Ok(Some(outgoing));
        }
        let turnout = self.turnout(event).await?;
        let mut recipients: Vec<UserId> = reminder.parts().take(accepted).flatten().copied().collect();
        let mentioned: HashSet<UserId> = recipients.iter().copied().collect();
        let mut missing = turnout.non_responders;
        missing.retain(|user| !mentioned.contains(user));
        recipients.extend(rotated(missing, reminder.scheduled_at, event.interval));
        let address = NewAddress {
            accepted,
            recipients,
            responded: turnout.responded,
            perhaps_sent_before: rest == Probe::Blind,
        };
        let changed = self.store.reminders().readdress(reminder.id, &address, self.now()).await?;
        Ok(changed.map(|reminder| {
            outgoing.reminder = reminder;
            outgoing
        }))
    }

    async fn without_those_for_nobody(&self, anew: Vec<Outgoing>) -> Result<Vec<Outgoing>, StorageError> {
        let (for_nobody, rest): (Vec<_>, Vec<_>) =
            anew.into_iter().partition(|outgoing| outgoing.reminder.recipients.is_empty());
        for outgoing in &for_nobody {
            self.delivery(&outgoing.event).skip(outgoing.reminder.id, FOR_NOBODY).await?;
        }
        Ok(rest)
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
