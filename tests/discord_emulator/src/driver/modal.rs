//! Forms.

use serde_json::{Value, json};

use super::options::within_length;
use super::{ActionError, Member, Reply, answer};
use crate::change::NewInteraction;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Cause, InteractionKind};

/// A form that opened.
#[derive(Clone, Debug)]
pub struct Modal {
    pub(super) data: Value,
    pub(super) channel: Snowflake,
    pub(super) message: Option<Snowflake>,
    /// The token of the interaction that it answered.
    pub(super) opened_by: String,
}

/// One field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModalField {
    /// What stands above it.
    pub label: String,
    /// What the bot knows it by.
    pub custom_id: String,
    /// What is in it from the start.
    pub value: String,
    /// What it says while it is empty.
    pub placeholder: Option<String>,
    /// Whether it must be filled.
    pub is_required: bool,
}

/// A form that somebody is filling in.
#[must_use = "nothing happens until it is submitted"]
pub struct Submission {
    member: Member,
    modal: Modal,
    filled: Vec<(String, String)>,
    /// What it is submitted as, where that is not what the bot called it.
    forged: Option<String>,
}

impl Modal {
    /// Its title.
    #[must_use]
    pub fn title(&self) -> String {
        self.data["title"].as_str().unwrap_or_default().to_owned()
    }

    /// What the bot knows it by.
    #[must_use]
    pub fn custom_id(&self) -> String {
        self.data["custom_id"].as_str().unwrap_or_default().to_owned()
    }

    /// Its text fields, from top to bottom.
    #[must_use]
    pub fn fields(&self) -> Vec<ModalField> {
        self.inputs().into_iter().map(|(label, input)| field(label, input)).collect()
    }

    /// Title and labels.
    #[must_use]
    pub fn text(&self) -> String {
        let labels = self.fields().into_iter().map(|field| field.label);
        std::iter::once(self.title()).chain(labels).collect::<Vec<_>>().join("\n")
    }

    /// The form as it stands on the screen: its title, and each label with what is in the field or would be.
    #[must_use]
    pub fn screen(&self) -> String {
        let field = |field: ModalField| {
            let inside = Some(field.value).filter(|value| !value.is_empty()).or(field.placeholder);
            format!("{}: [{}]", field.label, inside.unwrap_or_default())
        };
        std::iter::once(self.title())
            .chain(self.fields().into_iter().map(field))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Text inputs in rows carry their label, newer ones stand in a label of their own.
    fn inputs(&self) -> Vec<(String, &Value)> {
        let rows = self.data["components"].as_array().into_iter().flatten();
        rows.flat_map(|row| {
            let inner = row["components"].as_array().into_iter().flatten();
            let old = inner.map(|input| (input["label"].as_str().unwrap_or_default().to_owned(), input));
            let new = row
                .get("component")
                .map(|input| (row["label"].as_str().unwrap_or_default().to_owned(), input));
            old.chain(new)
        })
        .filter(|(_, input)| input["type"] == 4)
        .collect()
    }
}

fn field(label: String, input: &Value) -> ModalField {
    ModalField {
        label,
        custom_id: input["custom_id"].as_str().unwrap_or_default().to_owned(),
        value: input["value"].as_str().unwrap_or_default().to_owned(),
        placeholder: input["placeholder"].as_str().map(ToOwned::to_owned),
        is_required: input["required"] != false,
    }
}

impl Member {
    /// Begins to fill in a form.
    pub fn fills(&self, modal: &Modal) -> Submission {
        Submission { member: self.clone(), modal: modal.clone(), filled: Vec::new(), forged: None }
    }
}

impl Submission {
    /// Fills a field, named by its label or its custom id; what is not filled keeps what is in it.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.filled.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Submits it under another custom id than the bot gave it, as a forged client does.
    pub fn forged(mut self, custom_id: &str) -> Self {
        self.forged = Some(custom_id.to_owned());
        self
    }

    /// Submits the form and waits for the answer.
    ///
    /// # Errors
    ///
    /// When the client would not have submitted it, or the bot does not answer.
    pub async fn submit(self) -> Result<Reply, ActionError> {
        let data = self.data()?;
        let token = {
            let mut change = self.member.inner.change();
            let opener = change.interactions.get(&self.modal.opened_by);
            let opened_by = opener.map(|opener| payload::interaction_metadata(&change, opener));
            let cause = Cause { message: self.modal.message, opened_by, ..Cause::default() };
            let (user, channel) = (self.member.id(), self.modal.channel);
            change.interact(NewInteraction { kind: InteractionKind::Modal, user, channel, cause, data })
        };
        answer::answered(&self.member.inner, token).await
    }

    fn data(&self) -> Result<Value, ActionError> {
        let inputs = self.modal.inputs();
        for (name, _) in &self.filled {
            if !inputs.iter().any(|(label, input)| label == name || input["custom_id"] == name.as_str()) {
                let known = inputs.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>().join(", ");
                let command = self.modal.title();
                return Err(ActionError::UnknownOption { command, option: name.clone(), known });
            }
        }
        let rows = self.modal.data["components"].as_array().into_iter().flatten().enumerate();
        let rows = rows.filter_map(|(index, row)| self.row(index, row).transpose());
        let components = rows.collect::<Result<Vec<Value>, ActionError>>()?;
        let custom_id = self.forged.clone().unwrap_or_else(|| self.modal.custom_id());
        Ok(json!({ "custom_id": custom_id, "components": components }))
    }

    fn row(&self, index: usize, row: &Value) -> Result<Option<Value>, ActionError> {
        if let Some(input) = row.get("component") {
            let label = row["label"].as_str().unwrap_or_default();
            return Ok(Some(json!({ "type": 18, "id": index + 1, "component": self.input(label, input)? })));
        }
        let inner = row["components"].as_array().into_iter().flatten();
        let inputs = inner.map(|input| self.input(input["label"].as_str().unwrap_or_default(), input));
        let inputs = inputs.collect::<Result<Vec<Value>, ActionError>>()?;
        Ok((!inputs.is_empty()).then(|| json!({ "type": 1, "id": index + 1, "components": inputs })))
    }

    fn input(&self, label: &str, input: &Value) -> Result<Value, ActionError> {
        let custom_id = input["custom_id"].as_str().unwrap_or_default();
        let given = self.filled.iter().rev().find(|(name, _)| name == label || name == custom_id);
        let value = given.map_or_else(|| input["value"].as_str().unwrap_or_default(), |(_, value)| value);
        let refused = |reason: String| ActionError::Refused {
            field: label.to_owned(),
            value: value.to_owned(),
            reason,
        };
        if value.is_empty() && input["required"] != false {
            return Err(refused("it must be filled".to_owned()));
        }
        if !value.is_empty() {
            within_length(input, value).map_err(refused)?;
        }
        Ok(json!({ "type": 4, "id": 1, "custom_id": custom_id, "value": value }))
    }
}
