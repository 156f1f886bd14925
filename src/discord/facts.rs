//! Facts about guilds and channels that are asked for once and kept until a gateway event says that they changed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sender::CallError;

/// Facts of one kind that are kept: more than there are channels with live events in ten thousand guilds. Each is some 200
/// bytes.
const KEPT: usize = 32_768;
/// Of so many facts one goes where there are too many.
const SHED: u32 = 8;

/// Facts that are loaded when they are wanted and kept until they are forgotten.
#[derive(Debug)]
pub(super) struct Facts<K, V> {
    inner: Mutex<FactsInner<K, V>>,
}

#[derive(Debug)]
struct FactsInner<K, V> {
    known: HashMap<K, Arc<V>>,
    /// Counts what was forgotten, so that nothing is kept that was loaded before.
    forgotten: u64,
}

/// A moment before something was asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(u64);

impl<K, V> Default for Facts<K, V> {
    fn default() -> Self {
        Self { inner: Mutex::new(FactsInner { known: HashMap::new(), forgotten: 0 }) }
    }
}

impl<K: Eq + Hash, V> Facts<K, V> {
    /// What is known, or what `load` brings.
    ///
    /// # Errors
    /// What `load` says.
    pub(super) async fn get_or_load(
        &self,
        key: K,
        load: impl Future<Output = Result<V, CallError>>,
    ) -> Result<Arc<V>, CallError> {
        if let Some(known) = self.peek(&key) {
            return Ok(known);
        }
        let mark = self.mark();
        Ok(self.put(key, load.await?, mark))
    }

    /// What stands between a question and its answer: what is forgotten after this moment is not put in with it.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.lock().forgotten)
    }

    /// Keeps what was asked for since the mark, unless something was forgotten meanwhile.
    pub(super) fn put(&self, key: K, value: V, mark: Mark) -> Arc<V> {
        let value = Arc::new(value);
        let mut inner = self.lock();
        if inner.forgotten == mark.0 {
            if inner.known.len() >= KEPT {
                // Rare, and cheaper than an order of use: what is still wanted comes back by itself.
                let mut number = 0_u32;
                inner.known.retain(|_, _| {
                    number += 1;
                    !number.is_multiple_of(SHED)
                });
            }
            inner.known.insert(key, Arc::clone(&value));
        }
        value
    }

    /// What is known without asking.
    pub(super) fn peek(&self, key: &K) -> Option<Arc<V>> {
        self.lock().known.get(key).map(Arc::clone)
    }

    /// Forgets what `affected` names.
    pub(super) fn forget(&self, affected: impl Fn(&K, &V) -> bool) {
        let mut inner = self.lock();
        inner.forgotten += 1;
        inner.known.retain(|key, value| !affected(key, value));
    }

    fn lock(&self) -> MutexGuard<'_, FactsInner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn facts_are_loaded_once_until_they_are_forgotten() {
        let facts = Facts::<u8, u8>::default();
        assert_eq!(*facts.get_or_load(1, async { Ok(10) }).await.unwrap(), 10);
        assert_eq!(*facts.get_or_load(1, async { Ok(11) }).await.unwrap(), 10);
        facts.forget(|key, _| *key == 1);
        assert_eq!(*facts.get_or_load(1, async { Ok(12) }).await.unwrap(), 12);
    }

    #[tokio::test]
    async fn facts_that_changed_while_they_were_loaded_are_not_kept() {
        let facts = Facts::<u8, u8>::default();
        let load = async {
            facts.forget(|key, _| *key == 1);
            Ok(10)
        };
        assert_eq!(*facts.get_or_load(1, load).await.unwrap(), 10);
        assert_eq!(*facts.get_or_load(1, async { Ok(11) }).await.unwrap(), 11);
    }

    #[tokio::test]
    async fn where_there_are_too_many_facts_most_of_them_stay() {
        let facts = Facts::<usize, ()>::default();
        for number in 0..=KEPT {
            facts.put(number, (), facts.mark());
        }
        let kept = facts.lock().known.len();
        assert!(kept < KEPT && kept > KEPT / 4 * 3, "{kept}");
        assert!(facts.peek(&KEPT).is_some(), "the latest stays");
    }
}
