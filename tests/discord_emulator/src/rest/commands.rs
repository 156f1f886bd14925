//! Registering commands, for all guilds or for one.

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::call::{Call, text_of};
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::change::Change;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Command, CommandKind, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/applications/{application_id}/commands", list),
    (Method::POST, "/applications/{application_id}/commands", create),
    (Method::PUT, "/applications/{application_id}/commands", overwrite),
    (Method::GET, "/applications/{application_id}/commands/{command_id}", get),
    (Method::PATCH, "/applications/{application_id}/commands/{command_id}", update),
    (Method::DELETE, "/applications/{application_id}/commands/{command_id}", delete),
    (Method::GET, "/applications/{application_id}/guilds/{guild_id}/commands", list),
    (Method::POST, "/applications/{application_id}/guilds/{guild_id}/commands", create),
    (Method::PUT, "/applications/{application_id}/guilds/{guild_id}/commands", overwrite),
    (Method::GET, "/applications/{application_id}/guilds/{guild_id}/commands/permissions", all_permissions),
    (Method::GET, "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", get),
    (Method::PATCH, "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", update),
    (Method::DELETE, "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}", delete),
    (
        Method::GET,
        "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions",
        permissions,
    ),
];

/// The scope that the path names: a guild, or all of them.
fn scope(call: &Call<'_>, world: &World) -> Result<Option<Snowflake>, Refusal> {
    if call.id("application_id")? != world.application_id() {
        return Err(Refusal::UNKNOWN_APPLICATION);
    }
    if call.request.param("guild_id").is_none() {
        return Ok(None);
    }
    let guild = call.id("guild_id")?;
    if world.is_bot_in(guild) { Ok(Some(guild)) } else { Err(Refusal::MISSING_ACCESS) }
}

fn list(call: &Call<'_>) -> Answer {
    let world = call.world();
    let (guild, with_localizations) = (scope(call, &world)?, call.is_set("with_localizations"));
    let commands = world.commands.list(guild).iter();
    let values: Vec<Value> =
        commands.map(|command| payload::command_with(&world, command, with_localizations)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn get(call: &Call<'_>) -> Answer {
    let world = call.world();
    let (guild, id) = (scope(call, &world)?, call.id("command_id")?);
    let command = world.commands.list(guild).iter().find(|command| command.id == id);
    let command = command.ok_or(Refusal::UNKNOWN_COMMAND)?;
    Ok(ApiResponse::ok(payload::command(&world, command)))
}

fn create(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let guild = scope(call, &change)?;
    let new = read(call.body(), "")?;
    let existing =
        change.commands.list(guild).iter().position(|old| old.kind == new.kind && old.name == new.name);
    if existing.is_none() {
        ensure_room(change.commands.list(guild), new.kind)?;
        count_creates(&mut change, guild, 1)?;
    }
    let index = put(&mut change, guild, new, existing);
    let value = payload::command(&change, &change.commands.list(guild)[index]);
    Ok(if existing.is_some() { ApiResponse::ok(value) } else { ApiResponse::created(value) })
}

/// 100 commands for typing, 15 each for the menus of users and messages
/// (<https://discord.com/developers/docs/interactions/application-commands#registering-a-command>).
fn ensure_room(list: &[Command], kind: CommandKind) -> Result<(), Refusal> {
    let most = if kind == CommandKind::Slash { 100 } else { 15 };
    let count = list.iter().filter(|command| command.kind == kind).count();
    if count < most { Ok(()) } else { Err(Refusal::TOO_MANY_COMMANDS) }
}

fn count_creates(change: &mut Change<'_>, guild: Option<Snowflake>, count: usize) -> Result<(), Refusal> {
    let now = change.now();
    if change.commands.count_creates(guild, count, now) { Ok(()) } else { Err(Refusal::TOO_MANY_CREATES) }
}

fn overwrite(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let guild = scope(call, &change)?;
    let bodies = call
        .body()
        .as_array()
        .ok_or_else(|| Refusal::form("", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))?;
    let mut read_commands: Vec<NewCommand> = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.iter().enumerate() {
        let new = read(body, &index.to_string())?;
        if read_commands.iter().any(|other| other.kind == new.kind && other.name == new.name) {
            let message = "Application command names must be unique";
            return Err(Refusal::form(index.to_string(), "APPLICATION_COMMANDS_DUPLICATE_NAME", message));
        }
        read_commands.push(new);
    }
    for kind in [CommandKind::Slash, CommandKind::User, CommandKind::Message] {
        let most = if kind == CommandKind::Slash { 100 } else { 15 };
        if read_commands.iter().filter(|command| command.kind == kind).count() > most {
            return Err(Refusal::TOO_MANY_COMMANDS);
        }
    }
    let is_new = |new: &&NewCommand| {
        !change.commands.list(guild).iter().any(|old| old.kind == new.kind && old.name == new.name)
    };
    let new_count = read_commands.iter().filter(is_new).count();
    count_creates(&mut change, guild, new_count)?;
    let is_kept =
        |old: &Command| read_commands.iter().any(|new| new.kind == old.kind && new.name == old.name);
    change.commands.list_mut(guild).retain(is_kept);
    for new in read_commands {
        let existing =
            change.commands.list(guild).iter().position(|old| old.kind == new.kind && old.name == new.name);
        put(&mut change, guild, new, existing);
    }
    let values: Vec<Value> =
        change.commands.list(guild).iter().map(|command| payload::command(&change, command)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn update(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let (guild, id) = (scope(call, &change)?, call.id("command_id")?);
    let index = change.commands.list(guild).iter().position(|command| command.id == id);
    let index = index.ok_or(Refusal::UNKNOWN_COMMAND)?;
    let old = &change.commands.list(guild)[index];
    let mut body = old.body.clone();
    body.insert("name".to_owned(), json!(old.name));
    body.insert("type".to_owned(), json!(old.kind.number()));
    body.extend(call.body().as_object().cloned().unwrap_or_default());
    let new = read(&Value::Object(body), "")?;
    let index = put(&mut change, guild, new, Some(index));
    Ok(ApiResponse::ok(payload::command(&change, &change.commands.list(guild)[index])))
}

fn delete(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let (guild, id) = (scope(call, &change)?, call.id("command_id")?);
    let list = change.commands.list_mut(guild);
    let before = list.len();
    list.retain(|command| command.id != id);
    if list.len() < before { Ok(ApiResponse::no_content()) } else { Err(Refusal::UNKNOWN_COMMAND) }
}

fn all_permissions(call: &Call<'_>) -> Answer {
    scope(call, &call.world())?;
    Ok(ApiResponse::ok(json!([])))
}

/// Nobody has set any, which Discord answers with an error.
fn permissions(call: &Call<'_>) -> Answer {
    scope(call, &call.world())?;
    Err(Refusal::UNKNOWN_COMMAND_PERMISSIONS)
}

struct NewCommand {
    kind: CommandKind,
    name: String,
    body: Map<String, Value>,
}

fn read(body: &Value, at: &str) -> Result<NewCommand, Refusal> {
    let field = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let name = text_of(body, "name").ok_or_else(|| Refusal::required(field("name")))?;
    let number = body.get("type").and_then(Value::as_u64).unwrap_or(1);
    let kind = CommandKind::from_number(number).ok_or_else(|| {
        Refusal::form(field("type"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4}.")
    })?;
    if kind == CommandKind::Slash && text_of(body, "description").is_none_or(str::is_empty) {
        return Err(Refusal::required(field("description")));
    }
    let mut fields = body.as_object().cloned().unwrap_or_default();
    for own in ["name", "type", "id", "application_id", "version", "guild_id", "dm_permission"] {
        fields.remove(own);
    }
    normalise(&mut fields);
    Ok(NewCommand { kind, name: name.to_owned(), body: fields })
}

/// Discord keeps nothing that says no more than its absence: `required: false`, empty lists, `null`.
fn normalise(fields: &mut Map<String, Value>) {
    fields.retain(|key, value| match key.as_str() {
        "options" | "choices" | "channel_types" => value.as_array().is_some_and(|list| !list.is_empty()),
        "required" | "autocomplete" | "nsfw" => value == true,
        _ => !value.is_null(),
    });
    for list in ["options", "choices"] {
        for item in fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(fields) = item.as_object_mut() {
                normalise(fields);
            }
        }
    }
}

/// Stores the command in place of an old one, whose id it keeps, or as a new one.
fn put(change: &mut Change<'_>, guild: Option<Snowflake>, new: NewCommand, existing: Option<usize>) -> usize {
    let fresh = change.next_id();
    let list = change.commands.list_mut(guild);
    let id = existing.and_then(|index| list.get(index)).map_or(fresh, |old| old.id);
    let command = Command { id, version: fresh, kind: new.kind, guild, name: new.name, body: new.body };
    let Some(index) = existing.filter(|index| *index < list.len()) else {
        list.push(command);
        return list.len() - 1;
    };
    // An update that changes nothing leaves the version as it is.
    if list[index].body != command.body || list[index].name != command.name {
        list[index] = command;
    }
    index
}
