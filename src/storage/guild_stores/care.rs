//! Looking after a store: is it sound, and does it take more room than it needs.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lease::Lease;
use super::leasing::{IfMissing, finished};
use super::opening::blocking;
use super::{GuildStores, Shared, file_check};
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::quarantine::Case;

/// How often to look whether a doubted store is free.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a look at a whole store showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is sound.
    Sound,
    /// It was damaged; its newest good backup took its place.
    Restored {
        /// What was wrong, as the end of a sentence.
        problem: String,
    },
    /// It is damaged, and nothing took its place.
    SetAside {
        /// What is wrong, as the end of a sentence.
        problem: String,
    },
}

/// What an optimisation achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Optimization {
    /// The size of the store before, in bytes, its write-ahead log included.
    pub before_bytes: u64,
    /// Its size afterwards.
    pub after_bytes: u64,
}

/// A lease for looking after a store, rather than for using it.
pub(super) struct Visit {
    pub(super) lease: Lease,
    /// Whether the store was open before.
    was_open: bool,
}

impl GuildStores {
    /// Reads the guild's whole store and sees whether it is sound; a damaged one is set aside, and restored if it has a good
    /// backup. `None` if it has no store.
    ///
    /// # Errors
    /// A failure of the file system or of SQLite that says nothing about the file.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop it.
    pub async fn verify(&self, guild: GuildId) -> Result<Option<Verdict>, StorageError> {
        let shared = Arc::clone(&self.shared);
        let verdict = self.shared.tasks.spawn(async move { shared.verify(guild).await });
        match finished(guild, verdict).await {
            Err(StorageError::Quarantined { reason, .. }) => Ok(Some(Verdict::SetAside { problem: reason })),
            verdict => verdict,
        }
    }

    /// Rewrites the guild's store so that it takes no more room than it needs, and lets SQLite learn how it is used; `None` if
    /// it has no store. Whatever else is asked of the store meanwhile waits for it.
    ///
    /// # Errors
    /// As [`GuildStores::open`]; the store is then as it was.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop it.
    pub async fn optimize(&self, guild: GuildId) -> Result<Option<Optimization>, StorageError> {
        let shared = Arc::clone(&self.shared);
        finished(guild, self.shared.tasks.spawn(async move { shared.optimize(guild).await })).await
    }
}

impl Shared {
    async fn verify(self: &Arc<Self>, guild: GuildId) -> Result<Option<Verdict>, StorageError> {
        let Some(visit) = self.visit(guild).await? else { return Ok(None) };
        let rescued = visit.rescued_from();
        let whole = file_check::whole(visit.lease.db()).await;
        // Doubted before it is left: closed then, whoever had it open, and looked at again by the next opening.
        let doubt = whole.map_err(|refused| self.doubted(guild, refused)).err();
        self.end_visit(visit);
        match doubt {
            None => {}
            Some(StorageError::Quarantined { reason: problem, .. }) => {
                let again = self.visit_once_free(guild).await?;
                let rescued = again.as_ref().and_then(Visit::rescued_from);
                if let Some(visit) = again {
                    self.end_visit(visit);
                }
                return Ok(Some(Verdict::Restored { problem: rescued.unwrap_or(problem) }));
            }
            Some(error) => return Err(error),
        }
        Ok(Some(rescued.map_or(Verdict::Sound, |problem| Verdict::Restored { problem })))
    }

    async fn optimize(self: &Arc<Self>, guild: GuildId) -> Result<Option<Optimization>, StorageError> {
        let Some(visit) = self.visit(guild).await? else { return Ok(None) };
        let db = visit.lease.db();
        let size = async || {
            let dir = Arc::clone(&self.dir);
            blocking(guild, move || dir.guild_size(guild)).await.map(Option::unwrap_or_default)
        };
        let optimize = async {
            let before_bytes = size().await?;
            for statement in ["PRAGMA optimize", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
                db.change("be optimised", sqlx::query(statement)).await?;
            }
            Ok(Optimization { before_bytes, after_bytes: size().await? })
        };
        let optimized = optimize.await;
        self.end_visit(visit);
        optimized.map(Some)
    }

    /// Leases a store to look after it; `None` if the guild has none.
    pub(super) async fn visit(self: &Arc<Self>, guild: GuildId) -> Result<Option<Visit>, StorageError> {
        let was_open = self.slots.is_open(guild);
        let lease = self.lease(guild, IfMissing::Leave).await?;
        Ok(lease.map(|lease| Visit { lease, was_open }))
    }

    /// Leases a doubted store again once nobody else uses it, so that this opening looks at the whole file.
    async fn visit_once_free(self: &Arc<Self>, guild: GuildId) -> Result<Option<Visit>, StorageError> {
        let deadline = Instant::now() + self.options.lease_wait;
        loop {
            match self.visit(guild).await {
                Err(StorageError::Quarantined { .. })
                    if self.is_doubted(guild) && Instant::now() < deadline =>
                {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                visit => return visit,
            }
        }
    }

    fn is_doubted(&self, guild: GuildId) -> bool {
        matches!(self.quarantine.find(guild), Some(Case::Doubted(_)))
    }

    /// Gives the lease back, and closes the store if it was opened for this: going through all guilds must not leave open
    /// what nobody uses.
    pub(super) fn end_visit(self: &Arc<Self>, visit: Visit) {
        let slot = Arc::clone(visit.lease.slot());
        drop(visit.lease);
        if !visit.was_open && slot.begin_close_if_unused() {
            self.close_in_background(slot);
        }
    }
}

impl Visit {
    /// What was wrong with the store, if a backup took its place just now.
    fn rescued_from(&self) -> Option<String> {
        let rescued = self.lease.slot().rescued_from.get();
        rescued.filter(|_| !self.was_open).cloned()
    }
}
