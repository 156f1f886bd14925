//! Who is asked: the members in the store, less those who cannot see the channel.

use super::access;
use super::core::Core;
use super::failure::EdgeError;
use crate::domain::audience::{self, Member};
use crate::domain::event::Event;
use crate::ids::UserId;
use crate::storage::{Lease, StorageError};

/// The members whom an event asks: people with its role who can see its channel.
///
/// # Errors
/// [`EdgeError`] while Discord cannot be asked who sees the channel.
pub(super) async fn asked(core: &Core, store: &Lease, event: &Event) -> Result<Vec<Member>, EdgeError> {
    let members = store.members().list().await?;
    let mut asked: Vec<Member> = audience::audience(&members, event.role).cloned().collect();
    let seeing = access::who_sees(core, store.guild_id(), event.channel_id, &asked).await?;
    asked.retain(|member| seeing.contains(&member.user_id));
    Ok(asked)
}

/// The ids of those whom an event asks, for its message; `None` where nobody can tell, and then no total is shown.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn asked_for_display(
    core: &Core,
    store: &Lease,
    event: &Event,
) -> Result<Option<Vec<UserId>>, StorageError> {
    if core.link.is_degraded() {
        return Ok(None);
    }
    match asked(core, store, event).await {
        Ok(members) => Ok(Some(members.into_iter().map(|member| member.user_id).collect())),
        Err(EdgeError::Storage(error)) => Err(error),
        Err(EdgeError::Call(error)) => {
            tracing::debug!(guild.id = %store.guild_id(), event.id = %event.id, %error, "an event is shown without its total");
            Ok(None)
        }
    }
}
