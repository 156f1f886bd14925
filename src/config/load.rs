//! Reading the configuration from its three sources.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use config::{Environment, File, FileFormat};
use serde::de::{Deserialize, Deserializer, Error};

use super::{Config, keys};

/// The defaults, which are also the documentation of every key.
pub(super) const DEFAULTS: &str = include_str!("../../config/default.toml");

/// Why there is no configuration; each problem is a sentence that names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read or is not TOML.
    #[error("The configuration cannot be read: {0}.")]
    Unreadable(#[source] config::ConfigError),
    /// Keys that do not exist, or values that cannot be used.
    #[error("The configuration is not valid:\n  {}", .0.join("\n  "))]
    Invalid(Vec<String>),
}

impl Config {
    /// Reads defaults, then `file` if one is named, then the environment of this process.
    ///
    /// # Errors
    /// [`ConfigError`] for a missing file, an unknown key, a wrong type or a value out of range.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::read(file, None)
    }

    /// Like [`Config::load`], with `variables` in place of the environment.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(file: Option<&Path>, variables: HashMap<String, String>) -> Result<Self, ConfigError> {
        Self::read(file, Some(variables))
    }

    fn read(file: Option<&Path>, variables: Option<HashMap<String, String>>) -> Result<Self, ConfigError> {
        let environment =
            Environment::with_prefix("MUSTER").prefix_separator("__").separator("__").source(variables);
        let mut sources = config::Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
        if let Some(file) = file {
            sources = sources.add_source(File::from(file).format(FileFormat::Toml));
        }
        let merged = sources.add_source(environment).build().map_err(ConfigError::Unreadable)?;
        let strangers = keys::strangers(&merged).map_err(ConfigError::Unreadable)?;
        if !strangers.is_empty() {
            return Err(ConfigError::Invalid(strangers));
        }
        let read = merged.clone().try_deserialize::<Self>();
        let config = read.map_err(|error| keys::explain(&merged, error))?;
        match config.problems() {
            problems if problems.is_empty() => Ok(config),
            problems => Err(ConfigError::Invalid(problems)),
        }
    }
}

/// Reads an address, an empty text being none.
pub(super) fn optional_address<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        address => address.parse().map(Some).map_err(|_| {
            D::Error::custom(format!(
                "`{address}` is not an address; write one like 127.0.0.1:9464, or nothing"
            ))
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables =
            variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::load_from(None, variables)
    }

    /// The whole chain of an error, as the command line prints it.
    fn failure(variables: &[(&str, &str)]) -> String {
        load(variables).unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        let config = load(&[]).unwrap();
        assert_eq!(config.storage.absent_grace, Duration::from_hours(24));
        assert_eq!(config.discord.base_url(), "https://discord.com");
        assert_eq!(config.http.listen, Some("127.0.0.1:9464".parse().unwrap()));
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        writeln!(file, "[storage]\nmax_open = 7\ndelete_grace = \"1h\"\n[http]\nlisten = \"\"").unwrap();
        let variables = [("MUSTER__STORAGE__MAX_OPEN".to_owned(), "9".to_owned())].into();
        let config = Config::load_from(Some(file.path()), variables).unwrap();
        assert_eq!((config.storage.max_open, config.storage.delete_grace), (9, Duration::from_hours(1)));
        assert_eq!(config.http.listen, None);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let failure = failure(&[("MUSTER__STORAGE__MAX_OPNE", "9"), ("MUSTER__NEW__KEY", "1")]);
        assert!(failure.contains("There is no key storage.max_opne (from the environment)"), "{failure}");
        assert!(failure.contains("There is no key new.key"), "{failure}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_key_and_what_is_allowed() {
        for (key, value, said) in [
            ("STORAGE__MAX_OPEN", "many", "storage.max_open is \"many\", which cannot be used"),
            ("STORAGE__MAX_OPEN", "many", "1 to 100000."),
            ("REMINDERS__MIN_INTERVAL", "0s", "reminders.min_interval is \"0s\""),
            ("REMINDERS__MIN_INTERVAL", "soon", "1s to 365d"),
            ("LOG__FORMAT", "xml", "\"human\" or \"json\"."),
            ("LOG", "x", "log is a section"),
        ] {
            let failure = failure(&[(&format!("MUSTER__{key}"), value)]);
            assert!(failure.contains(said), "{key}={value}: {failure}");
        }
    }

    #[test]
    fn a_value_out_of_range_names_key_value_and_range() {
        let failure =
            failure(&[("MUSTER__STORAGE__MAX_OPEN", "0"), ("MUSTER__REMINDERS__MIN_INTERVAL", "2h")]);
        assert!(failure.contains("storage.max_open is 0, which is not within 1 to 100000"), "{failure}");
        assert!(failure.contains("reminders.default_interval"), "{failure}");
        for (key, value, said) in [
            ("BACKUP_EVERY", "8784h", "storage.backup_every is 366d, which is not within 0s to 365d"),
            ("SLOW_STATEMENT", "61s", "storage.slow_statement is 61s, which is not within 0s to 1m"),
            ("BUSY_TIMEOUT", "0s", "storage.busy_timeout is 0s, which is not within 100ms to 1m"),
        ] {
            let failure = self::failure(&[(&format!("MUSTER__STORAGE__{key}"), value)]);
            assert!(failure.contains(said), "{failure}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let failure =
            Config::load_from(Some(Path::new("nowhere.toml")), HashMap::new()).unwrap_err().to_string();
        assert!(failure.contains("nowhere.toml"), "{failure}");
    }
}
