//! Naming a message: a link copied from any of Discord's clients, or a bare id.

use crate::ids::{ChannelId, GuildId, MessageId};

/// A message that a member pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageRef {
    /// By its id alone: in the channel where it was typed.
    Here(MessageId),
    /// By a link.
    Link {
        /// The guild in the link.
        guild: GuildId,
        /// The channel in the link.
        channel: ChannelId,
        /// The message.
        message: MessageId,
    },
}

/// Why a text names no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefError {
    /// Neither link nor id.
    #[error(
        "That is not a message. Right-click the message, choose \"Copy Message Link\", and paste the link here."
    )]
    Unreadable,
    /// A link into direct messages.
    #[error("That link leads to a direct message. I can only watch messages of this server.")]
    DirectMessage,
}

const HOSTS: [&str; 6] = [
    "discord.com",
    "ptb.discord.com",
    "canary.discord.com",
    "discordapp.com",
    "ptb.discordapp.com",
    "canary.discordapp.com",
];

/// Reads a link or an id that a member typed; `<…>` around a link and spaces around all are ignored.
///
/// # Errors
/// [`MessageRefError`], which says how to copy a link.
pub fn parse(text: &str) -> Result<MessageRef, MessageRefError> {
    let text = text.trim();
    let text = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
    if let Ok(message) = text.parse() {
        return Ok(MessageRef::Here(message));
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest
        .or_else(|| text.strip_prefix("discord://-/").map(|_| text))
        .ok_or(MessageRefError::Unreadable)?;
    let path = path_of(rest).ok_or(MessageRefError::Unreadable)?;
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut segments = path.split('/');
    let (Some("channels"), Some(guild), Some(channel), Some(message), None) =
        (segments.next(), segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Err(MessageRefError::Unreadable);
    };
    if guild == "@me" {
        return Err(MessageRefError::DirectMessage);
    }
    match (guild.parse(), channel.parse(), message.parse()) {
        (Ok(guild), Ok(channel), Ok(message)) => Ok(MessageRef::Link { guild, channel, message }),
        _ => Err(MessageRefError::Unreadable),
    }
}

/// The path behind one of Discord's hosts, or behind the scheme of its desktop client.
fn path_of(rest: &str) -> Option<&str> {
    if let Some(path) = rest.strip_prefix("discord://-/") {
        return Some(path);
    }
    let (host, path) = rest.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    HOSTS.contains(&host).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_of_every_client_and_bare_ids_are_read() {
        let link = MessageRef::Link {
            guild: GuildId::new(1),
            channel: ChannelId::new(2),
            message: MessageId::new(3),
        };
        for text in [
            "https://discord.com/channels/1/2/3",
            "https://discordapp.com/channels/1/2/3",
            "https://ptb.discord.com/channels/1/2/3/",
            "https://canary.discord.com/channels/1/2/3?jump=1",
            "http://www.discord.com/channels/1/2/3",
            " <https://Discord.com/channels/1/2/3> ",
            "discord://-/channels/1/2/3",
        ] {
            assert_eq!(parse(text), Ok(link), "{text}");
        }
        assert_eq!(parse("3"), Ok(MessageRef::Here(MessageId::new(3))));
    }

    #[test]
    fn other_links_are_refused_with_what_to_do() {
        for text in [
            "",
            "hello",
            "https://example.com/channels/1/2/3",
            "https://discord.com.example.com/channels/1/2/3",
            "https://discord.com/channels/1/2",
            "https://discord.com/channels/1/2/x",
            "https://discord.com/channels/1/2/3/4",
            "https://discord.com/users/1/2/3",
        ] {
            assert_eq!(parse(text), Err(MessageRefError::Unreadable), "{text}");
        }
        assert_eq!(parse("https://discord.com/channels/@me/2/3"), Err(MessageRefError::DirectMessage));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,80}") {
            std::hint::black_box(parse(&text).is_ok());
        }
    }
}
