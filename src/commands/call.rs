//! One use of a command, a button or a form: who asks, where, and the handles to act with.

use crate::app::{App, Discord, MembersMode};
use crate::clock::Timestamp;
use crate::commands::CommandError;
use crate::domain::audience::Member;
use crate::domain::interval::Interval;
use crate::domain::permissions::Permissions;
use crate::domain::settings::GuildSettings;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::storage::Lease;

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The guild; commands exist only in guilds.
    pub guild: GuildId,
    /// The channel in which it was asked.
    pub channel: ChannelId,
    /// Who asks.
    pub invoker: Invoker,
    /// How many bytes a file may have that is sent in answer.
    pub attachment_max: u64,
}

/// The member who asks.
#[derive(Debug, Clone)]
pub struct Invoker {
    /// The account.
    pub user_id: UserId,
    /// What the guild calls the member.
    pub name: String,
    /// The member's roles, without `@everyone`.
    pub roles: Vec<RoleId>,
    /// What the member may do in the channel, as Discord computed it.
    pub permissions: Permissions,
    /// The language of the member's client, such as `en-GB`.
    pub locale: String,
}

/// A button that somebody pressed.
#[derive(Debug, Clone, Copy)]
pub struct Press<'a> {
    /// What the button carries; not to be trusted.
    pub custom_id: &'a str,
    /// The message on which it stands.
    pub message: MessageId,
    /// Who sees that message.
    pub seen_by: SeenBy,
}

/// A form that somebody submitted.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// What the form carries; not to be trusted.
    pub custom_id: &'a str,
    /// What was typed into its fields, by the name of the field; not to be trusted either.
    pub fields: &'a [(String, String)],
}

impl<'a> Submission<'a> {
    /// What was typed into a field; nothing where there is no such field.
    pub(super) fn field(self, name: &str) -> &'a str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, typed)| typed)
    }
}

/// Who sees the message of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// Only whoever pressed it.
    Presser,
    /// Everyone in the channel.
    Everyone,
}

/// What every handler is given: the handles of the app, and who asks.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// The handles.
    pub(super) app: &'a App,
    /// Who asks, and where.
    pub(super) invocation: &'a Invocation,
}

impl<'a> Call<'a> {
    /// The guild in which it was asked.
    pub(super) fn guild(self) -> GuildId {
        self.invocation.guild
    }

    /// The member who asks.
    pub(super) fn invoker(self) -> &'a Invoker {
        &self.invocation.invoker
    }

    /// Discord, as far as commands need it.
    pub(super) fn discord(self) -> &'a dyn Discord {
        self.app.discord.as_ref()
    }

    /// The present instant.
    pub(super) fn now(self) -> Timestamp {
        self.app.clock.now()
    }

    /// The guild's store if it has one; never creates it.
    pub(super) async fn store(self) -> Result<Option<Lease>, CommandError> {
        Ok(self.app.stores.open(self.guild()).await?)
    }

    /// The guild's store, made if it has none yet. Without the members intent whoever asks is known from now on.
    pub(super) async fn store_or_create(self) -> Result<Lease, CommandError> {
        let store = self.app.stores.open_or_create(self.guild()).await?;
        if self.discord().members_mode() == MembersMode::Degraded {
            let Invoker { user_id, name, roles, .. } = self.invoker().clone();
            // Bots use no commands.
            let member = Member { user_id, name, is_bot: false, roles };
            store.members().upsert(&member, self.now()).await?;
        }
        Ok(store)
    }

    /// The guild's store, which exists wherever an event is named.
    ///
    /// # Errors
    /// [`CommandError::NoSuchEvent`] where nothing was ever watched.
    pub(super) async fn existing_store(self) -> Result<Lease, CommandError> {
        self.store().await?.ok_or(CommandError::NoSuchEvent)
    }

    /// Checks that the disk has room for something new.
    ///
    /// # Errors
    /// [`CommandError::DiskNearlyFull`].
    pub(super) fn require_room(self) -> Result<(), CommandError> {
        if self.app.stores.disk().is_low() { Err(CommandError::DiskNearlyFull) } else { Ok(()) }
    }

    /// Reads a typed interval under the operator's limits; without one, takes the guild's default, or the operator's.
    pub(super) fn interval(
        self,
        typed: Option<&str>,
        settings: &GuildSettings,
    ) -> Result<Interval, CommandError> {
        let reminders = &self.app.config.reminders;
        if let Some(text) = typed {
            return Ok(Interval::parse(text, reminders.limits())?);
        }
        let chosen = settings.default_interval_ms.and_then(Interval::from_millis);
        Ok(chosen.unwrap_or(reminders.default_interval))
    }
}
