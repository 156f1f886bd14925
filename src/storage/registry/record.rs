//! What is known about a guild without opening its store.

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::storage::columns::{instant, maybe_instant, unreadable};

/// Whether Muster is in a guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// It is, as far as is known.
    Joined,
    /// It was removed; the guild's data goes after the grace period.
    Left,
}

/// What is known about a guild without opening its store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildRecord {
    /// Whether Muster is in the guild.
    pub membership: Membership,
    /// Since when, the latest time.
    pub joined_at: Timestamp,
    /// When it was removed; only if it left.
    pub left_at: Option<Timestamp>,
    /// Since when Discord has not listed the guild, although Muster should be in it.
    pub absent_since: Option<Timestamp>,
    /// Whether the guild may have events that are not over; never false while it has.
    pub live: bool,
    /// The earliest instant at which something may be due there; never later than the truth.
    pub next_due_at: Option<Timestamp>,
}

impl GuildRecord {
    /// A guild that Muster joined just now.
    pub(super) fn joined(now: Timestamp) -> Self {
        Self {
            membership: Membership::Joined,
            joined_at: now,
            left_at: None,
            absent_since: None,
            live: false,
            next_due_at: None,
        }
    }
}

pub(super) const fn membership_word(membership: Membership) -> &'static str {
    match membership {
        Membership::Joined => "joined",
        Membership::Left => "left",
    }
}

/// A row of `guilds`.
pub(super) struct KnownGuild {
    pub(super) guild: GuildId,
    pub(super) record: GuildRecord,
}

impl FromRow<'_, SqliteRow> for KnownGuild {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let membership = match row.try_get("membership")? {
            "joined" => Membership::Joined,
            "left" => Membership::Left,
            other => return Err(unreadable("membership", format!("`{other}` is no membership"))),
        };
        let record = GuildRecord {
            membership,
            joined_at: instant(row, "joined_at")?,
            left_at: maybe_instant(row, "left_at")?,
            absent_since: maybe_instant(row, "absent_since")?,
            live: row.try_get("live")?,
            next_due_at: maybe_instant(row, "next_due_at")?,
        };
        Ok(Self { guild: row.try_get("guild_id")?, record })
    }
}
