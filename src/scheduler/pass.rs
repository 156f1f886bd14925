//! One guild's turn: its unfinished reminders first, then what has become due.
//!
//! A turn is short: after a few messages nothing more is claimed, and the guild goes to the end of the row, so that one with ten
//! thousand reminders holds up nobody who has one.

use std::time::Duration;

use super::courier::SendError;
use super::round::Round;
use super::unfinished::GoOn;
use super::{Scheduler, settling, sync_due};
use crate::clock::Timestamp;
use crate::domain::bundle::{REMINDERS_PER_MESSAGE, bundles};
use crate::domain::event::Event;
use crate::domain::reminder_text::Outgoing;
use crate::ids::GuildId;
use crate::storage::{Membership, StorageError};
use chrono::TimeDelta;

/// Messages that a guild sends before others have their turn. With so many guilds at a time as there may be, a reminder
/// waits less than three seconds for its guild's turn at Discord's usual rate.
const MESSAGES_PER_PASS: usize = 2;
/// Companies of unfinished reminders, or due events, that are read at a time.
const PAGE: usize = 100;
/// Due events of one channel that are claimed at a time: who has answered is looked up just before they leave.
const EVENTS_AT_ONCE: usize = REMINDERS_PER_MESSAGE;
/// When a guild has another turn that had to leave off, and in which something failed.
const LEFT_OFF: TimeDelta = TimeDelta::seconds(1);

/// One guild's turn.
pub(super) struct Pass {
    pub(super) scheduler: Scheduler,
    pub(super) guild: GuildId,
    /// What was due before this instant was missed while Muster was away.
    pub(super) awake_since: Timestamp,
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

/// How far a pass came.
#[derive(Default)]
struct Progress {
    messages: usize,
    /// The first failure.
    trouble: Option<PassError>,
    /// Whether something that is due was left for the guild's next turn.
    left_off: bool,
}

impl Progress {
    fn note(&mut self, outcome: Result<(), impl Into<PassError>>) {
        if let Err(error) = outcome {
            self.trouble.get_or_insert(error.into());
        }
    }
}

impl Pass {
    /// Does what is due in this guild, and writes into the agenda when it is due again unless something failed.
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
            if !self.scheduler.shutdown.is_requested() {
                settling::give_up_old(&self.scheduler, &store, &error).await?;
            }
            return Err(error.into());
        }
        let now = clock.now();
        let progress = self.work_in(&Round::new(&self.scheduler, &store, self.awake_since), now).await?;
        courier.tell_organisers(&store).await?;
        match progress.trouble {
            None => {
                let due = sync_due(&store, registry, agenda).await?;
                store.reminders().delete_old(now).await?;
                if !progress.left_off && due.is_some_and(|due| due <= now) {
                    // Nobody knows what to do with it; looking at it again and again would take a processor.
                    tracing::warn!(guild.id = %self.guild, "something stays due in a guild; it is looked at again in a moment");
                    agenda.set(self.guild, Some(clock.now() + LEFT_OFF));
                }
                Ok(Ended::Well)
            }
            Some(error @ PassError::Discord(_)) if progress.left_off => {
                Ok(Ended::InTrouble { error, next: Some(clock.now() + LEFT_OFF) })
            }
            Some(error) => {
                // What has become due since was not looked at yet.
                let next = store.events().earliest_instant_after(now).await?;
                Ok(Ended::InTrouble { error, next })
            }
        }
    }

    /// Goes through what is due at `now`, whatever becomes of each, until the turn is over.
    async fn work_in(&self, round: &Round<'_>, now: Timestamp) -> Result<Progress, PassError> {
        let mut progress = Progress::default();
        let mut anew = Vec::new();
        for company in round.store.reminders().pending(now, PAGE).await? {
            if self.is_over(&mut progress) {
                return Ok(progress);
            }
            match round.go_on(company).await {
                Ok(GoOn::WordForWord(company)) => self.deliver(round, company, &mut progress).await,
                Ok(GoOn::Anew(some)) => anew.extend(some),
                Err(error) => progress.note(Err(error)),
            }
            // What is not sent now would have to be brought up to date once more.
            if anew.len() >= EVENTS_AT_ONCE {
                self.deliver_all(round, std::mem::take(&mut anew), &mut progress).await;
            }
        }
        self.deliver_all(round, anew, &mut progress).await;
        self.remind_of_due(round, now, &mut progress).await?;
        Ok(progress)
    }

    /// Claims the reminders of due events, channel by channel, and sends them. Events that fail are passed over, and hide none
    /// behind them.
    async fn remind_of_due(
        &self,
        round: &Round<'_>,
        now: Timestamp,
        progress: &mut Progress,
    ) -> Result<(), PassError> {
        let mut after = None;
        loop {
            let page = round.store.events().due(now, after, PAGE).await?;
            after = page.last().and_then(|event| Some((event.next_due_at?, event.id)));
            let is_last = page.len() < PAGE;
            for events in by_channel(page) {
                for some in events.chunks(EVENTS_AT_ONCE) {
                    if self.is_over(progress) {
                        return Ok(());
                    }
                    let claimed = round.claim(some, |error| progress.note(Err(error))).await;
                    self.deliver_all(round, claimed, progress).await;
                }
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn deliver_all(&self, round: &Round<'_>, outgoing: Vec<Outgoing>, progress: &mut Progress) {
        for bundle in bundles(self.guild, outgoing) {
            if self.scheduler.shutdown.is_requested() {
                // What is claimed and did not set out is sent by the next start.
                progress.left_off = true;
                return;
            }
            self.deliver(round, bundle, progress).await;
        }
    }

    async fn deliver(&self, round: &Round<'_>, bundle: Vec<Outgoing>, progress: &mut Progress) {
        progress.messages += 1;
        progress.note(round.deliver(bundle).await);
    }

    /// Whether nothing more is begun in this turn, although something is left.
    fn is_over(&self, progress: &mut Progress) -> bool {
        progress.left_off |= progress.messages >= MESSAGES_PER_PASS || self.scheduler.shutdown.is_requested();
        progress.left_off
    }
}

/// Events by their channel, in the order in which the first of each channel was due.
fn by_channel(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut channels: Vec<Vec<Event>> = Vec::new();
    for event in events {
        let channel =
            |events: &&mut Vec<Event>| events.first().map(|first| first.channel_id) == Some(event.channel_id);
        match channels.iter_mut().find(channel) {
            Some(events) => events.push(event),
            None => channels.push(vec![event]),
        }
    }
    channels
}
