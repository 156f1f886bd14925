//! Telling a guild's organisers what became of their events, in one message for all that happened, once.
//!
//! **Invariants**
//! - A message is written down before it is sent; while Discord knows its nonce it is sent again as it was, later the channel's
//!   history is searched for it first.
//! - It is never sent in a channel that it is about, and calls nobody but authors and organisers.
//! - Where it cannot be told it is put off ever longer, and given up after a week; `/event show` says it in any case.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;

use super::body::{AllowedMentions, MessageBody, Nonce};
use super::core::Core;
use super::failure::{EdgeError, chain};
use super::history::{self, Sighting};
use super::notice_board::{self, NoticeBoard};
use super::notice_words;
use super::routes;
use super::sender::{CallError, Fate, Urgency};
use super::wire::WireId;
use crate::clock::Timestamp;
use crate::domain::notice::{Cause, Notice, NoticeKind, Started};
use crate::ids::{ChannelId, GuildId, MessageId};
use crate::storage::{Lease, StorageError};

/// The wait after the first attempt that failed; it doubles up to [`LONGEST`].
const AGAIN: TimeDelta = TimeDelta::seconds(5);
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// The longest where Discord refuses it in every channel that was tried.
const LONGEST_REFUSED: TimeDelta = TimeDelta::hours(12);
/// What could not be told for so long is told only to those who ask.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::days(7);

/// Tells the organisers of a guild what they have to know, if the time has come.
///
/// # Errors
/// [`StorageError`] if it cannot be written down what became of it.
pub(super) async fn tell(core: &Core, store: &Lease) -> Result<(), StorageError> {
    let (guild, now) = (store.guild_id(), core.clock.now());
    let notices = store.notices().due(now).await?;
    if notices.is_empty() {
        return Ok(());
    }
    if notices.iter().all(|notice| now - notice.since > GIVEN_UP_AFTER) {
        tracing::warn!(guild.id = %guild, notices = notices.len(), "the organisers could not be told of their events for a week");
        return store.notices().told(&notices, now).await;
    }
    let mut doubtful = notices.first().and_then(|notice| notice.started);
    let told = attempt(core, store, &notices, &mut doubtful).await;
    let attempts = notices.iter().map(|notice| notice.attempts).max().unwrap_or_default();
    match told {
        Ok(Told::Said(channel)) => {
            tracing::info!(guild.id = %guild, channel.id = %channel, notices = notices.len(), "told the organisers of their events");
            store.notices().told(&notices, core.clock.now()).await?;
        }
        Ok(Told::Nowhere) => {
            tracing::warn!(
                guild.id = %guild, notices = notices.len(),
                "there is no channel in which to tell the organisers of their events; `/event list` shows them"
            );
            store.notices().told(&notices, core.clock.now()).await?;
        }
        Err(error) => {
            let again = core.clock.now() + wait(attempts, &error);
            let error = chain(&error);
            tracing::warn!(guild.id = %guild, error, "the organisers cannot be told of their events yet");
            store.notices().retry_at(&notices, doubtful, again).await?;
        }
    }
    Ok(())
}

/// How an attempt went.
enum Told {
    Said(ChannelId),
    Nowhere,
}

/// Says it where organisers read. `doubtful` is the message that Discord may have taken, before and after.
async fn attempt(
    core: &Core,
    store: &Lease,
    notices: &[Notice],
    doubtful: &mut Option<Started>,
) -> Result<Told, EdgeError> {
    let guild = store.guild_id();
    let broken = broken_channels(store, notices).await?;
    let mut boards = notice_board::list(core, guild, &broken).await?;
    let may_repeat = |message: &Started| {
        is_remembered(core, *message) && boards.iter().any(|board| board.channel == message.channel)
    };
    let known = doubtful.filter(may_repeat);
    // Elsewhere it would be said twice.
    boards.sort_by_key(|board| known.is_none_or(|message| message.channel != board.channel));
    if known.is_none()
        && let Some(channel) = sighting(core, guild, notices, doubtful).await?
    {
        return Ok(Told::Said(channel));
    }
    let mut refusal = None;
    for board in boards {
        let repeated = known.filter(|message| message.channel == board.channel);
        match say(core, store, notices, &board, repeated, doubtful).await {
            // It is a channel that looked as if Muster might write in it.
            Err(error) if is_about_channel(&error) => {
                // That says nothing of what was sent there before.
                if repeated.is_some()
                    && let Some(channel) = sighting(core, guild, notices, doubtful).await?
                {
                    return Ok(Told::Said(channel));
                }
                refusal = Some(error);
            }
            Err(EdgeError::Call(error)) if error.fate() == Fate::Never => {
                tracing::warn!(guild.id = %guild, %error, "Discord does not take a notice to organisers");
                return Ok(Told::Nowhere);
            }
            said => return said,
        }
    }
    refusal.map_or(Ok(Told::Nowhere), Err)
}

/// Looks for the message that Discord may have taken; returns where it stands. One that does not is not doubtful any more.
async fn sighting(
    core: &Core,
    guild: GuildId,
    notices: &[Notice],
    doubtful: &mut Option<Started>,
) -> Result<Option<ChannelId>, EdgeError> {
    let Some(message) = *doubtful else { return Ok(None) };
    let mark = notice_words::mark(guild, notices).unwrap_or_default();
    match history::find_text(core, guild, message.channel, message.at, &mark).await {
        Ok(Sighting::There) => return Ok(Some(message.channel)),
        Ok(Sighting::NotThere) => *doubtful = None,
        Err(error) if matches!(error.fate(), Fate::Later(_)) => return Err(error.into()),
        Ok(Sighting::Unknown) | Err(_) => {}
    }
    Ok(None)
}

/// Says it on a board: `repeated` as it was, since Discord knows its nonce.
async fn say(
    core: &Core,
    store: &Lease,
    notices: &[Notice],
    board: &NoticeBoard,
    repeated: Option<Started>,
    doubtful: &mut Option<Started>,
) -> Result<Told, EdgeError> {
    let (guild, now) = (store.guild_id(), core.clock.now());
    let is_repeat = repeated.is_none() && doubtful.is_some();
    let message = repeated.unwrap_or(Started { at: now, channel: board.channel });
    let roles = store.guild().settings().await?.organiser_roles;
    let members: HashSet<_> =
        store.members().list().await?.into_iter().map(|member| member.user_id).collect();
    let is_member = |user| core.link.is_degraded() || members.contains(&user);
    let (mentions, users, roles) = notice_words::called(notices, is_member, &roles);
    let body = MessageBody {
        content: notice_words::content(guild, &mentions, notices, is_repeat),
        allowed_mentions: AllowedMentions::users_and_roles(&users, &roles),
        nonce: Some(nonce(guild, message.at)),
        ..MessageBody::default()
    };
    store.notices().begin_message(notices, message, now + AGAIN).await?;
    let call = routes::send_message(board.channel, &body).with_urgency(Urgency::Background);
    match core.sender.ask::<WireId<MessageId>>(call).await {
        // Taken, whatever it says about it; or taken, and deleted since.
        Ok(_) | Err(CallError::Unreadable(_)) => Ok(Told::Said(board.channel)),
        Err(error) if error.fate() == Fate::NoMessage => Ok(Told::Said(board.channel)),
        Err(error) => {
            // A refusal says nothing of what was sent before.
            if error.may_have_been_done() {
                *doubtful = Some(message);
            }
            Err(error.into())
        }
    }
}

/// The channels that the notices are about, and all others in which something is held up.
async fn broken_channels(store: &Lease, notices: &[Notice]) -> Result<HashSet<ChannelId>, StorageError> {
    let mut broken = HashSet::new();
    for notice in notices {
        let is_broken = match notice.kind {
            NoticeKind::HeldUp(cause) => cause.concerns_channel(),
            NoticeKind::Undelivered => true,
            NoticeKind::Over(_) => false,
        };
        if is_broken {
            broken.insert(notice.event.channel_id);
        }
    }
    for event in store.events().list_suspended().await? {
        let cause = store.notices().cause_of(event.id).await?;
        if cause.is_none_or(Cause::concerns_channel) {
            broken.insert(event.channel_id);
        }
    }
    Ok(broken)
}

fn is_about_channel(error: &EdgeError) -> bool {
    matches!(error.fate(), Fate::Forbidden | Fate::NoChannel)
}

/// Whether Discord surely remembers the nonce of a message.
fn is_remembered(core: &Core, message: Started) -> bool {
    let window = TimeDelta::from_std(core.config.reminders.nonce_window).unwrap_or(TimeDelta::MAX);
    let age = core.clock.now() - message.at;
    // A clock that was set back says nothing about how much time has passed.
    TimeDelta::zero() <= age && age < window
}

/// Other than that of a notice about a store, so that neither is taken for the other.
fn nonce(guild: GuildId, at: Timestamp) -> Nonce {
    let at = at.timestamp_millis().rem_euclid(1 << 32);
    Nonce::new(format!("{:x}.{at:x}", guild.get()))
}

/// Twice as long after each attempt, never sooner than Discord asks.
fn wait(attempts: u32, error: &EdgeError) -> TimeDelta {
    let asked = match error.fate() {
        Fate::Later(asked) => asked.unwrap_or(Duration::ZERO),
        _ => Duration::ZERO,
    };
    let longest = if is_about_channel(error) { LONGEST_REFUSED } else { LONGEST };
    let doubled = AGAIN.checked_mul(1 << attempts.min(14)).unwrap_or(longest).min(longest);
    doubled.max(TimeDelta::from_std(asked).unwrap_or(LONGEST).min(TimeDelta::days(1)))
}
