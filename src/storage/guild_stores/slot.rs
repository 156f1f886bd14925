//! The place of one guild's store: who uses it, and whether it is on its way out.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::room::Seat;
use crate::ids::GuildId;
use crate::storage::guild_db::GuildDb;

/// Set for good once the slot is on its way out: no lease is given any more.
const CLOSING: usize = 1 << (usize::BITS - 1);
/// Set beside `CLOSING` when the guild's data goes with the slot.
const DELETING: usize = 1 << (usize::BITS - 2);
/// The other bits count the leases.
const LEASES: usize = DELETING - 1;

/// One guild's store, from the first lease until it is closed. It is used once: a store that is opened again after
/// it was closed gets a new slot.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) guild: GuildId,
    /// The lease count and the two bits, in one word: a lease and a closing can never both win.
    state: AtomicUsize,
    /// Filled by the first lease; the others wait for it.
    pub(super) db: OnceCell<GuildDb>,
    /// The place under `max_open`, handed on when the store is closed. The lock is held for a move only.
    seat: Mutex<Option<Seat>>,
    /// Wakes who waits for the last lease to come back.
    drained: Notify,
    /// Whether somebody closes the file so that it can be removed, and cancelled once that is done.
    is_being_released: AtomicBool,
    released: CancellationToken,
    /// Cancelled once the store is closed and the slot is out of the map.
    pub(super) closed: CancellationToken,
    /// One deletion at a time.
    pub(super) deletion: tokio::sync::Mutex<()>,
    /// One backup at a time.
    pub(super) snapshot: tokio::sync::Mutex<()>,
    /// What was wrong with the file, if this opening had to put a backup in its place.
    pub(super) rescued_from: OnceLock<String>,
    /// When it was leased last, in Unix milliseconds.
    last_leased_at: AtomicI64,
    /// The position of the latest lease among the leases of all stores.
    turn: AtomicU64,
    /// Whether the store holds on to what it prepared for its latest leases.
    is_warm: AtomicBool,
}

/// What a slot answers to somebody who wants a lease.
pub(super) enum Entrance {
    /// Come in.
    Held(Hold),
    /// It is being closed; once it is, a new slot can be had.
    Closing(Arc<Slot>),
    /// The guild's data is being deleted.
    Deleting,
}

/// Counts as one lease of a slot until it is dropped.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) slot: Arc<Slot>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let before = self.slot.state.fetch_sub(1, Ordering::AcqRel);
        if before & CLOSING != 0 && before & LEASES == 1 {
            self.slot.drained.notify_waiters();
        }
    }
}

impl Slot {
    pub(super) fn new(guild: GuildId) -> Arc<Self> {
        Arc::new(Self {
            guild,
            state: AtomicUsize::new(0),
            db: OnceCell::new(),
            seat: Mutex::new(None),
            drained: Notify::new(),
            is_being_released: AtomicBool::new(false),
            released: CancellationToken::new(),
            closed: CancellationToken::new(),
            deletion: tokio::sync::Mutex::new(()),
            snapshot: tokio::sync::Mutex::new(()),
            rescued_from: OnceLock::new(),
            last_leased_at: AtomicI64::new(0),
            turn: AtomicU64::new(0),
            is_warm: AtomicBool::new(false),
        })
    }

    /// Takes a lease unless the slot is on its way out.
    pub(super) fn enter(self: Arc<Self>) -> Entrance {
        let one_more = |state: usize| (state & CLOSING == 0).then_some(state + 1);
        match self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more) {
            Ok(_) => Entrance::Held(Hold { slot: self }),
            Err(state) if state & DELETING != 0 => Entrance::Deleting,
            Err(_) => Entrance::Closing(self),
        }
    }

    /// Begins to close the slot if nobody has a lease of it; whether this caller is the one to do it.
    pub(super) fn begin_close_if_unused(&self) -> bool {
        self.state.compare_exchange(0, CLOSING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Refuses further leases; whether this caller is the one to close the slot.
    pub(super) fn begin_close(&self) -> bool {
        self.state.fetch_or(CLOSING, Ordering::AcqRel) & CLOSING == 0
    }

    /// Refuses further leases because the data goes; false if the slot is being closed for another reason.
    pub(super) fn begin_deletion(&self) -> bool {
        let deleting = |state: usize| {
            (state & CLOSING == 0 || state & DELETING != 0).then_some(state | CLOSING | DELETING)
        };
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, deleting).is_ok()
    }

    /// Returns once no lease is out, of a slot that gives none any more.
    pub(super) async fn drained(&self) {
        loop {
            let mut woken = std::pin::pin!(self.drained.notified());
            // Listen first, look afterwards: a lease that comes back in between still wakes this.
            woken.as_mut().enable();
            if self.leases() == 0 {
                return;
            }
            woken.await;
        }
    }

    /// Closes the file, of a slot that gives no lease any more; returns once nothing of this process has it open.
    ///
    /// The closing is a task of its own that all callers share: given up halfway, it would count as done although SQLite
    /// still has the file.
    pub(super) async fn release(self: &Arc<Self>, tasks: &TaskTracker) {
        if !self.is_being_released.swap(true, Ordering::AcqRel) {
            let slot = Arc::clone(self);
            tasks.spawn(async move {
                if !slot.db.initialized() {
                    // Perhaps it is being opened at this moment.
                    slot.drained().await;
                }
                if let Some(db) = slot.db.get() {
                    db.pool.close().await;
                }
                // A backup goes on after its statement, and would bring something of the guild back. The next one sees that
                // the store is closed.
                drop(slot.snapshot.lock().await);
                slot.released.cancel();
            });
        }
        self.released.cancelled().await;
    }

    /// How many leases are out.
    pub(super) fn leases(&self) -> usize {
        self.state.load(Ordering::Acquire) & LEASES
    }

    /// Whether nobody has a lease and nobody closes it yet.
    pub(super) fn is_unused(&self) -> bool {
        self.state.load(Ordering::Acquire) == 0
    }

    /// Whether it gives no lease any more.
    pub(super) fn is_closing(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSING != 0
    }

    /// Notes a lease: its position among all leases, and when it was.
    pub(super) fn touch(&self, turn: u64, now_ms: i64) {
        self.turn.store(turn, Ordering::Relaxed);
        self.last_leased_at.store(now_ms, Ordering::Relaxed);
    }

    /// Notes that the store may hold on to what it prepares from here on; whether it might not before.
    pub(super) fn warm_up(&self) -> bool {
        // Nearly always it is warm already, and then nothing is written.
        !self.is_warm() && !self.is_warm.swap(true, Ordering::Relaxed)
    }

    /// The position of the latest lease among the leases of all stores.
    pub(super) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// When it was leased last, in Unix milliseconds.
    pub(super) fn last_leased_at(&self) -> i64 {
        self.last_leased_at.load(Ordering::Relaxed)
    }

    /// Whether the store may hold on to what it prepared for its latest leases.
    pub(super) fn is_warm(&self) -> bool {
        self.is_warm.load(Ordering::Relaxed)
    }

    /// Notes that the store is made to let go of that.
    pub(super) fn cool(&self) {
        self.is_warm.store(false, Ordering::Relaxed);
    }

    /// Keeps the place under `max_open` for as long as the store is open.
    pub(super) fn sit(&self, seat: Seat) {
        *self.seat.lock().unwrap_or_else(PoisonError::into_inner) = Some(seat);
    }

    /// Gives the place up, for the next store or for nobody.
    pub(super) fn stand_up(&self) -> Option<Seat> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
