//! One guild's turn at its open store: what every step of a pass needs.

use tokio::sync::OnceCell;

use super::Scheduler;
use super::courier::Haste;
use super::delivery::Delivery;
use super::pass::PassError;
use crate::clock::Timestamp;
use crate::domain::audience::{Member, Turnout, audience, turnout};
use crate::domain::event::Event;
use crate::domain::reminder_text::Outgoing;
use crate::domain::response::responders;
use crate::ids::GuildId;
use crate::storage::Lease;

/// One guild's turn at its open store.
pub(super) struct Round<'a> {
    pub(super) scheduler: &'a Scheduler,
    pub(super) store: &'a Lease,
    /// What was due before this instant was missed while Muster was away.
    awake_since: Timestamp,
    /// The guild's members, read once for all its events.
    members: OnceCell<Vec<Member>>,
}

impl<'a> Round<'a> {
    /// A turn that has not read anything yet.
    pub(super) fn new(scheduler: &'a Scheduler, store: &'a Lease, awake_since: Timestamp) -> Self {
        Self { scheduler, store, awake_since, members: OnceCell::new() }
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
        let members = self.members.get_or_try_init(|| self.store.members().list()).await?;
        let asked: Vec<_> = audience(members, event.role).cloned().collect();
        let visible = self.scheduler.courier.can_see(self.guild(), event.channel_id, &asked).await?;
        let responders = responders(&self.store.responses().of_event(event.id).await?);
        let asked = asked.into_iter().map(|member| member.user_id).filter(|user| visible.contains(user));
        Ok(turnout(asked, &responders))
    }

    /// How soon reminders should leave.
    pub(super) fn haste(&self, bundle: &[Outgoing]) -> Haste {
        let was_missed = |outgoing: &Outgoing| outgoing.reminder.scheduled_at < self.awake_since;
        if bundle.iter().all(was_missed) { Haste::Backlog } else { Haste::Fresh }
    }
}
