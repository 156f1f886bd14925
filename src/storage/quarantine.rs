//! The guilds whose stores may not be used, and what SQLite says about a file that is damaged.
//!
//! A store is doubted when a statement finds it damaged while it is open: it is then closed, and the next opening looks
//! at the whole file. One that is damaged is set aside; each later opening looks again, so that a file put right by the
//! operator is used without a restart.

use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

use super::StorageError;
use crate::ids::GuildId;

/// SQLite's primary result codes for a file that is not, or no longer, a sound database.
///
/// Source: <https://sqlite.org/rescode.html>
const CORRUPT: u32 = 11;
const NOT_A_DATABASE: u32 = 26;
/// Its codes for a failure of what is around the file: busy, locked, no memory, read-only, interrupted, input or output,
/// full, cannot open.
const PASSING: [u32; 8] = [5, 6, 7, 8, 9, 10, 13, 14];
/// The code for a statement that does not fit the schema.
const SQL_ERROR: u32 = 1;

/// Which guilds' stores may not be used, and why.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    cases: DashMap<GuildId, Case>,
    /// How many there are, so that the usual case (none) costs a lease next to nothing.
    count: AtomicUsize,
}

/// Why a guild's store may not be used, as the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Case {
    /// A statement found it damaged; the next opening makes sure.
    Doubted(String),
    /// It is damaged, and no backup took its place.
    SetAside(String),
}

impl Case {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Doubted(reason) | Self::SetAside(reason) => reason,
        }
    }
}

impl Quarantine {
    /// Doubts a guild's store, and returns the error for the caller.
    pub(super) fn doubt(&self, guild: GuildId, reason: String) -> StorageError {
        tracing::warn!(guild.id = %guild, reason, "the store of this guild is looked at: it may be damaged");
        self.insert(guild, Case::Doubted(reason.clone()));
        StorageError::Quarantined { guild, reason }
    }

    /// Notes that a guild's store is damaged and nothing takes its place, and returns the error for the caller.
    pub(super) fn set_aside(&self, guild: GuildId, reason: String) -> StorageError {
        self.insert(guild, Case::SetAside(reason.clone()));
        StorageError::Quarantined { guild, reason }
    }

    fn insert(&self, guild: GuildId, case: Case) {
        self.cases.insert(guild, case);
        self.count.store(self.cases.len(), Ordering::Relaxed);
    }

    /// Why a guild's store may not be used, if it may not.
    pub(super) fn find(&self, guild: GuildId) -> Option<Case> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.cases.get(&guild).map(|case| case.clone())
    }

    /// How many stores may not be used.
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Takes a guild's store back into use, or forgets it because it was deleted.
    pub(super) fn remove(&self, guild: GuildId) {
        if self.len() > 0 && self.cases.remove(&guild).is_some() {
            self.count.store(self.cases.len(), Ordering::Relaxed);
            tracing::info!(guild.id = %guild, "the store of this guild can be used again");
        }
    }
}

/// Whether SQLite says that the file is damaged.
pub(super) fn is_corruption(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(CORRUPT | NOT_A_DATABASE))
}

/// Whether SQLite says that the file has another schema than expected.
pub(super) fn is_foreign_schema(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(SQL_ERROR)
}

/// Whether a statement failed for a reason that lies outside the file: no room, no memory, a disk that fails, somebody
/// else's lock. It may work later.
pub(super) fn is_passing(error: &sqlx::Error) -> bool {
    match primary_code(error) {
        Some(code) => PASSING.contains(&code),
        None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed),
    }
}

/// Whether an integrity check ended because a page could not be read, which it tells like a fault of the file: then it says
/// nothing about the file.
///
/// Source: `checkTreePage` and `checkList` in <https://sqlite.org/src/file/src/btree.c>
pub(super) fn is_passing_fault(found: &str) -> bool {
    if let Some((_, code)) = found.rsplit_once("unable to get the page. error code=") {
        return code.trim().parse().is_ok_and(|code: u32| PASSING.contains(&(code & 0xFF)));
    }
    found.contains("failed to get page ")
}

/// SQLite's primary result code; the driver reports the extended one, whose lowest byte it is.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_cannot_be_read_is_not_taken_for_a_damaged_one() {
        for (found, passing) in [
            ("Tree 5 page 7: unable to get the page. error code=10", true),
            ("Tree 5 page 7: unable to get the page. error code=266", true),
            ("Tree 5 page 7: unable to get the page. error code=7", true),
            ("Tree 5 page 7: unable to get the page. error code=11", false),
            ("Freelist: failed to get page 9", true),
            ("Tree 5 page 7: btreeInitPage() returns error code 11", false),
            ("row 3 missing from index events_due", false),
        ] {
            assert_eq!(is_passing_fault(found), passing, "{found}");
        }
    }
}
