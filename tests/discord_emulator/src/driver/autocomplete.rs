//! The choices that the bot offers while somebody types.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use serde_json::{Value, json};

use super::command::{CommandRun, Leaf, data, usable};
use super::naming::Locale;
use super::options::{Place, Resolved, typed};
use super::{ActionError, Channel, Member, OptionValue, Shared, wait};
use crate::change::NewInteraction;
use crate::world::{Acknowledged, Cause, CommandKind, InteractionKind};

/// One offered choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What the person reads.
    pub name: String,
    /// What is sent when they choose it.
    pub value: Value,
}

impl Choice {
    /// The value as it goes into an option.
    #[must_use]
    pub fn input(&self) -> String {
        self.value.as_str().map_or_else(|| self.value.to_string(), ToOwned::to_owned)
    }
}

/// A command whose last option somebody is typing into.
#[must_use = "nothing happens until it is awaited"]
pub struct Completion(CommandRun);

impl Member {
    /// Types into an option of a command and waits for choices; the option given last is the one being typed.
    pub fn completes(&self, channel: &Channel, command: &str) -> Completion {
        Completion(self.runs(channel, command))
    }
}

impl Completion {
    /// Fills in an option, or begins to.
    pub fn option(self, name: &str, value: impl Into<OptionValue>) -> Self {
        Self(self.0.option(name, value))
    }

    /// Waits for the choices.
    ///
    /// # Errors
    ///
    /// When the client would not ask for any, or the bot offers none in time.
    pub async fn send(self) -> Result<Vec<Choice>, ActionError> {
        let inner = Shared::clone(&self.0.member.inner);
        let token = self.submit()?;
        let found = wait::within(&inner, inner.options.interaction_deadline, || {
            match &inner.world().interactions.get(&token)?.acknowledged {
                Some(Acknowledged::Choices(choices)) => Some(choices.clone()),
                _ => None,
            }
        });
        let choices = found.await.ok_or(ActionError::DidNotRespond)?;
        let read = |choice: Value| Choice {
            name: choice["name"].as_str().unwrap_or_default().to_owned(),
            value: choice["value"].clone(),
        };
        Ok(choices.into_iter().map(read).collect())
    }

    fn submit(self) -> Result<String, ActionError> {
        let run = self.0;
        let mut change = run.member.inner.change();
        let name = run.path.split(' ').next().unwrap_or_default();
        let found = usable(&change, &run.member, run.channel, CommandKind::Slash, name)?;
        let leaf = Leaf::find(&found, &run.path, Locale::of(&change, run.member.id()))?;
        let place = Place { world: &change, guild: change.guild_of(run.channel), user: run.member.id() };
        let mut resolved = Resolved::default();
        let mut filled = Vec::with_capacity(run.options.len());
        for (index, (name, value)) in run.options.iter().enumerate() {
            let schema = leaf.option(&run.path, name)?;
            if index + 1 < run.options.len() {
                let value = typed(&place, schema, &value.0, &mut resolved)?;
                filled.push(json!({ "name": schema["name"], "type": schema["type"], "value": value }));
                continue;
            }
            if schema["autocomplete"] != true {
                let reason = "it offers no completion".to_owned();
                return Err(ActionError::Refused { field: name.clone(), value: value.0.clone(), reason });
            }
            // What is being typed goes as text, whatever it shall become.
            filled.push(
                json!({ "name": schema["name"], "type": schema["type"], "value": value.0, "focused": true }),
            );
        }
        let data = data(&found, &leaf.wrap(filled), resolved, None);
        let cause = Cause { command: Some(leaf.full_name(&found)), ..Cause::default() };
        let (user, channel) = (run.member.id(), run.channel);
        Ok(change.interact(NewInteraction {
            kind: InteractionKind::Autocomplete,
            user,
            channel,
            cause,
            data,
        }))
    }
}

impl IntoFuture for Completion {
    type Output = Result<Vec<Choice>, ActionError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
