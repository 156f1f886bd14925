//! What members can ask Muster for: slash commands, a message command, and the buttons on Muster's messages.
//!
//! A command comes in as data and goes out as a [`Reply`]: parse, ask the domain, call the store, say what happened and
//! what comes next. How it was connected and how it is acknowledged is the business of the Discord edge.
//!
//! **Invariants**
//! - Every command, button and autocomplete asks [`rights`] before it shows or changes something.
//! - An event is looked up in the store of the guild that asks, so one of another guild cannot be named.
//! - [`run`], [`complete`] and [`press`] never fail: an error is a sentence, or one log line and an id that the member
//!   sees.
//! - Every reply is within Discord's limits, whatever titles, names and numbers are in it.
//! - What makes something due is announced before its commit and settled after it (see [`App`]).
//!
//! **Does not know** how an interaction is acknowledged, SQL, or the gateway.
//!
//! To add a subcommand of `/event`: a file in `event/` with its options and its `run`, and a line in `event/mod.rs`. To
//! add a top-level command: a variant in [`catalogue`]. To add a button: an action in
//! [`custom_id`](crate::domain::custom_id) and its arm in [`press`].

mod about;
mod buttons;
mod call;
mod catalogue;
mod error;
mod event;
mod help;
mod people;
mod place;
mod reply;
mod rights;
mod standing;
#[cfg(test)]
mod tests;

use serenity::all::{AutocompleteChoice, CommandData, CommandType};

pub use call::{Invocation, Invoker, Press, SeenBy};
pub use catalogue::registrations;
pub use error::CommandError;
pub use reply::{Reply, ReplyKind};

use crate::app::App;
use call::Call;

/// Runs a slash or message command.
pub async fn run(app: &App, invocation: &Invocation, data: &CommandData) -> Reply {
    let call = Call { app, invocation };
    let result = match data.kind {
        CommandType::Message => catalogue::run_on_message(call, data).await,
        _ => catalogue::run_slash(call, data).await,
    };
    result.unwrap_or_else(|error| error::report(call, &data.name, &error)).fitted()
}

/// Whether a command asks Discord so much that whoever used it should hear at once that it is being worked on.
#[must_use]
pub fn takes_long(data: &CommandData) -> bool {
    match data.kind {
        CommandType::Message => true,
        _ => data.name == "event" && data.options.iter().any(|sub| event::takes_long(&sub.name)),
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
        error::report(call, &data.name, &error);
        Vec::new()
    })
}

/// Does what a button says.
pub async fn press(app: &App, invocation: &Invocation, press: Press<'_>) -> Reply {
    let call = Call { app, invocation };
    let result = buttons::press(call, press).await;
    result.unwrap_or_else(|error| error::report(call, "button", &error)).fitted()
}
