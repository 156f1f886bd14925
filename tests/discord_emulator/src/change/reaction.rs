//! Reactions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Change;
use crate::gateway::Intents;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{EmojiKey, Reaction};

const REACTIONS: [Intents; 2] = [Intents::GUILD_MESSAGE_REACTIONS, Intents::DIRECT_MESSAGE_REACTIONS];

impl Change<'_> {
    /// Adds a reaction; nothing happens where the user has reacted so already.
    pub(crate) fn react(
        &mut self,
        channel: Snowflake,
        id: Snowflake,
        user: Snowflake,
        emoji: &EmojiKey,
        is_burst: bool,
    ) {
        let Some(message) = self.message_mut(channel, id) else { return };
        let author = message.author;
        let found = message.reactions.iter().position(|one| one.emoji.is_same(emoji));
        let index = found.unwrap_or_else(|| {
            let empty = BTreeSet::new();
            message.reactions.push(Reaction { emoji: emoji.clone(), normal: empty.clone(), burst: empty });
            message.reactions.len() - 1
        });
        let reaction = &mut message.reactions[index];
        let users = if is_burst { &mut reaction.burst } else { &mut reaction.normal };
        if users.insert(user) {
            let mut data = self.reaction_data(channel, id, Some(emoji));
            data["user_id"] = json!(user);
            data["message_author_id"] = json!(author);
            data["burst"] = json!(is_burst);
            data["type"] = json!(u8::from(is_burst));
            if is_burst {
                data["burst_colors"] = payload::reaction_burst_colors(true);
            }
            let guild = self.guild_of(channel).and_then(|guild| self.guilds.get(&guild));
            if let Some(member) = guild.and_then(|guild| payload::member(self, guild, user)) {
                data["member"] = member;
            }
            self.tell_channel("MESSAGE_REACTION_ADD", channel, REACTIONS, data);
        }
    }

    /// Takes a reaction away.
    ///
    /// Returns whether there was one.
    pub(crate) fn unreact(
        &mut self,
        channel: Snowflake,
        id: Snowflake,
        user: Snowflake,
        emoji: &EmojiKey,
    ) -> bool {
        let Some(message) = self.message_mut(channel, id) else { return false };
        let Some(index) = message.reactions.iter().position(|one| one.emoji.is_same(emoji)) else {
            return false;
        };
        let reaction = &mut message.reactions[index];
        let (normal, burst) = (reaction.normal.remove(&user), reaction.burst.remove(&user));
        if reaction.count() == 0 {
            message.reactions.remove(index);
        }
        for (was_there, is_burst) in [(normal, false), (burst, true)] {
            if was_there {
                let mut data = self.reaction_data(channel, id, Some(emoji));
                data["user_id"] = json!(user);
                data["burst"] = json!(is_burst);
                data["type"] = json!(u8::from(is_burst));
                self.tell_channel("MESSAGE_REACTION_REMOVE", channel, REACTIONS, data);
            }
        }
        normal || burst
    }

    /// Takes all reactions away.
    pub(crate) fn clear_reactions(&mut self, channel: Snowflake, id: Snowflake) {
        let Some(message) = self.message_mut(channel, id) else { return };
        message.reactions.clear();
        let data = self.reaction_data(channel, id, None);
        self.tell_channel("MESSAGE_REACTION_REMOVE_ALL", channel, REACTIONS, data);
    }

    /// Takes all reactions with one emoji away.
    ///
    /// The event carries neither `burst` nor `type`, as Discord documents it.
    pub(crate) fn clear_emoji(&mut self, channel: Snowflake, id: Snowflake, emoji: &EmojiKey) {
        let Some(message) = self.message_mut(channel, id) else { return };
        let before = message.reactions.len();
        message.reactions.retain(|one| !one.emoji.is_same(emoji));
        if message.reactions.len() < before {
            let data = self.reaction_data(channel, id, Some(emoji));
            self.tell_channel("MESSAGE_REACTION_REMOVE_EMOJI", channel, REACTIONS, data);
        }
    }

    fn reaction_data(&self, channel: Snowflake, id: Snowflake, emoji: Option<&EmojiKey>) -> Value {
        let mut data = json!({ "channel_id": channel, "message_id": id });
        if let Some(guild) = self.guild_of(channel) {
            data["guild_id"] = json!(guild);
        }
        if let Some(emoji) = emoji {
            data["emoji"] = payload::emoji(self, emoji);
        }
        data
    }
}
