//! `/event show`: who answered what, who is missing, and when the next reminder comes.

use serenity_commands::SubCommand;

use super::choose::EventChoice;
use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::people::mentions;
use crate::commands::reply::Reply;
use crate::commands::standing::{self, Standing};
use crate::domain::choice::Choice;
use crate::domain::event::Event;
use crate::domain::response;

/// Characters for the names behind all choices together; the rest of the page is for the other lines.
const ROOM_FOR_ANSWERS: usize = 1_800;

/// Characters for the names of who is missing.
const ROOM_FOR_MISSING: usize = 600;

/// The options of `/event show`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Show {
    /// The event: choose a suggestion, or paste its link.
    event: EventChoice,
}

impl Show {
    /// Shows the event.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let chosen = self.event.find(call).await?;
        let event = &chosen.event;
        let standing = Standing::of(call, &chosen.store, event).await?;
        let mut lines = vec![standing::heading(event, call.guild()), standing.numbers()];
        lines.push(standing::next_reminder(event));
        if let Some(role) = event.role {
            lines.push(format!("Only members with <@&{role}> are asked."));
        }
        lines.push(String::new());
        lines.extend(answers(event, &standing));
        if event.is_live() && !standing.turnout.non_responders.is_empty() {
            let missing = mentions(&standing.turnout.non_responders, ROOM_FOR_MISSING);
            lines.push(format!("Missing ({}): {missing}", standing.turnout.non_responders.len()));
        }
        Ok(Reply::page("Event", &lines.join("\n")))
    }
}

/// For each choice how many gave it, and who.
fn answers(event: &Event, standing: &Standing) -> Vec<String> {
    let room = ROOM_FOR_ANSWERS / event.choices.iter().count().max(1);
    let line = |choice: &Choice| {
        let users = response::who_chose(&standing.responses, &choice.emoji);
        let line = format!("{} ({}) {}", standing::choice(choice), users.len(), mentions(&users, room));
        line.trim_end().to_owned()
    };
    event.choices.iter().map(line).collect()
}
