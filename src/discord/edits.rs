//! Rewriting event messages when their numbers changed: soon, but each at most about once a second.
//!
//! Whoever changed an answer requests an edit; however many requests come, the latest state is what is shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use super::audience;
use super::core::Core;
use super::event_message;
use super::failure::EdgeError;
use super::reactions;
use super::routes;
use super::sender::{Fate, Urgency};
use crate::domain::event::{EndReason, EventId, Origin, State};
use crate::ids::GuildId;
use crate::lifecycle::Shutdown;

/// How long an edit waits for more changes to come.
const GATHER: Duration = Duration::from_millis(150);
/// The shortest time between two edits of one message.
const REST: Duration = Duration::from_secs(1);
/// The shortest time after an edit that failed.
const BACKOFF: Duration = Duration::from_secs(5);
/// How many messages are rewritten at the same time.
const AT_ONCE: usize = 8;

/// The message of which event of which guild.
type Key = (GuildId, EventId);

/// Event messages that wait to be rewritten.
#[derive(Debug, Default)]
pub(super) struct Edits {
    messages: Mutex<HashMap<Key, Stage>>,
    woken: Notify,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    /// To be rewritten, but not before.
    Wanted(Instant),
    /// Being rewritten; whether it changed again meanwhile.
    Running { again: bool },
    /// Rewritten; not again before.
    Resting(Instant),
}

impl Edits {
    /// Asks for the message of an event to be rewritten soon.
    pub(super) fn request(&self, guild: GuildId, event: EventId) {
        let soon = Instant::now() + GATHER;
        self.lock()
            .entry((guild, event))
            .and_modify(|stage| {
                *stage = match *stage {
                    Stage::Resting(until) => Stage::Wanted(until.max(soon)),
                    Stage::Running { .. } => Stage::Running { again: true },
                    wanted @ Stage::Wanted(_) => wanted,
                }
            })
            .or_insert(Stage::Wanted(soon));
        self.woken.notify_one();
    }

    /// Takes the messages whose time has come, and says when the next one's will.
    fn take_due(&self, now: Instant) -> (Vec<Key>, Option<Instant>) {
        let mut messages = self.lock();
        messages.retain(|_, stage| !matches!(stage, Stage::Resting(until) if *until <= now));
        let mut due = Vec::new();
        let mut next: Option<Instant> = None;
        for (key, stage) in messages.iter_mut() {
            match *stage {
                Stage::Wanted(at) if at <= now => {
                    *stage = Stage::Running { again: false };
                    due.push(*key);
                }
                Stage::Wanted(at) | Stage::Resting(at) => {
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
                Stage::Running { .. } => {}
            }
        }
        (due, next)
    }

    /// Whether messages are being rewritten; each may have changed again meanwhile.
    fn are_running(&self) -> bool {
        self.lock().values().any(|stage| matches!(stage, Stage::Running { .. }))
    }

    /// Takes down how an edit went: `Some` means that it is to be tried again after that time.
    fn done(&self, key: Key, retry: Option<Duration>) {
        let mut messages = self.lock();
        let again = matches!(messages.get(&key), Some(Stage::Running { again: true }));
        let rest_until = Instant::now() + retry.unwrap_or(REST);
        let wanted = again || retry.is_some();
        messages.insert(key, if wanted { Stage::Wanted(rest_until) } else { Stage::Resting(rest_until) });
        self.woken.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Stage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rewrites messages as they are requested, until a stop is asked for; then those that wait at once, and those that
/// changed again while they were rewritten. What Discord does not take by the end of the grace is found at the next start.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut has_hurried = false;
    loop {
        let stopping = shutdown.is_requested();
        let horizon = match (stopping, has_hurried) {
            (false, _) => Duration::ZERO,
            // All that wait, whatever for; once, as those that fail now would otherwise be tried without a pause.
            (true, false) => BACKOFF,
            (true, true) => REST,
        };
        has_hurried = stopping;
        let (due, next) = core.edits.take_due(Instant::now() + horizon);
        if stopping && due.is_empty() && !core.edits.are_running() {
            return;
        }
        for key in due {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let core = Arc::clone(&core);
            core.tracker.clone().spawn(async move {
                let retry = edit(&core, key).await;
                core.edits.done(key, retry);
                drop(place);
            });
        }
        let next = next.unwrap_or_else(|| Instant::now() + Duration::from_mins(1));
        tokio::select! {
            () = core.edits.woken.notified() => {}
            () = tokio::time::sleep_until(next) => {}
            () = shutdown.requested(), if !stopping => {}
        }
    }
}

/// Rewrites one message; returns after which time to try again, if at all.
async fn edit(core: &Core, key: Key) -> Option<Duration> {
    let (guild, event) = key;
    let error = match rewrite(core, guild, event).await {
        Ok(()) => return None,
        Err(error) => error,
    };
    match error.fate() {
        Fate::Later(after) => {
            tracing::debug!(guild.id = %guild, event.id = %event, %error, "an event message is rewritten later");
            Some(after.unwrap_or_default().max(BACKOFF))
        }
        fate => {
            tracing::info!(guild.id = %guild, event.id = %event, %error, ?fate, "cannot rewrite an event message");
            None
        }
    }
}

async fn rewrite(core: &Core, guild: GuildId, id: EventId) -> Result<(), EdgeError> {
    let Some(store) = core.stores.open(guild).await? else { return Ok(()) };
    let Some(event) = store.events().find(id).await? else { return Ok(()) };
    let gone = matches!(event.state, State::Ended(EndReason::MessageDeleted | EndReason::ChannelDeleted));
    let Some(message) = event.message_id.filter(|_| event.origin == Origin::Posted && !gone) else {
        return Ok(());
    };
    let responses = store.responses().of_event(id).await?;
    let asked = audience::asked_for_display(core, &store, &event).await?;
    let body = event_message::render(guild, &event, &responses, asked.as_deref());
    let call = routes::edit_message(event.channel_id, message, &body).with_urgency(Urgency::Background);
    match core.sender.tell(call).await {
        Err(error) if error.fate() == Fate::NoMessage && event.is_live() => {
            Ok(reactions::end(core, &store, &event, EndReason::MessageDeleted).await?)
        }
        outcome => Ok(outcome?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = (GuildId::new(1), EventId(2));

    #[tokio::test(start_paused = true)]
    async fn many_changes_make_one_edit_and_then_at_most_one_a_second() {
        let edits = Edits::default();
        for _ in 0..50 {
            edits.request(KEY.0, KEY.1);
        }
        assert!(edits.take_due(Instant::now()).0.is_empty());
        tokio::time::advance(GATHER).await;
        assert_eq!(edits.take_due(Instant::now()).0, [KEY]);
        edits.request(KEY.0, KEY.1);
        assert!(edits.take_due(Instant::now() + GATHER).0.is_empty());
        edits.done(KEY, None);
        assert!(edits.take_due(Instant::now() + GATHER).0.is_empty());
        assert_eq!(edits.take_due(Instant::now() + REST).0, [KEY]);
        edits.done(KEY, None);
        assert!(edits.take_due(Instant::now() + REST).0.is_empty());
        assert!(edits.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_edit_that_failed_is_tried_again_when_discord_allows_it() {
        let edits = Edits::default();
        edits.request(KEY.0, KEY.1);
        edits.take_due(Instant::now() + GATHER);
        edits.done(KEY, Some(Duration::from_mins(1)));
        assert!(edits.take_due(Instant::now() + Duration::from_secs(59)).0.is_empty());
        assert_eq!(edits.take_due(Instant::now() + Duration::from_mins(1)).0, [KEY]);
    }
}
