//! Values of a command's options, typed as the registered command wants them.

use serde_json::{Map, Value, json};

use super::naming::Locale;
use super::{ActionError, Channel, Member, Role};
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{ChannelKind, World};

/// What a person puts into an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionValue(pub(super) String);

impl From<&str> for OptionValue {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&Member> for OptionValue {
    fn from(member: &Member) -> Self {
        Self(member.id().to_string())
    }
}

impl From<&Channel> for OptionValue {
    fn from(channel: &Channel) -> Self {
        Self(channel.id().to_string())
    }
}

impl From<&Role> for OptionValue {
    fn from(role: &Role) -> Self {
        Self(role.id().to_string())
    }
}

macro_rules! shown {
    ($($type:ty),*) => {
        $(
            impl From<$type> for OptionValue {
                fn from(value: $type) -> Self {
                    Self(value.to_string())
                }
            }
        )*
    };
}

shown!(String, &String, bool, i64, i32, u64, u32, f64, Snowflake);

/// `resolved`: whatever the options name by id.
#[derive(Default)]
pub(super) struct Resolved(Map<String, Value>);

impl Resolved {
    fn add(&mut self, kind: &str, id: Snowflake, value: Value) {
        self.0.entry(kind).or_insert_with(|| json!({}))[id.to_string()] = value;
    }

    pub(super) fn add_message(&mut self, id: Snowflake, value: Value) {
        self.add("messages", id, value);
    }

    pub(super) fn add_user(&mut self, world: &World, guild: Option<Snowflake>, id: Snowflake) {
        self.add("users", id, payload::user(world, id));
        let member = guild.and_then(|guild| payload::member(world, world.guilds.get(&guild)?, id));
        if let Some(mut member) = member {
            if let Some(fields) = member.as_object_mut() {
                fields.remove("user");
                fields.remove("deaf");
                fields.remove("mute");
            }
            let guild = guild.unwrap_or(id);
            member["permissions"] = json!(world.permissions_in_guild(guild, id).bits().to_string());
            self.add("members", id, member);
        }
    }

    pub(super) fn add_role(&mut self, world: &World, guild: Option<Snowflake>, id: Snowflake) {
        let role = guild.and_then(|guild| world.guilds.get(&guild)?.roles.get(&id));
        if let Some(role) = role {
            self.add("roles", id, payload::role(role));
        }
    }

    pub(super) fn add_channel(&mut self, world: &World, id: Snowflake, viewer: Snowflake) {
        if let Some(channel) = payload::partial_channel(world, id, viewer) {
            self.add("channels", id, channel);
        }
    }

    pub(super) fn into_value(self) -> Option<Value> {
        (!self.0.is_empty()).then_some(Value::Object(self.0))
    }
}

/// Where an option is filled in, and by whom.
pub(super) struct Place<'a> {
    pub(super) world: &'a World,
    pub(super) guild: Option<Snowflake>,
    pub(super) user: Snowflake,
}

/// The value as the client sends it, if the client takes it.
pub(super) fn typed(
    place: &Place<'_>,
    schema: &Value,
    text: &str,
    resolved: &mut Resolved,
) -> Result<Value, ActionError> {
    let refused = |reason: &str| ActionError::Refused {
        field: schema["name"].as_str().unwrap_or_default().to_owned(),
        value: text.to_owned(),
        reason: reason.to_owned(),
    };
    if let Some(choices) = schema["choices"].as_array() {
        let locale = Locale::of(place.world, place.user);
        let is_meant = |choice: &&Value| locale.names_object(choice, text) || plain(&choice["value"]) == text;
        let choice = choices.iter().find(is_meant).ok_or_else(|| refused("it is not among the choices"))?;
        return Ok(choice["value"].clone());
    }
    let id = || mentioned(text).ok_or_else(|| refused("it names nothing"));
    match schema["type"].as_u64() {
        Some(3) => within_length(schema, text).map(|()| json!(text)).map_err(|reason| refused(&reason)),
        Some(4) => {
            let number: i64 = text.parse().map_err(|_| refused("it is no whole number"))?;
            in_range(schema, text).map(|()| json!(number)).map_err(|reason| refused(&reason))
        }
        Some(5) => text.parse::<bool>().map(Value::from).map_err(|_| refused("it is neither true nor false")),
        Some(10) => {
            let number: f64 = text.parse().map_err(|_| refused("it is no number"))?;
            in_range(schema, text).map(|()| json!(number)).map_err(|reason| refused(&reason))
        }
        Some(6) => {
            let id = id()?;
            if !place.world.users.contains_key(&id) {
                return Err(refused("there is no such user"));
            }
            resolved.add_user(place.world, place.guild, id);
            Ok(json!(id))
        }
        Some(7) => {
            let id = id()?;
            may_choose_channel(place, schema, id).map_err(refused)?;
            resolved.add_channel(place.world, id, place.user);
            Ok(json!(id))
        }
        Some(8) => {
            let id = id()?;
            resolved.add_role(place.world, place.guild, id);
            Ok(json!(id))
        }
        Some(9) => {
            let id = id()?;
            if place.world.users.contains_key(&id) {
                resolved.add_user(place.world, place.guild, id);
            } else {
                resolved.add_role(place.world, place.guild, id);
            }
            Ok(json!(id))
        }
        _ => Err(refused("the emulator cannot fill in an option of this type")),
    }
}

fn may_choose_channel(place: &Place<'_>, schema: &Value, id: Snowflake) -> Result<(), &'static str> {
    let channel = place.world.channels.get(&id).filter(|channel| channel.guild == place.guild);
    let channel = channel
        .filter(|_| place.world.may_view(id, place.user))
        .ok_or("there is no such channel in sight")?;
    let kinds = schema["channel_types"].as_array();
    let is_kind = |kind: &Value| kind.as_u64().and_then(ChannelKind::from_number) == Some(channel.kind);
    if kinds.is_none_or(|kinds| kinds.iter().any(is_kind)) {
        Ok(())
    } else {
        Err("it is not a channel of the right kind")
    }
}

/// Reads an id, alone or in a mention.
fn mentioned(text: &str) -> Option<Snowflake> {
    let inside = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    Snowflake::parse(inside.trim_start_matches(['@', '!', '&', '#']))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Checks a text's length, which Discord counts in UTF-16 code units.
pub(super) fn within_length(schema: &Value, text: &str) -> Result<(), String> {
    let length = u64::try_from(text.encode_utf16().count()).unwrap_or(u64::MAX);
    match (schema["min_length"].as_u64(), schema["max_length"].as_u64()) {
        (Some(least), _) if length < least => Err(format!("it has {length} characters, fewer than {least}")),
        (_, Some(most)) if length > most => Err(format!("it has {length} characters, more than {most}")),
        _ => Ok(()),
    }
}

fn in_range(schema: &Value, text: &str) -> Result<(), String> {
    let number: f64 = text.parse().unwrap_or(f64::NAN);
    match (schema["min_value"].as_f64(), schema["max_value"].as_f64()) {
        (Some(least), _) if number < least => Err(format!("it is less than {least}")),
        (_, Some(most)) if number > most => Err(format!("it is more than {most}")),
        _ => Ok(()),
    }
}
