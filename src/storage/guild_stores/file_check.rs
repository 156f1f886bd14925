//! Whether a file is the guild database that it should be.

use super::opening::NotOpened;
use crate::ids::GuildId;
use crate::storage::guild_db::GuildDb;
use crate::storage::pool_of_one::PoolOfOne;
use crate::storage::{StorageError, quarantine, schema};

/// What a file says about itself.
#[derive(sqlx::FromRow)]
pub(super) struct Identity {
    application_id: i64,
    pub(super) user_version: i64,
    /// `None` in a file fresh from the template.
    pub(super) guild_id: Option<i64>,
}

impl Identity {
    /// Sees whether the file is a guild database of this guild, and not from a newer version.
    pub(super) fn belongs_to(&self, guild: GuildId) -> Result<(), NotOpened> {
        let known = schema::GUILD.version();
        if self.application_id != schema::GUILD.application_id {
            return Err(NotOpened::Damaged("its file is not a guild database of Muster's".to_owned()));
        }
        if self.user_version > known {
            let version = self.user_version;
            let newer = format!("its file has schema {version}, and this version of Muster knows {known}");
            return Err(NotOpened::Damaged(newer));
        }
        match self.guild_id.map(u64::try_from) {
            Some(Ok(owner)) if owner == guild.get() => Ok(()),
            None => Ok(()),
            Some(_) => Err(NotOpened::Damaged("its file belongs to another guild".to_owned())),
        }
    }
}

/// Reads what a file says about itself, in one statement: no migrator is asked.
pub(super) async fn identity(db: &GuildDb) -> Result<Identity, NotOpened> {
    let identity = sqlx::query_as(
        "SELECT (SELECT application_id FROM pragma_application_id) AS application_id,
                (SELECT user_version FROM pragma_user_version) AS user_version,
                (SELECT guild_id FROM guild) AS guild_id",
    );
    // Asked once per opening: not worth its place among the statements that are kept prepared.
    let identity = identity.persistent(false);
    identity.fetch_one(&db.pool).await.map_err(|error| {
        if quarantine::is_foreign_schema(&error) {
            return NotOpened::Damaged(format!("its file is not a guild database of Muster's ({error})"));
        }
        refused(db.guild, "open", error)
    })
}

/// Reads the whole file and sees whether it is sound.
pub(super) async fn whole(db: &GuildDb) -> Result<(), NotOpened> {
    match integrity_check(&db.pool).await {
        Ok(found) if found == "ok" => Ok(()),
        Ok(found) if quarantine::is_passing_fault(&found) => {
            let source = sqlx::Error::Io(std::io::Error::other(found));
            Err(NotOpened::Failed(StorageError::Sqlite {
                guild: db.guild,
                operation: "check itself",
                source,
            }))
        }
        Ok(found) => Err(NotOpened::Damaged(format!("its file is corrupt ({found})"))),
        Err(error) => Err(refused(db.guild, "check itself", error)),
    }
}

/// What `PRAGMA integrity_check` finds first; `ok` if it finds nothing.
pub(in crate::storage) async fn integrity_check(pool: &PoolOfOne) -> sqlx::Result<String> {
    sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(pool).await
}

/// What a failed statement says about the file.
pub(super) fn refused(guild: GuildId, operation: &'static str, source: sqlx::Error) -> NotOpened {
    match source {
        sqlx::Error::PoolClosed => NotOpened::Failed(StorageError::Closed { guild }),
        source if quarantine::is_corruption(&source) => {
            NotOpened::Damaged(format!("its file is corrupt ({source})"))
        }
        source => NotOpened::Failed(StorageError::Sqlite { guild, operation, source }),
    }
}
