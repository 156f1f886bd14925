//! Who is asked by an event at this moment, divided by who answered.

use super::Scheduler;
use super::pass::PassError;
use crate::domain::audience::{Turnout, audience, turnout};
use crate::domain::event::Event;
use crate::domain::response::responders;
use crate::storage::Lease;

/// Divides those whom an event asks: members with its role, not bots, who can see its channel.
///
/// # Errors
/// [`PassError`] while the store or Discord cannot be asked.
pub(super) async fn turnout_of(
    scheduler: &Scheduler,
    store: &Lease,
    event: &Event,
) -> Result<Turnout, PassError> {
    let members = store.members().list().await?;
    let asked: Vec<_> = audience(&members, event.role).cloned().collect();
    let visible = scheduler.courier.can_see(store.guild_id(), event.channel_id, &asked).await?;
    let responders = responders(&store.responses().of_event(event.id).await?);
    let asked = asked.into_iter().map(|member| member.user_id).filter(|user| visible.contains(user));
    Ok(turnout(asked, &responders))
}
