//! Waiting for a fact with a deadline, woken by each change.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::Shared;

/// Waits with the usual deadline until `look` finds something.
pub(super) async fn until<T>(inner: &Shared, look: impl FnMut() -> Option<T>) -> Option<T> {
    within(inner, inner.options.wait_deadline, look).await
}

/// Waits at most this long until `look` finds something, without holding any lock in between.
pub(super) async fn within<T>(
    inner: &Shared,
    deadline: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + deadline;
    let mut changed = inner.changed.subscribe();
    loop {
        changed.mark_unchanged();
        if let Some(found) = look() {
            return Some(found);
        }
        if !matches!(timeout_at(deadline, changed.changed()).await, Ok(Ok(()))) {
            return look();
        }
    }
}
