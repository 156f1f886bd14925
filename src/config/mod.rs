//! What the operator decides: defaults, then a file, then the environment; read once, checked at once.
//!
//! **Invariants**
//! - This is the only room that reads the environment.
//! - `config/default.toml` holds every key; one that is not there does not exist.
//! - A [`Config`] that exists is valid; an error names the key, the value and what is allowed.
//! - The token is never in a file of this project, in `Debug`, or in a log.
//!
//! To add a key: the field here, its line in `config/default.toml` and in the README's table, and its range in
//! [`validate`].

mod keys;
mod load;
mod span;
mod token;
mod validate;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;

use crate::domain::interval::{Interval, IntervalLimits};

pub use load::ConfigError;
pub use token::{Token, TokenError};

/// Everything that the operator decides, but for the token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How Muster reaches Discord.
    pub discord: DiscordConfig,
    /// Where and how databases are kept.
    pub storage: StorageConfig,
    /// Limits of reminders.
    pub reminders: RemindersConfig,
    /// The port for health and metrics.
    pub http: HttpConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// The section `discord`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordConfig {
    /// Base URL of a REST proxy; empty for Discord itself.
    pub api_url: String,
    /// Whether Muster keeps to the rate limits by itself.
    pub limiter: bool,
    /// Requests a second at most, answers to interactions not counted; 1 to 50.
    pub requests_per_second: u32,
    /// Whether to ask for the privileged members intent.
    pub members_intent: MembersIntent,
}

impl DiscordConfig {
    /// The base URL of every request, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        match self.api_url.trim_end_matches('/') {
            "" => "https://discord.com",
            url => url,
        }
    }
}

/// Whether to ask Discord for the members of guilds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MembersIntent {
    /// Ask; go on without if Discord refuses.
    Auto,
    /// Ask; stop if Discord refuses.
    On,
    /// Never ask.
    Off,
}

/// The section `storage`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageConfig {
    /// Directory of all databases.
    pub data_dir: PathBuf,
    /// Guild stores that stay open at the same time.
    pub max_open: usize,
    /// A store unused for this long is closed.
    #[serde(with = "span")]
    pub idle_close: Duration,
    /// How hard a commit is.
    pub synchronous: Synchronous,
    /// How long a write waits for another.
    #[serde(with = "span")]
    pub busy_timeout: Duration,
    /// A statement that takes longer than this is logged; zero: none is.
    #[serde(with = "span")]
    pub slow_statement: Duration,
    /// How much of the disk is to stay free.
    pub min_free: ByteSize,
    /// How long a left guild's data is kept.
    #[serde(with = "span")]
    pub delete_grace: Duration,
    /// How long a guild may be missing after a start before it counts as left.
    #[serde(with = "span")]
    pub absent_grace: Duration,
    /// How often a backup of each guild is taken; zero: never by itself.
    #[serde(with = "span")]
    pub backup_every: Duration,
    /// How many backups of a guild are kept.
    pub backup_keep: usize,
    /// Whether the backups of a guild stay when everything else of it is deleted.
    pub keep_deleted_backups: bool,
    /// The operator's word that over half of the guilds are really gone.
    pub confirm_mass_absence: bool,
}

/// How hard a commit is; SQLite's `synchronous`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// A confirmed write survives a power cut.
    Full,
    /// The last writes may be lost in a power cut; the database stays whole.
    Normal,
}

/// The section `reminders`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemindersConfig {
    /// The shortest interval.
    #[serde(with = "span::interval")]
    pub min_interval: Interval,
    /// The longest interval.
    #[serde(with = "span::interval")]
    pub max_interval: Interval,
    /// The interval of an event whose author chose none.
    #[serde(with = "span::interval")]
    pub default_interval: Interval,
    /// How long the same nonce is trusted not to make a second message.
    #[serde(with = "span")]
    pub nonce_window: Duration,
}

impl RemindersConfig {
    /// The limits that members' intervals are checked against.
    #[must_use]
    pub fn limits(&self) -> IntervalLimits {
        IntervalLimits { min: self.min_interval, max: self.max_interval }
    }
}

/// The section `http`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address of the port; `None`: no port.
    #[serde(deserialize_with = "load::optional_address")]
    pub listen: Option<SocketAddr>,
}

/// The section `log`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// What is logged, as an `EnvFilter`.
    pub filter: String,
    /// For people or for machines.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line.
    Human,
    /// One JSON object a line.
    Json,
}
