//! What a person sees after they have done something.

use std::time::Duration;

use super::component::{Button, Select};
use super::{ActionError, Message, Modal, Shared, wait};
use crate::snowflake::Snowflake;
use crate::world::{Acknowledged, Interaction, World, flags};

/// How long a person watches a bot think before the test gives up.
const PATIENCE: Duration = Duration::from_secs(15);

/// The bot's answer to one interaction.
#[derive(Clone)]
pub struct Reply {
    pub(super) inner: Shared,
    pub(super) token: String,
    message: Option<Message>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Reply")
            .field("text", &self.text())
            .field("is_ephemeral", &self.is_ephemeral())
            .finish()
    }
}

/// What became of an interaction so far.
enum Stage {
    Unanswered,
    Thinking,
    Answered,
}

fn stage(world: &World, token: &str) -> Stage {
    let Some(interaction) = world.interactions.get(token) else { return Stage::Unanswered };
    match &interaction.acknowledged {
        None => Stage::Unanswered,
        Some(Acknowledged::DeferredMessage) if is_loading(world, interaction) => Stage::Thinking,
        Some(_) => Stage::Answered,
    }
}

fn is_loading(world: &World, interaction: &Interaction) -> bool {
    let original = interaction.original.and_then(|id| world.message(interaction.channel, id));
    original.is_some_and(|message| message.flags & flags::LOADING != 0)
}

/// Waits until the interaction is answered, as long as a person's client would.
pub(super) async fn answered(inner: &Shared, token: String) -> Result<Reply, ActionError> {
    let first = inner.options.interaction_deadline;
    let begun = wait::within(inner, first, || match stage(&inner.world(), &token) {
        Stage::Unanswered => None,
        Stage::Thinking | Stage::Answered => Some(()),
    });
    begun.await.ok_or(ActionError::DidNotRespond)?;
    let finished = wait::within(inner, PATIENCE, || match stage(&inner.world(), &token) {
        Stage::Answered => Some(()),
        Stage::Unanswered | Stage::Thinking => None,
    });
    finished.await.ok_or(ActionError::StillThinking)?;
    let message = shown(inner, &token);
    Ok(Reply { inner: Shared::clone(inner), token, message })
}

/// The message that the answer made or changed.
fn shown(inner: &Shared, token: &str) -> Option<Message> {
    let world = inner.world();
    let interaction = world.interactions.get(token)?;
    let message = world.message(interaction.channel, interaction.original?)?;
    Some(Message::new(inner, message.clone()))
}

impl Reply {
    fn read<T>(&self, read: impl FnOnce(&Interaction) -> T) -> Option<T> {
        self.inner.world().interactions.get(&self.token).map(read)
    }

    /// The message that answers, or the one that was changed under the person's hand; `None` for a form.
    #[must_use]
    pub fn message(&self) -> Option<Message> {
        self.message.clone()
    }

    /// What can be read on it; of a form, its title and labels; empty where nothing came.
    #[must_use]
    pub fn text(&self) -> String {
        match (&self.message, self.modal()) {
            (Some(message), _) => message.text(),
            (None, Some(modal)) => modal.text(),
            (None, None) => String::new(),
        }
    }

    /// The message as it stands on the screen; see [`Message::screen`].
    #[must_use]
    pub fn screen(&self) -> String {
        self.message.as_ref().map_or_else(|| self.text(), Message::screen)
    }

    /// Whether only the person sees it.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.message.as_ref().is_some_and(Message::is_ephemeral)
    }

    /// Whether the bot changed, or said that it will change, the message with the button instead of answering anew.
    #[must_use]
    pub fn is_update(&self) -> bool {
        let is_update = |one: &Interaction| {
            matches!(one.acknowledged, Some(Acknowledged::Update | Acknowledged::DeferredUpdate))
        };
        self.read(is_update).unwrap_or(false)
    }

    /// The form that opened.
    #[must_use]
    pub fn modal(&self) -> Option<Modal> {
        let (data, channel, message) = self.read(|one| match &one.acknowledged {
            Some(Acknowledged::Modal(data)) => Some((data.clone(), one.channel, one.cause.message)),
            _ => None,
        })??;
        Some(Modal { data, channel, message, opened_by: self.token.clone() })
    }

    /// The buttons on the message.
    #[must_use]
    pub fn buttons(&self) -> Vec<Button> {
        self.message.as_ref().map(Message::buttons).unwrap_or_default()
    }

    /// The selects on the message.
    #[must_use]
    pub fn selects(&self) -> Vec<Select> {
        self.message.as_ref().map(Message::selects).unwrap_or_default()
    }

    /// The names and bytes of the files that came with it.
    #[must_use]
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.message.as_ref().map(Message::files).unwrap_or_default()
    }

    /// Whom the answer pinged by name.
    #[must_use]
    pub fn pings(&self) -> Vec<Snowflake> {
        self.message.as_ref().map(Message::pings).unwrap_or_default()
    }

    /// What the bot said after its answer, so far.
    #[must_use]
    pub fn follow_ups(&self) -> Vec<Message> {
        let world = self.inner.world();
        let Some(interaction) = world.interactions.get(&self.token) else { return Vec::new() };
        let messages = interaction.follow_ups.iter().filter_map(|id| world.message(interaction.channel, *id));
        messages.map(|message| Message::new(&self.inner, message.clone())).collect()
    }

    /// Waits for the first follow-up.
    ///
    /// # Panics
    ///
    /// When there is none by the deadline.
    pub async fn follow_up(&self) -> Message {
        let found = wait::until(&self.inner, || self.follow_ups().into_iter().next()).await;
        found.expect("no follow-up came")
    }

    /// Waits until the bot has edited its answer, or the message with the button, after acknowledging.
    ///
    /// # Panics
    ///
    /// When it has not by the deadline.
    pub async fn edited(&self) -> Message {
        let is_edited = || self.read(|one| one.edits > 0).unwrap_or(false).then_some(());
        let found = wait::until(&self.inner, is_edited).await;
        assert!(found.is_some(), "the answer was not edited; it says {:?}", self.text());
        shown(&self.inner, &self.token).expect("what was edited is there")
    }
}
