//! Running commands.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};

use super::naming::Locale;
use super::options::{Place, Resolved, typed};
use super::{ActionError, Channel, Member, Message, OptionValue, Reply, Shared, answer};
use crate::change::NewInteraction;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Cause, Command, CommandKind, InteractionKind, World};

/// A command that somebody is typing.
#[must_use = "nothing happens until it is sent"]
pub struct CommandRun {
    pub(super) member: Member,
    pub(super) channel: Snowflake,
    pub(super) path: String,
    pub(super) options: Vec<(String, OptionValue)>,
}

impl Member {
    /// Types a slash command, `/event watch`.
    pub fn runs(&self, channel: &Channel, command: &str) -> CommandRun {
        CommandRun {
            member: self.clone(),
            channel: channel.id(),
            path: command.trim_start_matches('/').to_owned(),
            options: Vec::new(),
        }
    }

    /// Chooses a command in a message's menu, under "Apps".
    ///
    /// # Errors
    ///
    /// When there is no such command for them, or the bot does not answer.
    pub async fn uses(&self, message: &Message, command: &str) -> Result<Reply, ActionError> {
        let channel = message.channel().id();
        let token = {
            let mut change = self.inner.change();
            let found = usable(&change, self, channel, CommandKind::Message, command)?;
            let target = change.message(channel, message.id()).ok_or(ActionError::MessageGone)?;
            let mut resolved = Resolved::default();
            // The target carries its words whatever the intents are.
            resolved.add_message(target.id, payload::message(&change, target));
            let data = data(&found, &json!([]), resolved, Some(message.id()));
            let cause = Cause { command: Some(found.name), target: Some(message.id()), ..Cause::default() };
            change.interact(NewInteraction {
                kind: InteractionKind::Command,
                user: self.id(),
                channel,
                cause,
                data,
            })
        };
        answer::answered(&self.inner, token).await
    }

    /// Chooses a command in a person's menu, under "Apps".
    ///
    /// # Errors
    ///
    /// When there is no such command for them, or the bot does not answer.
    pub async fn uses_on(
        &self,
        channel: &Channel,
        person: &Member,
        command: &str,
    ) -> Result<Reply, ActionError> {
        let token = {
            let mut change = self.inner.change();
            let found = usable(&change, self, channel.id(), CommandKind::User, command)?;
            let mut resolved = Resolved::default();
            resolved.add_user(&change, change.guild_of(channel.id()), person.id());
            let data = data(&found, &json!([]), resolved, Some(person.id()));
            let cause = Cause { command: Some(found.name), ..Cause::default() };
            let (user, channel) = (self.id(), channel.id());
            change.interact(NewInteraction { kind: InteractionKind::Command, user, channel, cause, data })
        };
        answer::answered(&self.inner, token).await
    }
}

impl CommandRun {
    /// Fills in an option: text, a number, a member, a channel, a role.
    pub fn option(mut self, name: &str, value: impl Into<OptionValue>) -> Self {
        self.options.push((name.to_owned(), value.into()));
        self
    }

    /// Sends the command and waits for the answer.
    ///
    /// # Errors
    ///
    /// When the client would not have sent it, or the bot does not answer in time.
    pub async fn send(self) -> Result<Reply, ActionError> {
        let inner = Shared::clone(&self.member.inner);
        let token = self.submit()?;
        answer::answered(&inner, token).await
    }

    /// Sends the command and returns at once, for a bot that is not expected to answer.
    ///
    /// # Errors
    ///
    /// When the client would not have sent it.
    pub fn submit_only(self) -> Result<(), ActionError> {
        self.submit().map(|_| ())
    }

    fn submit(self) -> Result<String, ActionError> {
        let mut change = self.member.inner.change();
        let name = self.path.split(' ').next().unwrap_or_default();
        let found = usable(&change, &self.member, self.channel, CommandKind::Slash, name)?;
        let leaf = Leaf::find(&found, &self.path, Locale::of(&change, self.member.id()))?;
        let place = Place { world: &change, guild: change.guild_of(self.channel), user: self.member.id() };
        let mut resolved = Resolved::default();
        let mut filled = Vec::with_capacity(self.options.len());
        for (name, value) in &self.options {
            let schema = leaf.option(&self.path, name)?;
            let value = typed(&place, schema, &value.0, &mut resolved)?;
            filled.push(json!({ "name": schema["name"], "type": schema["type"], "value": value }));
        }
        for schema in leaf.options.iter().filter(|schema| schema["required"] == true) {
            let name = schema["name"].as_str().unwrap_or_default();
            if !filled.iter().any(|given| given["name"] == name) {
                return Err(ActionError::MissingOption {
                    command: self.path.clone(),
                    option: name.to_owned(),
                });
            }
        }
        let data = data(&found, &leaf.wrap(filled), resolved, None);
        let cause = Cause { command: Some(leaf.full_name(&found)), ..Cause::default() };
        let (user, channel) = (self.member.id(), self.channel);
        Ok(change.interact(NewInteraction { kind: InteractionKind::Command, user, channel, cause, data }))
    }
}

impl IntoFuture for CommandRun {
    type Output = Result<Reply, ActionError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// The command that this member would find under this name, if they may use it here.
pub(super) fn usable(
    world: &World,
    member: &Member,
    channel: Snowflake,
    kind: CommandKind,
    name: &str,
) -> Result<Command, ActionError> {
    let guild = world.guild_of(channel);
    let is_there = guild.is_none_or(|guild| world.is_bot_in(guild));
    let locale = Locale::of(world, member.id());
    let is_wanted = |command: &Command| {
        locale.names(&command.name, command.body.get("name_localizations").unwrap_or(&Value::Null), name)
    };
    let found = world.commands.find(guild, kind, is_wanted).filter(|_| is_there);
    let found = found.ok_or_else(|| ActionError::UnknownCommand(name.to_owned()))?;
    let refusal = |what: &str| ActionError::NotAllowed {
        member: world.users.get(&member.id()).map(|user| user.display_name().to_owned()).unwrap_or_default(),
        what: what.to_owned(),
    };
    let held = world.permissions_in(channel, member.id());
    if !held.contains(Permissions::VIEW_CHANNEL) {
        return Err(refusal("a channel out of sight"));
    }
    if !held.contains(Permissions::USE_APPLICATION_COMMANDS) {
        return Err(refusal("commands in this channel"));
    }
    let context = json!(u8::from(guild.is_none()));
    let contexts = found.body.get("contexts").and_then(Value::as_array);
    if found.guild.is_none() && contexts.is_some_and(|contexts| !contexts.contains(&context)) {
        return Err(ActionError::UnknownCommand(name.to_owned()));
    }
    let is_open = guild
        .and_then(|guild| world.guilds.get(&guild))
        .is_some_and(|guild| guild.open_commands.iter().any(|open| **open == *found.name));
    if guild.is_some()
        && !is_open
        && let Some(needed) = found.body.get("default_member_permissions").and_then(Value::as_str)
    {
        // "0" is for administrators alone, who hold everything.
        let needed = needed.parse().map_or(Permissions::NONE, Permissions::from_bits);
        let needed = if needed.is_empty() { Permissions::ADMINISTRATOR } else { needed };
        if !held.contains(needed) {
            return Err(refusal(&found.name));
        }
    }
    Ok(found.clone())
}

/// `data` of a command's interaction.
pub(super) fn data(
    command: &Command,
    options: &Value,
    resolved: Resolved,
    target: Option<Snowflake>,
) -> Value {
    let mut data = json!({ "id": command.id, "name": command.name, "type": command.kind.number() });
    if options.as_array().is_some_and(|options| !options.is_empty()) {
        data["options"] = options.clone();
    }
    if let Some(resolved) = resolved.into_value() {
        data["resolved"] = resolved;
    }
    if let Some(guild) = command.guild {
        data["guild_id"] = json!(guild);
    }
    if let Some(target) = target {
        data["target_id"] = json!(target);
    }
    data
}

/// The command itself, or the subcommand that the path names.
pub(super) struct Leaf {
    /// Group and subcommand, outermost first, each with its type.
    path: Vec<(String, Value)>,
    pub(super) options: Vec<Value>,
    locale: Locale,
}

impl Leaf {
    pub(super) fn find(command: &Command, path: &str, locale: Locale) -> Result<Self, ActionError> {
        let unknown = || ActionError::UnknownCommand(path.to_owned());
        let mut leaf = Self { path: Vec::new(), options: command.options().to_vec(), locale };
        for name in path.split(' ').skip(1).filter(|name| !name.is_empty()) {
            let is_named = |option: &&Value| locale.names_object(option, name) && is_sub(option);
            let found = leaf.options.iter().find(is_named).ok_or_else(unknown)?.clone();
            leaf.path.push((found["name"].as_str().unwrap_or_default().to_owned(), found["type"].clone()));
            leaf.options = found["options"].as_array().cloned().unwrap_or_default();
        }
        // A command with subcommands cannot be run without one.
        if leaf.options.iter().any(is_sub) { Err(unknown()) } else { Ok(leaf) }
    }

    pub(super) fn option(&self, command: &str, name: &str) -> Result<&Value, ActionError> {
        self.options.iter().find(|option| self.locale.names_object(option, name)).ok_or_else(|| {
            ActionError::UnknownOption {
                command: command.to_owned(),
                option: name.to_owned(),
                known: self
                    .options
                    .iter()
                    .filter_map(|option| option["name"].as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }
        })
    }

    /// `event watch`, in the names that the bot knows.
    pub(super) fn full_name(&self, command: &Command) -> String {
        let names = self.path.iter().map(|(name, _)| name.as_str());
        std::iter::once(command.name.as_str()).chain(names).collect::<Vec<_>>().join(" ")
    }

    /// The filled options inside their subcommand and group.
    pub(super) fn wrap(&self, filled: Vec<Value>) -> Value {
        self.path.iter().rev().fold(
            Value::Array(filled),
            |options, (name, kind)| json!([{ "name": name, "type": kind, "options": options }]),
        )
    }
}

fn is_sub(option: &Value) -> bool {
    option["type"] == 1 || option["type"] == 2
}
