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

#[derive(Debug, Clone, Copy)]
enum Look {
    /// Wanted, but not before.
    Wanted(Instant),
    /// Looked at; not again before.
    Resting(Instant),
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
        let soon = Instant::now() + GATHER;
        let mut looks = self.looks();
        let at = match looks.get(&guild) {
            Some(Look::Resting(until)) => soon.max(*until),
            Some(Look::Wanted(at)) => *at,
            None => soon,
        };
        looks.insert(guild, Look::Wanted(at));
        self.woken.notify_one();
    }

    /// Takes the guilds whose time has come, and says when the next one's will.
    fn take_due(&self, now: Instant) -> (Vec<GuildId>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        self.looks().retain(|guild, look| match *look {
            Look::Wanted(at) if at <= now => {
                due.push(*guild);
                false
            }
            Look::Wanted(at) => {
                next = Some(next.map_or(at, |next| next.min(at)));
                true
            }
            Look::Resting(until) => until > now,
        });
        (due, next)
    }

    /// Something is still held up there.
    fn rest(&self, guild: GuildId) {
        let until = Instant::now() + REST;
        let mut looks = self.looks();
        let look = if looks.contains_key(&guild) { Look::Wanted(until) } else { Look::Resting(until) };
        looks.insert(guild, look);
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
    match heal(core, guild).await {
        Ok(Healed::All) => {}
        Ok(Healed::Some) => core.healing.rest(guild),
        Err(error) => {
            let error = chain(&error);
            tracing::info!(guild.id = %guild, error, "cannot tell whether reminders can go on; they are tried again");
            core.healing.rest(guild);
        }
    }
}

/// How much of what was held up goes on.
enum Healed {
    All,
    Some,
}

async fn heal(core: &Core, guild: GuildId) -> Result<Healed, EdgeError> {
    let Some(store) = core.live_store(guild).await? else { return Ok(Healed::All) };
    let mut known = HashMap::new();
    let mut healed = Healed::All;
    for event in store.events().list_suspended().await? {
        let cause = store.notices().cause_of(event.id).await?.unwrap_or(Cause::Permission);
        let is_mended = match known.get(&(event.channel_id, cause)) {
            Some(known) => *known,
            None => is_mended(core, guild, event.channel_id, cause).await?,
        };
        known.insert((event.channel_id, cause), is_mended);
        if !is_mended {
            healed = Healed::Some;
            continue;
        }
        if cause == Cause::Access {
            // Of what was answered there meanwhile nothing was heard.
            core.freshness.missed(|stale| stale == guild);
            core.stale.notify_one();
        }
        lift(core, &store, &event).await?;
    }
    Ok(healed)
}

/// Whether reminders can be sent in a channel again; what Discord did not take there, it may take no better now.
async fn is_mended(core: &Core, guild: GuildId, channel: ChannelId, cause: Cause) -> Result<bool, EdgeError> {
    if cause == Cause::Refused {
        return Ok(false);
    }
    let Ok(facts) = access::channel(core, channel).await else { return Ok(false) };
    let send = match facts.kind {
        ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        ChannelKind::Text | ChannelKind::Other => Permissions::SEND_MESSAGES,
    };
    let mine = access::my_permissions(core, guild, channel).await?;
    Ok(!facts.is_closed && mine.contains(Permissions::VIEW_CHANNEL | send))
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
