//! The system store, `system.db`: the registry's rows and a few single values.

use serde_json::json;
use sqlx::types::Json;

use super::opening;
use super::record::{GuildRecord, KnownGuild, membership_word};
use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::data_dir::DataDir;
use crate::storage::pool_of_one::{PoolOfOne, begin};
use crate::storage::stopwatch::{Owner, Stopwatch};

/// The open system store.
#[derive(Debug)]
pub(super) struct SystemStore {
    pool: PoolOfOne,
    pub(super) stopwatch: Stopwatch,
}

impl SystemStore {
    /// Opens the system store, and creates it if it is missing. A damaged one is set aside first.
    pub(super) async fn open(dir: &DataDir, now: Timestamp) -> Result<Self, StorageError> {
        Ok(Self { pool: opening::open(dir, now).await?, stopwatch: Stopwatch::default() })
    }

    /// Runs a statement, or a transaction from its beginning to its commit, measures it, and says what failed.
    fn run<'a, T>(
        &'a self,
        operation: &'static str,
        statement: impl Future<Output = sqlx::Result<T>> + Send + 'a,
    ) -> impl Future<Output = Result<T, StorageError>> + Send + 'a {
        let done = self.stopwatch.time(Owner::System, operation, statement);
        async move { done.await.map_err(|source| StorageError::System { operation, source }) }
    }

    /// All rows of the registry.
    pub(super) async fn load(&self) -> Result<Vec<KnownGuild>, StorageError> {
        // Row by row: SQLite's rows take ten times as much as what is made of them.
        let read = async {
            let mut turn = self.pool.turn().await?;
            sqlx::query_as("SELECT * FROM guilds").fetch_all(&mut *turn).await
        };
        self.run("read the registry", read).await
    }

    /// Writes these records, `None` standing for a guild to be forgotten, in one transaction of two statements.
    pub(super) async fn write(
        &self,
        records: &[(GuildId, Option<GuildRecord>)],
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let present = |(guild, record): &(GuildId, Option<GuildRecord>)| {
            record.as_ref().map(|record| row_as_json(*guild, record))
        };
        let kept: Vec<_> = records.iter().filter_map(present).collect();
        let forgotten = records.iter().filter(|(_, record)| record.is_none());
        let forgotten: Vec<_> = forgotten.map(|(guild, _)| guild.get()).collect();
        let upsert = sqlx::query(
            "INSERT INTO guilds (guild_id, membership, joined_at, left_at, absent_since, live, next_due_at,
                                 created_at, updated_at)
             SELECT json_extract(value, '$.guild'), json_extract(value, '$.membership'),
                    json_extract(value, '$.joined_at'), json_extract(value, '$.left_at'),
                    json_extract(value, '$.absent_since'), json_extract(value, '$.live'),
                    json_extract(value, '$.next_due_at'), $2, $2
             FROM json_each($1) WHERE true
             ON CONFLICT (guild_id) DO UPDATE
             SET membership = excluded.membership, joined_at = excluded.joined_at, left_at = excluded.left_at,
                 absent_since = excluded.absent_since, live = excluded.live, next_due_at = excluded.next_due_at,
                 updated_at = excluded.updated_at",
        );
        let forget = sqlx::query("DELETE FROM guilds WHERE guild_id IN (SELECT value FROM json_each($1))");
        let write = async {
            let mut turn = self.pool.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            upsert.bind(Json(kept)).bind(now.timestamp_millis()).execute(&mut *transaction).await?;
            if !forgotten.is_empty() {
                forget.bind(Json(forgotten)).execute(&mut *transaction).await?;
            }
            transaction.commit().await
        };
        self.run("write the registry", write).await
    }

    /// One of the single values.
    pub(super) async fn value(&self, key: &'static str) -> Result<Option<String>, StorageError> {
        let read = sqlx::query_scalar("SELECT value FROM key_values WHERE key = $1").bind(key);
        self.run("read a value", read.fetch_optional(&self.pool)).await
    }

    /// Sets one of the single values.
    pub(super) async fn set_value(
        &self,
        key: &'static str,
        value: &str,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let set = sqlx::query(
            "INSERT INTO key_values (key, value, created_at, updated_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        );
        let set = set.bind(key).bind(value).bind(now.timestamp_millis());
        self.run("write a value", set.execute(&self.pool)).await.map(drop)
    }

    /// Checkpoints and closes it.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

fn row_as_json(guild: GuildId, record: &GuildRecord) -> serde_json::Value {
    let ms = |at: Option<Timestamp>| at.map(|at| at.timestamp_millis());
    json!({
        "guild": guild.get(),
        "membership": membership_word(record.membership),
        "joined_at": record.joined_at.timestamp_millis(),
        "left_at": ms(record.left_at),
        "absent_since": ms(record.absent_since),
        "live": u8::from(record.live),
        "next_due_at": ms(record.next_due_at),
    })
}
