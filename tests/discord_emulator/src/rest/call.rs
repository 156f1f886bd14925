//! One request, with what its handler needs to answer it.

use std::sync::MutexGuard;

use serde_json::Value;

use super::Refusal;
use crate::api::ApiRequest;
use crate::change::Change;
use crate::inner::Inner;
use crate::snowflake::Snowflake;
use crate::world::World;

/// A request to be handled.
pub(crate) struct Call<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) request: &'a ApiRequest,
}

impl<'a> Call<'a> {
    pub(crate) fn new(inner: &'a Inner, request: &'a ApiRequest) -> Self {
        Self { inner, request }
    }

    /// The world, to be read.
    pub(crate) fn world(&self) -> MutexGuard<'a, World> {
        self.inner.world()
    }

    /// The world, to be changed.
    pub(crate) fn change(&self) -> Change<'a> {
        self.inner.change()
    }

    /// The body's JSON.
    pub(crate) fn body(&self) -> &'a Value {
        self.request.json()
    }

    /// A part of the path, as it was written.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.request.param(name).unwrap_or_default()
    }

    /// An id in the path.
    pub(crate) fn id(&self, name: &str) -> Result<Snowflake, Refusal> {
        let text = self.text(name);
        Snowflake::parse(text).ok_or_else(|| not_a_snowflake(name, text))
    }

    /// An id among the query's parameters.
    pub(crate) fn query_id(&self, name: &str) -> Result<Option<Snowflake>, Refusal> {
        let text = self.request.query(name);
        text.map(|text| Snowflake::parse(text).ok_or_else(|| not_a_snowflake(name, text))).transpose()
    }

    /// How many things are asked for, between 1 and `most`.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.request.query("limit") else { return Ok(default) };
        let limit: usize = text.parse().map_err(|_| {
            Refusal::form("limit", "NUMBER_TYPE_COERCE", format!("Value \"{text}\" is not int."))
        })?;
        if limit == 0 {
            return Err(Refusal::form(
                "limit",
                "NUMBER_TYPE_MIN",
                "int value should be greater than or equal to 1.",
            ));
        }
        if limit > most {
            let message = format!("int value should be less than or equal to {most}.");
            return Err(Refusal::form("limit", "NUMBER_TYPE_MAX", message));
        }
        Ok(limit)
    }

    /// Whether a switch in the query is on.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.request.query(name).is_some_and(|text| matches!(text, "true" | "True" | "1"))
    }

    /// The reason for the audit log, as it was sent.
    pub(crate) fn reason(&self) -> Option<String> {
        let header = self.request.headers.get("x-audit-log-reason")?;
        header.to_str().ok().map(ToOwned::to_owned)
    }
}

fn not_a_snowflake(name: &str, text: &str) -> Refusal {
    Refusal::form(name, "NUMBER_TYPE_COERCE", format!("Value \"{text}\" is not snowflake."))
}

/// A string in an object, where it is one.
pub(crate) fn text_of<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// An id in an object, as a string or, as Discord bears too, a number.
pub(crate) fn id_of(value: &Value, name: &str) -> Option<Snowflake> {
    let field = value.get(name)?;
    field.as_str().and_then(Snowflake::parse).or_else(|| field.as_u64().map(Snowflake::new))
}
