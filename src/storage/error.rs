//! What can go wrong with what is kept on disk.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::ids::GuildId;

/// A failure of the data directory, of a guild store, or of the system store, as a sentence for the operator. One that has
/// a source ends without a full stop: [`chain`](crate::errors::chain) goes on with it.
///
/// Callers decide by the kind: [`Quarantined`](Self::Quarantined) concerns one guild until the operator acts,
/// [`NotAMember`](Self::NotAMember), [`Deleted`](Self::Deleted) and [`Closed`](Self::Closed) mean that the work is
/// moot, and everything else may be tried again later.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The guild's file was not what this version of Muster can use. It is kept as it was, and nothing takes its place.
    #[error("The store of guild {guild} is set aside: {reason}.")]
    Quarantined {
        /// Whose store.
        guild: GuildId,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// Somebody asked to create a store for a guild in which Muster is not.
    #[error("Guild {guild} gets no store: Muster is not a member of it.")]
    NotAMember {
        /// Which guild.
        guild: GuildId,
    },
    /// The guild's data is being deleted right now.
    #[error("The store of guild {guild} is being deleted.")]
    Deleted {
        /// Which guild.
        guild: GuildId,
    },
    /// The store was closed for good while it was in use, or Muster is stopping.
    #[error("The store of guild {guild} is closed: Muster is stopping, or the guild's data was deleted.")]
    Closed {
        /// Which guild.
        guild: GuildId,
    },
    /// A deletion or a restore waited, and the store is still used. Nothing was done; asking again goes on from there.
    #[error("The store of guild {guild} is still in use after {waited:?}, so nothing was done with it yet.")]
    InUse {
        /// Which guild.
        guild: GuildId,
        /// How long the deletion waited.
        waited: Duration,
    },
    /// A file that was to take the place of a guild's store is no good backup of it.
    #[error("{} is no good backup of guild {guild}: {reason}.", file.display())]
    BadBackup {
        /// Which file.
        file: PathBuf,
        /// Whose backup it should be.
        guild: GuildId,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// A statement failed in a guild's store.
    #[error("The store of guild {guild} (guilds/{guild}/guild.db) failed to {operation}")]
    Sqlite {
        /// Whose store.
        guild: GuildId,
        /// What was tried, as an infinitive.
        operation: &'static str,
        /// Why it failed.
        source: sqlx::Error,
    },
    /// A statement failed in the system store.
    #[error("The system store (system.db) failed to {operation}")]
    System {
        /// What was tried, as an infinitive.
        operation: &'static str,
        /// Why it failed.
        source: sqlx::Error,
    },
    /// The system store is not what this version of Muster can use.
    #[error("The system store {} cannot be used: {reason}.", path.display())]
    SystemUnusable {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// The data directory was used by a newer version of Muster.
    #[error(
        "This data was written by a newer version of Muster: its guilds have schema {noted}, and this version knows {known}. \
         Run that version again, or restore the data directory as it was before."
    )]
    NewerGuilds {
        /// The schema of the guilds' stores.
        noted: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// The file system refused something in the data directory.
    #[error("Muster (user id {uid}) cannot {operation} {}: {error}.", path.display())]
    DataDir {
        /// Which file or directory.
        path: PathBuf,
        /// The user that Muster runs as.
        uid: u32,
        /// What was tried, as an infinitive.
        operation: &'static str,
        /// Why it failed; part of the sentence, and so not its source.
        error: io::Error,
    },
    /// A symbolic link where Muster keeps its data, which might lead anywhere.
    #[error("{} is a symbolic link; Muster keeps data only in real directories and files.", path.display())]
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// Another process has the data directory.
    #[error("Another Muster already uses the data directory {} (this one is user id {uid}).", path.display())]
    InUseByAnother {
        /// The data directory.
        path: PathBuf,
        /// The user that this Muster runs as.
        uid: u32,
    },
}

/// SQLite's result codes for a disk without room: at a write, and at growing the file that the readers of a write-ahead
/// log share.
///
/// Source: <https://sqlite.org/rescode.html>
const FULL: u32 = 13;
const IOERR_SHMSIZE: u32 = 4_874;

impl StorageError {
    /// Whether there is no room left on the disk, so that whoever runs Muster has to make some.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } | Self::System { source, .. } => says_full(source),
            Self::DataDir { error, .. } => has_no_room(error),
            _ => false,
        }
    }
}

fn says_full(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return has_no_room(error);
    }
    let code = error.as_database_error().and_then(|error| error.code()?.parse().ok());
    code.is_some_and(|code: u32| code & 0xFF == FULL || code == IOERR_SHMSIZE)
}

fn has_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::chain;
    use crate::storage::testing::{at, open_store};

    #[test]
    fn a_full_disk_is_known_by_the_system_that_reports_it() {
        let of_files = |error| StorageError::DataDir {
            path: PathBuf::from("data"),
            uid: 0,
            operation: "write",
            error: io::Error::from(error),
        };
        assert!(of_files(io::ErrorKind::StorageFull).is_disk_full());
        assert!(!of_files(io::ErrorKind::PermissionDenied).is_disk_full());
        let source = sqlx::Error::Io(io::ErrorKind::StorageFull.into());
        assert!(StorageError::System { operation: "write the registry", source }.is_disk_full());
        assert!(!StorageError::Closed { guild: GuildId::new(5) }.is_disk_full());
    }

    #[tokio::test]
    async fn a_database_that_may_not_grow_is_a_full_disk() {
        let (_tmp, lease) = open_store().await;
        sqlx::query("PRAGMA max_page_count = 1").execute(&lease.db().pool).await.unwrap();
        let error = lease.guild().set_name(&"x".repeat(100_000), at(1)).await.unwrap_err();
        assert!(error.is_disk_full(), "{error:?}");
    }

    #[test]
    fn a_failed_statement_is_told_with_its_file_and_its_cause() {
        let full = || sqlx::Error::Io(io::Error::other("disk full"));
        let guild = GuildId::new(5);
        let failed = StorageError::Sqlite { guild, operation: "claim a reminder", source: full() };
        let told = chain(&failed);
        assert!(told.contains("(guilds/5/guild.db) failed to claim a reminder: "), "{told}");
        assert_eq!(told.matches("disk full").count(), 1, "{told}");
        let failed = StorageError::System { operation: "write the registry", source: full() };
        assert!(chain(&failed).starts_with("The system store (system.db) failed to write the registry: "));
    }
}
