//! Everything known about a guild as one document: the format `muster.guild`, version 1.
//!
//! `docs/export.md` describes it for those who read it. Within a version fields may be added, at any place, but none is
//! taken away, renamed, or given another meaning, and a list keeps its order; anything else makes it the next version.

mod compose;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::domain::event::{EndReason, EventId, Origin};
use crate::domain::reminder::{ReminderId, Status};
use crate::domain::response::Source;
use crate::domain::settings::GuildSettings;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::storage::Membership;

/// Everything known about a guild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildExport {
    /// `muster.guild`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// When it was read; all of it is of the same moment.
    pub exported_at: Timestamp,
    /// The guild itself.
    pub guild: ExportedGuild,
    /// Its members as far as Muster knows them, in ascending order of id.
    pub members: Vec<ExportedMember>,
    /// Its events, those that are over among them, in ascending order of number.
    pub events: Vec<ExportedEvent>,
}

/// The guild itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedGuild {
    /// Discord's id.
    pub id: GuildId,
    /// What it is called, if Discord has said so.
    pub name: Option<String>,
    /// What it decided.
    pub settings: GuildSettings,
    /// Whether Muster is in it; `None` if that is not known.
    pub membership: Option<Membership>,
    /// Since when it has been, the latest time.
    pub joined_at: Option<Timestamp>,
    /// When Muster was removed; only if it was.
    pub left_at: Option<Timestamp>,
    /// Since when Discord has not listed the guild although Muster should be in it.
    pub absent_since: Option<Timestamp>,
    /// The earliest instant at which something may be due.
    pub next_due_at: Option<Timestamp>,
    /// When its store was created.
    pub created_at: Timestamp,
    /// When name or settings changed last.
    pub updated_at: Timestamp,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedMember {
    /// The account.
    pub user_id: UserId,
    /// What the guild calls the member.
    pub name: String,
    /// Whether it is a bot.
    pub is_bot: bool,
    /// The member's roles, without `@everyone`.
    pub roles: Vec<RoleId>,
    /// When Muster first knew of the member.
    pub created_at: Timestamp,
    /// When something above changed last.
    pub updated_at: Timestamp,
}

/// What an event is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportedState {
    /// Reminders go out.
    Active,
    /// Reminders rest.
    Paused,
    /// Discord refuses the reminders.
    Suspended,
    /// It is over.
    Ended,
}

/// An event, with its answers and its reminders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedEvent {
    /// Its number inside the guild.
    pub id: EventId,
    /// Where its message is.
    pub channel_id: ChannelId,
    /// Its message; `None` while Discord has not confirmed it.
    pub message_id: Option<MessageId>,
    /// Who wrote the message: Muster, or somebody else.
    pub origin: Origin,
    /// As it was typed.
    pub title: String,
    /// As it was typed; may be empty.
    pub description: String,
    /// The answers that count, in the order in which they are shown.
    pub choices: Vec<ExportedChoice>,
    /// Only members with this role are asked.
    pub role_id: Option<RoleId>,
    /// Who created or watched it.
    pub author_id: UserId,
    /// The distance between reminders.
    pub interval_ms: i64,
    /// What it is doing.
    pub state: ExportedState,
    /// Why Discord refuses the reminders; only while it does.
    pub suspended_reason: Option<String>,
    /// Why it is over; only if it is.
    pub end_reason: Option<EndReason>,
    /// When it ended; only if it did.
    pub ended_at: Option<Timestamp>,
    /// The due instant of the latest reminder.
    pub last_reminder_at: Option<Timestamp>,
    /// When it is due next.
    pub next_due_at: Option<Timestamp>,
    /// An instant from which all its due instants are whole intervals away.
    pub grid_at: Timestamp,
    /// When it was created or watched.
    pub created_at: Timestamp,
    /// When something above changed last.
    pub updated_at: Timestamp,
    /// The answers, oldest first.
    pub responses: Vec<ExportedResponse>,
    /// The reminders, in the order of their due instants.
    pub reminders: Vec<ExportedReminder>,
}

/// An answer that an event offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedChoice {
    /// The emoji, as Discord writes it: `✅`, `<:name:id>` or `<a:name:id>`.
    pub emoji: String,
    /// What it means in words; may be empty.
    pub label: String,
}

/// An answer that a member gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedResponse {
    /// Who answered.
    pub user_id: UserId,
    /// How.
    pub source: Source,
    /// What: the emoji as among the event's choices. If it is none of them any more, its key: the emoji without variation
    /// selectors, or the id of a guild's own.
    pub choice: String,
    /// When it was first given.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A row of the reminder log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedReminder {
    /// Its number inside the guild.
    pub id: ReminderId,
    /// The due instant.
    pub scheduled_at: Timestamp,
    /// What became of it.
    pub status: Status,
    /// When Discord had accepted all of it.
    pub sent_at: Option<Timestamp>,
    /// How many members it mentioned, once it is sent.
    pub users_notified: usize,
    /// How many of the audience had answered.
    pub responded: usize,
    /// Whom it mentions; only while it is pending.
    pub recipients: Vec<UserId>,
    /// Its messages, in the order of its parts; `None` for one that was deleted since.
    pub message_ids: Vec<Option<MessageId>>,
    /// What went wrong last.
    pub error: Option<String>,
    /// How many times it was tried.
    pub attempts: u32,
    /// When it is tried again; only while it is pending.
    pub next_attempt_at: Option<Timestamp>,
    /// The event's next due instant, as it was then.
    pub next_due_at: Option<Timestamp>,
    /// When it was decided whom it mentions.
    pub addressed_at: Timestamp,
    /// Whether its messages say that they may be repeats.
    pub perhaps_sent_before: bool,
    /// By which Discord recognises a repeated message.
    pub nonce: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When something above changed last.
    pub updated_at: Timestamp,
}
