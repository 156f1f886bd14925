//! Lanes: what happened in one guild is handled in the order in which it happened; guilds do not wait for each other.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::ids::GuildId;

/// How many guilds are handled at the same time. Each may open a store, and after a start all guilds come at once.
const AT_ONCE: usize = 32;

/// One queue for each guild in which something waits.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    queues: Arc<Mutex<Queues<T>>>,
    places: Arc<Semaphore>,
    /// How many things wait, in all queues together.
    waiting: Arc<AtomicUsize>,
    tracker: TaskTracker,
}

type Queues<T> = HashMap<GuildId, VecDeque<T>>;

impl<T: Send + 'static> Lanes<T> {
    /// Lanes whose work runs on `tracker`.
    pub(super) fn new(tracker: TaskTracker) -> Self {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { queues: Arc::default(), places, waiting: Arc::default(), tracker }
    }

    /// Puts something at the end of a guild's lane; `handle` is called with it once all before it was handled.
    pub(super) fn push<F, Fut>(&self, guild: GuildId, item: T, handle: F)
    where
        F: Fn(GuildId, T) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        {
            let mut queues = lock(&self.queues);
            if let Some(queue) = queues.get_mut(&guild) {
                queue.push_back(item);
                return;
            }
            queues.insert(guild, VecDeque::from([item]));
        }
        let (queues, places) = (Arc::clone(&self.queues), Arc::clone(&self.places));
        let waiting = Arc::clone(&self.waiting);
        self.tracker.spawn(async move {
            let Ok(_place) = places.acquire().await else { return };
            // The queue stays in the map, empty or not, as long as this task may still look into it.
            while let Some(item) = next(&queues, guild) {
                waiting.fetch_sub(1, Ordering::Relaxed);
                // A lane whose task died would never move again.
                if AssertUnwindSafe(handle(guild, item)).catch_unwind().await.is_err() {
                    tracing::error!(guild.id = %guild, "handling a gateway event panicked; the guild's next one goes on");
                }
            }
        });
    }

    /// Whether everything in a guild's lane has been handled.
    pub(super) fn is_idle(&self, guild: GuildId) -> bool {
        !lock(&self.queues).contains_key(&guild)
    }

    /// How many things wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

fn next<T>(queues: &Mutex<Queues<T>>, guild: GuildId) -> Option<T> {
    let mut queues = lock(queues);
    let item = queues.get_mut(&guild)?.pop_front();
    if item.is_none() {
        queues.remove(&guild);
    }
    item
}

fn lock<T>(queues: &Mutex<Queues<T>>) -> MutexGuard<'_, Queues<T>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_lane_keeps_its_order_and_others_go_on() {
        let tracker = TaskTracker::new();
        let lanes = Lanes::new(tracker.clone());
        let seen = Arc::new(Mutex::new(Vec::new()));
        for number in 0_u64..20 {
            let seen = Arc::clone(&seen);
            lanes.push(GuildId::new(number % 2), number, move |guild, number| {
                let seen = Arc::clone(&seen);
                async move {
                    // The first guild is slow, and its early things are the slowest.
                    let slowness = if guild == GuildId::new(0) { 100 - number } else { 0 };
                    tokio::time::sleep(Duration::from_millis(slowness)).await;
                    seen.lock().unwrap().push(number);
                }
            });
        }
        tracker.close();
        tracker.wait().await;
        let seen = seen.lock().unwrap();
        let of = |guild: u64| seen.iter().copied().filter(|number| number % 2 == guild).collect::<Vec<_>>();
        assert_eq!(of(0), (0..20).step_by(2).collect::<Vec<_>>());
        assert_eq!(of(1), (1..20).step_by(2).collect::<Vec<_>>());
        assert_eq!(seen[..10], of(1)[..], "the quick guild waited for the slow one");
        assert_eq!(lanes.waiting(), 0);
        assert!(lanes.is_idle(GuildId::new(0)));
    }
}
