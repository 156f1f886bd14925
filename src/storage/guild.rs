//! Table `guild`, one row: what the guild is called and what it decided.

use sqlx::types::Json;

use super::StorageError;
use super::columns::{maybe_instant, number};
use super::guild_db::GuildDb;
use super::guild_stores::integrity_check;
use crate::clock::Timestamp;
use crate::domain::settings::GuildSettings;

/// The guild's own row.
#[derive(Debug, Clone, Copy)]
pub struct GuildRows<'a> {
    pub(super) db: &'a GuildDb,
}

/// How a guild's store is doing, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// Size of the database in bytes, without its write-ahead log.
    pub size_bytes: u64,
    /// The version of its schema.
    pub schema_version: i64,
    /// The first fault that SQLite's `integrity_check` finds; `ok` if it finds none.
    pub integrity: String,
    /// Members that are known.
    pub members: u64,
    /// Events that are not over.
    pub live_events: u64,
    /// All events.
    pub events: u64,
    /// Answers.
    pub responses: u64,
    /// Rows of the reminder log.
    pub log_rows: u64,
    /// When the oldest of these was due.
    pub oldest_log_at: Option<Timestamp>,
}

impl GuildRows<'_> {
    /// What the guild decided, with the default for everything else.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn settings(self) -> Result<GuildSettings, StorageError> {
        let read = sqlx::query_scalar("SELECT settings FROM guild").fetch_one(&self.db.pool);
        let Json(settings) = self.db.run("read the guild's settings", read).await?;
        Ok(settings)
    }

    /// Replaces what the guild decided.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_settings(self, settings: &GuildSettings, now: Timestamp) -> Result<(), StorageError> {
        let set = sqlx::query("UPDATE guild SET settings = $1, updated_at = $2");
        let set = set.bind(Json(settings)).bind(now.timestamp_millis());
        self.db.change("write the guild's settings", set).await.map(drop)
    }

    /// What the guild is called; `None` if Discord has not said yet.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn name(self) -> Result<Option<String>, StorageError> {
        let read = sqlx::query_scalar("SELECT name FROM guild").fetch_one(&self.db.pool);
        self.db.run("read the guild's name", read).await
    }

    /// Notes what the guild is called.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_name(self, name: &str, now: Timestamp) -> Result<(), StorageError> {
        let set = sqlx::query("UPDATE guild SET name = $1, updated_at = $2 WHERE name IS DISTINCT FROM $1");
        self.db.change("write the guild's name", set.bind(name).bind(now.timestamp_millis())).await.map(drop)
    }

    /// How the store is doing. Reads the whole file: for people who ask, not for every minute.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`], or [`StorageError::Quarantined`] if the file is too damaged to be checked.
    pub async fn check(self) -> Result<StoreHealth, StorageError> {
        let operation = "check itself";
        let integrity = self.db.run(operation, integrity_check(&self.db.pool)).await?;
        let counts = sqlx::query(
            "SELECT (SELECT page_count FROM pragma_page_count) *
                        (SELECT page_size FROM pragma_page_size) AS size_bytes,
                    (SELECT user_version FROM pragma_user_version) AS schema_version,
                    (SELECT count(*) FROM members) AS members,
                    (SELECT count(*) FROM events WHERE ended_at IS NULL) AS live_events,
                    (SELECT count(*) FROM events) AS events,
                    (SELECT count(*) FROM responses) AS responses,
                    (SELECT count(*) FROM reminder_log) AS log_rows,
                    (SELECT min(scheduled_at) FROM reminder_log) AS oldest_log_at",
        );
        let health = counts.try_map(|row| {
            Ok(StoreHealth {
                size_bytes: number(&row, "size_bytes")?,
                schema_version: number(&row, "schema_version")?,
                integrity: integrity.clone(),
                members: number(&row, "members")?,
                live_events: number(&row, "live_events")?,
                events: number(&row, "events")?,
                responses: number(&row, "responses")?,
                log_rows: number(&row, "log_rows")?,
                oldest_log_at: maybe_instant(&row, "oldest_log_at")?,
            })
        });
        self.db.run(operation, health.fetch_one(&self.db.pool)).await
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::settings::GuildSettings;
    use crate::ids::RoleId;
    use crate::storage::testing::{at, open_store};

    #[tokio::test]
    async fn a_new_guild_has_the_defaults_and_keeps_what_it_is_told() {
        let (_tmp, lease) = open_store().await;
        let guild = lease.guild();
        assert_eq!(guild.settings().await.unwrap(), GuildSettings::default());
        assert_eq!(guild.name().await.unwrap(), None);

        let settings =
            GuildSettings { default_interval_ms: Some(90_000), organiser_roles: vec![RoleId::new(5)] };
        guild.set_settings(&settings, at(1)).await.unwrap();
        guild.set_name("Kraken", at(1)).await.unwrap();
        assert_eq!(guild.settings().await.unwrap(), settings);
        assert_eq!(guild.name().await.unwrap().as_deref(), Some("Kraken"));
    }

    #[tokio::test]
    async fn a_sound_store_says_so_and_a_new_one_is_small() {
        let (_tmp, lease) = open_store().await;
        let health = lease.guild().check().await.unwrap();
        assert_eq!(health.integrity, "ok");
        assert_eq!((health.live_events, health.log_rows), (0, 0));
        assert!(health.size_bytes <= 40_000, "a new store has {} bytes", health.size_bytes);
    }
}
