//! The keys by name: which exist, and what `config/default.toml` says about each.

use config::{Config, ConfigError as Source, File, FileFormat, Value, ValueKind};

use super::load::{ConfigError, DEFAULTS};

/// A sentence for every key that was set and does not exist.
pub(super) fn strangers(merged: &Config) -> Result<Vec<String>, Source> {
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build()?;
    let known = leaves(&defaults.cache).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let is_section = |key: &str| known.iter().any(|name| name.starts_with(&format!("{key}.")));
    let set = leaves(&merged.cache).into_iter();
    let strange = set.filter(|(key, _)| !known.contains(key) && !is_section(key));
    Ok(strange.map(|(key, value)| format!("There is no key {key}{}.", origin(value))).collect())
}

/// Turns the failure to read a value into a sentence with the key, the value, and what is allowed.
pub(super) fn explain(merged: &Config, error: Source) -> ConfigError {
    let Some(key) = key_of(&error).map(str::to_owned) else { return ConfigError::Unreadable(error) };
    let Some(about) = documentation(&key) else {
        return ConfigError::Invalid(vec![format!(
            "{key} is a section with keys of its own and cannot have a value; see config/default.toml"
        )]);
    };
    let value = merged.get_string(&key).unwrap_or_default();
    ConfigError::Invalid(vec![format!("{key} is \"{value}\", which cannot be used. About this key: {about}")])
}

fn key_of(error: &Source) -> Option<&str> {
    match error {
        Source::Type { key, .. } => key.as_deref(),
        Source::At { key, error, .. } => key.as_deref().or_else(|| key_of(error)),
        _ => None,
    }
}

/// The comment above a key in the defaults, which keys that stand together share; `None` if there is no such key.
fn documentation(key: &str) -> Option<String> {
    let (wanted_section, wanted_name) = key.rsplit_once('.')?;
    let mut section = "";
    let mut comment: Vec<&str> = Vec::new();
    let mut comment_ended = false;
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some(text) = line.strip_prefix("# ") {
            if std::mem::take(&mut comment_ended) {
                comment.clear();
            }
            comment.push(text);
        } else if let Some((name, _)) = line.split_once(" = ") {
            if (section, name) == (wanted_section, wanted_name) {
                return Some(comment.join(" "));
            }
            comment_ended = true;
        }
    }
    None
}

/// All values that are not tables, with their dotted keys.
fn leaves(value: &Value) -> Vec<(String, &Value)> {
    let ValueKind::Table(table) = &value.kind else { return vec![(String::new(), value)] };
    let mut found: Vec<_> = table
        .iter()
        .flat_map(|(name, value)| {
            leaves(value).into_iter().map(move |(key, leaf)| match key.as_str() {
                "" => (name.clone(), leaf),
                key => (format!("{name}.{key}"), leaf),
            })
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

fn origin(value: &Value) -> String {
    value.origin().map(|origin| format!(" (from {origin})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_comment_that_says_what_it_is_for() {
        let defaults =
            Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml)).build().unwrap();
        for (key, _) in leaves(&defaults.cache) {
            let about = documentation(&key).unwrap_or_default();
            assert!(about.len() > 20 && about.ends_with('.'), "{key}: {about:?}");
        }
        assert_eq!(documentation("storage.nothing"), None);
    }
}
