//! One guild's turn at its open store: what every step of a pass needs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::Scheduler;
use super::courier::{Haste, SendError};
use super::delivery::Delivery;
use super::pass::PassError;
use crate::clock::Timestamp;
use crate::domain::audience::{Member, Turnout, audience, turnout};
use crate::domain::event::Event;
use crate::domain::reminder::first_on_grid;
use crate::domain::reminder_text::Outgoing;
use crate::domain::response::responders;
use crate::ids::{ChannelId, GuildId};
use crate::storage::Lease;

/// One guild's turn at its open store.
pub(super) struct Round<'a> {
    pub(super) scheduler: &'a Scheduler,
    pub(super) store: &'a Lease,
    /// What was due before this instant was missed while Muster was away.
    awake_since: Timestamp,
    /// The guild's members, read once for all its events.
    members: OnceCell<Vec<Member>>,
    /// Channels in which Discord took nothing in this turn, and why: the next message there would end the same way.
    refusals: Mutex<HashMap<ChannelId, SendError>>,
}

impl<'a> Round<'a> {
    /// A turn that has not read anything yet.
    pub(super) fn new(scheduler: &'a Scheduler, store: &'a Lease, awake_since: Timestamp) -> Self {
        Self { scheduler, store, awake_since, members: OnceCell::new(), refusals: Mutex::default() }
    }

    pub(super) fn guild(&self) -> GuildId {
        self.store.guild_id()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.scheduler.clock.now()
    }

    /// The reminder of this event on its way.
    pub(super) fn delivery<'b>(&'b self, event: &'b Event) -> Delivery<'b> {
        Delivery { scheduler: self.scheduler, store: self.store, event }
    }

    /// Divides those whom an event asks by who answered: members with its role, not bots, who can see its channel.
    ///
    /// # Errors
    /// [`PassError`] while the store or Discord cannot be asked.
    pub(super) async fn turnout(&self, event: &Event) -> Result<Turnout, PassError> {
        let courier = &self.scheduler.courier;
        if courier.has_unread_answers(self.guild(), event.id) {
            courier.read_answers(self.store, event).await?;
        }
        let members = self.members.get_or_try_init(|| self.store.members().list()).await?;
        let asked: Vec<_> = audience(members, event.role).cloned().collect();
        let visible = courier.can_see(self.guild(), event.channel_id, &asked).await?;
        let responders = responders(&self.store.responses().of_event(event.id).await?);
        let asked = asked.into_iter().map(|member| member.user_id).filter(|user| visible.contains(user));
        Ok(turnout(asked, &responders))
    }

    /// The first instant of an event's grid that has not come yet.
    pub(super) fn next_on_grid(&self, event: &Event) -> Timestamp {
        first_on_grid(event.grid_at, event.interval, self.now())
    }

    /// Why a message to this channel would be refused, as one was in this turn.
    pub(super) fn refusal_of(&self, bundle: &[Outgoing]) -> Option<SendError> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.get(&bundle.first()?.event.channel_id).cloned()
    }

    /// Takes down what concerns all messages to a channel.
    pub(super) fn note_refusal(&self, bundle: &[Outgoing], error: &SendError) {
        let concerns_channel = match error {
            SendError::Forbidden { cause, .. } => cause.concerns_channel(),
            SendError::ChannelGone => true,
            _ => false,
        };
        if let Some(first) = bundle.first().filter(|_| concerns_channel) {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            refusals.insert(first.event.channel_id, error.clone());
        }
    }

    /// How soon reminders should leave.
    pub(super) fn haste(&self, bundle: &[Outgoing]) -> Haste {
        let was_missed = |outgoing: &Outgoing| outgoing.reminder.scheduled_at < self.awake_since;
        if bundle.iter().all(was_missed) { Haste::Backlog } else { Haste::Fresh }
    }
}
