//! What a reminder says: alone in a message of its own, or one after the other where several share one.

use super::event::Event;
use super::reminder::Reminder;
use super::text;
use crate::ids::{GuildId, UserId};

/// Discord's limit for the text of a message, in characters.
///
/// Source: <https://docs.discord.com/developers/resources/message#create-message>
pub const CONTENT_MAX: usize = 2_000;

/// A longer title is not cut below this for the sake of its link.
const LINKED_MIN: usize = 24;

/// What stands between two reminders in one message.
const GAP: &str = "\n\n";

/// A reminder with the event that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The event.
    pub event: Event,
    /// The row of the log.
    pub reminder: Reminder,
}

/// The text of one part of a reminder that has its message for itself, at most [`CONTENT_MAX`] characters.
///
/// The mentions are always there; of the title as much as there is room for. It leads to the event unless the link left
/// hardly any room for it; a button does so anyway.
#[must_use]
pub fn alone(guild: GuildId, outgoing: &Outgoing, users: &[UserId]) -> String {
    let Outgoing { event, reminder } = outgoing;
    let (link, mentions, numbers) = (event.link(guild), mentions(users), numbers(reminder));
    let fixed = mentions.chars().count() + numbers.chars().count() + "⏰ ****\n\n".chars().count();
    let room = CONTENT_MAX.saturating_sub(fixed);
    let beside_link = room.saturating_sub(link.chars().count() + "[]()".len());
    let linked = escaped_within(&event.title, beside_link);
    let heading = if !linked.is_empty() && (beside_link >= LINKED_MIN || linked == text::escape(&event.title))
    {
        format!("[{linked}]({link})")
    } else {
        escaped_within(&event.title, room)
    };
    format!("⏰ **{heading}**{numbers}\n\n{mentions}")
}

/// The text of several reminders in one message, each whole; it may be longer than [`CONTENT_MAX`].
#[must_use]
pub fn together(guild: GuildId, outgoing: &[Outgoing]) -> String {
    let sections: Vec<String> = outgoing.iter().map(|outgoing| whole(guild, outgoing)).collect();
    sections.join(GAP)
}

/// How many characters a reminder adds to a message that it shares.
#[must_use]
pub fn length_in_company(guild: GuildId, outgoing: &Outgoing) -> usize {
    whole(guild, outgoing).chars().count() + GAP.len()
}

fn whole(guild: GuildId, outgoing: &Outgoing) -> String {
    let Outgoing { event, reminder } = outgoing;
    let (title, link) = (text::escape(&event.title), event.link(guild));
    format!("⏰ **[{title}]({link})**{}\n\n{}", numbers(reminder), mentions(&reminder.recipients))
}

fn mentions(users: &[UserId]) -> String {
    users.iter().map(|user| format!("<@{user}>")).collect::<Vec<_>>().join(" ")
}

/// The title made harmless and cut to fit; cut before it is escaped, so that no escape is cut in half.
fn escaped_within(title: &str, room: usize) -> String {
    let lengths = (0..=title.chars().count()).rev();
    let mut shorter = lengths.map(|length| text::escape(&text::shorten(title, length)));
    shorter.find(|title| title.chars().count() <= room).unwrap_or_default()
}

fn numbers(reminder: &Reminder) -> String {
    let missing = reminder.recipients.len();
    let total = reminder.responded + missing;
    let late = if reminder.is_late() { " (late)" } else { "" };
    let repeat = if reminder.perhaps_sent_before { " (perhaps sent before)" } else { "" };
    let next = reminder.next_due_at.map(|next| format!(" Next {}.", text::relative_time(next)));
    let next = next.unwrap_or_default();
    format!("{late}{repeat}\n{} of {total} answered, {missing} missing.{next}", reminder.responded)
}
