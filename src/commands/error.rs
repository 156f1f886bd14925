//! Why a command did not do what it was asked to, in words for the member.

use std::hash::{BuildHasher, RandomState};

use bytesize::ByteSize;

use super::call::Call;
use super::reply::Reply;
use crate::app::DiscordError;
use crate::domain::choice::ChoicesError;
use crate::domain::custom_id::UnknownCustomId;
use crate::domain::event::{EndReason, EventTextError};
use crate::domain::interval::IntervalError;
use crate::domain::message_link::MessageRefError;
use crate::domain::permissions::Permissions;
use crate::domain::text;
use crate::errors::chain;
use crate::ids::{ChannelId, GuildId};
use crate::storage::StorageError;
use crate::upkeep::UpkeepError;

/// Why a command did not do what it was asked to. The text is a sentence for the member; only
/// [`CommandError::Fault`] is logged with what caused it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The member may not watch messages or create events.
    #[error(
        "Only members with **Manage Events** or an organiser role can start events here. Ask one of them to do it, or \
         to give you the permission."
    )]
    MayNotStart,
    /// The member may not look after what is kept of the guild.
    #[error(
        "Only members with **Manage Server** can look after my data here. Ask one of them to do it, or to give you the \
         permission."
    )]
    MayNotManageGuild,
    /// The member may not change this event.
    #[error(
        "Only its author, members with an organiser role and members with **Manage Events** can do that with **{title}**."
    )]
    MayNotManage {
        /// The title of the event, made harmless.
        title: String,
    },
    /// The member lacks permissions in the channel.
    #[error(
        "For that you need {} in <#{channel}>. Somebody who manages this server can give you that; then try again.",
        named(*.permissions)
    )]
    MemberMissing {
        /// All that are missing.
        permissions: Permissions,
        /// Where.
        channel: ChannelId,
    },
    /// Muster lacks permissions in the channel.
    #[error(
        "I am missing {} in <#{channel}>. Somebody who manages this server can give me that in the channel's settings; \
         then try again.",
        named(*.permissions)
    )]
    BotMissing {
        /// All that are missing.
        permissions: Permissions,
        /// Where.
        channel: ChannelId,
    },
    /// No such channel in this guild, or Muster does not see it.
    #[error(
        "I cannot see <#{channel}>. If it is a channel of this server, give me {} there, then try again.",
        named(*.wanted)
    )]
    NoSuchChannel {
        /// Where.
        channel: ChannelId,
        /// All that Muster will need there.
        wanted: Permissions,
    },
    /// A category, a forum.
    #[error("<#{0}> holds no messages of its own. Choose a text channel or a thread.")]
    NoMessagesThere(ChannelId),
    /// No such role in this guild.
    #[error(
        "I know no such role in this server. Choose one from the list, or leave `role` out to ask everybody."
    )]
    NoSuchRole,
    /// The text names no message.
    #[error(transparent)]
    MessageRef(#[from] MessageRefError),
    /// A link into another guild.
    #[error("That link leads to another server. I can only watch messages of this one.")]
    OtherGuild,
    /// No such message.
    #[error(
        "There is no such message in <#{0}>. Perhaps it was deleted; copy its link again, or watch another one."
    )]
    NoSuchMessage(ChannelId),
    /// The text is no interval, or outside the limits.
    #[error(transparent)]
    Interval(#[from] IntervalError),
    /// The text names no emoji.
    #[error(transparent)]
    Choices(#[from] ChoicesError),
    /// A title or description that does not fit.
    #[error(transparent)]
    EventText(#[from] EventTextError),
    /// No event is meant by what was typed.
    #[error(
        "I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; \
         `/event list` shows them all."
    )]
    NoSuchEvent,
    /// Several events are meant by what was typed.
    #[error(
        "Several events match that. Choose one from the suggestions while you type, or paste the link of its message."
    )]
    Ambiguous,
    /// The event is over.
    #[error("**{title}** is over. {}", .reason.sentence())]
    Over {
        /// The title of the event, made harmless.
        title: String,
        /// Why it is over.
        reason: EndReason,
    },
    /// A reminder of the event is on its way.
    #[error("A reminder for **{0}** is already on its way. Wait a moment before you send another one.")]
    AlreadyReminding(String),
    /// A button that does not belong where it was pressed.
    #[error(transparent)]
    Button(#[from] UnknownCustomId),
    /// A form that is none of this version's, or of another guild.
    #[error("I have no such form any more. Run the command again.")]
    UnknownForm,
    /// Discord did not do it.
    #[error(transparent)]
    Discord(DiscordError),
    /// The guild's store is set aside.
    #[error(
        "This server's data cannot be read, so I have set it aside untouched and do nothing here. Whoever runs me finds \
         the reason in my log; `/database status` says what can be done."
    )]
    Quarantined,
    /// So little room is left on the disk that nothing new is begun.
    #[error(
        "My disk is nearly full, so I start nothing new for now. Nothing is lost: reminders and answers go on. Whoever \
         runs me has to make room; then try again."
    )]
    DiskNearlyFull,
    /// There is no room left on the disk.
    #[error(
        "My disk is full, so I could not write everything down. Nothing that I confirmed before is lost. Whoever runs me \
         has to make room; then try again."
    )]
    DiskFull(#[source] StorageError),
    /// A deletion or a restore waited in vain for others to finish.
    #[error(
        "I am still at work with this server's data, so I have not done that yet. Please try again in a minute."
    )]
    InUse,
    /// Nothing is kept of the guild yet.
    #[error(
        "I keep nothing of this server yet. It begins with the first event: `/event create` or `/event watch`."
    )]
    NothingKept,
    /// A file that Discord does not take.
    #[error(
        "That makes a file of {}, more than the {} that Discord takes from me here. Whoever runs me can get it with \
         `muster guild export {guild}`.",
        ByteSize(*.size),
        ByteSize(*.max)
    )]
    TooLargeToSend {
        /// How large it is, in bytes.
        size: u64,
        /// How large it may be.
        max: u64,
        /// Whose data it is.
        guild: GuildId,
    },
    /// An age that makes no sense for the reminder log.
    #[error("I can clean up what is older than 1 to {max} days; you asked for {days}.")]
    Days {
        /// What was asked for.
        days: u32,
        /// The most that can be.
        max: u32,
    },
    /// The form of the deletion does not say what the server is called.
    #[error(
        "That is not the name of this server, so I have deleted nothing. It is called **{0}**. If you mean it, run \
         `/database delete` again and type the name just like that."
    )]
    OtherName(String),
    /// The bot is leaving the guild, or has left it.
    #[error("I am no longer a member of this server, so I keep nothing about it.")]
    Leaving,
    /// Somebody has everything of the guild deleted at this very moment.
    #[error("Everything I know about this server is just being deleted. Please try again in a moment.")]
    BeingDeleted,
    /// Muster is stopping.
    #[error("I am just being restarted. Please try again in a minute.")]
    Stopping,
    /// The client sent a command as an older or newer Muster registered it.
    #[error(
        "I know this command in another form by now. Restart your Discord client so that it shows the new one, then try \
         again."
    )]
    Outdated(#[source] serenity_commands::Error),
    /// Something that no member can mend.
    #[error("Something went wrong on my side. Please try again in a minute.")]
    Fault(#[source] anyhow::Error),
}

impl From<StorageError> for CommandError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Quarantined { .. } => Self::Quarantined,
            StorageError::NotAMember { .. } | StorageError::Deleted { .. } => Self::Leaving,
            StorageError::Closed { .. } => Self::Stopping,
            StorageError::InUse { .. } => Self::InUse,
            full if full.is_disk_full() => Self::DiskFull(full),
            other => Self::Fault(other.into()),
        }
    }
}

impl From<UpkeepError> for CommandError {
    fn from(error: UpkeepError) -> Self {
        match error {
            UpkeepError::NoStore { .. } => Self::NothingKept,
            UpkeepError::Storage(error) => error.into(),
            other @ UpkeepError::NoBackup { .. } => Self::Fault(other.into()),
        }
    }
}

impl From<DiscordError> for CommandError {
    fn from(error: DiscordError) -> Self {
        match error {
            DiscordError::Storage(error) => error.into(),
            DiscordError::Missing { permissions, channel } => Self::BotMissing { permissions, channel },
            other => Self::Discord(other),
        }
    }
}

impl From<serenity_commands::Error> for CommandError {
    fn from(error: serenity_commands::Error) -> Self {
        Self::Outdated(error)
    }
}

/// Permissions in bold, with commas and an "and".
fn named(permissions: Permissions) -> String {
    let names: Vec<String> = permissions.names().map(|name| format!("**{name}**")).collect();
    if names.is_empty() { "a permission".to_owned() } else { text::enumerate(&names) }
}

/// Turns an error into what the member sees, and logs what the operator should know.
pub(super) fn report(call: Call<'_>, command: &str, error: &CommandError) -> Reply {
    let (guild, user) = (call.guild(), call.invoker().user_id);
    match error {
        CommandError::Fault(cause) => {
            let id = short_id(call);
            tracing::error!(guild.id = %guild, user.id = %user, command.name = command, error.id = %id,
                error = format!("{cause:#}"), "a command failed");
            return with_number(error, &id);
        }
        CommandError::Discord(DiscordError::Refused(why)) => {
            let id = short_id(call);
            tracing::warn!(guild.id = %guild, command.name = command, error.id = %id, error = why,
                "Discord refused what a command wanted");
            return with_number(error, &id);
        }
        CommandError::Discord(DiscordError::Unavailable(why) | DiscordError::Unconfirmed(why)) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = why, "Discord did not do what a command wanted");
        }
        CommandError::DiskFull(why) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = chain(why), "a command found the disk full");
        }
        // A deletion refuses everybody, whether the bot has left or somebody wants to start afresh.
        CommandError::Leaving if call.app.upkeep.registry.is_member(guild) => {
            return Reply::text(CommandError::BeingDeleted.to_string());
        }
        CommandError::Outdated(why) => {
            tracing::warn!(guild.id = %guild, command.name = command, error = %why, "a command came in an unknown form");
        }
        _ => {}
    }
    Reply::text(error.to_string())
}

fn with_number(error: &CommandError, id: &str) -> Reply {
    Reply::text(format!("{error} If it stays, tell whoever runs me this number: `{id}`."))
}

/// Whether a step went well without which a command can do its work; logs it if not.
pub(super) fn went_well<T>(call: Call<'_>, step: &Result<T, DiscordError>) -> bool {
    if let Err(error) = step {
        let detail = match error {
            DiscordError::Unavailable(why) | DiscordError::Unconfirmed(why) | DiscordError::Refused(why) => {
                why.clone()
            }
            other => other.to_string(),
        };
        tracing::warn!(guild.id = %call.guild(), error = detail, "a command goes on without an answer of Discord");
    }
    step.is_ok()
}

/// Eight characters by which the operator finds the log line.
fn short_id(call: Call<'_>) -> String {
    let number = RandomState::new().hash_one((call.now(), call.guild()));
    format!("{:08x}", number & 0xffff_ffff)
}
