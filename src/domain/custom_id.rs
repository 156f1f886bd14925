//! What Muster writes into its buttons and forms, to know them again after a restart.
//!
//! A custom id comes back from Discord whenever somebody presses the button or submits the form, possibly years later,
//! possibly forged.
//! It names the guild it was made for, so that one from another guild does nothing.

use std::fmt;
use std::str::FromStr;

use super::event::EventId;
use super::reminder::ReminderId;
use crate::ids::GuildId;

/// The meaning of a button or form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Answer an event.
    Answer {
        /// The event.
        event: EventId,
        /// The place of the choice among the event's choices, from zero.
        choice: u8,
    },
    /// Show who has not answered the event of a reminder. It also marks the message as this part of this reminder,
    /// which is how a message is found again whose acceptance was never heard of.
    Missing {
        /// The reminder.
        reminder: ReminderId,
        /// The part of the reminder, from zero.
        part: u16,
    },
    /// A page of the list of events.
    ListPage {
        /// The page, from zero.
        page: u16,
    },
    /// Delete everything that is known of the guild; only on the form that asks for the guild's name.
    DeleteGuild,
}

/// The meaning of a button or form, with the guild it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomId {
    /// The guild.
    pub guild: GuildId,
    /// The meaning.
    pub action: Action,
}

/// The first field of every custom id: Muster, version 1 of this format.
const PREFIX: &str = "m1";

/// A custom id that this version of Muster did not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "This button is not one of mine, or from a version of me that is gone. Run the command again to get a new one."
)]
pub struct UnknownCustomId;

impl fmt::Display for CustomId {
    /// Writes at most 60 characters; Discord allows 100.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guild = self.guild;
        match self.action {
            Action::Answer { event, choice } => write!(f, "{PREFIX}.{guild}.answer.{event}.{choice}"),
            Action::Missing { reminder, part } => write!(f, "{PREFIX}.{guild}.missing.{reminder}.{part}"),
            Action::ListPage { page } => write!(f, "{PREFIX}.{guild}.list.{page}"),
            Action::DeleteGuild => write!(f, "{PREFIX}.{guild}.delete"),
        }
    }
}

impl FromStr for CustomId {
    type Err = UnknownCustomId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).filter(|id| id.to_string() == text).ok_or(UnknownCustomId)
    }
}

fn parse(text: &str) -> Option<CustomId> {
    let mut fields = text.split('.');
    if fields.next()? != PREFIX {
        return None;
    }
    let guild = fields.next()?.parse().ok()?;
    let action = match fields.next()? {
        "answer" => Action::Answer {
            event: EventId(fields.next()?.parse().ok()?),
            choice: fields.next()?.parse().ok()?,
        },
        "missing" => Action::Missing {
            reminder: ReminderId(fields.next()?.parse().ok()?),
            part: fields.next()?.parse().ok()?,
        },
        "list" => Action::ListPage { page: fields.next()?.parse().ok()? },
        "delete" => Action::DeleteGuild,
        _ => return None,
    };
    Some(CustomId { guild, action })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            (any::<i64>(), any::<u8>()).prop_map(|(e, choice)| Action::Answer { event: EventId(e), choice }),
            (any::<i64>(), any::<u16>())
                .prop_map(|(r, part)| Action::Missing { reminder: ReminderId(r), part }),
            any::<u16>().prop_map(|page| Action::ListPage { page }),
            Just(Action::DeleteGuild),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(guild in 1u64..i64::MAX.unsigned_abs(), action in action()) {
            let id = CustomId { guild: GuildId::new(guild), action };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert!(id.to_string().len() <= 100);
        }

        #[test]
        fn reading_never_panics_and_accepts_one_spelling_only(text in "(m1)?[.]?.{0,60}") {
            if let Ok(id) = text.parse::<CustomId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn a_second_spelling_of_an_id_is_refused() {
        for text in
            ["m1.01.list.0", "m1.1.list.+1", "m1.1.list.0.", "m2.1.list.0", "m1.1.answer.1", "m1.1.delete.1"]
        {
            assert_eq!(text.parse::<CustomId>(), Err(UnknownCustomId), "{text}");
        }
    }
}
