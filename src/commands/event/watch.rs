//! `/event watch` and the message command "Watch for answers": a message that is already there becomes an event.

use serenity::all::CommandData;
use serenity_commands::SubCommand;

use crate::app::{ChannelInfo, MessageInfo};
use crate::commands::call::Call;
use crate::commands::error::{self, CommandError};
use crate::commands::place::{self, Purpose};
use crate::commands::reply::Reply;
use crate::commands::rights;
use crate::commands::standing::{self, Standing};
use crate::domain::choice::Choices;
use crate::domain::event::{self, Event, Origin};
use crate::domain::message_link::{self, MessageRef, MessageRefError};
use crate::domain::settings::GuildSettings;
use crate::ids::{ChannelId, MessageId};
use crate::storage::{Lease, NewEvent, Watched};

/// The options of `/event watch`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Watch {
    /// The link of the message, or its id if it is in this channel.
    #[command(builder(max_length(200)))]
    message: String,

    /// How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
    #[command(builder(max_length(60)))]
    interval: Option<String>,

    /// The emoji that count as an answer, with spaces between them; ✅ ❌ ❓ unless you choose others.
    #[command(builder(max_length(1500)))]
    reactions: Option<String>,

    /// What to call it; without one, the first line of the message.
    #[command(builder(max_length(100)))]
    title: Option<String>,
}

/// The message to watch, and what was wished for it.
struct Wish {
    channel: ChannelId,
    message: MessageId,
    /// The text of the message where Discord showed it to the command.
    content: Option<String>,
    interval: Option<String>,
    choices: Option<Choices>,
    title: Option<String>,
}

impl Watch {
    /// Watches the message that was named.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let choices = self.reactions.as_deref().map(Choices::parse).transpose()?;
        let (channel, message) = match message_link::parse(&self.message)? {
            MessageRef::Here(message) => (call.invocation.channel, message),
            MessageRef::Link { guild, channel, message } if guild == call.guild() => (channel, message),
            MessageRef::Link { .. } => return Err(CommandError::OtherGuild),
        };
        let title = self.title.as_deref().map(event::title).transpose()?;
        watch(call, Wish { channel, message, content: None, interval: self.interval, choices, title }).await
    }
}

/// Watches the message whose menu the member opened.
pub(in crate::commands) async fn watch_target(
    call: Call<'_>,
    data: &CommandData,
) -> Result<Reply, CommandError> {
    let target = data.target_id.ok_or(MessageRefError::Unreadable)?.to_message_id();
    let content = data.resolved.messages.get(&target).map(|message| message.content.clone());
    let (channel, message) = (call.invocation.channel, MessageId::new(target.get()));
    watch(call, Wish { channel, message, content, interval: None, choices: None, title: None }).await
}

async fn watch(call: Call<'_>, wish: Wish) -> Result<Reply, CommandError> {
    let settings = rights::settings(call).await?;
    rights::require_start(call, &settings)?;
    call.require_room()?;
    call.interval(wish.interval.as_deref(), &settings)?;
    let place = place::require(call, wish.channel, Purpose::Watch).await?;
    let message = call.discord().message(wish.channel, wish.message).await?;
    let message = message.ok_or(CommandError::NoSuchMessage(wish.channel))?;
    let store = call.store_or_create().await?;
    let known = store.events().find_by_message(wish.message).await?;
    let title = wish.title.clone().unwrap_or_else(|| title(&wish, &message, &place));
    let new = new_event(call, &wish, title, known.as_ref(), &settings)?;
    // What Muster posted has buttons.
    if known.as_ref().is_none_or(|event| event.origin == Origin::Watched) {
        let emoji: Vec<_> = new.choices.iter().map(|choice| choice.emoji.clone()).collect();
        call.discord().set_reactions(wish.channel, wish.message, &emoji).await?;
    }
    call.app.expect_due(call.guild(), new.next_due_at).await?;
    let mut watched = store.events().watch(&new, call.now()).await?;
    if let (Watched::Again(event), Some(title)) = (&mut watched, wish.title)
        && store.events().retitle(event.id, &title, None, call.now()).await?
    {
        event.title = title;
    }
    call.app.sync_due(&store).await;
    confirm(call, &store, &message, watched).await
}

/// What the message becomes. Of one that is known already only that changes which was typed: interval, reactions and title.
fn new_event(
    call: Call<'_>,
    wish: &Wish,
    title: String,
    known: Option<&Event>,
    settings: &GuildSettings,
) -> Result<NewEvent, CommandError> {
    let interval = match known {
        Some(event) if wish.interval.is_none() => event.interval,
        _ => call.interval(wish.interval.as_deref(), settings)?,
    };
    let choices = wish.choices.clone().or_else(|| known.map(|event| event.choices.clone()));
    Ok(NewEvent {
        channel_id: wish.channel,
        message_id: Some(wish.message),
        origin: Origin::Watched,
        title,
        description: String::new(),
        interval,
        next_due_at: call.now() + interval.as_delta(),
        choices: choices.unwrap_or_default(),
        role: None,
        author_id: call.invoker().user_id,
    })
}

/// The first line of the message, or the title of its embed where it has no text, or else whose it is and where.
fn title(wish: &Wish, message: &MessageInfo, place: &ChannelInfo) -> String {
    let texts = [wish.content.as_deref(), Some(&message.content), message.embed_title.as_deref()];
    let title = texts.into_iter().flatten().find_map(event::title_of_message);
    title.unwrap_or_else(|| event::title_without_text(&message.author_name, &place.name))
}

/// Reads what was answered already, and says how the event stands.
async fn confirm(
    call: Call<'_>,
    store: &Lease,
    message: &MessageInfo,
    watched: Watched,
) -> Result<Reply, CommandError> {
    let (event, said) = match watched {
        Watched::New(event) => (event, "I am watching"),
        Watched::Again(event) => (event, "I go on watching"),
    };
    let members = error::went_well(call, &call.discord().sync_members(store).await);
    let answers = error::went_well(call, &call.discord().reconcile(store, &event).await);
    call.discord().event_changed(call.guild(), event.id);
    let mut lines = vec![format!("{said} {}.", standing::heading(&event, call.guild()))];
    lines.push(match Standing::of(call, store, &event).await {
        Ok(standing) => standing.numbers(),
        Err(_) => standing::NOT_COUNTED.to_owned(),
    });
    lines.push(standing::next_reminder(&event));
    lines.push(format!("Answers that count: {}", standing::choices(&event.choices)));
    lines.extend(standing::what_is_unknown(call, members && answers));
    lines.extend(others(message, &event));
    Ok(Reply::lines(&lines))
}

/// Says which reactions on the message do not count.
fn others(message: &MessageInfo, event: &Event) -> Option<String> {
    let counts = |emoji| event.choices.find(emoji).is_some();
    let others: Vec<_> =
        message.reactions.iter().filter(|emoji| !counts(emoji)).map(ToString::to_string).collect();
    if others.is_empty() {
        return None;
    }
    let (count, them) = if others.len() == 1 { ("does not count", "it") } else { ("do not count", "them") };
    let others = others.join(" ");
    Some(format!(
        "The message also carries {others}, which {count}; name {them} in `reactions` of `/event watch` to change that."
    ))
}
