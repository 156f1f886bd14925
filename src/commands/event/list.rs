//! `/event list`: the events that run here, page by page.

use serenity::all::{ButtonStyle, CreateActionRow, CreateButton};

use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::reply::{Reply, ReplyKind};
use crate::commands::rights;
use crate::commands::standing::{self, Standing};
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::{Event, State};
use crate::domain::text;
use crate::ids::GuildId;
use crate::storage::Lease;

/// Events on a page; each takes at most 450 characters of the 4,096 that a page holds.
const PER_PAGE: usize = 8;

/// Events looked at. A guild with more has a housekeeping problem that no list would solve.
const LISTED_MAX: usize = 1_000;

/// Shows the first page.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    render(call, 0).await
}

/// Shows another page, in place of the one whose button was pressed.
pub(in crate::commands) async fn page(call: Call<'_>, page: u16) -> Result<Reply, CommandError> {
    Ok(Reply { kind: ReplyKind::Update, ..render(call, page).await? })
}

async fn render(call: Call<'_>, page: u16) -> Result<Reply, CommandError> {
    let Some(store) = call.store().await? else { return Ok(nothing()) };
    let events = rights::visible(call, store.events().list_live(LISTED_MAX, 0).await?).await?;
    let pages: Vec<&[Event]> = events.chunks(PER_PAGE).collect();
    // Events may have ended since the button was made: then the last page stands for those that are gone.
    let index = usize::from(page).min(pages.len().saturating_sub(1));
    let Some(shown) = pages.get(index) else { return Ok(nothing()) };
    let mut entries = Vec::with_capacity(shown.len());
    for event in *shown {
        entries.push(entry(call, &store, event).await);
    }
    let title = match pages.len() {
        1 => text::count(events.len(), "event", "events"),
        count => format!("{} events, page {} of {count}", events.len(), index + 1),
    };
    let reply = Reply::page(&title, &entries.join("\n"));
    Ok(Reply { rows: buttons(call.guild(), index, pages.len()), ..reply })
}

fn nothing() -> Reply {
    Reply::text(
        "No event runs here. `/event create` posts one; `/event watch` takes a message that is already there.",
    )
}

/// One event in two lines. An audience that cannot be looked up now is left out rather than spoiling the list.
async fn entry(call: Call<'_>, store: &Lease, event: &Event) -> String {
    let numbers = match Standing::of(call, store, event).await {
        Ok(standing) => format!("{} of {} answered · ", standing.turnout.responded, standing.turnout.total()),
        Err(_) => String::new(),
    };
    let heading = standing::heading(event, call.guild());
    format!("{heading} in <#{}>\n{numbers}{}", event.channel_id, state(event))
}

fn state(event: &Event) -> String {
    match (&event.state, event.next_due_at) {
        (State::Active, Some(due)) => format!("next reminder {}", text::relative_time(due)),
        (State::Active, None) => "running".to_owned(),
        (State::Paused, _) => "paused".to_owned(),
        (State::Suspended(_), _) => "held up, see `/event show`".to_owned(),
        (State::Ended(_), _) => "over".to_owned(),
    }
}

/// Buttons to the pages before and after, where there are any.
fn buttons(guild: GuildId, index: usize, pages: usize) -> Vec<CreateActionRow> {
    let button = |to: Option<usize>, label: &str| {
        let page = u16::try_from(to.unwrap_or(index)).unwrap_or(u16::MAX);
        let id = CustomId { guild, action: Action::ListPage { page } };
        CreateButton::new(id.to_string()).label(label).style(ButtonStyle::Secondary)
    };
    let before = index.checked_sub(1).map(|page| button(Some(page), "◀ Newer"));
    let after = (index + 1 < pages).then(|| button(Some(index + 1), "Older ▶"));
    let buttons: Vec<_> = before.into_iter().chain(after).collect();
    if buttons.is_empty() { Vec::new() } else { vec![CreateActionRow::Buttons(buttons)] }
}
