//! Events whose posting was interrupted: Muster was stopped in between, or Discord did not say whether it took them.
//!
//! A draft is looked for in the history of its channel, by its buttons. It becomes an event if it stands there, and is
//! given up if it does not after [`GIVE_UP_AFTER`]; by then nothing of it can be on its way any more.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::TimeDelta;

use super::core::Core;
use super::failure::{EdgeError, chain};
use super::history;
use super::sender::Fate;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::Event;
use crate::ids::{GuildId, MessageId};
use crate::scheduler::Probe;
use crate::storage::{Lease, StorageError};

/// How long a draft is looked for.
const GIVE_UP_AFTER: TimeDelta = TimeDelta::minutes(15);

/// The guilds in which there may be drafts.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    suspected: Mutex<HashSet<GuildId>>,
}

impl Drafts {
    /// There may be drafts in this guild.
    pub(super) fn suspect(&self, guild: GuildId) {
        self.lock().insert(guild);
    }

    /// Whether there may be drafts in this guild.
    pub(super) fn are_suspected(&self, guild: GuildId) -> bool {
        self.lock().contains(&guild)
    }

    fn clear(&self, guild: GuildId) {
        self.lock().remove(&guild);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<GuildId>> {
        self.suspected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The button by which the message of an event is known again.
pub(super) fn marker(guild: GuildId, event: &Event) -> CustomId {
    CustomId { guild, action: Action::Answer { event: event.id, choice: 0 } }
}

/// Finds out what became of the guild's drafts; those that stay open are looked at again later.
///
/// # Errors
/// [`EdgeError`] while Discord or the store cannot be asked.
pub(super) async fn settle(core: &Core, store: &Lease) -> Result<(), EdgeError> {
    let guild = store.guild_id();
    // Before the look: one that comes meanwhile is suspected anew.
    core.drafts.clear(guild);
    let settled = settle_all(core, store).await;
    if !matches!(settled, Ok(true)) {
        core.drafts.suspect(guild);
    }
    settled.map(drop)
}

/// Whether all are settled.
async fn settle_all(core: &Core, store: &Lease) -> Result<bool, EdgeError> {
    let mut all = true;
    for draft in store.events().drafts().await? {
        match fate(core, store.guild_id(), &draft).await? {
            Found::Message(message) => adopt(core, store, &draft, message).await?,
            Found::Nothing => give_up(core, store, &draft).await?,
            Found::NothingYet => all = false,
        }
    }
    Ok(all)
}

/// What a look for the message of a draft showed.
enum Found {
    Message(MessageId),
    Nothing,
    /// It may still come.
    NothingYet,
}

async fn fate(core: &Core, guild: GuildId, draft: &Event) -> Result<Found, EdgeError> {
    let young = core.clock.now() - draft.created_at < GIVE_UP_AFTER;
    let not_there = if young { Found::NothingYet } else { Found::Nothing };
    let marker = marker(guild, draft);
    match history::find_own(core, guild, draft.channel_id, draft.created_at, marker).await {
        Ok(Probe::Found(message)) => Ok(Found::Message(message)),
        Ok(Probe::Absent | Probe::Blind) => Ok(not_there),
        Err(error) => match error.fate() {
            Fate::NoChannel => Ok(Found::Nothing),
            Fate::Later(_) => Err(error.into()),
            _ => {
                let error = chain(&error);
                tracing::info!(guild.id = %guild, event.id = %draft.id, error, "cannot look for an event that was being posted");
                Ok(not_there)
            }
        },
    }
}

async fn adopt(core: &Core, store: &Lease, draft: &Event, message: MessageId) -> Result<(), StorageError> {
    if store.events().attach_message(draft.id, message, core.clock.now()).await? {
        tracing::info!(guild.id = %store.guild_id(), event.id = %draft.id, "found the message of an event whose posting was interrupted");
    }
    core.edits.request(store.guild_id(), draft.id);
    core.sync_due(store).await
}

async fn give_up(core: &Core, store: &Lease, draft: &Event) -> Result<(), StorageError> {
    if store.events().delete_draft(draft.id).await? {
        tracing::info!(guild.id = %store.guild_id(), event.id = %draft.id, "gave up an event that was never posted");
    }
    core.sync_due(store).await
}
