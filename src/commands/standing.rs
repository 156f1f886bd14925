//! How an event stands: who answered what, who is missing, and what comes next. The words for it are the same everywhere.

use super::call::Call;
use super::error::CommandError;
use crate::app::MembersMode;
use crate::domain::audience::{self, Turnout};
use crate::domain::choice::{Choice, Choices};
use crate::domain::event::{Event, State};
use crate::domain::response::{self, Response};
use crate::domain::text;
use crate::ids::GuildId;
use crate::storage::Lease;

/// Who answered an event and who did not, by what the store knows.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// All answers, oldest first.
    pub(super) responses: Vec<Response>,
    /// The audience, divided by who answered.
    pub(super) turnout: Turnout,
}

impl Standing {
    /// Counts the answers of an event against its audience.
    ///
    /// # Errors
    /// Those of the store, and of looking up who can see the channel.
    pub(super) async fn of(call: Call<'_>, store: &Lease, event: &Event) -> Result<Self, CommandError> {
        let asked = call.discord().audience(store, event).await?;
        let responses = store.responses().of_event(event.id).await?;
        let asked = asked.iter().map(|member| member.user_id);
        let turnout = audience::turnout(asked, &response::responders(&responses));
        Ok(Self { responses, turnout })
    }

    /// `3 of 12 members have answered, 9 are missing.`
    pub(super) fn numbers(&self) -> String {
        let (responded, total) = (self.turnout.responded, self.turnout.total());
        let missing = self.turnout.non_responders.len();
        match (total, missing) {
            (0, _) => NOBODY.to_owned(),
            (1, 0) => "The only member whom I ask has answered.".to_owned(),
            (1, _) => "The only member whom I ask has not answered yet.".to_owned(),
            (_, 0) => format!("All {total} members have answered; nobody is missing."),
            (_, missing) => {
                let have = if responded == 1 { "has" } else { "have" };
                let are = if missing == 1 { "is" } else { "are" };
                format!("{responded} of {total} members {have} answered, {missing} {are} missing.")
            }
        }
    }
}

/// Said where nobody is in the audience.
const NOBODY: &str = "Nobody is asked yet: I know of no member who should answer.";

/// Said where the audience cannot be looked up at the moment.
pub(super) const NOT_COUNTED: &str = "I could not count who is asked just now; `/event show` tries again.";

/// How many members a new event asks.
pub(super) async fn asked(call: Call<'_>, store: &Lease, event: &Event) -> String {
    match call.discord().audience(store, event).await {
        Ok(asked) if asked.is_empty() => NOBODY.to_owned(),
        Ok(asked) => format!("I ask {} and remind only those who have not answered.", members(asked.len())),
        Err(_) => NOT_COUNTED.to_owned(),
    }
}

/// What Muster does not know at the moment, and what follows from it, where it should.
pub(super) fn what_is_unknown(call: Call<'_>, up_to_date: bool) -> Option<String> {
    match (call.discord().members_mode(), up_to_date) {
        (MembersMode::Degraded, _) => Some(DEGRADED.to_owned()),
        (MembersMode::Complete, false) => Some(
            "Discord did not tell me everything just now, so the numbers may be low; I ask again before I remind."
                .to_owned(),
        ),
        (MembersMode::Complete, true) => None,
    }
}

/// What a member should know where Muster runs without the members intent.
const DEGRADED: &str = "Note: I run without the **Server Members Intent**, so Discord does not tell me who is in this \
    server. I count and remind only members whom I have met, by an answer here or before. Whoever runs me can switch the \
    intent on in Discord's developer portal.";

/// `1 member`, `12 members`.
pub(super) fn members(count: usize) -> String {
    text::count(count, "member", "members")
}

/// The title in bold, leading to the event's message.
pub(super) fn heading(event: &Event, guild: GuildId) -> String {
    format!("**[{}]({})**", text::escape(&event.title), event.link(guild))
}

/// When the next reminder comes, or why none does.
pub(super) fn next_reminder(event: &Event) -> String {
    match (&event.state, event.next_due_at) {
        (State::Active, Some(due)) => {
            format!(
                "I remind {}, next {} ({}).",
                event.interval.every(),
                text::full_time(due),
                text::relative_time(due)
            )
        }
        (State::Active, None) => format!("I remind {}.", event.interval.every()),
        (State::Paused, _) => "Reminders rest; answers still count. `/event resume` goes on.".to_owned(),
        (State::Suspended(reason), due) => {
            let reason = text::shorten(reason, 300);
            let again =
                due.map(|due| format!(" I try again {};", text::relative_time(due))).unwrap_or_default();
            format!(
                "Reminders are held up: {}.{again} `/event resume` goes on as soon as that is mended.",
                reason.trim_end_matches('.')
            )
        }
        (State::Ended(reason), _) => format!("It is over. {}", reason.sentence()),
    }
}

/// A choice as members see it: `✅ Coming`, or the emoji alone.
pub(super) fn choice(choice: &Choice) -> String {
    format!("{} {}", choice.emoji, text::escape(&choice.label)).trim_end().to_owned()
}

/// All choices in one line.
pub(super) fn choices(choices: &Choices) -> String {
    choices.iter().map(choice).collect::<Vec<_>>().join(" · ")
}
