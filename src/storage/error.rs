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

/// SQLite's codes for a disk without room: `SQLITE_FULL`, and `SQLITE_IOERR_SHMSIZE` for the index of a write-ahead log
/// that cannot grow.
///
/// Source: <https://sqlite.org/rescode.html>
const FULL: [&str; 2] = ["13", "4874"];

impl StorageError {
    /// Whether it failed for want of room on the disk: once there is some, it can be tried again.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } | Self::System { source, .. } => source
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| FULL.contains(&code.as_ref())),
            Self::DataDir { error, .. } => {
                matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::chain;

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
