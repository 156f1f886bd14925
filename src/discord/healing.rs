//! Reminders that were held up for want of a permission go on when it is given, not only when they are tried again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::access;
use super::core::Core;
use super::failure::{EdgeError, chain};
use super::sender::{CallError, Fate};
use crate::app::ChannelKind;
use crate::domain::event::Event;
use crate::domain::notice::Cause;
use crate::domain::permissions::Permissions;
use crate::domain::reminder::first_on_grid;
use crate::ids::{ChannelId, GuildId};
use crate::lifecycle::Shutdown;
use crate::storage::Lease;

/// How long changes are gathered before they are looked at: who changes a category changes every channel in it.
const GATHER: Duration = Duration::from_millis(250);
/// The shortest time between two looks at a guild in which something stays held up.
const REST: Duration = Duration::from_secs(10);
/// After a request that failed it is looked again by itself: after that time, twice as long after each further failure, at
/// most after the longest.
const LONGEST: Duration = Duration::from_hours(1);
/// How many guilds are looked at at the same time.
const AT_ONCE: usize = 4;

/// What is known of guilds in which a permission is missing.
#[derive(Debug, Default)]
pub(super) struct Healing {
    /// Where answers could not be read, and would not be asked for again.
    unread: Mutex<HashSet<GuildId>>,
    looks: Mutex<HashMap<GuildId, Look>>,
    woken: Notify,
}

/// A guild that is to be looked at, or was lately.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// When it is to be looked at, if it is.
    wanted_at: Option<Instant>,
    /// Not before, whatever changes.
    rest_until: Instant,
    /// How often in a row it could not be told whether reminders can go on.
    failures: u32,
}

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// All that was held up goes on.
    Healed,
    /// Something is still held up.
    Broken,
    /// Nobody can tell; Discord asks to wait that long.
    Unknown(Duration),
}

impl Healing {
    /// Some of a guild's answers could not be read.
    pub(super) fn note_unread(&self, guild: GuildId) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).insert(guild);
    }

    /// Whether some could not, until now.
    fn take_unread(&self, guild: GuildId) -> bool {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).remove(&guild)
    }

    fn request(&self, guild: GuildId) {
        let now = Instant::now();
        let soon = now + GATHER;
        let mut looks = self.looks();
        let look = looks.entry(guild).or_insert(Look { wanted_at: None, rest_until: now, failures: 0 });
        // What changed is worth a look of its own, sooner than one after failures.
        let at = soon.max(look.rest_until);
        look.wanted_at = Some(look.wanted_at.map_or(at, |wanted| wanted.min(at)));
        drop(looks);
        self.woken.notify_one();
    }

    /// Takes the guilds whose time has come, and says when the next one's will.
    fn take_due(&self, now: Instant) -> (Vec<GuildId>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        self.looks().retain(|guild, look| match look.wanted_at {
            Some(at) if at <= now => {
                due.push(*guild);
                look.wanted_at = None;
                true
            }
            Some(at) => {
                next = Some(next.map_or(at, |next| next.min(at)));
                true
            }
            None => look.rest_until > now,
        });
        (due, next)
    }

    /// Takes down what a look found.
    fn looked(&self, guild: GuildId, found: Found) {
        let now = Instant::now();
        let mut looks = self.looks();
        let known = looks.get(&guild).copied();
        let wanted_at = known.and_then(|look| look.wanted_at);
        let (failures, rest) = match found {
            Found::Healed => {
                if wanted_at.is_none() {
                    looks.remove(&guild);
                }
                return;
            }
            Found::Broken => (0, REST),
            Found::Unknown(asked) => {
                (known.map_or(0, |look| look.failures).saturating_add(1), REST.max(asked))
            }
        };
        let rest_until = now + rest;
        let grown = LONGEST.min(REST * 2_u32.saturating_pow(failures.saturating_sub(1).min(16)));
        let again = (failures > 0).then(|| now + grown.max(rest));
        let wanted_at = wanted_at.map(|_| rest_until).or(again);
        looks.insert(guild, Look { wanted_at, rest_until, failures });
    }

    fn looks(&self) -> MutexGuard<'_, HashMap<GuildId, Look>> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a look at the suspended events of a guild in which a role, a channel or Muster itself changed.
pub(super) fn begin(core: &Core, guild: GuildId) {
    if !core.registry.has_live_events(guild) {
        return;
    }
    if core.healing.take_unread(guild) {
        core.freshness.missed(|stale| stale == guild);
        core.stale.notify_one();
    }
    core.healing.request(guild);
}

/// Looks at guilds as it is asked for, until a stop is asked for.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    loop {
        let (due, next) = core.healing.take_due(Instant::now());
        let looking = futures::stream::iter(due).for_each_concurrent(AT_ONCE, |guild| look(&core, guild));
        tokio::select! {
            () = shutdown.requested() => return,
            () = looking => {}
        }
        let next = next.unwrap_or_else(|| Instant::now() + Duration::from_mins(1));
        tokio::select! {
            () = shutdown.requested() => return,
            () = core.healing.woken.notified() => {}
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

async fn look(core: &Core, guild: GuildId) {
    let found = heal(core, guild).await.unwrap_or_else(|error| {
        let asked = if let Fate::Later(asked) = error.fate() { asked } else { None };
        let error = chain(&error);
        tracing::info!(guild.id = %guild, error, "cannot tell whether reminders can go on; it is looked again");
        Found::Unknown(asked.unwrap_or_default())
    });
    core.healing.looked(guild, found);
}

async fn heal(core: &Core, guild: GuildId) -> Result<Found, EdgeError> {
    let Some(store) = core.live_store(guild).await? else { return Ok(Found::Healed) };
    let mut known = HashMap::new();
    let mut found = Found::Healed;
    for event in store.events().list_suspended().await? {
        let cause = store.notices().cause_of(event.id).await?.unwrap_or(Cause::Permission);
        let is_mended = match known.get(&(event.channel_id, cause)) {
            Some(known) => *known,
            None => is_mended(core, guild, event.channel_id, cause).await?,
        };
        known.insert((event.channel_id, cause), is_mended);
        if !is_mended {
            found = Found::Broken;
            continue;
        }
        if cause == Cause::Access {
            // Of what was answered there meanwhile nothing was heard.
            core.freshness.missed(|stale| stale == guild);
            core.stale.notify_one();
        }
        lift(core, &store, &event).await?;
    }
    Ok(found)
}

/// Whether reminders can be sent in a channel again; what Discord did not take there, it may take no better now.
async fn is_mended(core: &Core, guild: GuildId, channel: ChannelId, cause: Cause) -> Result<bool, EdgeError> {
    if cause == Cause::Refused {
        return Ok(false);
    }
    let Some(facts) = known(access::channel(core, channel).await)? else { return Ok(false) };
    let send = match facts.kind {
        ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        ChannelKind::Text | ChannelKind::Other => Permissions::SEND_MESSAGES,
    };
    let Some(mine) = known(access::my_permissions(core, guild, channel).await)? else { return Ok(false) };
    Ok(!facts.is_closed && mine.contains(Permissions::VIEW_CHANNEL | send))
}

/// What Discord told, or `None` where it says that Muster may not know; an error only where it may tell later.
fn known<T>(answer: Result<T, CallError>) -> Result<Option<T>, EdgeError> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(error) if matches!(error.fate(), Fate::Later(_)) => Err(error.into()),
        Err(_) => Ok(None),
    }
}

/// Goes on with the next instant of the event's grid.
async fn lift(core: &Core, store: &Lease, event: &Event) -> Result<(), EdgeError> {
    let (guild, now) = (store.guild_id(), core.clock.now());
    let next = first_on_grid(event.grid_at, event.interval, now);
    // Before the write: after a crash in between, the scheduler looks once for nothing.
    if core.registry.find(guild).and_then(|record| record.next_due_at).is_none_or(|due| next < due) {
        core.registry.set_next_due(guild, Some(next)).await?;
    }
    if store.events().lift_suspension(event.id, Some(next), now).await? {
        tracing::info!(guild.id = %guild, event.id = %event.id, "reminders go on: what was missing is there again");
        core.edits.request(guild, event.id);
    }
    Ok(core.sync_due(store).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: GuildId = GuildId::new(1);

    #[tokio::test(start_paused = true)]
    async fn after_a_request_that_failed_it_is_looked_again_by_itself_ever_more_rarely() {
        let healing = Healing::default();
        healing.request(GUILD);
        let mut waits = Vec::new();
        for _ in 0..11 {
            let begun = Instant::now();
            let next = healing.take_due(begun).1.unwrap();
            tokio::time::advance(next - begun).await;
            assert_eq!(healing.take_due(next), (vec![GUILD], None));
            healing.looked(GUILD, Found::Unknown(Duration::ZERO));
            waits.push((next - begun).as_secs());
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
        healing.request(GUILD);
        let next = healing.take_due(Instant::now()).1.unwrap();
        assert_eq!(next - Instant::now(), REST, "a change does not wait for that");
        tokio::time::advance(REST).await;
        assert_eq!(healing.take_due(next).0, [GUILD]);
        healing.looked(GUILD, Found::Healed);
        assert!(healing.looks().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_still_held_up_is_looked_at_again_only_when_something_changes() {
        let healing = Healing::default();
        healing.request(GUILD);
        tokio::time::advance(GATHER).await;
        assert_eq!(healing.take_due(Instant::now()).0, [GUILD]);
        // Something changed while it was looked at.
        healing.request(GUILD);
        healing.looked(GUILD, Found::Broken);
        tokio::time::advance(REST).await;
        assert_eq!(healing.take_due(Instant::now()).0, [GUILD]);
        healing.looked(GUILD, Found::Broken);
        tokio::time::advance(REST).await;
        assert_eq!(healing.take_due(Instant::now()), (vec![], None));
        assert!(healing.looks().is_empty());
    }
}
