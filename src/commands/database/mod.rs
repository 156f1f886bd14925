//! `/database`: what Muster keeps of this server, for those who manage it. One file per subcommand.
//!
//! **Invariants**
//! - Every subcommand, and the form of the deletion once more, asks whether the member may manage the server.
//! - Whatever is shown or sent stays between Muster and the member who asked.

mod backup;
mod cleanup;
mod delete;
mod export;
mod optimize;
mod status;

use serenity::all::Permissions;
use serenity_commands::Command;

use super::Pace;
use super::call::Call;
use super::error::CommandError;
use super::reply::Reply;
use super::rights;
use crate::domain::text;

pub(super) use delete::delete_named;

/// The subcommands of `/database`.
#[derive(Debug, Command)]
#[command(builder(default_member_permissions(Permissions::MANAGE_GUILD)))]
pub(super) enum DatabaseCommand {
    /// Show what I keep of this server, and how it is doing.
    Status,

    /// Back up what I keep of this server now.
    Backup,

    /// Get everything I know about this server in a file that only you see.
    Export,

    /// Remove old reminders from my log; events and answers stay.
    Cleanup(cleanup::Cleanup),

    /// Tidy up what I keep of this server, so that it takes less room.
    Optimize,

    /// Delete everything I know about this server, and start afresh.
    Delete,
}

/// How soon the subcommand with this name answers: all but the deletion, which first asks, read or write the whole store.
pub(super) fn pace(subcommand: &str) -> Pace {
    if subcommand == "delete" { Pace::Form } else { Pace::Slow }
}

impl DatabaseCommand {
    /// Runs the subcommand.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        rights::require_manage_guild(call)?;
        match self {
            Self::Status => status::run(call).await,
            Self::Backup => backup::run(call).await,
            Self::Export => export::run(call).await,
            Self::Cleanup(cleanup) => cleanup.run(call).await,
            Self::Optimize => optimize::run(call).await,
            Self::Delete => delete::ask(call).await,
        }
    }
}

/// A number with its noun.
fn count(number: u64, singular: &str, plural: &str) -> String {
    text::count(usize::try_from(number).unwrap_or(usize::MAX), singular, plural)
}
