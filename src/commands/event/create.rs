//! `/event create`: Muster posts an event, with a button for each answer.

use serenity::all::{ChannelId as DiscordChannelId, ChannelType, RoleId as DiscordRoleId};
use serenity_commands::SubCommand;

use crate::app::DiscordError;
use crate::commands::call::Call;
use crate::commands::error::{self, CommandError};
use crate::commands::place::{self, Purpose};
use crate::commands::reply::Reply;
use crate::commands::rights;
use crate::commands::standing;
use crate::domain::choice::Choices;
use crate::domain::event::{self, Event, Origin};
use crate::ids::{ChannelId, RoleId};
use crate::storage::{Lease, NewEvent};

/// The options of `/event create`.
#[derive(Debug, SubCommand)]
pub(in crate::commands) struct Create {
    /// What you ask people for, in a few words.
    #[command(builder(max_length(100)))]
    title: String,

    /// More about it: where, when, what to bring.
    #[command(builder(max_length(2000)))]
    description: Option<String>,

    /// How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
    #[command(builder(max_length(60)))]
    interval: Option<String>,

    /// Where to post it; without one, here.
    #[command(builder(channel_types(channel_types())))]
    channel: Option<DiscordChannelId>,

    /// Ask only members with this role; without one, all who can see the channel.
    role: Option<DiscordRoleId>,
}

fn channel_types() -> Vec<ChannelType> {
    vec![
        ChannelType::Text,
        ChannelType::News,
        ChannelType::PublicThread,
        ChannelType::PrivateThread,
        ChannelType::NewsThread,
    ]
}

impl Create {
    /// Checks everything, writes a draft, posts it, and makes the draft an event.
    pub(super) async fn run(self, call: Call<'_>) -> Result<Reply, CommandError> {
        let settings = rights::settings(call).await?;
        rights::require_start(call, &settings)?;
        call.require_room()?;
        let interval = call.interval(self.interval.as_deref(), &settings)?;
        let channel_id = self.channel.map_or(call.invocation.channel, |id| ChannelId::new(id.get()));
        let role = self.role.map(|id| RoleId::new(id.get()));
        let new = NewEvent {
            channel_id,
            message_id: None,
            origin: Origin::Posted,
            title: event::title(&self.title)?,
            description: event::description(self.description.as_deref().unwrap_or_default())?,
            interval,
            next_due_at: call.now() + interval.as_delta(),
            choices: Choices::default(),
            // Everybody has the role `@everyone`: naming it narrows nothing.
            role: role.filter(|role| *role != call.guild().everyone_role()),
            author_id: call.invoker().user_id,
        };
        place::require(call, channel_id, Purpose::Post).await?;
        if let Some(role) = new.role
            && !call.discord().has_role(call.guild(), role).await?
        {
            return Err(CommandError::NoSuchRole);
        }
        let store = call.store_or_create().await?;
        // The message shows how many are asked; without the list it still can be posted.
        let members = error::went_well(call, &call.discord().sync_members(&store).await);
        let event = post(call, &store, &new).await?;
        let mut lines =
            vec![format!("{} is posted in <#{channel_id}>.", standing::heading(&event, call.guild()))];
        lines.push(standing::asked(call, &store, &event).await);
        lines.push(standing::next_reminder(&event));
        lines.extend(standing::what_is_unknown(call, members));
        Ok(Reply::lines(&lines))
    }
}

/// Writes the draft, posts it, and attaches the message. A draft that could not be posted is deleted again; one that may
/// have been posted is left to the edge.
async fn post(call: Call<'_>, store: &Lease, new: &NewEvent) -> Result<Event, CommandError> {
    call.app.expect_due(call.guild(), new.next_due_at).await?;
    let events = store.events();
    let id = events.insert_draft(new, call.now()).await?;
    let draft = events.find(id).await?.ok_or(CommandError::NoSuchEvent)?;
    match call.discord().post_event(call.guild(), &draft).await {
        Ok(message) => {
            events.attach_message(id, message, call.now()).await?;
        }
        Err(error) => {
            if !matches!(error, DiscordError::Unconfirmed(_)) {
                events.delete_draft(id).await?;
            }
            call.app.sync_due(store).await;
            return Err(error.into());
        }
    }
    call.app.sync_due(store).await;
    call.discord().event_changed(call.guild(), id);
    events.find(id).await?.ok_or(CommandError::NoSuchEvent)
}
