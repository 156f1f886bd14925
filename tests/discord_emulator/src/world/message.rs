//! Messages, what they mention and who has reacted.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Timestamp;
use crate::snowflake::Snowflake;

/// Bits of a message's `flags` that mean something here.
pub(crate) mod flags {
    pub(crate) const SUPPRESS_EMBEDS: u64 = 1 << 2;
    pub(crate) const HAS_THREAD: u64 = 1 << 5;
    pub(crate) const EPHEMERAL: u64 = 1 << 6;
    pub(crate) const LOADING: u64 = 1 << 7;
    pub(crate) const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
    pub(crate) const IS_COMPONENTS_V2: u64 = 1 << 15;
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) id: Snowflake,
    pub(crate) channel: Snowflake,
    pub(crate) author: Snowflake,
    /// 0 plain, 6 a pin, 7 a join, 18 a thread, 19 a reply, 20 the answer to a command, 23 to a message command.
    pub(crate) kind: u8,
    pub(crate) content: String,
    pub(crate) at: Timestamp,
    pub(crate) edited: Option<Timestamp>,
    pub(crate) flags: u64,
    pub(crate) embeds: Vec<Value>,
    pub(crate) components: Vec<Value>,
    pub(crate) attachments: Vec<Attachment>,
    /// A string or a number, as it was sent.
    pub(crate) nonce: Option<Value>,
    pub(crate) is_tts: bool,
    pub(crate) pinned: Option<Timestamp>,
    pub(crate) reference: Option<Reference>,
    /// What the message object lists; an edit changes it.
    pub(crate) mentions: Mentioned,
    /// Who got a notification when it was posted; an edit never adds anybody.
    pub(crate) pinged: Mentioned,
    /// In the order of each emoji's first use.
    pub(crate) reactions: Vec<Reaction>,
    /// The token of the interaction that made it.
    pub(crate) interaction: Option<String>,
    /// `interaction_metadata`, as it is sent.
    pub(crate) interaction_metadata: Option<Value>,
    /// The one person who sees an ephemeral message.
    pub(crate) only_for: Option<Snowflake>,
    /// A poll, as it was sent.
    pub(crate) poll: Option<Value>,
}

impl Message {
    /// Whether others than its reader know nothing of it.
    pub(crate) fn is_ephemeral(&self) -> bool {
        self.only_for.is_some()
    }
}

/// Who is mentioned, after `allowed_mentions` and permissions had their say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mentioned {
    pub(crate) users: Vec<Snowflake>,
    pub(crate) roles: Vec<Snowflake>,
    pub(crate) everyone: bool,
}

/// The message that another refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) channel: Snowflake,
    pub(crate) message: Option<Snowflake>,
    pub(crate) guild: Option<Snowflake>,
    /// Whether it forwards instead of replying.
    pub(crate) is_forward: bool,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub(crate) id: Snowflake,
    pub(crate) filename: String,
    pub(crate) description: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) bytes: std::sync::Arc<[u8]>,
}

/// What somebody reacts with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EmojiKey {
    /// The character itself.
    Unicode(Box<str>),
    /// An emoji of a guild.
    Custom { id: Snowflake, name: Box<str> },
}

impl EmojiKey {
    /// Whether both are the same emoji; a custom one is known by its id alone.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unicode(one), Self::Unicode(two)) => {
                one.trim_end_matches('\u{fe0f}') == two.trim_end_matches('\u{fe0f}')
            }
            (Self::Custom { id: one, .. }, Self::Custom { id: two, .. }) => one == two,
            _ => false,
        }
    }
}

/// All that have reacted with one emoji.
#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    pub(crate) emoji: EmojiKey,
    pub(crate) normal: BTreeSet<Snowflake>,
    /// Super reactions, which are counted and listed apart.
    pub(crate) burst: BTreeSet<Snowflake>,
}

impl Reaction {
    pub(crate) fn count(&self) -> usize {
        self.normal.len() + self.burst.len()
    }
}
