//! An event: a message whose answers Muster tracks.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::choice::Choices;
use super::interval::Interval;
use super::text;
use crate::clock::Timestamp;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};

/// The number of an event inside its guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(pub i64);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the message of an event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Muster posted it, with a button for each choice.
    Posted,
    /// Somebody else wrote it; only reactions answer it.
    Watched,
}

/// What an event is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Reminders go out at the interval.
    Active,
    /// Answers count, reminders rest until somebody resumes them.
    Paused,
    /// Discord refuses the reminders; they are tried again now and then.
    Suspended(String),
    /// Over: nothing is counted or sent any more.
    Ended(EndReason),
}

/// Why an event is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Somebody stopped it.
    Unwatched,
    /// Its message was deleted.
    MessageDeleted,
    /// Its channel was deleted.
    ChannelDeleted,
}

impl EndReason {
    /// The reason as a sentence for members.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unwatched => "Somebody stopped watching it.",
            Self::MessageDeleted => "Its message was deleted.",
            Self::ChannelDeleted => "Its channel was deleted.",
        }
    }
}

/// A message whose answers Muster tracks, as its guild store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number inside the guild.
    pub id: EventId,
    /// Where its message is.
    pub channel_id: ChannelId,
    /// Its message; `None` only between asking Discord to post it and the answer.
    pub message_id: Option<MessageId>,
    /// Who wrote the message.
    pub origin: Origin,
    /// One line, at most [`TITLE_MAX`] characters, as it was typed.
    pub title: String,
    /// More, at most [`DESCRIPTION_MAX`] characters, as it was typed; may be empty.
    pub description: String,
    /// The distance between reminders.
    pub interval: Interval,
    /// What it is doing.
    pub state: State,
    /// The due instant of the latest reminder, whether it was sent or skipped.
    pub last_reminder_at: Option<Timestamp>,
    /// When it is next due: an instant of the due grid, or the next try while suspended; `None` while paused or ended.
    pub next_due_at: Option<Timestamp>,
    /// An instant of the due grid, whatever the event is doing; see [`first_on_grid`](super::reminder::first_on_grid).
    pub grid_at: Timestamp,
    /// The answers that count.
    pub choices: Choices,
    /// Only members with this role are asked; `None`: all who can see the channel.
    pub role: Option<RoleId>,
    /// Who created or watched it.
    pub author_id: UserId,
    /// When it was created or watched.
    pub created_at: Timestamp,
}

/// Longest title of an event, in characters: what an embed's title and an autocomplete choice can show.
pub const TITLE_MAX: usize = 100;
/// Longest description of an event, in characters; leaves room for the answers in the same embed.
pub const DESCRIPTION_MAX: usize = 2_000;

/// Why a title or a description is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventTextError {
    /// Nothing to read in it.
    #[error("The title is empty. Write in a few words what you ask people for.")]
    TitleEmpty,
    /// Too long.
    #[error("A title can have at most {TITLE_MAX} characters; yours has {0}.")]
    TitleTooLong(usize),
    /// Too long.
    #[error("A description can have at most {DESCRIPTION_MAX} characters; yours has {0}.")]
    DescriptionTooLong(usize),
}

/// Checks a title that a member typed, and returns it in one line without control characters.
///
/// # Errors
/// [`EventTextError`], with the limit and the value.
pub fn title(typed: &str) -> Result<String, EventTextError> {
    let title = text::one_line(typed);
    match title.chars().count() {
        0 => Err(EventTextError::TitleEmpty),
        count if count > TITLE_MAX => Err(EventTextError::TitleTooLong(count)),
        _ => Ok(title),
    }
}

/// Checks a description that a member typed, and returns it without control characters; line breaks stay.
///
/// # Errors
/// [`EventTextError::DescriptionTooLong`].
pub fn description(typed: &str) -> Result<String, EventTextError> {
    let description = text::printable(typed);
    let count = description.chars().count();
    if count > DESCRIPTION_MAX { Err(EventTextError::DescriptionTooLong(count)) } else { Ok(description) }
}

/// The title of a watched message: its first line that says something, shortened; `None` if there is none.
#[must_use]
pub fn title_of_message(content: &str) -> Option<String> {
    let line = content.lines().map(text::one_line).find(|line| !line.is_empty());
    line.map(|line| text::shorten(&line, TITLE_MAX))
}

/// The title of a watched message whose text says nothing, or is hidden from Muster.
#[must_use]
pub fn title_without_text(author: &str, channel: &str) -> String {
    let title = format!("Message of {} in #{}", text::one_line(author), text::one_line(channel));
    text::shorten(&title, TITLE_MAX)
}

impl Event {
    /// Whether answers still count: active, paused or suspended.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    /// The link to the event's message, or to its channel while it is being posted.
    #[must_use]
    pub fn link(&self, guild: GuildId) -> String {
        match self.message_id {
            Some(message) => format!("https://discord.com/channels/{guild}/{}/{message}", self.channel_id),
            None => format!("https://discord.com/channels/{guild}/{}", self.channel_id),
        }
    }
}
