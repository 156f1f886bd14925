//! Reading a state by request while its changes keep coming by gateway, without losing one.
//!
//! Whoever reads a list announces it first. Until the list is written down, changes are not only applied but also kept;
//! afterwards they are applied once more, on top of the list, which may be older than they are. Applying a change twice
//! does no harm: each says what is so from now on.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The changes that came during a reading, by what is read.
#[derive(Debug)]
pub(super) struct CatchUp<K, C> {
    readings: Mutex<HashMap<K, Vec<C>>>,
}

impl<K, C> Default for CatchUp<K, C> {
    fn default() -> Self {
        Self { readings: Mutex::default() }
    }
}

impl<K: Eq + Hash + Copy, C> CatchUp<K, C> {
    /// Begins a reading. Only one reading of a key may be under way.
    pub(super) fn begin(&self, key: K) -> Reading<'_, K, C> {
        self.lock().insert(key, Vec::new());
        Reading { catch_up: self, key }
    }

    /// Keeps a change if its key is being read right now. To be called before the change is applied.
    pub(super) fn note(&self, key: K, change: impl FnOnce() -> C) {
        if let Some(kept) = self.lock().get_mut(&key) {
            kept.push(change());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Vec<C>>> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reading under way; dropping it ends it.
#[derive(Debug)]
pub(super) struct Reading<'a, K: Eq + Hash + Copy, C> {
    catch_up: &'a CatchUp<K, C>,
    key: K,
}

impl<K: Eq + Hash + Copy, C> Reading<'_, K, C> {
    /// Takes the changes kept so far; `None` once there are none, and then the reading is over.
    pub(super) fn changes(&self) -> Option<Vec<C>> {
        let mut readings = self.catch_up.lock();
        let kept = std::mem::take(readings.get_mut(&self.key)?);
        if kept.is_empty() {
            readings.remove(&self.key);
            return None;
        }
        Some(kept)
    }
}

impl<K: Eq + Hash + Copy, C> Drop for Reading<'_, K, C> {
    fn drop(&mut self) {
        self.catch_up.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_kept_only_while_somebody_reads() {
        let catch_up = CatchUp::<u8, &str>::default();
        catch_up.note(1, || "before");
        let reading = catch_up.begin(1);
        catch_up.note(1, || "first");
        catch_up.note(2, || "other");
        assert_eq!(reading.changes(), Some(vec!["first"]));
        catch_up.note(1, || "second");
        assert_eq!(reading.changes(), Some(vec!["second"]));
        assert_eq!(reading.changes(), None);
        catch_up.note(1, || "after");
        assert_eq!(reading.changes(), None);
    }
}
