//! Closing stores: to make room, when idle, at the shutdown, and for good when a guild's data is deleted.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use futures::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::leasing::finished;
use super::opening::blocking;
use super::room::Seat;
use super::slot::Slot;
use super::{GuildStores, Shared};
use crate::ids::GuildId;
use crate::storage::StorageError;

impl GuildStores {
    /// Deletes everything kept of this guild, what was set aside and its backups included unless `deleted_backups` keeps
    /// those, and says whether there was something.
    ///
    /// From the first moment on no lease is given and the guild is not admitted any more. Leases that are out may
    /// be used for `lease_wait` longer, then they fail with [`StorageError::Closed`]. The file is closed before it
    /// is removed: SQLite would write an old log into the guild's next database otherwise.
    ///
    /// # Errors
    /// [`StorageError::InUse`] if a statement is still running when `lease_wait` has passed twice: ask again, it
    /// goes on from there; without that the data stays, and is served again once the statement has ended. A failure of the file system leaves the directory, or what is left of it under a name
    /// that the next start clears away; then too ask again.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the deletion.
    pub async fn delete(&self, guild: GuildId) -> Result<bool, StorageError> {
        let shared = Arc::clone(&self.shared);
        finished(guild, self.shared.tasks.spawn(async move { shared.delete(guild).await })).await
    }

    /// Closes the stores that nobody leased for `idle_close`, and those that are set aside. Call it now and then.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the closing.
    pub async fn close_idle(&self) {
        // Stores that were opened over the limit while all were leased.
        self.shared.make_comfortable();
        // Those that were in use when others became warm.
        self.shared.cool_down();
        let idle = i64::try_from(self.shared.options.idle_close.as_millis()).unwrap_or(i64::MAX);
        let limit = self.shared.clock.now().timestamp_millis().saturating_sub(idle);
        let is_set_aside = |guild| self.shared.quarantine.find(guild).is_some();
        let closings = self.shared.slots.begin_closing_idle(limit, is_set_aside).into_iter();
        let closings: Vec<_> = closings.map(|slot| self.shared.close_in_background(slot)).collect();
        join_all(closings).await;
    }

    /// Checkpoints and closes every store, all at the same time, and returns when that is done or `deadline` has come. No
    /// lease is given from here on: [`StorageError::Closed`].
    ///
    /// A store that is leased is waited for up to `stop_wait`, then closed under its user; one with a statement that
    /// runs on is left to SQLite's recovery.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the stores that are not closed yet to SQLite's recovery.
    pub async fn close(&self, deadline: Instant) {
        let shared = &self.shared;
        shared.stopping.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        // Those that are being closed already are on tasks, which are waited for below.
        let slots = shared.slots.all().into_iter().filter(|slot| slot.begin_close());
        let leased_until = deadline.min(Instant::now() + shared.options.stop_wait);
        join_all(slots.map(|slot| shared.shut(slot, leased_until, deadline))).await;
        shared.tasks.close();
        if timeout_at(deadline, shared.tasks.wait()).await.is_err() {
            tracing::warn!("a guild store is still being opened or closed; leaving it to SQLite's recovery");
        }
    }
}

impl Shared {
    /// Closes a store whose slot gives no lease any more, and returns its seat for the next one.
    pub(super) async fn finish_close(&self, slot: &Arc<Slot>) -> Option<Seat> {
        if let Some(db) = slot.db.get() {
            db.pool.close().await;
        }
        let seat = slot.stand_up();
        self.slots.remove(slot);
        seat
    }

    pub(super) fn close_in_background(self: &Arc<Self>, slot: Arc<Slot>) -> tokio::task::JoinHandle<()> {
        let shared = Arc::clone(self);
        self.closing.fetch_add(1, Ordering::AcqRel);
        self.tasks.spawn(async move {
            drop(shared.finish_close(&slot).await);
            shared.closing.fetch_sub(1, Ordering::AcqRel);
            shared.freed.notify_waiters();
        })
    }

    /// How many stores are being closed in the background.
    pub(super) fn closing_now(&self) -> usize {
        self.closing.load(Ordering::Acquire)
    }

    async fn shut(&self, slot: Arc<Slot>, leased_until: Instant, deadline: Instant) {
        if timeout_at(leased_until, slot.drained()).await.is_err() {
            tracing::warn!(guild.id = %slot.guild, "closing a guild store that is still in use");
        }
        if timeout_at(deadline, self.finish_close(&slot)).await.is_err() {
            tracing::warn!(guild.id = %slot.guild, "a statement still runs in a guild store; leaving it behind");
            // Whoever waits for the closing hears that the stores are closed.
            self.slots.remove(&slot);
        }
    }

    async fn delete(self: &Arc<Self>, guild: GuildId) -> Result<bool, StorageError> {
        // First of all: whoever creates stores looks at this again once it holds the slot.
        self.admitted.remove(&guild);
        loop {
            match self.slots.begin_deletion(guild) {
                Ok(slot) => {
                    let _turn = slot.deletion.lock().await;
                    // Otherwise another deletion was quicker, or an earlier one was given up.
                    if !slot.closed.is_cancelled() {
                        return self.delete_alone(&slot).await;
                    }
                }
                Err(closing) => closing.closed.cancelled().await,
            }
        }
    }

    /// Deletes a guild whose slot gives no lease, one deletion at a time.
    async fn delete_alone(self: &Arc<Self>, slot: &Arc<Slot>) -> Result<bool, StorageError> {
        let guild = slot.guild;
        if let Err(in_use) = self.close_for_deletion(slot).await {
            // Nobody may ask again: the guild may be back.
            let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
            self.tasks.spawn(async move { shared.give_up_deletion(&slot).await });
            return Err(in_use);
        }
        let dir = Arc::clone(&self.dir);
        let backups = self.options.deleted_backups;
        let removed = blocking(guild, move || dir.remove_guild(guild, backups)).await;
        // Whether that went well or not, the file is closed: the slot has done its duty.
        drop(slot.stand_up());
        self.slots.remove(slot);
        if *removed.as_ref().unwrap_or(&false) {
            tracing::info!(guild.id = %guild, "deleted everything kept of a guild");
        }
        if removed.is_ok() {
            self.quarantine.remove(guild);
            self.casualties.note(guild);
        }
        removed
    }

    /// Takes a slot out, once nothing runs in its store any more, whose deletion was not asked for again.
    async fn give_up_deletion(&self, slot: &Arc<Slot>) {
        slot.release(&self.tasks).await;
        let _turn = slot.deletion.lock().await;
        if !slot.closed.is_cancelled() {
            drop(slot.stand_up());
            self.slots.remove(slot);
        }
    }

    /// Waits for the leases, then closes the store whether they came back or not.
    async fn close_for_deletion(&self, slot: &Arc<Slot>) -> Result<(), StorageError> {
        let waited = self.options.lease_wait;
        let in_use = || StorageError::InUse { guild: slot.guild, waited };
        let drained = timeout(waited, slot.drained()).await.is_ok();
        if !drained && !slot.db.initialized() {
            // It is being opened at this moment.
            return Err(in_use());
        }
        // Leases that are still out find the pool closed; only a running statement is waited for.
        timeout(waited, slot.release(&self.tasks)).await.map_err(|_| in_use())
    }
}
