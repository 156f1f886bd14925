//! Which message was posted with which nonce.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::{Message, Timestamp};
use crate::snowflake::Snowflake;

/// How long a nonce is kept at most; whoever asks has a shorter window.
const KEPT: Duration = Duration::from_hours(1);

/// The number of nonces above which the old ones are forgotten.
const MANY: usize = 10_000;

/// The last message of each author and nonce.
#[derive(Debug, Default)]
pub(crate) struct Nonces(HashMap<(Snowflake, String), Posted>);

#[derive(Clone, Copy, Debug)]
struct Posted {
    channel: Snowflake,
    message: Snowflake,
    at: Timestamp,
}

impl Nonces {
    /// Remembers the nonce of a message that was just posted.
    pub(crate) fn insert(&mut self, message: &Message) {
        let Some(nonce) = &message.nonce else { return };
        if self.0.len() >= MANY {
            self.0.retain(|_, posted| message.at.since(posted.at) < KEPT);
        }
        let posted = Posted { channel: message.channel, message: message.id, at: message.at };
        self.0.insert((message.author, nonce.to_string()), posted);
    }

    /// Forgets all of them.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Channel and id of the message that this author has posted with this nonce since `oldest`.
    pub(crate) fn find(
        &self,
        author: Snowflake,
        nonce: &Value,
        oldest: Timestamp,
    ) -> Option<(Snowflake, Snowflake)> {
        let posted = self.0.get(&(author, nonce.to_string()))?;
        (posted.at >= oldest).then_some((posted.channel, posted.message))
    }
}
