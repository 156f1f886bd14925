//! Carries reminders: the scheduler's port, filled by the edge.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::Edge;
use super::access;
use super::core::Core;
use super::failure::{EdgeError, chain, for_scheduler, missing_in};
use super::history;
use super::notices;
use super::reactions;
use super::refresh;
use super::reminder_message;
use super::routes;
use super::sender::{CallError, Fate, Urgency};
use super::wire::WireId;
use crate::domain::audience::Member;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::{Event, EventId};
use crate::domain::notice::Cause;
use crate::domain::reminder_text::Outgoing;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::scheduler::{Courier, Haste, Probe, SendError};
use crate::storage::{Lease, StorageError};

/// How long after the start a reminder that is due waits for the gateway. Reminders do not need it, but without it
/// Muster does not know yet what it may be told of members, and hears of no answer that comes meanwhile.
pub(super) const PATIENCE_AT_START: Duration = Duration::from_secs(20);

#[async_trait]
impl Courier for Edge {
    async fn refresh(&self, store: &Lease) -> Result<(), SendError> {
        tokio::select! {
            () = self.shutdown.requested() => {
                return Err(SendError::Retry { after: None, why: "Muster stops".into() });
            }
            () = self.core.link.identified_or_put_off() => {}
            () = tokio::time::sleep_until(self.patient_until) => {}
        }
        let refreshed = refresh::guild(&self.core, store).await;
        // No channel is named here: what concerns one of the guild's events does not fail the guild.
        refreshed.map_err(|error| match error.fate() {
            Fate::Later(after) => SendError::Retry { after, why: chain(&error) },
            _ => SendError::Retry { after: None, why: chain(&error) },
        })
    }

    async fn can_see(
        &self,
        guild: GuildId,
        channel: ChannelId,
        members: &[Member],
    ) -> Result<HashSet<UserId>, SendError> {
        let seeing = access::who_sees(&self.core, guild, channel, members).await;
        seeing.map_err(|error| for_scheduler(&error.into(), channel))
    }

    async fn send(
        &self,
        guild: GuildId,
        bundle: &[Outgoing],
        part: usize,
        haste: Haste,
    ) -> Result<MessageId, SendError> {
        send(&self.core, guild, bundle, part, haste).await
    }

    async fn probe(&self, guild: GuildId, outgoing: &Outgoing, part: usize) -> Result<Probe, SendError> {
        let probed = probe(&self.core, guild, outgoing, part).await;
        probed.map_err(|error| for_scheduler(&error.into(), outgoing.event.channel_id))
    }

    fn has_unread_answers(&self, guild: GuildId, event: EventId) -> bool {
        self.core.freshness.is_unread(guild, event)
    }

    async fn read_answers(&self, store: &Lease, event: &Event) -> Result<(), SendError> {
        let _one_at_a_time = self.core.reading.lock(store.guild_id()).await;
        let read = reactions::reconcile(&self.core, store, event, Urgency::Background).await;
        match read.map_err(|error| for_scheduler(&error, event.channel_id)) {
            // Where Muster only may not read what was, or gets an odd answer, the answers stay as they are.
            Ok(_)
            | Err(SendError::Refused { .. } | SendError::Forbidden { cause: Cause::Permission, .. }) => {
                self.core.freshness.note_read(store.guild_id(), event.id);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    async fn tell_organisers(&self, store: &Lease) -> Result<(), StorageError> {
        notices::tell(&self.core, store).await
    }

    fn event_changed(&self, guild: GuildId, event: EventId) {
        self.core.edits.request(guild, event);
    }
}

async fn send(
    core: &Core,
    guild: GuildId,
    bundle: &[Outgoing],
    part: usize,
    haste: Haste,
) -> Result<MessageId, SendError> {
    let rendered = reminder_message::render(guild, bundle, part);
    let (Some(first), Some(body)) = (bundle.first(), rendered) else {
        return Err(SendError::Refused { why: format!("the reminder has no part {part}") });
    };
    let channel = first.event.channel_id;
    let urgency = match haste {
        Haste::Fresh => Urgency::Background,
        Haste::Backlog => Urgency::Backlog,
    };
    let call =
        routes::send_message(channel, &body).with_urgency(urgency).not_after(known_until(core, bundle));
    let error = match core.sender.send(call).await {
        Ok(answer) => match accepted_id(&answer) {
            Some(message) => return Ok(message),
            None => CallError::Unreadable("it holds no message id".into()),
        },
        Err(error) => error,
    };
    match &error {
        // Discord took it. Its history says under which id; if it does not, the same nonce makes no second message.
        CallError::Unreadable(_) => match probe(core, guild, first, part).await {
            Ok(Probe::Found(message)) => Ok(message),
            _ => Err(for_scheduler(&error.into(), channel)),
        },
        error if error.fate() == Fate::NoMessage => Err(SendError::SentAndDeleted),
        _ => Err(explain(core, guild, channel, error).await),
    }
}

/// Until when Discord surely knows the nonce of what was tried before; `None` for what was not.
fn known_until(core: &Core, bundle: &[Outgoing]) -> Option<Instant> {
    let tried = bundle.iter().map(|outgoing| &outgoing.reminder).filter(|reminder| reminder.attempts > 0);
    let addressed_at = tried.map(|reminder| reminder.addressed_at).min()?;
    let age = (core.clock.now() - addressed_at).to_std().unwrap_or_default();
    Some(Instant::now() + core.config.reminders.nonce_window.saturating_sub(age))
}

/// Names the permission that is missing where Discord only says that one is, without asking for more; and makes sure of what
/// cannot be undone.
async fn explain(core: &Core, guild: GuildId, channel: ChannelId, error: CallError) -> SendError {
    match error.fate() {
        Fate::Forbidden if error.cause() == Cause::Permission => {
            let missing = access::missing_to_write(core, guild, channel);
            return SendError::Forbidden { cause: Cause::Permission, why: missing_in(channel, missing) };
        }
        Fate::NoChannel => match access::is_gone(core, channel).await {
            Ok(true) => {}
            Ok(false) => {
                let why = format!("{error}, but there is such a channel");
                return SendError::Retry { after: None, why };
            }
            Err(error) => return for_scheduler(&EdgeError::from(error), channel),
        },
        _ => {}
    }
    for_scheduler(&EdgeError::from(error), channel)
}

/// The id in Discord's answer to a message, even where the rest of the answer is not as expected.
fn accepted_id(answer: &[u8]) -> Option<MessageId> {
    serde_json::from_slice::<WireId<MessageId>>(answer).ok().map(|message| message.id)
}

async fn probe(core: &Core, guild: GuildId, outgoing: &Outgoing, part: usize) -> Result<Probe, CallError> {
    let Outgoing { event, reminder } = outgoing;
    let Ok(part) = u16::try_from(part) else { return Ok(Probe::Absent) };
    let marker = CustomId { guild, action: Action::Missing { reminder: reminder.id, part } };
    // What was there before it was addressed is known.
    history::find_own(core, guild, event.channel_id, reminder.addressed_at, marker).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_answer_still_tells_the_message() {
        assert_eq!(accepted_id(br#"{"id":"42","type":"?","author":null}"#), Some(MessageId::new(42)));
        assert_eq!(accepted_id(b"{\"id\":\"4"), None);
    }
}
