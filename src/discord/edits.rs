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
/// The shortest time after an edit that failed; it doubles with each further failure, up to the longest.
const BACKOFF: Duration = Duration::from_secs(5);
const LONGEST_BACKOFF: Duration = Duration::from_mins(15);
/// An edit that has failed for so long since the latest change is given up; the next change tries again.
const GIVEN_UP_AFTER: Duration = Duration::from_hours(24);
/// How many messages are rewritten at the same time.
const AT_ONCE: usize = 8;

/// The message of which event of which guild.
type Key = (GuildId, EventId);

/// Event messages that wait to be rewritten.
#[derive(Debug, Default)]
pub(super) struct Edits {
    messages: Mutex<HashMap<Key, Stage>>,
    /// Those whose latest edit failed.
    failing: Mutex<HashMap<Key, Failing>>,
    woken: Notify,
}

/// An edit that fails again and again.
#[derive(Debug, Clone, Copy)]
struct Failing {
    /// How often in a row.
    times: u32,
    /// Since when, or since the latest change.
    since: Instant,
    /// When Discord allows the next at the earliest.
    not_before: Instant,
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
        let (key, now) = ((guild, event), Instant::now());
        let soon = now + GATHER;
        let mut messages = self.lock();
        // What changed is worth a try of its own.
        let sooner = self.failing().get_mut(&key).map(|failing| {
            failing.since = now;
            failing.not_before.max(soon)
        });
        messages
            .entry(key)
            .and_modify(|stage| {
                *stage = match *stage {
                    Stage::Resting(until) => Stage::Wanted(until.max(soon)),
                    Stage::Running { .. } => Stage::Running { again: true },
                    Stage::Wanted(at) => Stage::Wanted(sooner.map_or(at, |sooner| at.min(sooner))),
                }
            })
            .or_insert(Stage::Wanted(soon));
        drop(messages);
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

    /// Takes down how an edit went: after one that is worth another try, when that will be; `None` where it is given up.
    fn done(&self, key: Key, outcome: Outcome) -> Option<Duration> {
        let now = Instant::now();
        let mut messages = self.lock();
        let again = matches!(messages.get(&key), Some(Stage::Running { again: true }));
        let retry = match outcome {
            Outcome::Over => {
                self.failing().remove(&key);
                None
            }
            Outcome::Failed { asked } => self.after_failure(key, asked, again),
        };
        let stage = match retry {
            Some(wait) => Stage::Wanted(now + wait),
            None if again => Stage::Wanted(now + REST),
            None => Stage::Resting(now + REST),
        };
        messages.insert(key, stage);
        drop(messages);
        self.woken.notify_one();
        retry
    }

    /// How long a failed edit waits, never for less than Discord asks; `None` if it has failed for long enough.
    fn after_failure(&self, key: Key, asked: Duration, has_changed: bool) -> Option<Duration> {
        let now = Instant::now();
        let mut all = self.failing();
        let failing = all.entry(key).or_insert(Failing { times: 0, since: now, not_before: now });
        if has_changed {
            failing.since = now;
        }
        if failing.since.elapsed() >= GIVEN_UP_AFTER {
            all.remove(&key);
            return None;
        }
        let least = asked.max(BACKOFF);
        let doubled = LONGEST_BACKOFF.min(BACKOFF * 2_u32.saturating_pow(failing.times.min(16)));
        failing.times = failing.times.saturating_add(1);
        failing.not_before = now + least;
        // A change that came meanwhile is worth a try of its own.
        Some(if has_changed { least } else { least.max(doubled) })
    }

    fn failing(&self) -> MutexGuard<'_, HashMap<Key, Failing>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Stage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How an edit went.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// Done, or never to be done.
    Over,
    /// It may succeed later, not before that time.
    Failed { asked: Duration },
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
            (true, false) => LONGEST_BACKOFF,
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
                edit(&core, key).await;
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

/// Rewrites one message, and takes down how that went.
async fn edit(core: &Core, key: Key) {
    let (guild, event) = key;
    let Err(error) = rewrite(core, guild, event).await else {
        core.edits.done(key, Outcome::Over);
        return;
    };
    let fate = error.fate();
    if let Fate::Later(asked) = fate
        && core.edits.done(key, Outcome::Failed { asked: asked.unwrap_or_default() }).is_some()
    {
        tracing::debug!(guild.id = %guild, event.id = %event, %error, "an event message is rewritten later");
        return;
    }
    tracing::info!(guild.id = %guild, event.id = %event, %error, ?fate, "cannot rewrite an event message");
    if !matches!(fate, Fate::Later(_)) {
        core.edits.done(key, Outcome::Over);
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
        edits.done(KEY, Outcome::Over);
        assert!(edits.take_due(Instant::now() + GATHER).0.is_empty());
        assert_eq!(edits.take_due(Instant::now() + REST).0, [KEY]);
        edits.done(KEY, Outcome::Over);
        assert!(edits.take_due(Instant::now() + REST).0.is_empty());
        assert!(edits.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_edit_that_failed_is_tried_again_when_discord_allows_it() {
        let edits = Edits::default();
        edits.request(KEY.0, KEY.1);
        edits.take_due(Instant::now() + GATHER);
        edits.done(KEY, Outcome::Failed { asked: Duration::from_mins(1) });
        assert!(edits.take_due(Instant::now() + Duration::from_secs(59)).0.is_empty());
        assert_eq!(edits.take_due(Instant::now() + Duration::from_mins(1)).0, [KEY]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_edit_that_keeps_failing_is_tried_ever_more_rarely_and_given_up_after_a_day() {
        let edits = Edits::default();
        edits.request(KEY.0, KEY.1);
        tokio::time::advance(GATHER).await;
        let (begun, mut waits) = (Instant::now(), Vec::new());
        loop {
            assert_eq!(edits.take_due(Instant::now()).0, [KEY]);
            let Some(wait) = edits.done(KEY, Outcome::Failed { asked: Duration::ZERO }) else { break };
            waits.push(wait.as_secs());
            tokio::time::advance(wait).await;
        }
        assert_eq!(waits[..9], [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert!(begun.elapsed() >= GIVEN_UP_AFTER && waits.len() < 110, "{} tries", waits.len());
        edits.request(KEY.0, KEY.1);
        assert_eq!(edits.take_due(Instant::now() + REST).0, [KEY], "it changed again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_of_a_message_whose_edits_fail_is_tried_soon() {
        let edits = Edits::default();
        edits.request(KEY.0, KEY.1);
        tokio::time::advance(GATHER).await;
        for _ in 0..6 {
            edits.take_due(Instant::now());
            tokio::time::advance(edits.done(KEY, Outcome::Failed { asked: Duration::ZERO }).unwrap()).await;
        }
        edits.take_due(Instant::now());
        assert!(edits.done(KEY, Outcome::Failed { asked: Duration::ZERO }).unwrap() > BACKOFF * 60);
        edits.request(KEY.0, KEY.1);
        assert!(edits.take_due(Instant::now() + BACKOFF / 2).0.is_empty());
        assert_eq!(edits.take_due(Instant::now() + BACKOFF).0, [KEY]);
    }
}
