//! Guilds that come and go: what is kept, and when a guild's data is deleted.
//!
//! **Invariants**
//! - An outage changes nothing.
//! - Nothing is deleted before `GET /guilds/{id}` says, at that moment, that Muster is not there. Any other answer means
//!   not now; it is asked again later, also after a restart, since the registry remembers who left and who is absent.
//! - Of guilds that Discord lists no longer, nothing is deleted before every shard has listed its guilds, and never if
//!   over half of all guilds are missing: a fault is likelier than that, and the operator has to confirm it.
//! - Joining, leaving and deleting one guild exclude each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;

use super::core::Core;
use super::failure::{EdgeError, chain};
use super::roll_call::Outcome;
use super::routes;
use super::sender::CallError;
use super::wire::WireGuild;
use crate::clock::Timestamp;
use crate::ids::GuildId;
use crate::lifecycle::Shutdown;
use crate::storage::{GuildRecord, Membership, StorageError};

/// How often guilds that left are looked at again.
const SWEEP: Duration = Duration::from_secs(30);
/// How soon it is tried again after Discord or the store could not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// Muster is in a guild, says the gateway.
///
/// # Errors
/// [`StorageError`]; the next announcement tries again.
pub(super) async fn joined(core: &Core, guild: GuildId) -> Result<(), StorageError> {
    let _alone = core.membership.lock(guild).await;
    note_present(core, guild).await
}

async fn note_present(core: &Core, guild: GuildId) -> Result<(), StorageError> {
    let before = core.registry.find(guild);
    let is_away =
        |record: &GuildRecord| record.membership == Membership::Left || record.absent_since.is_some();
    if core.registry.note_joined(guild, core.clock.now()).await? {
        tracing::info!(guild.id = %guild, returned = before.is_some(), "Muster is in a guild");
    }
    core.stores.admit(guild);
    // It came back in time: what is due there is due again, and nothing else puts it into the agenda. The record is never
    // later than the truth, and unlike the store it can always be read.
    if let Some(due) = before.filter(is_away).and_then(|record| record.next_due_at) {
        core.agenda.pull_forward(guild, due);
    }
    Ok(())
}

/// Muster was removed from a guild, says the gateway; its data goes after the grace, once Discord confirms it.
///
/// # Errors
/// [`StorageError`]; then the guild is found absent at the next start.
pub(super) async fn left(core: &Core, guild: GuildId) -> Result<(), StorageError> {
    let _alone = core.membership.lock(guild).await;
    if core.registry.find(guild).is_none() {
        return Ok(());
    }
    tracing::info!(guild.id = %guild, "Muster was removed from a guild");
    core.agenda.cancel(guild);
    core.registry.note_left(guild, core.clock.now()).await?;
    core.departures.notify_one();
    Ok(())
}

/// Makes sure that a guild from which a command came may have a store; `false` if Muster is not in it.
///
/// # Errors
/// [`EdgeError`] while that cannot be found out.
pub(super) async fn admit(core: &Core, guild: GuildId) -> Result<bool, EdgeError> {
    let _alone = core.membership.lock(guild).await;
    if core.registry.is_member(guild) {
        core.stores.admit(guild);
        return Ok(true);
    }
    // The command may have overtaken the announcement, or come from a guild in which only a member installed Muster.
    if is_gone(core, guild).await? {
        return Ok(false);
    }
    note_present(core, guild).await?;
    Ok(true)
}

/// Compares what Discord lists with what Muster was in, and takes down which guilds are missing. Where too many are, none is deleted until the operator confirms
/// it; their grace runs all the same.
///
/// # Errors
/// [`StorageError`]; the next start tries again.
pub(super) async fn roll_called(core: &Core) -> Result<(), StorageError> {
    let (shards, joined) = (core.link.shard_count(), core.registry.joined_guilds());
    let confirmed = core.config.storage.confirm_mass_absence;
    let outcome = core.roll_call().outcome(shards, &joined, confirmed);
    let missing = match outcome {
        Outcome::Waiting => return Ok(()),
        Outcome::Missing(missing) => {
            core.absence_doubted.store(false, Ordering::Relaxed);
            missing
        }
        Outcome::Implausible(missing) => {
            core.absence_doubted.store(true, Ordering::Relaxed);
            let (missing_count, joined) = (missing.len(), joined.len());
            tracing::error!(
                missing = missing_count,
                joined,
                "Discord lists {missing_count} of {joined} guilds no longer. That is too many to believe, so nothing is \
                 deleted. If they really removed Muster, start it once with storage.confirm_mass_absence = true"
            );
            missing
        }
    };
    for guild in missing {
        let _alone = core.membership.lock(guild).await;
        // It may have been announced while this waited.
        if core.roll_call().lists(guild) {
            continue;
        }
        if core.registry.find(guild).is_some_and(|record| record.absent_since.is_none()) {
            tracing::warn!(guild.id = %guild, "Discord does not list a guild any more; it counts as absent");
            core.registry.note_absent(guild, core.clock.now()).await?;
        }
    }
    core.departures.notify_one();
    Ok(())
}

/// Deletes what guilds left behind once their grace is over, until a stop is asked for.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    loop {
        let now = core.clock.now();
        let mut pause = SWEEP;
        for (guild, until) in graces(&core) {
            if shutdown.is_requested() {
                return;
            }
            if let Ok(left) = (until - now).to_std()
                && !left.is_zero()
            {
                pause = pause.min(left);
            } else if let Err(error) = remove_if_gone(&core, guild).await {
                let error = chain(&error);
                tracing::warn!(guild.id = %guild, error, "cannot delete the data of a guild yet; it is tried again");
                pause = pause.min(AGAIN);
            }
        }
        tokio::select! {
            () = shutdown.requested() => return,
            () = core.departures.notified() => {}
            () = core.clock.sleep(pause) => {}
        }
    }
}

/// The guilds that left or are absent, with the end of their grace.
fn graces(core: &Core) -> Vec<(GuildId, Timestamp)> {
    let storage = &core.config.storage;
    let until = |(guild, since): (GuildId, Timestamp), grace: Duration| {
        let end = TimeDelta::from_std(grace).ok().and_then(|grace| since.checked_add_signed(grace));
        (guild, end.unwrap_or(Timestamp::MAX_UTC))
    };
    let left = core.registry.left().into_iter().map(|left| until(left, storage.delete_grace));
    let doubted = core.absence_doubted.load(Ordering::Relaxed);
    let absent = core.registry.absent().into_iter().filter(|_| !doubted);
    let absent = absent.map(|absent| until(absent, storage.absent_grace));
    left.chain(absent).collect()
}

fn is_due(core: &Core, guild: GuildId) -> bool {
    let now = core.clock.now();
    graces(core).into_iter().any(|(known, until)| known == guild && until <= now)
}

async fn remove_if_gone(core: &Core, guild: GuildId) -> Result<(), EdgeError> {
    let _alone = core.membership.lock(guild).await;
    // It may have come back while this waited.
    if !is_due(core, guild) {
        return Ok(());
    }
    if !is_gone(core, guild).await? {
        tracing::warn!(guild.id = %guild, "Muster is in the guild after all; nothing is deleted");
        return Ok(note_present(core, guild).await?);
    }
    if core.registry.is_member(guild) {
        core.registry.note_left(guild, core.clock.now()).await?;
    }
    core.agenda.cancel(guild);
    let had_data = core.stores.delete(guild).await?;
    core.registry.forget(guild).await?;
    core.access.forget_guilds(|known| known == guild);
    metrics::counter!("muster_guilds_deleted_total").increment(1);
    tracing::info!(guild.id = %guild, had_data, "deleted all data of a guild that Muster is no longer in");
    Ok(())
}

/// Asks Discord whether Muster is not in a guild any more.
async fn is_gone(core: &Core, guild: GuildId) -> Result<bool, CallError> {
    match core.sender.ask::<WireGuild>(routes::guild(guild)).await {
        Ok(_) | Err(CallError::Unreadable(_)) => Ok(false),
        Err(error) if error.proves_absence() => Ok(true),
        Err(error) => Err(error),
    }
}
