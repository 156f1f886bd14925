//! Names as a person's client shows them: in their language where the bot has said how.

use serde_json::Value;

use crate::snowflake::Snowflake;
use crate::world::World;

/// The locale of a person's client.
#[derive(Clone, Copy)]
pub(super) struct Locale(&'static str);

impl Locale {
    /// The locale of this user's client.
    pub(super) fn of(world: &World, user: Snowflake) -> Self {
        Self(world.users.get(&user).map_or("en-US", |user| user.locale))
    }

    /// Whether the person calls it so: by its localised name, or by its own.
    pub(super) fn names(self, name: &str, localizations: &Value, wanted: &str) -> bool {
        name == wanted || localizations[self.0] == wanted
    }

    /// The same for an option, a subcommand or a choice.
    pub(super) fn names_object(self, object: &Value, wanted: &str) -> bool {
        self.names(object["name"].as_str().unwrap_or_default(), &object["name_localizations"], wanted)
    }
}
