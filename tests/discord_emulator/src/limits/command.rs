//! Application commands and their autocompletion
//! (<https://discord.com/developers/docs/interactions/application-commands>).

use serde_json::Value;

use super::finding::{At, Findings};

const CHAT_INPUT: i64 = 1;
const SUBCOMMAND: i64 = 1;
const SUBCOMMAND_GROUP: i64 = 2;

/// Name, description and values of a command and everything in it.
const MAX_SIZE: usize = 8000;

/// All commands of an application, or of it in one guild.
pub(super) fn list(body: &Value, findings: &mut Findings) {
    let wrapped = serde_json::json!({ "commands": body });
    let commands = At::new(&wrapped, "").items("commands");
    for (name, number, most) in [("chat input", 1, 100), ("user", 2, 15), ("message", 3, 15)] {
        let count = commands.iter().filter(|command| kind(command) == number).count();
        if count > most {
            let found =
                format!("Maximum number of application commands reached ({most}): {count} of type {name}");
            findings.refuse("commands.count", "", "APPLICATION_COMMANDS_MAX", found);
        }
        let of_kind = commands.iter().filter(|command| kind(command) == number);
        let names = of_kind.filter_map(|command| Some((command.path("name"), command.text("name")?)));
        findings.unique("command.unique", "APPLICATION_COMMANDS_DUPLICATE_NAME", names);
    }
    for (index, command) in commands.iter().enumerate() {
        one(command.value, &index.to_string(), findings);
    }
}

/// One command that is made or replaced.
pub(super) fn one(body: &Value, path: &str, findings: &mut Findings) {
    let command = At::new(body, path);
    findings.required("command.name", &command, "name");
    if kind(&command) == CHAT_INPUT {
        name("command.name", &command, findings);
        findings.required("command.description", &command, "description");
        findings.length("command.description", &command, "description", 0, 100);
    } else {
        findings.length("command.name", &command, "name", 1, 32);
        if command.text("description").is_some_and(|text| !text.is_empty()) {
            let found = "only chat input commands have a description";
            findings.refuse(
                "command.description",
                &command.path("description"),
                "APPLICATION_COMMAND_NO_DESCRIPTION",
                found,
            );
        }
    }
    options(&command, Depth::Command, findings);
    let size = size(&command);
    if size > MAX_SIZE {
        let found = format!("Command exceeds maximum size ({MAX_SIZE}): {size}");
        findings.refuse("command.size", command.here(), "APPLICATION_COMMAND_TOO_LARGE", found);
    }
}

/// One command of which some fields change.
pub(super) fn changed(body: &Value, findings: &mut Findings) {
    let command = At::new(body, "");
    findings.length("command.name", &command, "name", 1, 32);
    findings.length("command.description", &command, "description", 0, 100);
    options(&command, Depth::Command, findings);
}

/// The choices that are offered while somebody types.
pub(super) fn autocompletion(data: &Value, findings: &mut Findings) {
    let data = At::new(data, "data");
    findings.count("autocomplete.choices", &data, "choices", 0, 25);
    choices(&data, findings);
}

fn kind(command: &At<'_>) -> i64 {
    command.number("type").unwrap_or(CHAT_INPUT)
}

/// How deep options lie: a command may hold groups, a group subcommands, a subcommand options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Command,
    Group,
    Subcommand,
}

fn options(parent: &At<'_>, depth: Depth, findings: &mut Findings) {
    findings.count("command.options", parent, "options", 0, 25);
    let options = parent.items("options");
    let names = options.iter().filter_map(|option| Some((option.path("name"), option.text("name")?)));
    findings.unique("option.unique", "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", names);
    let is_sub = |option: &At<'_>| matches!(option.number("type"), Some(SUBCOMMAND | SUBCOMMAND_GROUP));
    if options.iter().any(is_sub) && !options.iter().all(is_sub) {
        let found =
            "Sub-command and sub-command group option types are mutually exclusive to all other types";
        findings.refuse(
            "option.mixed",
            &parent.path("options"),
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            found,
        );
    }
    let mut optional_seen = false;
    for option in &options {
        one_option(option, depth, findings);
        if option.is_true("required") && optional_seen {
            let found = "Required options must be placed before non-required options";
            findings.refuse(
                "option.order",
                option.here(),
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                found,
            );
        }
        optional_seen |= !is_sub(option) && !option.is_true("required");
    }
}

fn one_option(option: &At<'_>, depth: Depth, findings: &mut Findings) {
    findings.required("option.name", option, "name");
    name("option.name", option, findings);
    findings.required("option.description", option, "description");
    findings.length("option.description", option, "description", 0, 100);
    findings.count("option.choices", option, "choices", 0, 25);
    choices(option, findings);
    if option.is_true("autocomplete") && !option.items("choices").is_empty() {
        let found = "autocomplete and choices exclude each other";
        findings.refuse(
            "option.autocomplete",
            option.here(),
            "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID",
            found,
        );
    }
    let inner = match (option.number("type"), depth) {
        (Some(SUBCOMMAND), Depth::Command | Depth::Group) => Depth::Subcommand,
        (Some(SUBCOMMAND_GROUP), Depth::Command) => Depth::Group,
        (Some(SUBCOMMAND | SUBCOMMAND_GROUP), _) => {
            let found = "Sub-commands and groups cannot be nested this deep";
            findings.refuse(
                "option.nesting",
                option.here(),
                "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
                found,
            );
            return;
        }
        _ => return,
    };
    options(option, inner, findings);
}

fn choices(parent: &At<'_>, findings: &mut Findings) {
    let choices = parent.items("choices");
    for choice in &choices {
        findings.length("choice.name", choice, "name", 1, 100);
        findings.length("choice.value", choice, "value", 0, 100);
    }
    let names = choices.iter().filter_map(|choice| Some((choice.path("name"), choice.text("name")?)));
    findings.unique("choice.unique", "APPLICATION_COMMAND_OPTIONS_CHOICES_NAMES_DUPLICATED", names);
}

/// The names that people type
/// (<https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming>).
fn name(rule: &'static str, at: &At<'_>, findings: &mut Findings) {
    let Some(name) = at.text("name") else { return };
    let length = name.chars().count();
    // Devanagari and Thai write vowels as marks, which are neither letters nor numbers.
    let is_mark = |letter| matches!(letter, '\u{0900}'..='\u{097f}' | '\u{0e00}'..='\u{0e7f}');
    let is_allowed =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '\'') || is_mark(letter);
    let is_valid = (1..=32).contains(&length) && name.chars().all(is_allowed) && name.to_lowercase() == name;
    if !is_valid {
        let found = format!("Command name is invalid: {name:?}");
        findings.refuse(rule, &at.path("name"), "APPLICATION_COMMAND_INVALID_NAME", found);
    }
}

/// What counts towards the size of a command; of a text and its translations, the longest.
fn size(at: &At<'_>) -> usize {
    let own =
        longest(at, "name", "name_localizations") + longest(at, "description", "description_localizations");
    let choices: usize = at
        .items("choices")
        .iter()
        .map(|choice| longest(choice, "name", "name_localizations") + choice.length_of("value"))
        .sum();
    let options: usize = at.items("options").iter().map(size).sum();
    own + choices + options
}

fn longest(at: &At<'_>, name: &str, translations: &str) -> usize {
    let translated = at.value.get(translations).and_then(Value::as_object).into_iter().flatten();
    let lengths = translated.filter_map(|(_, text)| text.as_str()).map(|text| text.chars().count());
    lengths.max().unwrap_or(0).max(at.length_of(name))
}
