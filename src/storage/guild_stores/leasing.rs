//! From a hold on a slot to a lease of an open store, with room made for it.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use super::lease::Lease;
use super::room::Seat;
use super::slot::{Entrance, Hold, Slot};
use super::{Shared, opening};
use crate::ids::GuildId;
use crate::storage::StorageError;
use crate::storage::data_dir::OnDisk;
use crate::storage::guild_db::GuildDb;
use crate::storage::quarantine::Case;

/// How long an opening waits for stores that are being closed before it goes over the limit.
const PATIENCE: Duration = Duration::from_secs(1);

/// What to do for a guild that has no store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    Leave,
    Create,
}

/// Why an opening did not lead to a store.
enum NotOpened {
    /// The guild has none.
    NoStore,
    Failed(StorageError),
}

impl From<StorageError> for NotOpened {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}

impl Shared {
    /// Leases the guild's store; `None` if it has none and none is to be made.
    pub(super) async fn lease(
        self: &Arc<Self>,
        guild: GuildId,
        if_missing: IfMissing,
    ) -> Result<Option<Lease>, StorageError> {
        loop {
            let hold = match self.slots.enter(guild) {
                Entrance::Held(hold) => hold,
                Entrance::Deleting => return Err(StorageError::Deleted { guild }),
                Entrance::Closing(slot) => {
                    slot.closed.cancelled().await;
                    continue;
                }
            };
            // The hold is in the map before this looks at `stopping`, and the shutdown sets it before it looks
            // through the map: one of the two sees the other.
            fence(Ordering::SeqCst);
            if self.stopping.load(Ordering::SeqCst) {
                self.leave(hold);
                return Err(StorageError::Closed { guild });
            }
            if let Some(db) = hold.slot.db.get().cloned() {
                if let Some(case) = self.quarantine.find(guild) {
                    self.close_to_look_again(hold, &case)?;
                    continue;
                }
                self.counters.hit();
                return Ok(Some(self.grant(hold, db)));
            }
            self.counters.miss();
            // On a task of its own: if this caller goes away, the opening still comes to its end.
            let shared = Arc::clone(self);
            let opening = self.tasks.spawn(async move { shared.open_and_grant(hold, if_missing).await });
            return finished(guild, opening).await;
        }
    }

    fn grant(self: &Arc<Self>, hold: Hold, db: GuildDb) -> Lease {
        hold.slot.touch(self.counters.next_turn(), self.clock.now().timestamp_millis());
        // Before it is used, so that even a rush through all open stores finds few of them warm: what they would free later
        // stays with the process.
        if hold.slot.warm_up() {
            self.cool_down();
        }
        Lease::new(hold, db)
    }

    /// Begins to close a doubted store, so that its next opening looks at the whole file.
    ///
    /// # Errors
    /// [`StorageError::Quarantined`] while somebody else uses it.
    fn close_to_look_again(self: &Arc<Self>, hold: Hold, case: &Case) -> Result<(), StorageError> {
        let slot = Arc::clone(&hold.slot);
        drop(hold);
        if slot.begin_close_if_unused() {
            self.close_in_background(slot);
            return Ok(());
        }
        Err(StorageError::Quarantined { guild: slot.guild, reason: case.reason().to_owned() })
    }

    async fn open_and_grant(
        self: Arc<Self>,
        hold: Hold,
        if_missing: IfMissing,
    ) -> Result<Option<Lease>, StorageError> {
        // Of all who ask for this guild now, one opens; the others wait here for its success, or try in turn.
        let opened = hold.slot.db.get_or_try_init(|| self.open_store(&hold, if_missing)).await.cloned();
        match opened {
            Ok(db) => {
                self.make_comfortable();
                Ok(Some(self.grant(hold, db)))
            }
            Err(not_opened) => {
                self.leave(hold);
                match not_opened {
                    NotOpened::NoStore => Ok(None),
                    NotOpened::Failed(error) => Err(error),
                }
            }
        }
    }

    async fn open_store(self: &Arc<Self>, hold: &Hold, if_missing: IfMissing) -> Result<GuildDb, NotOpened> {
        let guild = hold.slot.guild;
        let found = self.dir.look_up(guild)?;
        // Looked up under the hold: a deletion takes the guild off this list before it waits for holds.
        let may_create = if_missing == IfMissing::Create && self.admitted.contains(&guild);
        match &found {
            OnDisk::Nothing if !may_create => return Err(NotOpened::NoStore),
            // Its backups were looked through when it was set aside, or by an earlier opening.
            OnDisk::SetAside(reason) if matches!(self.quarantine.find(guild), Some(Case::SetAside(_))) => {
                return Err(StorageError::Quarantined { guild, reason: reason.clone() }.into());
            }
            _ => {}
        }
        let seat = self.find_seat().await;
        let started = Instant::now();
        let db = self.open_found(&hold.slot, found).await?;
        hold.slot.sit(seat);
        self.counters.opening(started.elapsed());
        Ok(db)
    }

    /// Opens what was found, or what takes its place.
    async fn open_found(&self, slot: &Slot, found: OnDisk) -> Result<GuildDb, StorageError> {
        let guild = slot.guild;
        let opened = match found {
            OnDisk::Nothing => self.opener.create(guild).await,
            OnDisk::Database(file) => self.opener.open(guild, &file).await,
            OnDisk::Unusable(reason) => return self.rescue(slot, reason).await,
            OnDisk::SetAside(reason) => return self.recover(slot, reason).await,
        };
        match opened {
            Ok(db) => Ok(db),
            Err(opening::NotOpened::Damaged(reason)) => self.rescue(slot, reason).await,
            Err(opening::NotOpened::Failed(error)) => Err(error),
        }
    }

    /// A place under `max_open`: a free one, or that of the store leased longest ago; over the limit if all are
    /// leased.
    async fn find_seat(self: &Arc<Self>) -> Seat {
        let patient_until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let freed = self.freed.notified();
            if let Some(seat) = self.room.take() {
                return seat;
            }
            if let Some(oldest) = self.slots.begin_eviction() {
                self.counters.eviction();
                if let Some(seat) = self.finish_close(&oldest).await {
                    return seat;
                }
            }
            // All others are in use, or on their way out: these are waited for. Whoever opened stores faster than they close
            // would have a thousand of them open.
            if self.closing_now() == 0 || timeout_at(patient_until, freed).await.is_err() {
                break;
            }
        }
        // The last closing may have ended between the two looks.
        if let Some(seat) = self.room.take() {
            return seat;
        }
        tracing::debug!(
            stores.open = self.room.taken(),
            "every open store is in use; opening one over the limit"
        );
        self.room.squeeze_in()
    }

    /// Closes stores in the background until the next openings will find a free place.
    pub(super) fn make_comfortable(self: &Arc<Self>) {
        let surplus = self.room.taken().saturating_sub(self.room.comfortable());
        for _ in self.closing_now()..surplus {
            let Some(oldest) = self.slots.begin_eviction() else { return };
            self.counters.eviction();
            self.close_in_background(oldest);
        }
    }

    /// Has the stores that were not leased lately let go of what they prepared, in the background.
    pub(super) fn cool_down(self: &Arc<Self>) {
        for slot in self.slots.begin_cooling(self.options.max_warm) {
            self.tasks.spawn(async move {
                if let Some(db) = slot.db.get() {
                    db.pool.cool().await;
                }
            });
        }
    }

    /// Gives a hold back; a slot that nobody else holds and that has no store is not kept.
    fn leave(self: &Arc<Self>, hold: Hold) {
        let slot = Arc::clone(&hold.slot);
        drop(hold);
        if slot.db.initialized() || !slot.begin_close_if_unused() {
            return;
        }
        // Between the look and the closing somebody else may have opened the store, and given it back: a slot must not go
        // while its file is open, or a deletion would remove the file under the connection.
        if slot.db.initialized() {
            self.close_in_background(slot);
        } else {
            self.slots.remove(&slot);
        }
    }
}

/// Waits for a task of ours; its panic becomes the caller's.
pub(super) async fn finished<T>(
    guild: GuildId,
    task: JoinHandle<Result<T, StorageError>>,
) -> Result<T, StorageError> {
    match task.await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // Only a runtime that shuts down cancels it.
        Err(_) => Err(StorageError::Closed { guild }),
    }
}
