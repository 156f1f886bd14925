//! `/event`: start, look at, change and end events. One file per subcommand.
//!
//! **Invariants**
//! - Whoever may not see an event is told the same as if there were none.
//! - A write that makes something due comes between `App::expect_due` and `App::sync_due`.

mod choose;
mod create;
mod history;
mod interval;
mod list;
mod pause;
mod remind;
mod resume;
mod show;
mod unwatch;
mod watch;

use serenity::all::Permissions;
use serenity_commands::Command;

use super::Pace;
use super::call::Call;
use super::error::CommandError;
use super::reply::Reply;

pub(super) use choose::suggest;
pub(super) use list::page;
pub(super) use watch::watch_target;

/// The subcommands of `/event`.
#[derive(Debug, Command)]
#[command(builder(default_member_permissions(Permissions::MANAGE_EVENTS)))]
pub(super) enum EventCommand {
    /// Watch a message that is already there, and remind who has not answered it.
    Watch(watch::Watch),

    /// Post an event with buttons, and remind who has not answered it.
    Create(create::Create),

    /// Show the events that run in this server.
    List,

    /// Show who answered an event and who is missing.
    Show(show::Show),

    /// Let the reminders of an event rest; answers still count.
    Pause(pause::Pause),

    /// Go on with the reminders of an event.
    Resume(resume::Resume),

    /// Change how often an event reminds.
    Interval(interval::SetInterval),

    /// Remind now those who have not answered.
    Remind(remind::Remind),

    /// End an event: nothing is counted or sent any more.
    Unwatch(unwatch::Unwatch),

    /// Show the reminders that were sent.
    History(history::History),
}

/// How soon the subcommand with this name answers: the slow ones make many requests before they can.
pub(super) fn pace(subcommand: &str) -> Pace {
    match subcommand {
        "watch" | "create" | "remind" | "resume" | "interval" => Pace::Slow,
        _ => Pace::Quick,
    }
}

impl EventCommand {
    /// Runs the subcommand.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        match self {
            Self::Watch(watch) => watch.run(call).await,
            Self::Create(create) => create.run(call).await,
            Self::List => list::run(call).await,
            Self::Show(show) => show.run(call).await,
            Self::Pause(pause) => pause.run(call).await,
            Self::Resume(resume) => resume.run(call).await,
            Self::Interval(interval) => interval.run(call).await,
            Self::Remind(remind) => remind.run(call).await,
            Self::Unwatch(unwatch) => unwatch.run(call).await,
            Self::History(history) => history.run(call).await,
        }
    }
}
