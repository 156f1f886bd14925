//! Buttons and selects.

use serde_json::{Value, json};

use super::options::Resolved;
use super::{ActionError, Member, Message, OptionValue, Reply, answer};
use crate::change::NewInteraction;
use crate::snowflake::Snowflake;
use crate::world::{Cause, InteractionKind};

/// A button as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its words; empty where it has only an emoji.
    pub label: String,
    /// Its emoji: the character, or the custom emoji's name.
    pub emoji: Option<String>,
    /// What the bot knows it by; `None` for links.
    pub custom_id: Option<String>,
    /// Where a link leads.
    pub url: Option<String>,
    /// Whether it is greyed out.
    pub is_disabled: bool,
    /// 1 blurple, 2 grey, 3 green, 4 red, 5 a link.
    pub style: u64,
}

/// A select as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Select {
    /// What the bot knows it by.
    pub custom_id: String,
    /// What it says while nothing is chosen.
    pub placeholder: Option<String>,
    /// Labels and values, of a select with fixed options.
    pub options: Vec<(String, String)>,
    /// The values that are chosen from the start.
    pub chosen: Vec<String>,
    /// How many must be chosen at least.
    pub least: usize,
    /// How many may be chosen.
    pub most: usize,
    /// Whether it is greyed out.
    pub is_disabled: bool,
    /// 3 fixed options, 5 users, 6 roles, 7 users and roles, 8 channels.
    pub kind: u64,
}

/// All components that are not containers, from top to bottom.
fn leaves<'v>(components: &'v [Value], found: &mut Vec<&'v Value>) {
    for component in components {
        match component["components"].as_array() {
            Some(inner) => leaves(inner, found),
            None => found.push(component),
        }
        if component["accessory"].is_object() {
            found.push(&component["accessory"]);
        }
    }
}

fn all(components: &[Value]) -> Vec<&Value> {
    let mut found = Vec::new();
    leaves(components, &mut found);
    found
}

/// What text displays say.
pub(super) fn components_text(components: &[Value]) -> String {
    let displays = all(components).into_iter().filter(|component| component["type"] == 10);
    displays.filter_map(|display| display["content"].as_str()).collect::<Vec<_>>().join("\n")
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn count(value: &Value, default: usize) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(default)
}

impl Button {
    pub(super) fn all(components: &[Value]) -> Vec<Self> {
        all(components).into_iter().filter(|component| component["type"] == 2).map(Self::read).collect()
    }

    fn read(value: &Value) -> Self {
        Self {
            label: text(&value["label"]).unwrap_or_default(),
            emoji: text(&value["emoji"]["name"]),
            custom_id: text(&value["custom_id"]),
            url: text(&value["url"]),
            is_disabled: value["disabled"] == true,
            style: value["style"].as_u64().unwrap_or_default(),
        }
    }

    /// Whether somebody who says this means this button: its label, its emoji, both, or its custom id.
    #[must_use]
    pub fn is(&self, wanted: &str) -> bool {
        let with_emoji = self.emoji.as_ref().map(|emoji| format!("{emoji} {}", self.label));
        self.label == wanted
            || self.emoji.as_deref() == Some(wanted)
            || with_emoji.as_deref() == Some(wanted)
            || self.custom_id.as_deref() == Some(wanted)
    }
}

impl Select {
    pub(super) fn all(components: &[Value]) -> Vec<Self> {
        let is_select = |component: &&Value| matches!(component["type"].as_u64(), Some(3 | 5..=8));
        all(components).into_iter().filter(is_select).map(Self::read).collect()
    }

    fn read(value: &Value) -> Self {
        let options = value["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pair = |option: &Value| {
            (text(&option["label"]).unwrap_or_default(), text(&option["value"]).unwrap_or_default())
        };
        Self {
            custom_id: text(&value["custom_id"]).unwrap_or_default(),
            placeholder: text(&value["placeholder"]),
            options: options.iter().map(pair).collect(),
            chosen: options
                .iter()
                .filter(|option| option["default"] == true)
                .map(|option| pair(option).1)
                .collect(),
            least: count(&value["min_values"], 1),
            most: count(&value["max_values"], 1),
            is_disabled: value["disabled"] == true,
            kind: value["type"].as_u64().unwrap_or_default(),
        }
    }

    fn is(&self, wanted: &str) -> bool {
        self.custom_id == wanted || self.placeholder.as_deref() == Some(wanted)
    }
}

/// Something with buttons that a person sees: a message, or the bot's answer.
pub trait Shown {
    /// The message.
    fn shown(&self) -> Option<Message>;
}

impl Shown for Message {
    fn shown(&self) -> Option<Message> {
        Some(self.clone())
    }
}

impl Shown for Reply {
    fn shown(&self) -> Option<Message> {
        self.message()
    }
}

impl<S: Shown> Shown for &S {
    fn shown(&self) -> Option<Message> {
        (*self).shown()
    }
}

impl Member {
    /// Presses a button, named by its label, its emoji or its custom id, and waits for the answer. A press that the
    /// bot only acknowledges counts as answered.
    ///
    /// # Errors
    ///
    /// When there is no such button in sight, it is greyed out, or the bot does not answer.
    pub async fn presses(&self, on: &impl Shown, button: &str) -> Result<Reply, ActionError> {
        let message = self.sees(on)?;
        let buttons = message.buttons();
        let found =
            buttons.iter().find(|one| one.is(button)).ok_or_else(|| ActionError::NoSuchComponent {
                wanted: button.to_owned(),
                known: format!("{:?}", buttons.iter().map(|one| one.label.as_str()).collect::<Vec<_>>()),
            })?;
        let custom_id = found.custom_id.as_ref().filter(|_| !found.is_disabled);
        let custom_id = custom_id.ok_or_else(|| ActionError::NotPressable(button.to_owned()))?;
        self.presses_raw(&message, custom_id).await
    }

    /// Presses a button that need not be on the message, as a forged client does.
    ///
    /// # Errors
    ///
    /// When the bot does not answer.
    pub async fn presses_raw(&self, on: &impl Shown, custom_id: &str) -> Result<Reply, ActionError> {
        let message = self.sees(on)?;
        self.sends(&message, json!({ "component_type": 2, "custom_id": custom_id, "id": 1 })).await
    }

    /// Presses a button that need not be on the message, and looks away before the answer comes.
    ///
    /// # Errors
    ///
    /// When the message is not in sight.
    pub fn presses_only(&self, on: &impl Shown, custom_id: &str) -> Result<(), ActionError> {
        let message = self.sees(on)?;
        self.begins(&message, json!({ "component_type": 2, "custom_id": custom_id, "id": 1 }));
        Ok(())
    }

    /// Chooses in a select, named by its custom id or its placeholder; fixed options by label or value, everything
    /// else by what it is.
    ///
    /// # Errors
    ///
    /// When there is no such select or option, too many or too few are chosen, or the bot does not answer.
    pub async fn selects<V: Into<OptionValue>>(
        &self,
        on: &impl Shown,
        select: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Reply, ActionError> {
        let message = self.sees(on)?;
        let selects = message.selects();
        let found =
            selects.iter().find(|one| one.is(select)).ok_or_else(|| ActionError::NoSuchComponent {
                wanted: select.to_owned(),
                known: format!("{:?}", selects.iter().map(|one| one.custom_id.as_str()).collect::<Vec<_>>()),
            })?;
        if found.is_disabled {
            return Err(ActionError::NotPressable(select.to_owned()));
        }
        let refused = |value: &str, reason: String| ActionError::Refused {
            field: select.to_owned(),
            value: value.to_owned(),
            reason,
        };
        let mut chosen = Vec::new();
        for OptionValue(value) in values.into_iter().map(Into::into) {
            if found.kind != 3 {
                chosen.push(value);
                continue;
            }
            let option = found.options.iter().find(|(label, known)| *label == value || *known == value);
            let option = option.ok_or_else(|| refused(&value, "it is not among the options".to_owned()))?;
            chosen.push(option.1.clone());
        }
        if !(found.least..=found.most).contains(&chosen.len()) {
            let reason = format!("between {} and {} must be chosen", found.least, found.most);
            return Err(refused(&chosen.join(", "), reason));
        }
        let mut data =
            json!({ "component_type": found.kind, "custom_id": found.custom_id, "values": chosen, "id": 1 });
        if let Some(resolved) = self.resolved(&message, found.kind, &chosen) {
            data["resolved"] = resolved;
        }
        self.sends(&message, data).await
    }

    fn resolved(&self, message: &Message, kind: u64, chosen: &[String]) -> Option<Value> {
        let world = self.inner.world();
        let guild = world.guild_of(message.channel().id());
        let mut resolved = Resolved::default();
        for id in chosen.iter().filter_map(|id| Snowflake::parse(id)) {
            match kind {
                5 | 7 if world.users.contains_key(&id) => resolved.add_user(&world, guild, id),
                6 | 7 => resolved.add_role(&world, guild, id),
                8 => resolved.add_channel(&world, id, self.id()),
                _ => {}
            }
        }
        resolved.into_value()
    }

    /// The message, if this person sees it.
    fn sees(&self, on: &impl Shown) -> Result<Message, ActionError> {
        let message = on.shown().filter(Message::exists).ok_or(ActionError::MessageGone)?;
        let is_for_them = message.now().only_for.is_none_or(|reader| reader == self.id());
        let sees_channel = self.inner.world().may_view(message.channel().id(), self.id());
        if is_for_them && sees_channel { Ok(message) } else { Err(ActionError::MessageGone) }
    }

    async fn sends(&self, message: &Message, data: Value) -> Result<Reply, ActionError> {
        answer::answered(&self.inner, self.begins(message, data)).await
    }

    fn begins(&self, message: &Message, data: Value) -> String {
        let cause = Cause { message: Some(message.id()), ..Cause::default() };
        let (user, channel) = (self.id(), message.channel().id());
        let new = NewInteraction { kind: InteractionKind::Component, user, channel, cause, data };
        self.inner.change().interact(new)
    }
}
