//! What commands need of Discord; the Discord edge provides it.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, EventId};
use crate::domain::permissions::{Overwrite, Permissions};
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::storage::{Lease, StorageError};

/// Discord, as far as commands need it.
#[async_trait]
pub trait Discord: Send + Sync + 'static {
    /// A channel or thread of this guild; `None` if there is none that Muster can see.
    ///
    /// # Errors
    /// [`DiscordError::Unavailable`].
    async fn channel(&self, guild: GuildId, channel: ChannelId) -> Result<Option<ChannelInfo>, DiscordError>;

    /// What Muster may do in a channel.
    ///
    /// # Errors
    /// [`DiscordError::Gone`] without such a channel; [`DiscordError::Unavailable`].
    async fn my_permissions(&self, guild: GuildId, channel: ChannelId) -> Result<Permissions, DiscordError>;

    /// What a member with these roles may do in a channel.
    ///
    /// # Errors
    /// As [`Discord::my_permissions`].
    async fn permissions_of(
        &self,
        guild: GuildId,
        channel: ChannelId,
        user: UserId,
        roles: &[RoleId],
    ) -> Result<Permissions, DiscordError>;

    /// What the guild is called.
    ///
    /// # Errors
    /// [`DiscordError::Unavailable`].
    async fn guild_name(&self, guild: GuildId) -> Result<String, DiscordError>;

    /// Whether the guild has this role.
    ///
    /// # Errors
    /// [`DiscordError::Unavailable`].
    async fn has_role(&self, guild: GuildId, role: RoleId) -> Result<bool, DiscordError>;

    /// Forgets who may do what in a channel, so that Discord is asked anew: before a refusal, in case a change of it was
    /// missed.
    fn forget_permissions(&self, guild: GuildId, channel: ChannelId);

    /// Forgets what is believed of a guild's members and answers, because they were deleted from its store.
    fn forget_guild(&self, guild: GuildId);

    /// A message; `None` if it does not exist.
    ///
    /// # Errors
    /// [`DiscordError::Missing`] or [`DiscordError::Unavailable`].
    async fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<MessageInfo>, DiscordError>;

    /// Puts these reactions of Muster's own under a message, so that members only have to click, and takes back others.
    ///
    /// # Errors
    /// [`DiscordError`]; those before the failing one stay.
    async fn set_reactions(
        &self,
        channel: ChannelId,
        message: MessageId,
        emoji: &[Emoji],
    ) -> Result<(), DiscordError>;

    /// Reads all reactions that count and makes the store say the same; `true` if something changed.
    ///
    /// # Errors
    /// [`DiscordError::Gone`] if the message was deleted; otherwise as [`Discord::message`].
    async fn reconcile(&self, store: &Lease, event: &Event) -> Result<bool, DiscordError>;

    /// Fetches the guild's members unless the store has them already; does nothing in degraded mode.
    ///
    /// # Errors
    /// [`DiscordError::Unavailable`].
    async fn sync_members(&self, store: &Lease) -> Result<(), DiscordError>;

    /// The members whom an event asks: people with its role who can see its channel.
    ///
    /// # Errors
    /// As [`Discord::my_permissions`].
    async fn audience(&self, store: &Lease, event: &Event) -> Result<Vec<Member>, DiscordError>;

    /// Posts the message of an event; the same event twice makes one message.
    ///
    /// # Errors
    /// [`DiscordError::Unconfirmed`] if it may have been posted: the event must be kept, and the edge finds out later. By
    /// any other error it was not.
    async fn post_event(&self, guild: GuildId, event: &Event) -> Result<MessageId, DiscordError>;

    /// Tells that the numbers on the message of an event have changed; it is rewritten soon.
    fn event_changed(&self, guild: GuildId, event: EventId);

    /// Whether Muster is told who is in a guild.
    fn members_mode(&self) -> MembersMode;

    /// The time from a heartbeat to its acknowledgement, once there was one.
    fn gateway_latency(&self) -> Option<Duration>;
}

/// A channel, as far as commands need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Its id.
    pub id: ChannelId,
    /// Its name.
    pub name: String,
    /// What can be done in it.
    pub kind: ChannelKind,
    /// Its exceptions from the guild's roles; of a thread, those of its parent.
    pub overwrites: Vec<Overwrite>,
}

/// What can be done in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// Messages can be sent.
    Text,
    /// Messages can be sent, with a permission of their own.
    Thread,
    /// A category, a forum: no messages.
    Other,
}

/// A message, as far as commands need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageInfo {
    /// Its text; empty where Discord does not show it.
    pub content: String,
    /// The title of its first embed.
    pub embed_title: Option<String>,
    /// Who wrote it.
    pub author_id: UserId,
    /// What whoever wrote it is called.
    pub author_name: String,
    /// The emoji that others than Muster put under it.
    pub reactions: Vec<Emoji>,
}

/// Whether Muster is told who is in a guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersMode {
    /// All members are known.
    Complete,
    /// Without the members intent, only those are known who did something that Muster saw.
    Degraded,
}

/// Why Discord did not do what a command wanted; the text is for the member.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// Muster lacks permissions in a channel.
    #[error("I am missing {} in <#{channel}>. Give me that, then try again.", list(*.permissions))]
    Missing {
        /// All that are missing.
        permissions: Permissions,
        /// Where.
        channel: ChannelId,
    },
    /// Discord does not let Muster, though no permission seems to be missing.
    #[error(
        "Discord does not let me do that in <#{0}>, although I seem to have what it takes. Somebody who manages this \
         server can look at what the channel's settings say of me."
    )]
    NotAllowed(ChannelId),
    /// Discord is slow, down, or limits Muster.
    #[error("Discord does not answer me at the moment. Nothing was lost; please try again in a minute.")]
    Unavailable(String),
    /// The channel or message does not exist, or Muster cannot see it.
    #[error("That channel or message is gone, or I cannot see it.")]
    Gone,
    /// The thread is archived or locked.
    #[error("<#{0}> is closed. Somebody has to open that thread again; then I can do it.")]
    ThreadClosed(ChannelId),
    /// Discord has no such reaction, or Muster may not use it.
    #[error(
        "I cannot react with {0}. Discord does not know it, or it belongs to a server that I am not in. Choose emoji of \
         this server, or Discord's own."
    )]
    UnusableEmoji(Emoji),
    /// The message carries as many different reactions as there can be.
    #[error(
        "That message carries 20 different reactions, and Discord allows no more. Name some of those in `reactions` of \
         `/event watch`, or have others taken away first."
    )]
    NoRoomForReactions,
    /// The author of the message has blocked Muster.
    #[error("Whoever wrote that message has blocked me, so I cannot react to it.")]
    Blocked,
    /// Nobody can tell whether a message was posted; if it was, it is found later.
    #[error(
        "Discord does not tell me whether it took your event. If it appears within a quarter of an hour, it counts; if \
         not, please create it again."
    )]
    Unconfirmed(String),
    /// Discord refused for a reason of its own.
    #[error("Discord refused that.")]
    Refused(String),
    /// The guild's store failed meanwhile.
    #[error("I could not read or write this server's data. Please try again in a minute.")]
    Storage(#[from] StorageError),
}

fn list(permissions: Permissions) -> String {
    let names: Vec<String> = permissions.names().map(|name| format!("**{name}**")).collect();
    if names.is_empty() { "a permission".to_owned() } else { names.join(", ") }
}
