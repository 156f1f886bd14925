//! Answers given by reaction: each change by gateway, and all of them by request after changes were missed.

use std::collections::{BTreeMap, HashSet};

use chrono::TimeDelta;

use super::audience;
use super::catch_up::Reading;
use super::core::Core;
use super::event_message;
use super::event_messages::read_together;
use super::failure::{EdgeError, for_scheduler};
use super::members;
use super::routes::{self, REACTIONS_PAGE, ReactionKind};
use super::sender::{Fate, Urgency};
use super::wire::{WireEmbed, WireMessage, WireReactions, WireUser};
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::domain::event::{EndReason, Event, Origin, State};
use crate::domain::notice::Cause;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::scheduler::{SUSPENSION, SendError};
use crate::storage::{Lease, StorageError};

/// A change of the reactions under a message.
#[derive(Debug, Clone)]
pub(super) enum ReactionChange {
    /// Somebody put one.
    Added {
        /// Who.
        user: UserId,
        /// Which.
        emoji: Emoji,
        /// What Discord said about the member; not always there.
        member: Option<Member>,
    },
    /// Somebody took one back, or had it taken.
    Removed {
        /// Whose.
        user: UserId,
        /// Which.
        emoji: Emoji,
    },
    /// All of one emoji were taken away.
    EmojiCleared(Emoji),
    /// All were taken away.
    Cleared,
}

/// Takes down a change that came by gateway; messages that are no live event's cost one look.
///
/// # Errors
/// [`StorageError`]; the reactions are then read anew before they are used.
pub(super) async fn change(
    core: &Core,
    guild: GuildId,
    message: MessageId,
    change: ReactionChange,
) -> Result<(), StorageError> {
    let Some(store) = core.live_store(guild).await? else { return Ok(()) };
    core.reaction_changes.note((guild, message), || change.clone());
    let event = store.events().find_by_message(message).await?.filter(Event::is_live);
    let Some(event) = event else { return Ok(()) };
    if let ReactionChange::Added { member: Some(member), .. } = &change {
        members::met(core, guild, member).await?;
    }
    if apply(core, &store, &event, &change, core.clock.now()).await? {
        core.edits.request(guild, event.id);
    }
    Ok(())
}

async fn apply(
    core: &Core,
    store: &Lease,
    event: &Event,
    change: &ReactionChange,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let counts = |emoji: &Emoji| event.choices.find(emoji).map(|choice| choice.emoji.clone());
    let responses = store.responses();
    match change {
        ReactionChange::Cleared => responses.clear_reactions(event.id).await,
        ReactionChange::EmojiCleared(emoji) => match counts(emoji) {
            Some(choice) => responses.clear_emoji(event.id, &choice).await,
            None => Ok(false),
        },
        ReactionChange::Removed { user, emoji } => match counts(emoji) {
            Some(choice) => responses.remove_reaction(event.id, *user, &choice).await,
            None => Ok(false),
        },
        ReactionChange::Added { user, emoji, member } => match counts(emoji) {
            Some(choice) if !is_bot(core, store, *user, member.as_ref()).await? => {
                responses.add_reaction(event.id, *user, &choice, now).await
            }
            _ => Ok(false),
        },
    }
}

async fn is_bot(
    core: &Core,
    store: &Lease,
    user: UserId,
    member: Option<&Member>,
) -> Result<bool, StorageError> {
    if core.link.identity().is_some_and(|me| me.user == user) {
        return Ok(true);
    }
    if let Some(member) = member {
        return Ok(member.is_bot);
    }
    let members = store.members().list().await?;
    Ok(members.iter().any(|member| member.user_id == user && member.is_bot))
}

/// Reads all reactions of an event that count, and makes the store say the same; `true` if something changed, or the
/// message does not show what it should.
///
/// The guild's reading lock must be held.
///
/// # Errors
/// [`EdgeError`]; the answers are then as they were.
pub(super) async fn reconcile(
    core: &Core,
    store: &Lease,
    event: &Event,
    urgency: Urgency,
) -> Result<bool, EdgeError> {
    let Some(message) = event.message_id else { return Ok(false) };
    let reading = core.reaction_changes.begin((store.guild_id(), message));
    let call = routes::message(event.channel_id, message).with_urgency(urgency);
    let found: WireMessage = core.sender.ask(call).await?;
    take_over(core, store, event, urgency, found, reading).await
}

/// Makes the store say what stands under the message that was `found` since the `reading` began.
async fn take_over(
    core: &Core,
    store: &Lease,
    event: &Event,
    urgency: Urgency,
    found: WireMessage,
    reading: Reading<'_, (GuildId, MessageId), ReactionChange>,
) -> Result<bool, EdgeError> {
    let message = found.id;
    let (mut answers, mut met) = (Vec::new(), Vec::new());
    for reactions in found.reactions {
        let Some(emoji) = reactions.emoji.clone().emoji() else { continue };
        if let Some(choice) = event.choices.find(&emoji) {
            let users = users_of(core, event.channel_id, message, &emoji, &reactions, urgency).await?;
            answers.extend(users.iter().map(|user| (user.id, choice.emoji.clone())));
            met.extend(users.into_iter().map(Member::from));
        }
    }
    let now = core.clock.now();
    if core.link.is_degraded() {
        store.members().insert_unknown(&met, now).await?;
    }
    let mut changed = store.responses().replace_reactions(event.id, &answers, now).await?;
    while let Some(changes) = reading.changes() {
        for change in changes {
            changed |= apply(core, store, event, &change, now).await?;
        }
    }
    Ok(changed || is_outdated(core, store, event, &found.embeds).await?)
}

/// Whether the message of an event shows something else than it should, as after a stop before it was rewritten.
async fn is_outdated(
    core: &Core,
    store: &Lease,
    event: &Event,
    shown: &[WireEmbed],
) -> Result<bool, EdgeError> {
    if event.origin != Origin::Posted {
        return Ok(false);
    }
    let responses = store.responses().of_event(event.id).await?;
    let asked = audience::asked_for_display(core, store, event).await?;
    let body = event_message::render(store.guild_id(), event, &responses, asked.as_deref());
    Ok(!event_message::is_shown(&body, shown))
}

/// The people, not bots, who put one emoji under a message, by click or by burst.
async fn users_of(
    core: &Core,
    channel: ChannelId,
    message: MessageId,
    emoji: &Emoji,
    reactions: &WireReactions,
    urgency: Urgency,
) -> Result<Vec<WireUser>, EdgeError> {
    let (normal, burst) = reactions.counts();
    let others = normal.saturating_sub(u64::from(reactions.me));
    let mut users = Vec::new();
    for (kind, count) in [(ReactionKind::Normal, others), (ReactionKind::Burst, burst)] {
        if count > 0 {
            users.extend(users_of_kind(core, channel, message, emoji, kind, urgency).await?);
        }
    }
    users.sort_unstable_by_key(|user| user.id);
    users.dedup_by_key(|user| user.id);
    Ok(users)
}

async fn users_of_kind(
    core: &Core,
    channel: ChannelId,
    message: MessageId,
    emoji: &Emoji,
    kind: ReactionKind,
    urgency: Urgency,
) -> Result<Vec<WireUser>, EdgeError> {
    let mut users = Vec::new();
    let mut after = None;
    loop {
        let call = routes::reactions(channel, message, emoji, kind, after).with_urgency(urgency);
        let page: Vec<WireUser> = core.sender.ask(call).await?;
        let full = page.len() >= REACTIONS_PAGE;
        let last = page.iter().map(|user| user.id).max();
        users.extend(page.into_iter().filter(|user| !user.bot));
        if !full || last <= after {
            return Ok(users);
        }
        after = last;
    }
}

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

/// Events that are due within this time are read first.
const SOON: TimeDelta = TimeDelta::seconds(10);

/// After so many events that could not be read one after the other, the rest of the guild is not asked for: most likely Discord
/// cannot be reached.
const FAILURES_IN_A_ROW: u32 = 3;

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

/// Ends an event and lets the agenda know.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn end(
    core: &Core,
    store: &Lease,
    event: &Event,
    reason: EndReason,
) -> Result<(), StorageError> {
    if store.events().end(event.id, reason, core.clock.now()).await? {
        tracing::info!(guild.id = %store.guild_id(), event.id = %event.id, ?reason, "an event is over");
    }
    core.sync_due(store).await
}
