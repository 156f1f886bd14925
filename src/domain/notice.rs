//! What the organisers of a guild are told about an event without having asked.

use super::event::{EndReason, Event};
use crate::clock::Timestamp;
use crate::ids::ChannelId;

/// Why the reminders of an event are held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Muster may not see the channel, and so hears of no answers there.
    Access,
    /// Muster may not write in the channel.
    Permission,
    /// The thread is archived or locked.
    Thread,
    /// Discord does not take what the reminder says.
    Refused,
}

impl Cause {
    /// Whether it concerns everything in the channel rather than one event.
    #[must_use]
    pub const fn concerns_channel(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// The reminders are held up until somebody mends the cause.
    HeldUp(Cause),
    /// One reminder was given up; the next come as usual.
    Undelivered,
    /// The event is over, and nobody ended it with a command.
    Over(EndReason),
}

/// Something about an event that its organisers do not know yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event.
    pub event: Event,
    /// What it is about.
    pub kind: NoticeKind,
    /// The words of whoever found out, as a part of a sentence; empty where the kind says it all.
    pub reason: String,
    /// Since when it is so.
    pub since: Timestamp,
    /// How often it was tried to tell it.
    pub attempts: u32,
    /// The message that may tell it already.
    pub started: Option<Started>,
}

/// A message to the organisers of which it is not known whether Discord took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Started {
    /// When it was first sent, from which its nonce is made.
    pub at: Timestamp,
    /// Where.
    pub channel: ChannelId,
}
