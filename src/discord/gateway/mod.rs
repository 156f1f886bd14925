//! What comes in: gateway events, in the order in which they happened, and what each of them changes.
//!
//! **Invariants**
//! - What happened in one guild is handled in order; a slow guild does not hold up another.
//! - Interactions wait for nothing: each has a task of its own as soon as it arrives.
//! - An event that cannot be read is counted, named once, and makes what it may have changed stale.
//!
//! **Does not know** sockets; [`connection`](super::connection) does.
//!
//! To add a kind of event: its variant in [`update`], its reader in [`read`](mod@read), and its line in `handle`.

mod lanes;
mod read;
mod rebuild;
mod update;

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::core::Core;
use super::failure::chain;
use super::guild_lifecycle;
use super::healing;
use super::interactions;
use super::link::Identity;
use super::members;
use super::reactions;
use crate::app::App;
use crate::domain::event::{EndReason, Event};
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::lifecycle::Shutdown;
use crate::storage::{Membership, StorageError};
use crate::telemetry::metric;
use lanes::Lanes;

pub(super) use read::{read, unreadable_text};
pub(super) use update::{GuildUpdate, Update};

/// What is taken in, in this order.
#[derive(Debug)]
pub(super) enum Inbound {
    /// Something that was heard.
    Heard(Arrival),
    /// Somebody wants to know when all that was heard of this guild until now has been taken down.
    Reach(GuildId, oneshot::Sender<()>),
}

/// An update with the connection that it came by.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The shard.
    pub(super) shard: u32,
    /// Which of its connections.
    pub(super) epoch: u64,
    /// What happened.
    pub(super) update: Update,
}

/// What stands in a guild's lane.
#[derive(Debug)]
enum Entry {
    Update(GuildUpdate),
    /// Everything before it has been taken down.
    Reached(oneshot::Sender<()>),
}

/// Takes updates in and hands them to whom they concern.
pub(super) struct Intake {
    core: Arc<Core>,
    app: Arc<App>,
    lanes: Lanes<Entry>,
    /// The kinds of unreadable event that were named already.
    named: HashSet<String>,
}

impl Intake {
    /// An intake that nothing came in to yet.
    pub(super) fn new(core: Arc<Core>, app: Arc<App>) -> Self {
        let lanes = Lanes::new(core.tracker.clone());
        Self { core, app, lanes, named: HashSet::new() }
    }

    /// Takes in what comes until a stop is asked for.
    pub(super) async fn run(mut self, mut inbox: UnboundedReceiver<Inbound>, shutdown: Shutdown) {
        loop {
            let inbound = tokio::select! {
                () = shutdown.requested() => return,
                inbound = inbox.recv() => inbound,
            };
            match inbound {
                None => return,
                Some(Inbound::Heard(arrival)) => self.take(arrival),
                Some(Inbound::Reach(guild, told)) if self.lanes.is_idle(guild) => _ = told.send(()),
                Some(Inbound::Reach(guild, told)) => self.push(guild, Entry::Reached(told)),
            }
            metrics::gauge!("muster_gateway_waiting").set(to_f64(self.lanes.waiting() + inbox.len()));
        }
    }

    fn take(&mut self, Arrival { shard, epoch, update }: Arrival) {
        match update {
            Update::Interaction(interaction) => interactions::take(&self.core, &self.app, *interaction),
            Update::Guild(guild, update) => {
                if matches!(update, GuildUpdate::Present) {
                    self.core.roll_call().present(shard, guild);
                }
                self.push(guild, Entry::Update(update));
            }
            Update::Ready { identity, guilds } => {
                self.ready(shard, identity, guilds);
                self.live(shard, epoch);
            }
            Update::Resumed => {
                tracing::info!(shard, "a gateway session goes on");
                self.live(shard, epoch);
            }
            Update::UnreadableInteraction { id, token, kind } => {
                self.count_unreadable("INTERACTION_CREATE");
                interactions::decline(&self.core, id, token, kind);
            }
            Update::Unreadable { kind, guild } => self.unreadable(&kind, guild),
        }
    }

    /// All that was missed has arrived before this: from now on Muster hears of the shard's guilds.
    fn live(&self, shard: u32, epoch: u64) {
        if self.core.link.live(shard, epoch) {
            self.core.stale.notify_one();
        }
    }

    fn push(&self, guild: GuildId, entry: Entry) {
        let core = Arc::clone(&self.core);
        self.lanes.push(guild, entry, move |guild, entry| {
            let core = Arc::clone(&core);
            async move {
                let update = match entry {
                    Entry::Update(update) => update,
                    // Whoever asked may have given up.
                    Entry::Reached(told) => {
                        _ = told.send(());
                        return;
                    }
                };
                let Err(error) = handle(&core, guild, update).await else { return };
                // That a store is set aside was said when it was; a busy guild must not repeat it for each reaction.
                if !matches!(error, StorageError::Quarantined { .. }) {
                    let error = chain(&error);
                    tracing::error!(guild.id = %guild, error, "cannot take down what happened in a guild");
                }
                core.freshness.missed(|stale| stale == guild);
            }
        });
    }

    /// A new session: everything that happened in its guilds since the last one is unknown.
    fn ready(&mut self, shard: u32, identity: Identity, guilds: Vec<GuildId>) {
        let core = &self.core;
        tracing::info!(shard, guilds = guilds.len(), "a gateway session began");
        core.link.identify(identity);
        core.freshness.missed(|guild| core.link.shard_of(guild) == shard);
        core.access.forget_guilds(|guild| core.link.shard_of(guild) == shard);
        core.link.expect(guilds.iter().copied());
        for guild in &guilds {
            let record = core.registry.find(*guild);
            let known = record.is_some_and(|record| {
                record.membership == Membership::Joined && record.absent_since.is_none()
            });
            // A READY proves membership as well as an announcement does, and comes even during an outage.
            if !known {
                self.push(*guild, Entry::Update(GuildUpdate::Listed));
            }
        }
        core.roll_call().ready(shard, guilds);
        let core = Arc::clone(core);
        self.core.tracker.spawn(async move {
            if let Err(error) = guild_lifecycle::roll_called(&core).await {
                tracing::error!(error = chain(&error), "cannot take down which guilds are absent");
            }
        });
    }

    /// What an event may have changed that cannot be read is stale.
    fn unreadable(&mut self, kind: &str, guild: Option<GuildId>) {
        self.count_unreadable(kind);
        // Nobody was heard, but nothing changed either.
        if kind == "INTERACTION_CREATE" {
            return;
        }
        let affected = |known: GuildId| guild.is_none_or(|guild| known == guild);
        self.core.freshness.missed(affected);
        self.core.access.forget_guilds(affected);
        self.core.stale.notify_one();
    }

    fn count_unreadable(&mut self, kind: &str) {
        metrics::counter!(metric::UNDECODABLE, "kind" => kind.to_owned()).increment(1);
        if !self.named.insert(kind.to_owned()) {
            return;
        }
        if kind == "READY" {
            tracing::error!(
                "Discord begins a session in a form that this version of Muster cannot read, so it does not become ready; \
                 look for a newer version"
            );
        } else {
            tracing::warn!(
                kind,
                "Discord sends a gateway event that this version of Muster cannot read; look for a newer version. \
                 Further ones of this kind are only counted"
            );
        }
    }
}

/// Takes down what happened in a guild.
async fn handle(core: &Arc<Core>, guild: GuildId, update: GuildUpdate) -> Result<(), StorageError> {
    match update {
        GuildUpdate::Listed => guild_lifecycle::joined(core, guild).await?,
        GuildUpdate::Present => {
            core.access.forget_guilds(|known| known == guild);
            guild_lifecycle::joined(core, guild).await?;
            // It may have been away: whatever was read before does not count.
            core.freshness.missed(|stale| stale == guild);
            core.link.announced(guild);
            core.stale.notify_one();
            healing::begin(core, guild);
        }
        GuildUpdate::Removed => {
            core.link.announced(guild);
            core.access.forget_guilds(|known| known == guild);
            core.freshness.missed(|stale| stale == guild);
            guild_lifecycle::left(core, guild).await?;
        }
        GuildUpdate::Outage => {
            tracing::info!(guild.id = %guild, "a guild is unavailable; its data stays");
            core.link.expect([guild]);
            core.freshness.missed(|stale| stale == guild);
        }
        GuildUpdate::Changed { name } => {
            core.access.forget_roles(guild);
            if let Some(store) = core.live_store(guild).await? {
                store.guild().set_name(&name, core.clock.now()).await?;
            }
        }
        GuildUpdate::Roles => {
            core.access.forget_roles(guild);
            healing::begin(core, guild);
        }
        GuildUpdate::ChannelChanged(channel) => {
            core.access.forget_channel(channel);
            healing::begin(core, guild);
        }
        GuildUpdate::ChannelDeleted(channel) => channel_deleted(core, guild, channel).await?,
        GuildUpdate::Member(change) => {
            if core.link.identity().is_some_and(|me| me.user == change.user()) {
                core.access.forget_roles(guild);
                healing::begin(core, guild);
            }
            members::change(core, guild, change).await?;
        }
        GuildUpdate::Reactions(message, change) => reactions::change(core, guild, message, change).await?,
        GuildUpdate::MessagesDeleted(messages) => messages_deleted(core, guild, &messages).await?,
    }
    Ok(())
}

async fn channel_deleted(core: &Core, guild: GuildId, channel: ChannelId) -> Result<(), StorageError> {
    core.access.forget_channel(channel);
    let Some(store) = core.live_store(guild).await? else { return Ok(()) };
    let ended = store.events().end_in_channel(channel, core.clock.now()).await?;
    if !ended.is_empty() {
        tracing::info!(guild.id = %guild, channel.id = %channel, events = ended.len(), "events are over: their channel was deleted");
        core.sync_due(&store).await?;
    }
    Ok(())
}

async fn messages_deleted(core: &Core, guild: GuildId, messages: &[MessageId]) -> Result<(), StorageError> {
    let Some(store) = core.live_store(guild).await? else { return Ok(()) };
    for message in messages {
        let event = store.events().find_by_message(*message).await?.filter(Event::is_live);
        if let Some(event) = event {
            reactions::end(core, &store, &event, EndReason::MessageDeleted).await?;
        }
    }
    Ok(())
}

/// For a gauge, where the last digits of a large count do not matter.
fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
