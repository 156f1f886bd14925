//! The guild stores that were set aside, and what sets a store aside.
//!
//! A store is set aside when its file is there but cannot be what this version of Muster wrote. The file stays as it
//! is; every other guild goes on. Each later opening looks again, so that a file put right by the operator is used
//! without a restart, but only once SQLite has checked it.

use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

use super::StorageError;
use crate::ids::GuildId;

/// SQLite's primary result codes for a file that is not, or no longer, a sound database.
///
/// Source: <https://sqlite.org/rescode.html>
const CORRUPT: u32 = 11;
const NOT_A_DATABASE: u32 = 26;
/// The code for a statement that does not fit the schema.
const SQL_ERROR: u32 = 1;

/// Which guilds' stores are set aside, and why.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    reasons: DashMap<GuildId, String>,
    /// How many there are, so that the usual case (none) costs a lease next to nothing.
    count: AtomicUsize,
}

impl Quarantine {
    /// Sets a guild's store aside, tells the operator once per reason, and returns the error for the caller.
    pub(super) fn add(&self, guild: GuildId, reason: String) -> StorageError {
        let known = self.reasons.insert(guild, reason.clone());
        self.count.store(self.reasons.len(), Ordering::Relaxed);
        if known.as_ref() != Some(&reason) {
            metrics::counter!("muster_stores_quarantined_total").increment(1);
            tracing::error!(guild.id = %guild, reason, "the store of this guild is set aside; its file stays as it is");
        }
        StorageError::Quarantined { guild, reason }
    }

    /// Why a guild's store is set aside, if it is.
    pub(super) fn find(&self, guild: GuildId) -> Option<String> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.reasons.get(&guild).map(|reason| reason.clone())
    }

    /// Takes a guild's store back into use, or forgets it because it was deleted.
    pub(super) fn remove(&self, guild: GuildId) {
        if self.reasons.remove(&guild).is_some() {
            self.count.store(self.reasons.len(), Ordering::Relaxed);
            tracing::info!(guild.id = %guild, "the store of this guild is no longer set aside");
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

/// SQLite's primary result code; the driver reports the extended one, whose lowest byte it is.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xFF)
}
