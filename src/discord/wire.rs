//! The few fields that Muster reads of Discord's answers.
//!
//! Types of our own rather than serenity's: those fail as a whole when one field that nobody reads is missing or new.

use serde::{Deserialize, Deserializer};

use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::domain::permissions::{GuildRoles, Overwrite, OverwriteFor, Permissions};
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};

/// Where the gateway is, and how often Muster may log in.
#[derive(Debug, Deserialize)]
pub(super) struct WireGateway {
    pub(super) url: String,
    #[serde(default = "one_shard")]
    pub(super) shards: u32,
    #[serde(default)]
    pub(super) session_start_limit: WireSessionLimit,
}

const fn one_shard() -> u32 {
    1
}

/// The budget of logins; where something that stands between does not pass it on, the usual one.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct WireSessionLimit {
    pub(super) total: u32,
    pub(super) remaining: u32,
    /// Milliseconds.
    pub(super) reset_after: u64,
    /// How many shards may log in at the same time.
    pub(super) max_concurrency: u32,
}

impl Default for WireSessionLimit {
    fn default() -> Self {
        Self { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 }
    }
}

/// A guild.
#[derive(Debug, Deserialize)]
pub(super) struct WireGuild {
    pub(super) id: GuildId,
    pub(super) name: String,
    pub(super) owner_id: UserId,
    pub(super) roles: Vec<WireRole>,
}

/// Where a guild's organisers read what is meant for them, and whose guild it is.
#[derive(Debug, Deserialize)]
pub(super) struct WireNoticeBoard {
    #[serde(rename = "owner_id")]
    pub(super) owner: UserId,
    /// Where Discord itself writes to a community's moderators.
    #[serde(default, rename = "public_updates_channel_id")]
    pub(super) updates: Option<ChannelId>,
    /// Where Discord greets new members.
    #[serde(default, rename = "system_channel_id")]
    pub(super) greetings: Option<ChannelId>,
}

/// A role.
#[derive(Debug, Deserialize)]
pub(super) struct WireRole {
    pub(super) id: RoleId,
    #[serde(deserialize_with = "bits")]
    pub(super) permissions: Permissions,
}

/// A channel or thread.
#[derive(Debug, Deserialize)]
pub(super) struct WireChannel {
    pub(super) id: ChannelId,
    #[serde(rename = "type")]
    pub(super) kind: u8,
    pub(super) guild_id: Option<GuildId>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) parent_id: Option<ChannelId>,
    #[serde(default)]
    pub(super) position: i32,
    #[serde(default)]
    pub(super) permission_overwrites: Vec<WireOverwrite>,
}

/// An exception that a channel makes.
#[derive(Debug, Deserialize)]
pub(super) struct WireOverwrite {
    id: RoleId,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(deserialize_with = "bits")]
    allow: Permissions,
    #[serde(deserialize_with = "bits")]
    deny: Permissions,
}

/// An account.
#[derive(Debug, Deserialize)]
pub(super) struct WireUser {
    pub(super) id: UserId,
    pub(super) username: String,
    #[serde(default)]
    pub(super) global_name: Option<String>,
    #[serde(default)]
    pub(super) bot: bool,
}

/// A member.
#[derive(Debug, Deserialize)]
pub(super) struct WireMember {
    pub(super) user: WireUser,
    #[serde(default)]
    pub(super) nick: Option<String>,
    pub(super) roles: Vec<RoleId>,
}

/// A member of a thread.
#[derive(Debug, Deserialize)]
pub(super) struct WireThreadMember {
    #[serde(default)]
    pub(super) user_id: Option<UserId>,
}

/// A message.
#[derive(Debug, Deserialize)]
pub(super) struct WireMessage {
    pub(super) id: MessageId,
    #[serde(default)]
    pub(super) content: String,
    pub(super) author: WireUser,
    #[serde(default)]
    pub(super) embeds: Vec<WireEmbed>,
    #[serde(default)]
    pub(super) reactions: Vec<WireReactions>,
    #[serde(default)]
    pub(super) components: serde_json::Value,
}

/// Any answer of which only the id matters.
#[derive(Debug, Deserialize)]
pub(super) struct WireId<I> {
    pub(super) id: I,
}

/// An embed.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct WireEmbed {
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) fields: Vec<WireField>,
}

/// A field of an embed.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct WireField {
    pub(super) name: String,
    pub(super) value: String,
}

/// The reactions of one emoji under a message.
#[derive(Debug, Deserialize)]
pub(super) struct WireReactions {
    pub(super) emoji: WireEmoji,
    pub(super) count: u64,
    #[serde(default)]
    pub(super) count_details: Option<WireCounts>,
    #[serde(default)]
    pub(super) me: bool,
}

/// How many of each kind.
#[derive(Debug, Deserialize)]
pub(super) struct WireCounts {
    #[serde(default)]
    pub(super) burst: u64,
    #[serde(default)]
    pub(super) normal: u64,
}

/// An emoji.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct WireEmoji {
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) id: Option<u64>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) animated: bool,
}

impl WireReactions {
    /// How many normal and how many burst reactions there are; all of both where Discord does not tell them apart.
    pub(super) fn counts(&self) -> (u64, u64) {
        self.count_details
            .as_ref()
            .map_or((self.count, self.count), |details| (details.normal, details.burst))
    }
}

impl WireEmoji {
    /// The emoji as Muster knows it; `None` without id and name.
    pub(super) fn emoji(self) -> Option<Emoji> {
        match (self.id, self.name) {
            (Some(id), name) => {
                Some(Emoji::Custom { id, name: name.unwrap_or_default(), animated: self.animated })
            }
            (None, Some(name)) => Some(Emoji::Unicode(name)),
            (None, None) => None,
        }
    }
}

impl WireGuild {
    /// What permissions in this guild start from.
    pub(super) fn into_roles(self) -> GuildRoles {
        let roles = self.roles.into_iter().map(|role| (role.id, role.permissions)).collect();
        GuildRoles { guild_id: self.id, owner_id: self.owner_id, roles }
    }
}

impl WireOverwrite {
    /// The overwrite as Muster knows it; `None` for a kind that Discord may invent.
    pub(super) fn overwrite(&self) -> Option<Overwrite> {
        let who = match self.kind {
            0 => OverwriteFor::Role(self.id),
            1 => OverwriteFor::Member(UserId::new(self.id.get())),
            _ => return None,
        };
        Some(Overwrite { who, allow: self.allow, deny: self.deny })
    }
}

impl From<WireMember> for Member {
    fn from(member: WireMember) -> Self {
        let known = Self::from(member.user);
        Self { name: member.nick.unwrap_or(known.name), roles: member.roles, ..known }
    }
}

/// Somebody of whose membership nothing is said: no name of the guild's own, no roles.
impl From<WireUser> for Member {
    fn from(user: WireUser) -> Self {
        let name = user.global_name.unwrap_or(user.username);
        Self { user_id: user.id, name, is_bot: user.bot, roles: Vec::new() }
    }
}

/// Permissions come as a decimal number in a string.
fn bits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Permissions, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Permissions).map_err(serde::de::Error::custom)
}

fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_with_what_matters_and_without_the_rest() {
        let json = r#"{"id":"5","type":0,"guild_id":"1","name":"general","new_field":{},"permission_overwrites":[
            {"id":"1","type":0,"allow":"0","deny":"1024"},{"id":"9","type":1,"allow":"1024","deny":"0"}]}"#;
        let channel: WireChannel = serde_json::from_str(json).unwrap();
        let overwrites: Vec<_> = channel.permission_overwrites.iter().map(WireOverwrite::overwrite).collect();
        let who = |index: usize| overwrites.get(index).copied().flatten().map(|overwrite| overwrite.who);
        assert_eq!(who(0), Some(OverwriteFor::Role(RoleId::new(1))));
        assert_eq!(who(1), Some(OverwriteFor::Member(UserId::new(9))));
    }

    #[test]
    fn an_emoji_is_unicode_or_of_a_guild() {
        let emoji = |json: &str| serde_json::from_str::<WireEmoji>(json).unwrap().emoji();
        assert_eq!(emoji(r#"{"id":null,"name":"✅"}"#), Some(Emoji::Unicode("✅".into())));
        let custom = emoji(r#"{"id":"77","name":null}"#);
        assert_eq!(custom, Some(Emoji::Custom { id: 77, name: String::new(), animated: false }));
        assert_eq!(emoji(r#"{"id":null,"name":null}"#), None);
    }
}
