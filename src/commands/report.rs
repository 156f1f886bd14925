//! Telling an error: a sentence to the member, and to the operator a line in the log where there is something to do.

use std::hash::{BuildHasher, RandomState};

use super::call::Call;
use super::error::CommandError;
use super::reply::Reply;
use crate::app::DiscordError;
use crate::errors::chain;

/// Turns an error into what the member sees, and logs what the operator should know.
pub(super) fn report(call: Call<'_>, command: &str, error: &CommandError) -> Reply {
    let (guild, user) = (call.guild(), call.invoker().user_id);
    match error {
        CommandError::Fault(cause) => {
            let id = short_id(call);
            tracing::error!(guild.id = %guild, user.id = %user, command.name = command, error.id = %id,
                error = format!("{cause:#}"), "a command failed");
            return with_number(error, &id);
        }
        CommandError::Discord(DiscordError::Refused(why)) => {
            let id = short_id(call);
            tracing::warn!(guild.id = %guild, command.name = command, error.id = %id, error = why,
                "Discord refused what a command wanted");
            return with_number(error, &id);
        }
        CommandError::Discord(DiscordError::Unavailable(why) | DiscordError::Unconfirmed(why)) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = why, "Discord did not do what a command wanted");
        }
        CommandError::DiskFull(why) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = chain(why), "a command found the disk full");
        }
        // A deletion refuses everybody, whether the bot has left or somebody wants to start afresh.
        CommandError::Leaving if call.app.upkeep.registry.is_member(guild) => {
            return Reply::text(CommandError::BeingDeleted.to_string());
        }
        CommandError::Outdated(why) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = %why, "a command came in an unknown form");
        }
        _ => {}
    }
    Reply::text(error.to_string())
}

fn with_number(error: &CommandError, id: &str) -> Reply {
    Reply::text(format!("{error} If it stays, tell whoever runs me this number: `{id}`."))
}

/// Whether a step went well without which a command can do its work; logs it if not.
pub(super) fn went_well<T>(call: Call<'_>, step: &Result<T, DiscordError>) -> bool {
    if let Err(error) = step {
        let detail = match error {
            DiscordError::Unavailable(why) | DiscordError::Unconfirmed(why) | DiscordError::Refused(why) => {
                why.clone()
            }
            other => other.to_string(),
        };
        tracing::warn!(guild.id = %call.guild(), error = detail, "a command goes on without an answer of Discord");
    }
    step.is_ok()
}

/// Eight characters by which the operator finds the log line.
fn short_id(call: Call<'_>) -> String {
    let number = RandomState::new().hash_one((call.now(), call.guild()));
    format!("{:08x}", number & 0xffff_ffff)
}
