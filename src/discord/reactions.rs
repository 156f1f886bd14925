//! Answers given by reaction to one event: each change by gateway, and all of them by request after changes were missed.
//!
//! [`answers`](super::answers) reads those of a whole guild.

use super::audience;
use super::catch_up::Reading;
use super::core::Core;
use super::event_message;
use super::failure::EdgeError;
use super::members;
use super::routes::{self, REACTIONS_PAGE, ReactionKind};
use super::sender::Urgency;
use super::wire::{WireEmbed, WireMessage, WireReactions, WireUser};
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::domain::event::{EndReason, Event, Origin};
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
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

/// Makes the store say what stands under the message that was `found` since the `reading` began; as [`reconcile`].
///
/// # Errors
/// [`EdgeError`]; the answers are then as they were.
pub(super) async fn take_over(
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
