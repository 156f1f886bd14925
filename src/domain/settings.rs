//! What a guild decides about Muster, with a default for everything it did not decide.

use serde::{Deserialize, Serialize};

use crate::ids::RoleId;

/// The settings of one guild. Kept as JSON, so that a later version can add a field without a migration.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GuildSettings {
    /// The interval of new events in milliseconds; `None`: the operator's default.
    pub default_interval_ms: Option<i64>,
    /// Members with one of these roles may manage every event.
    pub organiser_roles: Vec<RoleId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_an_older_version_keep_their_defaults() {
        assert_eq!(serde_json::from_str::<GuildSettings>("{}").unwrap(), GuildSettings::default());
    }

    #[test]
    fn settings_of_a_newer_version_can_be_read() {
        let newer = r#"{"organiser_roles":["5"],"invented_later":true}"#;
        assert_eq!(serde_json::from_str::<GuildSettings>(newer).unwrap().organiser_roles, [RoleId::new(5)]);
    }
}
