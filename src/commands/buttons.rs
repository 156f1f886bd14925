//! The buttons on Muster's messages: they carry all they need, so they work after a restart and years later.

use chrono::TimeDelta;

use super::call::{Call, Press, SeenBy};
use super::error::CommandError;
use super::event;
use super::people::mentions;
use super::reply::{CONTENT_MAX, Reply};
use super::rights;
use super::standing::{self, Standing};
use crate::clock::Timestamp;
use crate::domain::custom_id::{Action, CustomId, UnknownCustomId};
use crate::domain::event::{Event, EventId, State};
use crate::domain::reminder::ReminderId;
use crate::domain::text;
use crate::ids::MessageId;
use crate::storage::Lease;

/// How far Discord's clock may be behind ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::seconds(60);

/// Does what a button says, once it is certain that it belongs to this guild.
pub(super) async fn press(call: Call<'_>, press: Press<'_>) -> Result<Reply, CommandError> {
    let id: CustomId = press.custom_id.parse()?;
    if id.guild != call.guild() {
        return Err(UnknownCustomId.into());
    }
    match id.action {
        Action::Answer { event, choice } => answer(call, press.message, event, choice).await,
        Action::Missing { reminder, part } => missing(call, press.message, reminder, part).await,
        // A page takes the place of the one before it; lists are shown to one member each.
        Action::ListPage { page } if press.seen_by == SeenBy::Presser => event::page(call, page).await,
        Action::ListPage { .. } | Action::DeleteGuild => Err(UnknownCustomId.into()),
    }
}

/// Notes the member's answer in place of an earlier one.
async fn answer(
    call: Call<'_>,
    message: MessageId,
    event: EventId,
    choice: u8,
) -> Result<Reply, CommandError> {
    let store = call.store().await?.ok_or(UnknownCustomId)?;
    let event = event_under(call, &store, event).await?;
    // Without a message the event is being posted this very moment, and this is its message, unless it was there before.
    if event.message_id.map_or_else(|| is_older(message, event.created_at), |own| own != message) {
        return Err(UnknownCustomId.into());
    }
    if let State::Ended(reason) = event.state {
        return Err(CommandError::Over { title: text::escape(&event.title), reason });
    }
    let choice = event.choices.get(usize::from(choice)).ok_or(UnknownCustomId)?;
    let user = call.invoker().user_id;
    if store.responses().set_button(event.id, user, &choice.emoji, call.now()).await? {
        call.discord().event_changed(call.guild(), event.id);
    }
    Ok(Reply::text(format!(
        "You answered {}.{}{}",
        standing::choice(choice),
        change(&event),
        uncounted(call, &event)
    )))
}

/// How to answer otherwise, where there is another answer.
fn change(event: &Event) -> &'static str {
    if event.choices.iter().count() > 1 { " If you change your mind, press another button." } else { "" }
}

/// A word to those who answered though only others are asked.
fn uncounted(call: Call<'_>, event: &Event) -> String {
    match event.role {
        Some(role) if !call.invoker().roles.contains(&role) => {
            format!(" Only members with <@&{role}> are asked here, so you are shown but not counted.")
        }
        _ => String::new(),
    }
}

/// Shows who has not answered the event of a reminder.
async fn missing(
    call: Call<'_>,
    message: MessageId,
    reminder: ReminderId,
    part: u16,
) -> Result<Reply, CommandError> {
    let store = call.store().await?.ok_or(UnknownCustomId)?;
    let reminder = store.reminders().find(reminder).await?.ok_or(UnknownCustomId)?;
    // A part that is not noted yet was sent this very moment, and this is its message, unless it was there before.
    let own = reminder.message_ids.get(usize::from(part)).copied().flatten();
    if own.map_or_else(|| is_older(message, reminder.claimed_at), |own| own != message) {
        return Err(UnknownCustomId.into());
    }
    let event = event_under(call, &store, reminder.event_id).await?;
    if let State::Ended(reason) = event.state {
        return Err(CommandError::Over { title: text::escape(&event.title), reason });
    }
    let standing = Standing::of(call, &store, &event).await?;
    let said = format!("{}\n{}", standing::heading(&event, call.guild()), standing.numbers());
    let room = CONTENT_MAX.saturating_sub(said.chars().count() + 1);
    Ok(Reply::text(format!("{said}\n{}", mentions(&standing.turnout.non_responders, room))))
}

/// Whether a message was sent before this instant: after a deletion or a restore its button may carry a number that stands for
/// something else by now.
fn is_older(message: MessageId, than: Timestamp) -> bool {
    message.created_at() + CLOCKS_DIFFER < than
}

/// The event of a button, if the button stands in its channel and the member may see it.
async fn event_under(call: Call<'_>, store: &Lease, event: EventId) -> Result<Event, CommandError> {
    let event = store.events().find(event).await?.ok_or(UnknownCustomId)?;
    if event.channel_id != call.invocation.channel || !rights::may_see(call, &event).await? {
        return Err(UnknownCustomId.into());
    }
    Ok(event)
}
