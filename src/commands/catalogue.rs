//! All commands: how Discord is told of them, and how one that came in is read.

use serde_json::Value;
use serenity::all::{
    CommandData, CommandType, CreateCommand, InstallationContext, InteractionContext, Permissions,
};
use serenity_commands::Commands;

use super::call::Call;
use super::database::DatabaseCommand;
use super::error::CommandError;
use super::event::{self, EventCommand};
use super::reply::Reply;
use super::{about, help};

/// The name of the message command, as the menu of a message shows it.
const WATCH_FOR_ANSWERS: &str = "Watch for answers";

/// The slash commands.
#[derive(Debug, Commands)]
enum Slash {
    /// Ask for answers, and remind exactly those who have not answered.
    Event(EventCommand),

    /// Look after what I keep of this server.
    Database(DatabaseCommand),

    /// What I do, and the first steps.
    Help,

    /// My version, and how I am doing in this server.
    About,
}

/// Everything that Discord must know of Muster's commands, as it wants to be told, in a stable order.
#[must_use]
pub fn registrations() -> Value {
    let watch = CreateCommand::new(WATCH_FOR_ANSWERS)
        .kind(CommandType::Message)
        .default_member_permissions(Permissions::MANAGE_EVENTS);
    let mut commands = Slash::create_commands();
    commands.push(watch);
    commands.into_iter().map(in_guilds_only).map(in_json).collect()
}

fn in_guilds_only(command: CreateCommand) -> CreateCommand {
    command.contexts(vec![InteractionContext::Guild]).integration_types(vec![InstallationContext::Guild])
}

/// A builder writes plain JSON and cannot fail.
fn in_json(command: CreateCommand) -> Value {
    let mut command = serde_json::to_value(command).unwrap_or_default();
    trim_descriptions(&mut command);
    command
}

/// The derive takes a doc comment with the space behind its slashes.
fn trim_descriptions(command: &mut Value) {
    if let Some(description) = command.get("description").and_then(Value::as_str) {
        command["description"] = description.trim().into();
    }
    if let Some(options) = command.get_mut("options").and_then(Value::as_array_mut) {
        options.iter_mut().for_each(trim_descriptions);
    }
}

/// Reads and runs a slash command.
pub(super) async fn run_slash(call: Call<'_>, data: &CommandData) -> Result<Reply, CommandError> {
    match Slash::from_command_data(data)? {
        Slash::Event(command) => command.run(call).await,
        Slash::Database(command) => command.run(call).await,
        Slash::Help => Ok(help::run(call)),
        Slash::About => about::run(call).await,
    }
}

/// Runs a command from the menu of a message.
pub(super) async fn run_on_message(call: Call<'_>, data: &CommandData) -> Result<Reply, CommandError> {
    if data.name == WATCH_FOR_ANSWERS {
        return event::watch_target(call, data).await;
    }
    Err(serenity_commands::Error::UnknownCommand(data.name.clone()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered() -> Vec<Value> {
        registrations().as_array().unwrap().clone()
    }

    fn list(value: &Value, key: &str) -> Vec<Value> {
        value[key].as_array().cloned().unwrap_or_default()
    }

    /// Checks the limits that Discord puts on a command, and adds up its characters.
    ///
    /// Source: <https://docs.discord.com/developers/interactions/application-commands>
    fn check(command: &Value) -> usize {
        let name = command["name"].as_str().unwrap();
        let description = command["description"].as_str().unwrap_or_default();
        assert!((1..=32).contains(&name.chars().count()), "{name}");
        if command["type"] != 3 {
            let valid = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(name.chars().all(valid), "{name}");
            assert!((1..=100).contains(&description.chars().count()), "{name}: {description}");
            assert_eq!(description, description.trim(), "{name}");
        }
        let options = list(command, "options");
        assert!(options.len() <= 25, "{name}");
        let required = options.iter().map(|option| option["required"].as_bool().unwrap_or(false));
        assert!(required.is_sorted_by(|a, b| a >= b), "{name}: required options come first");
        name.len() + description.len() + options.iter().map(check).sum::<usize>()
    }

    #[test]
    fn every_command_is_within_the_limits_of_discord() {
        for command in registered() {
            assert!(check(&command) <= 8_000, "{}", command["name"]);
        }
    }

    #[test]
    fn commands_work_in_guilds_only_and_organisers_see_those_that_manage() {
        let commands = registered();
        let names: Vec<_> = commands.iter().map(|command| command["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["event", "database", "help", "about", WATCH_FOR_ANSWERS]);
        for command in &commands {
            assert_eq!(list(command, "contexts"), [0], "{command}");
            assert_eq!(list(command, "integration_types"), [0], "{command}");
        }
        let permissions =
            commands.iter().map(|command| command["default_member_permissions"].as_str()).collect::<Vec<_>>();
        let manage_events = Some("8589934592");
        let manage_guild = Some("32");
        assert_eq!(permissions, [manage_events, manage_guild, None, None, manage_events]);
    }

    #[test]
    fn every_event_is_chosen_by_autocomplete() {
        let commands = registered();
        let event_options = list(&commands[0], "options").into_iter().flat_map(|sub| list(&sub, "options"));
        let chosen: Vec<_> = event_options.filter(|option| option["name"] == "event").collect();
        assert_eq!(chosen.len(), 7);
        assert!(chosen.iter().all(|option| option["autocomplete"] == true && option["required"] == true));
    }
}
