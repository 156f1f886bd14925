//! Validators, built when they are first needed.

use std::sync::OnceLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, Registry, ValidationError, Validator};
use serde_json::{Value, json};

use super::description::description;

/// Where the description lives among the schemas.
const BASE: &str = "urn:discord:api";

/// A validator of one schema of the description.
pub(super) struct Lazy {
    schema: Value,
    validator: OnceLock<Validator>,
}

impl Lazy {
    pub(super) fn new(schema: &Value) -> Self {
        Self { schema: absolute(schema), validator: OnceLock::new() }
    }

    pub(super) fn is_valid(&self, value: &Value) -> bool {
        self.validator().is_valid(value)
    }

    /// What is wrong with a value: the place in it, and what was expected there.
    pub(super) fn errors(&self, value: &Value) -> Vec<String> {
        let mut errors = Vec::new();
        for error in self.validator().iter_errors(value) {
            describe(&error, &mut errors);
        }
        errors
    }

    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .with_registry(registry())
                .should_validate_formats(true)
                .with_format("snowflake", |text: &str| text.parse::<u64>().is_ok())
                .build(&self.schema)
                .expect("the schemas of Discord's description are valid")
        })
    }
}

/// The whole description, for references to point into.
fn registry() -> &'static Registry<'static> {
    static REGISTRY: OnceLock<Registry<'static>> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let components = json!({ "components": description().root().get("components") });
        Registry::new()
            .add(BASE, components)
            .and_then(jsonschema::RegistryBuilder::prepare)
            .expect("the description's references lead somewhere")
    })
}

/// References within the description, made to hold outside of it.
fn absolute(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(target) if key == "$ref" => (key.clone(), json!(format!("{BASE}{target}"))),
                value => (key.clone(), absolute(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(absolute).collect(),
        other => other.clone(),
    }
}

/// Says what is wrong; of several alternatives, what keeps the closest one from fitting.
fn describe(error: &ValidationError<'_>, into: &mut Vec<String>) {
    let distance = |errors: &&Vec<ValidationError<'static>>| {
        let is_other_kind = errors.iter().any(|error| is_about_kind(error));
        (is_other_kind, errors.len())
    };
    let closest = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().filter(|errors| !errors.is_empty()).min_by_key(distance)
        }
        _ => None,
    };
    if let Some(closest) = closest {
        for error in closest {
            describe(error, into);
        }
    } else {
        into.push(format!("at {:?}: {}", error.instance_path().as_str(), shortened(&error.to_string())));
    }
}

/// Whether an alternative fails because it describes something else altogether.
fn is_about_kind(error: &ValidationError<'_>) -> bool {
    let is_type_field = error.instance_path().as_str().ends_with("/type");
    let is_wrong_type = matches!(error.kind(), ValidationErrorKind::Type { .. });
    is_type_field || is_wrong_type
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}
