//! Scheduled events and invites.

use std::collections::BTreeSet;

use super::Timestamp;
use crate::snowflake::Snowflake;

/// An event in a guild's calendar.
#[derive(Clone, Debug)]
pub(crate) struct ScheduledEvent {
    pub(crate) id: Snowflake,
    pub(crate) guild: Snowflake,
    pub(crate) channel: Option<Snowflake>,
    pub(crate) creator: Snowflake,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) start: Timestamp,
    pub(crate) end: Option<Timestamp>,
    /// 1 scheduled, 2 active, 3 completed, 4 cancelled.
    pub(crate) status: u8,
    /// 1 stage, 2 voice, 3 external.
    pub(crate) entity_type: u8,
    pub(crate) location: Option<String>,
    /// Who has said that they are interested.
    pub(crate) interested: BTreeSet<Snowflake>,
}

/// An invite.
#[derive(Clone, Debug)]
pub(crate) struct Invite {
    pub(crate) code: String,
    pub(crate) guild: Snowflake,
    pub(crate) channel: Snowflake,
    pub(crate) inviter: Snowflake,
    pub(crate) created: Timestamp,
    /// Seconds; 0 is for ever.
    pub(crate) max_age: u32,
    /// 0 is any number.
    pub(crate) max_uses: u8,
    pub(crate) uses: u32,
    pub(crate) is_temporary: bool,
}
