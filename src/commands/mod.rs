//! What members can ask Muster for: slash commands, a message command, the buttons on Muster's messages, and forms.
//!
//! A command comes in as data and goes out as a [`Reply`]: parse, ask the domain, call the store, say what happened and
//! what comes next. How it was connected and how it is acknowledged is the business of the Discord edge.
//!
//! **Invariants**
//! - Every command, button, form and autocomplete asks [`rights`] before it shows or changes something.
//! - An event is looked up in the store of the guild that asks, so one of another guild cannot be named.
//! - [`run`], [`complete`], [`press`] and [`submit`] never fail: an error is a sentence, or one log line and an id that the member
//!   sees.
//! - Every reply is within Discord's limits, whatever titles, names and numbers are in it.
//! - What makes something due is announced before its commit and settled after it (see [`App`]).
//!
//! **Does not know** how an interaction is acknowledged, SQL, or the gateway.
//!
//! To add a subcommand of `/event` or `/database`: a file in its folder with its options and its `run`, and a line in its `mod.rs`. To
//! add a top-level command: a variant in [`catalogue`]. To add a button: an action in
//! [`custom_id`](crate::domain::custom_id) and its arm in [`press`]; of a form, in [`submit`].

mod about;
mod buttons;
mod call;
mod catalogue;
mod database;

mod error;
mod event;
mod forms;
mod help;
mod people;
mod place;
mod reply;
mod report;
mod rights;
mod standing;
#[cfg(test)]
mod tests;

use serenity::all::{AutocompleteChoice, CommandData, CommandType};

pub use call::{Invocation, Invoker, Press, SeenBy, Submission};
pub use catalogue::registrations;
pub use error::CommandError;
pub use reply::{Attachment, Reply, ReplyKind};

use crate::app::App;
use call::Call;

/// Runs a slash or message command.
pub async fn run(app: &App, invocation: &Invocation, data: &CommandData) -> Reply {
    let call = Call { app, invocation };
    let result = match data.kind {
        CommandType::Message => catalogue::run_on_message(call, data).await,
        _ => catalogue::run_slash(call, data).await,
    };
    result.unwrap_or_else(|error| report::report(call, &data.name, &error)).fitted()
}

/// How soon a command answers, and thereby whether whoever used it should hear that it is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Soon; only if it does not, they should hear so.
    Quick,
    /// It asks or reads so much that they should hear so at once.
    Slow,
    /// It opens a form, before which Discord lets nothing be said.
    Form,
}

/// How soon a command answers.
#[must_use]
pub fn pace(data: &CommandData) -> Pace {
    let subcommand = data.options.first().map(|sub| sub.name.as_str()).unwrap_or_default();
    match (data.kind, data.name.as_str()) {
        (CommandType::Message, _) => Pace::Slow,
        (_, "event") => event::pace(subcommand),
        (_, "database") => database::pace(subcommand),

        _ => Pace::Quick,
    }
}

/// Suggests values for the option that the member is typing, at most 25; none if something is wrong.
pub async fn complete(app: &App, invocation: &Invocation, data: &CommandData) -> Vec<AutocompleteChoice> {
    let call = Call { app, invocation };
    let suggestions = match data.autocomplete() {
        Some(typing) if data.name == "event" && typing.name == "event" => {
            event::suggest(call, typing.value).await
        }
        _ => Ok(Vec::new()),
    };
    suggestions.unwrap_or_else(|error| {
        report::report(call, &data.name, &error);
        Vec::new()
    })
}

/// Does what a button says.
pub async fn press(app: &App, invocation: &Invocation, press: Press<'_>) -> Reply {
    let call = Call { app, invocation };
    let result = buttons::press(call, press).await;
    result.unwrap_or_else(|error| report::report(call, "button", &error)).fitted()
}

/// Does what a form was opened for.
pub async fn submit(app: &App, invocation: &Invocation, form: Submission<'_>) -> Reply {
    let call = Call { app, invocation };
    let result = forms::submit(call, form).await;
    result.unwrap_or_else(|error| report::report(call, "form", &error)).fitted()
}
