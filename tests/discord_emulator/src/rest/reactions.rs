//! Reactions.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::messages::ensure_awake;
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{EmojiKey, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::DELETE, "/channels/{channel_id}/messages/{message_id}/reactions", clear),
    (Method::GET, "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}", users),
    (Method::DELETE, "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}", clear_emoji),
    (Method::PUT, "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me", add),
    (Method::DELETE, "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me", remove_own),
    (Method::DELETE, "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}", remove),
];

/// How many different emojis one message bears.
const MOST_EMOJIS: usize = 20;

/// Channel, message and emoji of the path.
fn target(call: &Call<'_>) -> Result<(Snowflake, Snowflake, EmojiKey), Refusal> {
    let emoji = parse_emoji(&percent_decoded(call.text("emoji_name"))).ok_or(Refusal::UNKNOWN_EMOJI)?;
    Ok((call.id("channel_id")?, call.id("message_id")?, emoji))
}

/// Reads `name:id`, or the character itself.
pub(crate) fn parse_emoji(text: &str) -> Option<EmojiKey> {
    if let Some((name, id)) = text.rsplit_once(':') {
        let name = name.rsplit(':').next().unwrap_or_default();
        return Some(EmojiKey::Custom { id: Snowflake::parse(id)?, name: name.into() });
    }
    // Keycaps begin with a digit; anything else in ASCII is no emoji.
    let is_keycap = text.ends_with('\u{20e3}');
    let is_emoji =
        !text.is_empty() && (is_keycap || !text.chars().any(|c| c.is_ascii() || c.is_alphabetic()));
    is_emoji.then(|| EmojiKey::Unicode(text.into()))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let escaped = (byte == b'%').then(|| Some((hex(ahead.next()?)?, hex(ahead.next()?)?))).flatten();
        match escaped {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn add(call: &Call<'_>) -> Answer {
    let (channel, id, emoji) = target(call)?;
    let mut change = call.change();
    change.managed_channel(channel, Permissions::READ_MESSAGE_HISTORY)?;
    let message = change.seen_message(channel, id)?;
    ensure_awake(&change, channel)?;
    let is_there = message.reactions.iter().any(|one| one.emoji.is_same(&emoji));
    if !is_there {
        if message.reactions.len() >= MOST_EMOJIS {
            return Err(Refusal::TOO_MANY_REACTIONS);
        }
        change.managed_channel(channel, Permissions::ADD_REACTIONS)?;
        ensure_usable(&change, channel, &emoji)?;
    }
    let bot = change.bot_id();
    change.react(channel, id, bot, &emoji, false);
    Ok(ApiResponse::no_content())
}

/// A custom emoji must exist in a guild of the bot, and one of another guild needs a permission.
fn ensure_usable(world: &World, channel: Snowflake, emoji: &EmojiKey) -> Result<(), Refusal> {
    let EmojiKey::Custom { id, .. } = emoji else { return Ok(()) };
    let has_it = |guild: &crate::world::Guild| guild.emojis.iter().any(|one| one.id == *id);
    let home = world.guilds.values().find(|guild| has_it(guild) && world.is_bot_in(guild.id));
    let home = home.ok_or(Refusal::UNKNOWN_EMOJI)?;
    if Some(home.id) != world.guild_of(channel) {
        world.managed_channel(channel, Permissions::USE_EXTERNAL_EMOJIS)?;
    }
    Ok(())
}

fn remove_own(call: &Call<'_>) -> Answer {
    let (channel, id, emoji) = target(call)?;
    let mut change = call.change();
    change.managed_channel(channel, Permissions::READ_MESSAGE_HISTORY)?;
    change.seen_message(channel, id)?;
    let bot = change.bot_id();
    if change.unreact(channel, id, bot, &emoji) {
        Ok(ApiResponse::no_content())
    } else {
        Err(Refusal::UNKNOWN_EMOJI)
    }
}

fn remove(call: &Call<'_>) -> Answer {
    let (channel, id, emoji) = target(call)?;
    let user = call.id("user_id")?;
    let mut change = call.change();
    change.seen_message(channel, id)?;
    if user != change.bot_id() {
        change.managed_channel(channel, Permissions::MANAGE_MESSAGES)?;
    }
    if change.unreact(channel, id, user, &emoji) {
        Ok(ApiResponse::no_content())
    } else {
        Err(Refusal::UNKNOWN_EMOJI)
    }
}

fn clear(call: &Call<'_>) -> Answer {
    let (channel, id) = (call.id("channel_id")?, call.id("message_id")?);
    let mut change = call.change();
    change.seen_message(channel, id)?;
    change.managed_channel(channel, Permissions::MANAGE_MESSAGES)?;
    change.clear_reactions(channel, id);
    Ok(ApiResponse::no_content())
}

fn clear_emoji(call: &Call<'_>) -> Answer {
    let (channel, id, emoji) = target(call)?;
    let mut change = call.change();
    change.seen_message(channel, id)?;
    change.managed_channel(channel, Permissions::MANAGE_MESSAGES)?;
    change.clear_emoji(channel, id, &emoji);
    Ok(ApiResponse::no_content())
}

/// Who has reacted, in the order of ids; normal and super reactions are listed apart.
fn users(call: &Call<'_>) -> Answer {
    let (channel, id, emoji) = target(call)?;
    let (after, limit) = (call.query_id("after")?, call.limit(25, 100)?);
    let world = call.world();
    let message = world.seen_message(channel, id)?;
    if !world.permissions_in(channel, world.bot_id()).contains(Permissions::READ_MESSAGE_HISTORY) {
        return Err(Refusal::MISSING_PERMISSIONS);
    }
    let reaction = message.reactions.iter().find(|one| one.emoji.is_same(&emoji));
    let is_burst = call.request.query("type") == Some("1");
    let ids = reaction.map(|one| if is_burst { &one.burst } else { &one.normal });
    let page = ids.into_iter().flatten().filter(|id| after.is_none_or(|after| **id > after)).take(limit);
    let values: Vec<Value> = page.map(|id| payload::user(&world, *id)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emojis_are_read_from_paths() {
        assert_eq!(parse_emoji(&percent_decoded("%E2%9C%85")), Some(EmojiKey::Unicode("✅".into())));
        let custom = EmojiKey::Custom { id: Snowflake::new(7), name: "yes".into() };
        assert_eq!(parse_emoji("yes:7"), Some(custom.clone()));
        assert_eq!(parse_emoji(&percent_decoded("a%3Ayes%3A7")), Some(custom));
        assert_eq!(parse_emoji("1\u{fe0f}\u{20e3}"), Some(EmojiKey::Unicode("1\u{fe0f}\u{20e3}".into())));
        assert_eq!(parse_emoji("ok"), None);
    }
}
