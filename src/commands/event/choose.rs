//! Which event a member means: a suggestion, a link, an id, or its title typed out.

use std::collections::HashMap;

use serenity::all::{AutocompleteChoice, CommandDataOptionValue, CommandOptionType, CreateCommandOption};
use serenity_commands::BasicOption;

use crate::commands::call::Call;
use crate::commands::error::CommandError;
use crate::commands::rights;
use crate::domain::event::{Event, EventId, State};
use crate::domain::message_link::{self, MessageRef};
use crate::domain::text;
use crate::storage::Lease;

/// Suggestions that Discord shows at most.
const SUGGESTIONS_MAX: usize = 25;

/// Events looked at for suggestions; more than are shown, because some may be hidden from the member.
const SEARCHED_MAX: usize = 100;

/// The option by which a member names an event. A suggestion carries the event's number.
#[derive(Debug, Clone)]
pub(super) struct EventChoice(String);

impl BasicOption for EventChoice {
    type Partial = String;

    fn create_option(name: impl Into<String>, description: impl Into<String>) -> CreateCommandOption {
        CreateCommandOption::new(CommandOptionType::String, name, description)
            .required(true)
            .set_autocomplete(true)
            .max_length(200)
    }

    fn from_value(value: Option<&CommandDataOptionValue>) -> serenity_commands::Result<Self> {
        String::from_value(value).map(Self)
    }
}

/// An event that was named and that the member may see, with its store.
pub(super) struct Chosen {
    /// The guild's store.
    pub(super) store: Lease,
    /// The event as it was found.
    pub(super) event: Event,
}

impl EventChoice {
    /// Finds the event that is meant, whatever its state.
    ///
    /// # Errors
    /// [`CommandError::NoSuchEvent`] also for an event that the member may not see.
    pub(super) async fn find(&self, call: Call<'_>) -> Result<Chosen, CommandError> {
        let store = call.existing_store().await?;
        let event = match named(call, &store, &self.0).await? {
            Some(event) if rights::may_see(call, &event).await? => event,
            Some(_) => return Err(CommandError::NoSuchEvent),
            None => titled(call, &store, &self.0).await?,
        };
        Ok(Chosen { store, event })
    }

    /// Finds the event that is meant for somebody who is going to change it.
    ///
    /// # Errors
    /// As [`EventChoice::find`]; [`CommandError::MayNotManage`]; [`CommandError::Over`].
    pub(super) async fn find_to_manage(&self, call: Call<'_>) -> Result<Chosen, CommandError> {
        let chosen = self.find(call).await?;
        rights::require_manage(call, &chosen.store, &chosen.event).await?;
        if let State::Ended(reason) = chosen.event.state {
            return Err(CommandError::Over { title: text::escape(&chosen.event.title), reason });
        }
        Ok(chosen)
    }
}

impl Chosen {
    /// Settles what a change of the event means for the agenda and for its message; returns the event as it is now.
    pub(super) async fn settle(self, call: Call<'_>) -> Result<Event, CommandError> {
        call.app.sync_due(&self.store).await;
        call.discord().event_changed(call.guild(), self.event.id);
        self.store.events().find(self.event.id).await?.ok_or(CommandError::NoSuchEvent)
    }
}

/// The event with this number, or of the message with this id or link; `None` if the text means neither.
async fn named(call: Call<'_>, store: &Lease, typed: &str) -> Result<Option<Event>, CommandError> {
    if let Ok(number) = typed.trim().parse()
        && let Some(event) = store.events().find(EventId(number)).await?
    {
        return Ok(Some(event));
    }
    match message_link::parse(typed) {
        // A number may also be a title, such as a year.
        Ok(MessageRef::Here(message)) => Ok(store.events().find_by_message(message).await?),
        Ok(MessageRef::Link { guild, message, .. }) if guild == call.guild() => {
            let event = store.events().find_by_message(message).await?;
            event.map(Some).ok_or(CommandError::NoSuchEvent)
        }
        Ok(MessageRef::Link { .. }) => Err(CommandError::OtherGuild),
        Err(_) => Ok(None),
    }
}

/// The one event with this title, or else the one whose title holds this text.
async fn titled(call: Call<'_>, store: &Lease, typed: &str) -> Result<Event, CommandError> {
    let needle = text::one_line(typed);
    if needle.is_empty() {
        return Err(CommandError::NoSuchEvent);
    }
    let found = store.events().search_live(&needle, SEARCHED_MAX).await?;
    let mut found = rights::visible(call, found).await?;
    let wanted = needle.to_lowercase();
    if found.iter().filter(|event| event.title.to_lowercase() == wanted).count() == 1 {
        found.retain(|event| event.title.to_lowercase() == wanted);
    }
    let event = found.pop().ok_or(CommandError::NoSuchEvent)?;
    if found.is_empty() { Ok(event) } else { Err(CommandError::Ambiguous) }
}

/// Suggests events of this guild whose titles hold what was typed so far, newest first.
pub(in crate::commands) async fn suggest(
    call: Call<'_>,
    typed: &str,
) -> Result<Vec<AutocompleteChoice>, CommandError> {
    let Some(store) = call.store().await? else { return Ok(Vec::new()) };
    let found = store.events().search_live(&text::one_line(typed), SEARCHED_MAX).await?;
    let mut events = rights::visible(call, found).await?;
    events.truncate(SUGGESTIONS_MAX);
    let mut alike: HashMap<String, usize> = HashMap::new();
    for event in &events {
        *alike.entry(event.title.clone()).or_default() += 1;
    }
    let unique = |event: &Event| alike.get(&event.title).is_none_or(|count| *count == 1);
    Ok(events
        .iter()
        .map(|event| AutocompleteChoice::new(label(event, unique(event)), event.id.to_string()))
        .collect())
}

/// What a suggestion shows, at most 100 characters; the number of the event where the title alone could mislead.
fn label(event: &Event, unique: bool) -> String {
    let number = if unique { String::new() } else { format!(" · no. {}", event.id) };
    let paused = if event.state == State::Paused { " · paused" } else { "" };
    let after = format!("{number}{paused}");
    format!("{}{after}", text::shorten(&event.title, 100 - after.chars().count()))
}
