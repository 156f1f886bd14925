//! What was found, and the error that Discord answers.

use std::collections::HashSet;

use serde_json::Value;

/// One limit that a request breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The rule: `content.length`.
    pub(crate) rule: &'static str,
    /// Where, as Discord names it: `embeds.0.title`.
    pub(crate) path: String,
    /// The code that Discord answers with 50035; `None` where it says nothing.
    pub(crate) code: Option<&'static str>,
    /// What was found.
    pub(crate) found: String,
}

/// The findings of one request.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    /// Discord refuses this.
    pub(super) fn refuse(
        &mut self,
        rule: &'static str,
        path: &str,
        code: &'static str,
        found: impl Into<String>,
    ) {
        self.0.push(Finding { rule, path: path.to_owned(), code: Some(code), found: found.into() });
    }

    /// Discord takes this, but it cannot be meant.
    pub(super) fn note(&mut self, rule: &'static str, path: &str, found: impl Into<String>) {
        self.0.push(Finding { rule, path: path.to_owned(), code: None, found: found.into() });
    }

    /// A text, if it is there, must have between `least` and `most` characters.
    pub(super) fn length(&mut self, rule: &'static str, at: &At<'_>, name: &str, least: usize, most: usize) {
        let Some(text) = at.text(name) else { return };
        let length = text.chars().count();
        if (least..=most).contains(&length) {
            return;
        }
        let code = if least == 0 { "BASE_TYPE_MAX_LENGTH" } else { "BASE_TYPE_BAD_LENGTH" };
        let found = if least == 0 {
            format!("Must be {most} or fewer in length. ({length})")
        } else {
            format!("Must be between {least} and {most} in length. ({length})")
        };
        self.refuse(rule, &at.path(name), code, found);
    }

    /// A list, if it is there, must have between `least` and `most` items.
    pub(super) fn count(&mut self, rule: &'static str, at: &At<'_>, name: &str, least: usize, most: usize) {
        let Some(items) = at.value.get(name).and_then(Value::as_array) else { return };
        if !(least..=most).contains(&items.len()) {
            let found = format!("Must be between {least} and {most} in length. ({})", items.len());
            self.refuse(rule, &at.path(name), "BASE_TYPE_BAD_LENGTH", found);
        }
    }

    /// A number, if it is there, must lie between `least` and `most`.
    pub(super) fn range(&mut self, rule: &'static str, at: &At<'_>, name: &str, least: i64, most: i64) {
        let Some(number) = at.value.get(name).and_then(Value::as_i64) else { return };
        if !(least..=most).contains(&number) {
            let found = format!("Must be between {least} and {most}. ({number})");
            self.refuse(rule, &at.path(name), "NUMBER_TYPE_RANGE", found);
        }
    }

    /// A text that Discord demands must be there.
    pub(super) fn required(&mut self, rule: &'static str, at: &At<'_>, name: &str) {
        if at.text(name).is_none_or(str::is_empty) {
            self.refuse(rule, &at.path(name), "BASE_TYPE_REQUIRED", "This field is required");
        }
    }

    /// Texts that must differ from each other.
    pub(super) fn unique<'a>(
        &mut self,
        rule: &'static str,
        code: &'static str,
        texts: impl IntoIterator<Item = (String, &'a str)>,
    ) {
        let mut known = HashSet::new();
        for (path, text) in texts {
            if !known.insert(text) {
                self.refuse(rule, &path, code, format!("{text:?} is there more than once"));
            }
        }
    }
}

/// A value and where in the request it stands.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    pub(super) value: &'a Value,
    path: String,
}

impl<'a> At<'a> {
    pub(super) fn new(value: &'a Value, path: &str) -> Self {
        Self { value, path: path.to_owned() }
    }

    /// The path of a field in dots, `embeds.0.title`.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// The path of the value itself.
    pub(super) fn here(&self) -> &str {
        &self.path
    }

    /// A field, if it is there and not null.
    pub(super) fn field(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Self { value, path: self.path(name) })
    }

    /// The items of a list; none where there is no list.
    pub(super) fn items(&self, name: &str) -> Vec<Self> {
        let list = self.path(name);
        let items = self.value.get(name).and_then(Value::as_array).into_iter().flatten();
        items.enumerate().map(|(index, value)| Self { value, path: format!("{list}.{index}") }).collect()
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name).and_then(Value::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.value.get(name).and_then(Value::as_i64)
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// How many characters a text has; none where there is no text.
    pub(super) fn length_of(&self, name: &str) -> usize {
        self.text(name).map_or(0, |text| text.chars().count())
    }
}
