//! Channels, threads and direct messages.

use std::collections::BTreeMap;

use super::{Message, Timestamp};
use crate::permissions::{Overwrite, Place};
use crate::snowflake::Snowflake;

/// The kinds of channel (<https://discord.com/developers/docs/resources/channel#channel-object-channel-types>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    Text,
    Direct,
    Voice,
    Category,
    Announcement,
    AnnouncementThread,
    PublicThread,
    PrivateThread,
    Stage,
    Forum,
    Media,
}

impl ChannelKind {
    const NUMBERS: [(Self, u8); 11] = [
        (Self::Text, 0),
        (Self::Direct, 1),
        (Self::Voice, 2),
        (Self::Category, 4),
        (Self::Announcement, 5),
        (Self::AnnouncementThread, 10),
        (Self::PublicThread, 11),
        (Self::PrivateThread, 12),
        (Self::Stage, 13),
        (Self::Forum, 15),
        (Self::Media, 16),
    ];

    pub(crate) fn number(self) -> u8 {
        Self::NUMBERS.iter().find(|(kind, _)| *kind == self).map_or(0, |(_, number)| *number)
    }

    pub(crate) fn from_number(number: u64) -> Option<Self> {
        Self::NUMBERS.iter().find(|(_, known)| u64::from(*known) == number).map(|(kind, _)| *kind)
    }

    pub(crate) fn is_thread(self) -> bool {
        matches!(self, Self::AnnouncementThread | Self::PublicThread | Self::PrivateThread)
    }

    /// Whether messages can be posted in it.
    pub(crate) fn holds_messages(self) -> bool {
        !matches!(self, Self::Category | Self::Forum | Self::Media)
    }

    /// What its permissions are computed as.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Voice | Self::Stage => Place::Voice,
            Self::AnnouncementThread | Self::PublicThread | Self::PrivateThread => Place::Thread,
            _ => Place::Text,
        }
    }
}

/// A channel of a guild, a thread, or a direct conversation.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: Snowflake,
    /// `None` for direct messages.
    pub(crate) guild: Option<Snowflake>,
    pub(crate) kind: ChannelKind,
    pub(crate) name: Box<str>,
    pub(crate) topic: Option<Box<str>>,
    pub(crate) position: u16,
    /// The category, or the channel of a thread.
    pub(crate) parent: Option<Snowflake>,
    pub(crate) overwrites: Vec<Overwrite>,
    pub(crate) is_nsfw: bool,
    /// Seconds between two messages of one member.
    pub(crate) slowmode: u16,
    /// The other people of a direct conversation.
    pub(crate) recipients: Vec<Snowflake>,
    /// Set for threads.
    pub(crate) thread: Option<Box<Thread>>,
    pub(crate) messages: BTreeMap<Snowflake, Message>,
    /// The last message that was posted, deleted or not.
    pub(crate) last_message: Option<Snowflake>,
    pub(crate) last_pin: Option<Timestamp>,
}

impl Channel {
    /// An empty channel.
    pub(crate) fn new(id: Snowflake, guild: Option<Snowflake>, kind: ChannelKind, name: &str) -> Self {
        Self {
            id,
            guild,
            kind,
            name: name.into(),
            topic: None,
            position: 0,
            parent: None,
            overwrites: Vec::new(),
            is_nsfw: false,
            slowmode: 0,
            recipients: Vec::new(),
            thread: None,
            messages: BTreeMap::new(),
            last_message: None,
            last_pin: None,
        }
    }
}

/// What a thread has beside a channel.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) owner: Snowflake,
    pub(crate) is_archived: bool,
    pub(crate) is_locked: bool,
    pub(crate) auto_archive_minutes: u16,
    /// When archiving last changed.
    pub(crate) archive_changed: Timestamp,
    pub(crate) created: Timestamp,
    pub(crate) is_invitable: bool,
    /// Who has joined, and when.
    pub(crate) members: BTreeMap<Snowflake, Timestamp>,
    /// Messages without the one that started it.
    pub(crate) message_count: u32,
    /// The same, without taking deleted ones off.
    pub(crate) total_sent: u32,
}
