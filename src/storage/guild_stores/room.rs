//! How many stores are open, against how many may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The room for open stores.
#[derive(Debug)]
pub(super) struct Room {
    max: usize,
    taken: AtomicUsize,
}

/// The place of one open store; given up when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    room: Arc<Room>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Room {
    /// Room for at least one store.
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max: max.max(1), taken: AtomicUsize::new(0) })
    }

    /// Takes a place, unless all are taken.
    pub(super) fn take(self: &Arc<Self>) -> Option<Seat> {
        let one_more = |taken: usize| (taken < self.max).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.is_ok().then(|| self.seat())
    }

    /// Takes a place over the limit: slower is better than refused.
    pub(super) fn squeeze_in(self: &Arc<Self>) -> Seat {
        self.taken.fetch_add(1, Ordering::AcqRel);
        self.seat()
    }

    /// The seat for a place that was counted already.
    fn seat(self: &Arc<Self>) -> Seat {
        Seat { room: Arc::clone(self) }
    }

    /// How many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }

    /// How many stores may stay open while others are being opened: a sixteenth less than the limit, so that most
    /// openings find a place that was made free in the background.
    pub(super) fn comfortable(&self) -> usize {
        self.max - self.max / 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_seat_is_dropped() {
        let room = Room::new(1);
        let seat = room.take().unwrap();
        assert!(room.take().is_none());
        let extra = room.squeeze_in();
        assert_eq!(room.taken(), 2);
        drop(seat);
        assert!(room.take().is_none(), "one place, and the extra store is on it");
        drop(extra);
        assert!(room.take().is_some());
    }
}
