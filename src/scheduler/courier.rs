//! What the scheduler needs from the world outside; the Discord edge provides it.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::audience::Member;
use crate::domain::event::{Event, EventId};
use crate::domain::notice::Cause;
use crate::domain::reminder_text::Outgoing;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::storage::{Lease, StorageError};

/// Carries reminders to where they are read, and knows who can read them.
#[async_trait]
pub trait Courier: Send + Sync + 'static {
    /// Brings answers and members in the store up to date if they may be stale, and ends events whose message is gone.
    ///
    /// Costs no request while nothing was missed.
    ///
    /// # Errors
    /// [`SendError::Retry`] while Discord cannot be asked: then nobody must be reminded yet.
    async fn refresh(&self, store: &Lease) -> Result<(), SendError>;

    /// Whether the answers of an event could not be read when those of its guild were.
    fn has_unread_answers(&self, guild: GuildId, event: EventId) -> bool;

    /// Reads the answers of one event anew: while Muster could not see its channel it heard of none.
    ///
    /// # Errors
    /// As [`Courier::send`], and [`SendError::EventMessageGone`].
    async fn read_answers(&self, store: &Lease, event: &Event) -> Result<(), SendError>;

    /// Tells a guild's organisers what its store says they have to know, if the time has come; costs no request while there
    /// is nothing to tell. What cannot be told now is written down to be told later.
    ///
    /// # Errors
    /// [`StorageError`] if even that cannot be written.
    async fn tell_organisers(&self, store: &Lease) -> Result<(), StorageError>;

    /// Of these members, those who can see the channel.
    ///
    /// # Errors
    /// As [`Courier::refresh`]; [`SendError::ChannelGone`] if there is no such channel.
    async fn can_see(
        &self,
        guild: GuildId,
        channel: ChannelId,
        members: &[Member],
    ) -> Result<HashSet<UserId>, SendError>;

    /// Sends one message, at most once for the same nonce, and pings exactly the members that it names: one part of a
    /// reminder, or several reminders of one channel and one nonce, each of one part only.
    ///
    /// # Errors
    /// [`SendError`] says what is to become of the reminders.
    async fn send(
        &self,
        guild: GuildId,
        bundle: &[Outgoing],
        part: usize,
        haste: Haste,
    ) -> Result<MessageId, SendError>;

    /// Looks whether a part whose acceptance was never heard of stands in its channel, alone or in company.
    ///
    /// # Errors
    /// As [`Courier::send`].
    async fn probe(&self, guild: GuildId, outgoing: &Outgoing, part: usize) -> Result<Probe, SendError>;

    /// Tells that what the message of an event shows has changed; it is rewritten soon.
    fn event_changed(&self, guild: GuildId, event: EventId);
}

/// How soon a message should leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// As soon as the limits allow.
    Fresh,
    /// Behind what is fresh, and more slowly: it was due while Muster was away.
    Backlog,
}

/// What a look into a channel's history found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// The part is there.
    Found(MessageId),
    /// The part is not there.
    Absent,
    /// Muster may not read the history, so nobody can tell.
    Blind,
}

/// Why something could not be sent, and thereby what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may work later: an outage, a lost connection, a rate limit.
    #[error("{why}")]
    Retry {
        /// How long Discord asks to wait, where it says so.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// Muster may not: a permission is missing, or a thread is closed. Tried again only now and then.
    #[error("{why}")]
    Forbidden {
        /// What has to be mended.
        cause: Cause,
        /// Which permission and where, as far as it is known.
        why: String,
    },
    /// The channel does not exist any more.
    #[error("the channel was deleted")]
    ChannelGone,
    /// The message of the event does not exist any more.
    #[error("the message of the event was deleted")]
    EventMessageGone,
    /// It had been sent before, and somebody deleted it since.
    #[error("it had been sent and was deleted since")]
    SentAndDeleted,
    /// Discord will never take it in this form.
    #[error("{why}")]
    Refused {
        /// What Discord said.
        why: String,
    },
}
