//! The requests that Muster makes of Discord, one function each.
//!
//! Source: <https://docs.discord.com/developers/reference>

use reqwest::Method;
use serde::Serialize;

use super::sender::{Call, Urgency};
use crate::domain::emoji::Emoji;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};

/// Members or reactions that one page holds at most.
pub(super) const MEMBERS_PAGE: usize = 1_000;
/// Users of a reaction that one page holds at most.
pub(super) const REACTIONS_PAGE: usize = 100;
/// Messages that one page holds at most.
pub(super) const MESSAGES_PAGE: usize = 100;

/// The two kinds of reaction that Discord lists apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReactionKind {
    /// A click.
    Normal,
    /// A paid, animated one; Discord calls it super reaction.
    Burst,
}

/// Where the gateway is.
pub(super) fn gateway_bot() -> Call {
    Call::new(Method::GET, "/gateway/bot", 0, "/gateway/bot".into())
}

/// The registered global commands.
pub(super) fn commands(application: u64) -> Call {
    let path = format!("/applications/{application}/commands");
    Call::new(Method::GET, "/applications/{application}/commands", 0, path)
}

/// Replaces all global commands.
pub(super) fn replace_commands(application: u64, commands: &impl Serialize) -> Call {
    let path = format!("/applications/{application}/commands");
    Call::new(Method::PUT, "/applications/{application}/commands", 0, path).json(commands).repeatable()
}

/// A guild with its roles.
pub(super) fn guild(guild: GuildId) -> Call {
    Call::new(Method::GET, "/guilds/{guild}", guild.get(), format!("/guilds/{guild}"))
}

/// The channels of a guild, without its threads.
pub(super) fn channels(guild: GuildId) -> Call {
    Call::new(Method::GET, "/guilds/{guild}/channels", guild.get(), format!("/guilds/{guild}/channels"))
}

/// One member of a guild.
pub(super) fn member(guild: GuildId, user: UserId) -> Call {
    let path = format!("/guilds/{guild}/members/{user}");
    Call::new(Method::GET, "/guilds/{guild}/members/{user}", guild.get(), path)
}

/// A page of a guild's members, in order of id.
pub(super) fn members(guild: GuildId, after: Option<UserId>) -> Call {
    let after = after.map_or(0, UserId::get);
    let path = format!("/guilds/{guild}/members?limit={MEMBERS_PAGE}&after={after}");
    Call::new(Method::GET, "/guilds/{guild}/members", guild.get(), path)
}

/// A channel or thread.
pub(super) fn channel(channel: ChannelId) -> Call {
    Call::new(Method::GET, "/channels/{channel}", channel.get(), format!("/channels/{channel}"))
}

/// The members of a thread.
pub(super) fn thread_members(thread: ChannelId) -> Call {
    let path = format!("/channels/{thread}/thread-members");
    Call::new(Method::GET, "/channels/{channel}/thread-members", thread.get(), path)
}

/// A message.
pub(super) fn message(channel: ChannelId, message: MessageId) -> Call {
    let path = format!("/channels/{channel}/messages/{message}");
    Call::new(Method::GET, "/channels/{channel}/messages/{message}", channel.get(), path)
}

/// The messages next after one, at most [`MESSAGES_PAGE`].
pub(super) fn messages_after(channel: ChannelId, after: MessageId) -> Call {
    let path = format!("/channels/{channel}/messages?limit={MESSAGES_PAGE}&after={after}");
    Call::new(Method::GET, "/channels/{channel}/messages", channel.get(), path)
}

/// The newest messages, or those next before one, at most [`MESSAGES_PAGE`].
pub(super) fn messages_before(channel: ChannelId, before: Option<MessageId>) -> Call {
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    let path = format!("/channels/{channel}/messages?limit={MESSAGES_PAGE}{before}");
    Call::new(Method::GET, "/channels/{channel}/messages", channel.get(), path)
}

/// The bot's own account.
pub(super) fn own_user() -> Call {
    Call::new(Method::GET, "/users/@me", 0, "/users/@me".to_owned())
}

/// The application that the bot belongs to.
pub(super) fn own_application() -> Call {
    Call::new(Method::GET, "/applications/@me", 0, "/applications/@me".to_owned())
}

/// Sends a message.
pub(super) fn send_message(channel: ChannelId, body: &impl Serialize) -> Call {
    let path = format!("/channels/{channel}/messages");
    Call::new(Method::POST, "/channels/{channel}/messages", channel.get(), path).json(body)
}

/// Rewrites a message.
pub(super) fn edit_message(channel: ChannelId, message: MessageId, body: &impl Serialize) -> Call {
    let path = format!("/channels/{channel}/messages/{message}");
    Call::new(Method::PATCH, "/channels/{channel}/messages/{message}", channel.get(), path)
        .json(body)
        .repeatable()
}

/// Puts a reaction of Muster's own under a message.
pub(super) fn react(channel: ChannelId, message: MessageId, emoji: &Emoji) -> Call {
    let path = format!("/channels/{channel}/messages/{message}/reactions/{}/@me", in_path(emoji));
    Call::new(
        Method::PUT,
        "/channels/{channel}/messages/{message}/reactions/{emoji}/@me",
        channel.get(),
        path,
    )
    .repeatable()
}

/// Takes back a reaction of Muster's own.
pub(super) fn take_back(channel: ChannelId, message: MessageId, emoji: &Emoji) -> Call {
    let path = format!("/channels/{channel}/messages/{message}/reactions/{}/@me", in_path(emoji));
    Call::new(
        Method::DELETE,
        "/channels/{channel}/messages/{message}/reactions/{emoji}/@me",
        channel.get(),
        path,
    )
    .repeatable()
}

/// A page of those who put a reaction, in order of id.
pub(super) fn reactions(
    channel: ChannelId,
    message: MessageId,
    emoji: &Emoji,
    kind: ReactionKind,
    after: Option<UserId>,
) -> Call {
    let emoji = in_path(emoji);
    let kind = u8::from(kind == ReactionKind::Burst);
    let after = after.map(|user| format!("&after={user}")).unwrap_or_default();
    let path = format!(
        "/channels/{channel}/messages/{message}/reactions/{emoji}?limit={REACTIONS_PAGE}&type={kind}{after}"
    );
    Call::new(Method::GET, "/channels/{channel}/messages/{message}/reactions/{emoji}", channel.get(), path)
}

/// Answers an interaction for the first time.
pub(super) fn answer_interaction(interaction: u64, token: &str, body: &impl Serialize) -> Call {
    let path = format!("/interactions/{interaction}/{token}/callback");
    Call::new(Method::POST, "/interactions/{interaction}/{token}/callback", 0, path)
        .json(body)
        .with_urgency(Urgency::Callback)
}

/// Puts the final answer in place of a deferral.
pub(super) fn edit_answer(application: u64, token: &str, body: &impl Serialize) -> Call {
    let path = format!("/webhooks/{application}/{token}/messages/@original");
    Call::new(Method::PATCH, "/webhooks/{application}/{token}/messages/@original", 0, path)
        .json(body)
        .with_urgency(Urgency::FollowUp)
        .repeatable()
}

/// Says something more after an answer.
pub(super) fn follow_up(application: u64, token: &str, body: &impl Serialize) -> Call {
    let path = format!("/webhooks/{application}/{token}");
    Call::new(Method::POST, "/webhooks/{application}/{token}", 0, path)
        .json(body)
        .with_urgency(Urgency::FollowUp)
}

/// An emoji as a segment of a path: percent-encoded, a guild's own as `name:id`.
fn in_path(emoji: &Emoji) -> String {
    let text = match emoji {
        Emoji::Unicode(text) => text.clone(),
        // Discord looks only at the id, but wants some name before it.
        Emoji::Custom { id, name, .. } if name.is_empty() => format!("_:{id}"),
        Emoji::Custom { id, name, .. } => format!("{name}:{id}"),
    };
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_cannot_leave_its_segment() {
        assert_eq!(in_path(&Emoji::Unicode("✅".into())), "%E2%9C%85");
        assert_eq!(in_path(&Emoji::Unicode("../?".into())), "%2E%2E%2F%3F");
        let custom = Emoji::Custom { id: 7, name: "ab".into(), animated: true };
        assert_eq!(in_path(&custom), "ab%3A7");
    }
}
