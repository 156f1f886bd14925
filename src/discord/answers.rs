//! Reading the answers to all live events of a guild after changes were missed: what is due soon first.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;

use super::catch_up::Reading;
use super::core::Core;
use super::event_messages::read_together;
use super::failure::{EdgeError, for_scheduler};
use super::reactions::{ReactionChange, end, reconcile, take_over};
use super::sender::{Fate, Urgency};
use super::wire::WireMessage;
use crate::domain::event::{EndReason, Event, State};
use crate::domain::notice::Cause;
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::scheduler::{SUSPENSION, SendError};
use crate::storage::{Lease, StorageError};

/// Events that are due within this time are read first.
const SOON: TimeDelta = TimeDelta::seconds(10);

/// After so many events that could not be read one after the other, the rest of the guild is not asked for: most likely Discord
/// cannot be reached.
const FAILURES_IN_A_ROW: u32 = 3;

/// Reads the reactions of the live events of a guild that are due soon, unless they are fresh; events whose message is gone
/// end. The others are left for [`read_rest`], so that what is due does not wait for them.
///
/// The guild's reading lock must be held.
///
/// # Errors
/// [`EdgeError`] while Discord cannot be asked. An event whose answers Discord refuses, or gives in an odd form, is no
/// error: its answers stay as they are, and sending there will tell.
pub(super) async fn sync(core: &Core, store: &Lease) -> Result<(), EdgeError> {
    let guild = store.guild_id();
    if core.freshness.has_answers(guild) && core.link.hears_of(guild) {
        return Ok(());
    }
    core.freshness.begin(guild, core.link.hears_of(guild));
    let soon = core.clock.now() + SOON;
    let (first, later): (Vec<_>, Vec<_>) = in_sight(store)
        .await?
        .into_iter()
        .partition(|event| event.next_due_at.is_some_and(|due| due <= soon));
    read_events(core, store, &first).await?;
    core.freshness.left_for_later(guild, later.iter().map(|event| event.id));
    core.freshness.answers_read(guild);
    Ok(())
}

/// Reads the reactions of those events that were left for later, if there are some.
///
/// The guild's reading lock must be held.
///
/// # Errors
/// As [`sync`].
pub(super) async fn read_rest(core: &Core, store: &Lease) -> Result<(), EdgeError> {
    let guild = store.guild_id();
    if !core.freshness.take_left_for_later(guild) {
        return Ok(());
    }
    let mut rest = in_sight(store).await?;
    rest.retain(|event| core.freshness.is_unread(guild, event.id));
    read_events(core, store, &rest).await
}

/// The live events in channels that Muster can see, as far as it knows.
async fn in_sight(store: &Lease) -> Result<Vec<Event>, StorageError> {
    let count = store.events().count_live().await?;
    let mut events = Vec::new();
    for event in store.events().list_live(count, 0).await? {
        if !is_out_of_sight(store, &event).await? {
            events.push(event);
        }
    }
    Ok(events)
}

/// Reads the reactions of these events. Those that cannot be read stay unread: they are read before their own reminder.
async fn read_events(core: &Core, store: &Lease, events: &[Event]) -> Result<(), EdgeError> {
    let guild = store.guild_id();
    let mut reading = Progress::default();
    for (event, found) in with_messages(core, guild, events).await {
        if reading.hidden.contains(&event.channel_id) {
            continue;
        }
        if reading.failures >= FAILURES_IN_A_ROW {
            core.freshness.note_unread(guild, event.id);
            continue;
        }
        let read = match found {
            Some((message, reading)) => {
                take_over(core, store, event, Urgency::Background, message, reading).await
            }
            None => reconcile(core, store, event, Urgency::Background).await,
        };
        match read {
            Ok(changed) => {
                if changed {
                    core.edits.request(guild, event.id);
                }
                reading.read += 1;
                reading.failures = 0;
                core.freshness.note_read(guild, event.id);
            }
            Err(error) => match error.fate() {
                Fate::NoMessage => end(core, store, event, EndReason::MessageDeleted).await?,
                Fate::NoChannel => end(core, store, event, EndReason::ChannelDeleted).await?,
                // The trouble of one event is not to keep the others from reminding: it is read before its own reminder.
                Fate::Later(_) if !error.is_unreadable() => {
                    tracing::info!(guild.id = %guild, event.id = %event.id, %error, "cannot read the answers of an event yet");
                    core.freshness.note_unread(guild, event.id);
                    reading.failures += 1;
                    reading.last = Some(error);
                }
                // It is not asked for again and again: what gives it back is heard of, or tried for now and then.
                Fate::Forbidden => {
                    forbidden(core, store, event, &error).await?;
                    reading.hidden.insert(event.channel_id);
                }
                // Asking again would bring the same: its answers stay as they are.
                Fate::Later(_) | Fate::NoGuild | Fate::Never => {
                    tracing::info!(guild.id = %guild, event.id = %event.id, %error, "cannot read the answers of an event");
                }
            },
        }
    }
    match (reading.read, reading.last) {
        (0, Some(error)) => Err(error),
        _ => Ok(()),
    }
}

/// How far the reading of a guild's events came.
#[derive(Default)]
struct Progress {
    read: u32,
    failures: u32,
    last: Option<EdgeError>,
    /// Channels in which Muster may not read, as one of their events showed.
    hidden: HashSet<ChannelId>,
}

type Found<'a> = (WireMessage, Reading<'a, (GuildId, MessageId), ReactionChange>);

/// Events with their messages, as far as those of a channel can be read together.
async fn with_messages<'a>(
    core: &'a Core,
    guild: GuildId,
    events: &'a [Event],
) -> Vec<(&'a Event, Option<Found<'a>>)> {
    let mut channels: BTreeMap<ChannelId, Vec<(&Event, MessageId)>> = BTreeMap::new();
    let mut with_messages = Vec::with_capacity(events.len());
    for event in events {
        match event.message_id {
            Some(message) => channels.entry(event.channel_id).or_default().push((event, message)),
            None => with_messages.push((event, None)),
        }
    }
    for (channel, events) in channels {
        let ids = events.iter().map(|(_, message)| *message);
        // Before they are read: what comes meanwhile is applied on top.
        let readings: Vec<_> =
            ids.clone().map(|message| core.reaction_changes.begin((guild, message))).collect();
        let mut found = read_together(core, channel, ids.collect()).await;
        for ((event, message), reading) in events.into_iter().zip(readings) {
            with_messages.push((event, found.remove(&message).map(|found| (found, reading))));
        }
    }
    with_messages
}

/// Whether Muster knows that it cannot see the channel of an event.
async fn is_out_of_sight(store: &Lease, event: &Event) -> Result<bool, StorageError> {
    match event.state {
        State::Suspended(_) => Ok(store.notices().cause_of(event.id).await? == Some(Cause::Access)),
        _ => Ok(false),
    }
}

/// Holds up what Muster cannot see any more; where it only may not read what was, the answers stay as they are.
async fn forbidden(core: &Core, store: &Lease, event: &Event, error: &EdgeError) -> Result<(), StorageError> {
    let (guild, now) = (store.guild_id(), core.clock.now());
    let SendError::Forbidden { cause: cause @ Cause::Access, why } = for_scheduler(error, event.channel_id)
    else {
        tracing::info!(guild.id = %guild, event.id = %event.id, %error, "may not read the answers of an event");
        core.healing.note_unread(guild);
        return Ok(());
    };
    let held = store.events().suspend_channel(event.channel_id, cause, &why, now + SUSPENSION, now).await?;
    tracing::warn!(
        guild.id = %guild, channel.id = %event.channel_id, events = held.len(), why, "reminders are suspended"
    );
    core.sync_due(store).await
}
