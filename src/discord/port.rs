//! What commands need of Discord: their port, filled by the edge.

use std::time::Duration;

use async_trait::async_trait;

use super::Edge;
use super::access;
use super::audience;
use super::body::Nonce;
use super::drafts;
use super::event_message;
use super::failure::{EdgeError, for_commands};
use super::history;
use super::reactions;
use super::routes;
use super::sender::{CallError, Fate, Urgency};
use super::wire::{WireId, WireMessage, WireReactions};
use crate::app::{ChannelInfo, ChannelKind, Discord, DiscordError, MembersMode, MessageInfo};
use crate::domain::audience::Member;
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, EventId};
use crate::domain::permissions::Permissions;
use crate::domain::reminder::{self, ReminderId};
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::scheduler::Probe;
use crate::storage::Lease;

/// What reading a message and its reactions needs.
const TO_READ: Permissions = Permissions(Permissions::VIEW_CHANNEL.0 | Permissions::READ_MESSAGE_HISTORY.0);

/// What posting an event needs.
const TO_POST: Permissions =
    Permissions(Permissions::VIEW_CHANNEL.0 | Permissions::SEND_MESSAGES.0 | Permissions::EMBED_LINKS.0);

#[async_trait]
impl Discord for Edge {
    async fn channel(&self, guild: GuildId, channel: ChannelId) -> Result<Option<ChannelInfo>, DiscordError> {
        let facts = match access::channel(&self.core, channel).await {
            Ok(facts) => facts,
            Err(error) => match error.fate() {
                Fate::NoChannel | Fate::Forbidden | Fate::NoGuild => return Ok(None),
                _ => return Err(for_commands(error.into(), channel, Permissions::VIEW_CHANNEL)),
            },
        };
        if facts.guild != Some(guild) {
            return Ok(None);
        }
        let (name, overwrites) = (facts.name.clone(), facts.overwrites.clone());
        Ok(Some(ChannelInfo { id: facts.id, name, kind: facts.kind, overwrites }))
    }

    async fn my_permissions(&self, guild: GuildId, channel: ChannelId) -> Result<Permissions, DiscordError> {
        let permissions = access::my_permissions(&self.core, guild, channel).await;
        permissions.map_err(|error| for_commands(error.into(), channel, Permissions::VIEW_CHANNEL))
    }

    async fn permissions_of(
        &self,
        guild: GuildId,
        channel: ChannelId,
        user: UserId,
        roles: &[RoleId],
    ) -> Result<Permissions, DiscordError> {
        let permissions = access::permissions_of(&self.core, guild, channel, user, roles).await;
        permissions.map_err(|error| for_commands(error.into(), channel, Permissions::VIEW_CHANNEL))
    }

    async fn guild_name(&self, guild: GuildId) -> Result<String, DiscordError> {
        let facts = access::guild(&self.core, guild).await;
        facts.map(|facts| facts.name.clone()).map_err(|error| DiscordError::Unavailable(error.to_string()))
    }

    async fn has_role(&self, guild: GuildId, role: RoleId) -> Result<bool, DiscordError> {
        let unavailable = |error: CallError| DiscordError::Unavailable(error.to_string());
        let is_known = async || {
            let facts = access::guild(&self.core, guild).await.map_err(unavailable)?;
            Ok(facts.roles.roles.iter().any(|(known, _)| *known == role))
        };
        if is_known().await? {
            return Ok(true);
        }
        // It may be so new that Muster has not heard of it.
        self.core.access.forget_roles(guild);
        is_known().await
    }

    fn forget_permissions(&self, guild: GuildId, channel: ChannelId) {
        self.core.access.forget_roles(guild);
        self.core.access.forget_channel(channel);
    }

    fn forget_guild(&self, guild: GuildId) {
        self.read_again_soon(guild);
    }

    async fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Option<MessageInfo>, DiscordError> {
        match self.core.sender.ask::<WireMessage>(routes::message(channel, message)).await {
            Ok(found) => Ok(Some(info(found))),
            Err(error) if error.fate() == Fate::NoMessage => Ok(None),
            Err(error) => Err(self.refused(error, channel, TO_READ).await),
        }
    }

    async fn set_reactions(
        &self,
        channel: ChannelId,
        message: MessageId,
        emoji: &[Emoji],
    ) -> Result<(), DiscordError> {
        let found = match self.core.sender.ask::<WireMessage>(routes::message(channel, message)).await {
            Ok(found) => found,
            Err(error) => return Err(self.refused(error, channel, TO_READ).await),
        };
        let mine: Vec<Emoji> =
            found.reactions.into_iter().filter(|reactions| reactions.me).filter_map(emoji_of).collect();
        for other in mine.iter().filter(|mine| !emoji.contains(mine)) {
            // First, to make room. One that stays misleads a little and harms nobody.
            if let Err(error) = self.core.sender.tell(routes::take_back(channel, message, other)).await {
                tracing::info!(channel.id = %channel, %error, "cannot take back a reaction");
            }
        }
        for wanted in emoji.iter().filter(|emoji| !mine.contains(emoji)) {
            let put = self.core.sender.tell(routes::react(channel, message, wanted)).await;
            if let Err(error) = put {
                return Err(self.cannot_react(error, channel, wanted).await);
            }
        }
        Ok(())
    }

    async fn reconcile(&self, store: &Lease, event: &Event) -> Result<bool, DiscordError> {
        let _one_at_a_time = self.core.reading.lock(store.guild_id()).await;
        let reconciled = reactions::reconcile(&self.core, store, event, Urgency::Interactive).await;
        reconciled.map_err(|error| {
            self.read_again_soon(store.guild_id());
            for_commands(error, event.channel_id, TO_READ)
        })
    }

    async fn sync_members(&self, store: &Lease) -> Result<(), DiscordError> {
        let _one_at_a_time = self.core.reading.lock(store.guild_id()).await;
        let synced = super::members::sync(&self.core, store, Urgency::Interactive).await;
        // This is when a new store is filled: the sooner it says whose it is, the better for whoever looks into it.
        super::refresh::take_down_name(&self.core, store).await;
        synced.map_err(|error| {
            self.read_again_soon(store.guild_id());
            match error {
                EdgeError::Storage(error) => error.into(),
                EdgeError::Call(error) => DiscordError::Unavailable(error.to_string()),
            }
        })
    }

    async fn audience(&self, store: &Lease, event: &Event) -> Result<Vec<Member>, DiscordError> {
        let asked = audience::asked(&self.core, store, event).await;
        asked.map_err(|error| for_commands(error, event.channel_id, Permissions::VIEW_CHANNEL))
    }

    async fn post_event(&self, guild: GuildId, event: &Event) -> Result<MessageId, DiscordError> {
        let channel = event.channel_id;
        let mut body = event_message::render(guild, event, &[], None);
        // The row of the event and the instant it was made: the same event is the same message.
        let nonce = reminder::nonce(guild, ReminderId(event.id.0), event.created_at);
        body.nonce = Some(Nonce::new(format!("e-{nonce}")));
        let post =
            || self.core.sender.ask::<WireId<MessageId>>(routes::send_message(channel, &body).repeatable());
        let mut posted = post().await;
        if matches!(posted, Err(CallError::Unreadable(_))) {
            // Discord took it. Asked again with the same nonce, it says under which id.
            posted = post().await;
        }
        match posted {
            Ok(message) => Ok(message.id),
            Err(error) if error.may_have_been_done() => self.find_posted(guild, event, error).await,
            Err(error) => Err(self.refused(error, channel, TO_POST).await),
        }
    }

    fn event_changed(&self, guild: GuildId, event: EventId) {
        self.core.edits.request(guild, event);
    }

    fn members_mode(&self) -> MembersMode {
        if self.core.link.is_degraded() { MembersMode::Degraded } else { MembersMode::Complete }
    }

    fn gateway_latency(&self) -> Option<Duration> {
        self.core.link.latency()
    }
}

impl Edge {
    /// What could not be read of a guild is read in the background, and before its next reminder at the latest.
    fn read_again_soon(&self, guild: GuildId) {
        self.core.freshness.missed(|stale| stale == guild);
        self.core.stale.notify_one();
    }

    /// Why a reaction could not be put under a message.
    async fn cannot_react(&self, error: CallError, channel: ChannelId, emoji: &Emoji) -> DiscordError {
        match error {
            error if error.is_unknown_emoji() => DiscordError::UnusableEmoji(emoji.clone()),
            error if error.is_full_of_reactions() => DiscordError::NoRoomForReactions,
            error if error.is_blocked() => DiscordError::Blocked,
            error => self.refused(error, channel, TO_READ | Permissions::ADD_REACTIONS).await,
        }
    }

    /// Why something failed in a channel for which Discord wants `wanted`: of these, only those are named that are missing.
    async fn refused(&self, error: CallError, channel: ChannelId, wanted: Permissions) -> DiscordError {
        let told = for_commands(error.into(), channel, wanted);
        if !matches!(told, DiscordError::Missing { .. }) {
            return told;
        }
        // What was known is out of date, or it would not have come to this.
        self.core.access.forget_channel(channel);
        let Ok(facts) = access::channel(&self.core, channel).await else { return told };
        let Some(guild) = facts.guild else { return told };
        let in_thread = facts.kind == ChannelKind::Thread && wanted.contains(Permissions::SEND_MESSAGES);
        let wanted = if in_thread {
            (wanted & !Permissions::SEND_MESSAGES) | Permissions::SEND_MESSAGES_IN_THREADS
        } else {
            wanted
        };
        self.core.access.forget_roles(guild);
        match access::my_permissions(&self.core, guild, channel).await.map(|mine| wanted & !mine) {
            Ok(missing) if missing == Permissions::default() => DiscordError::NotAllowed(channel),
            Ok(permissions) => DiscordError::Missing { permissions, channel },
            Err(_) => told,
        }
    }

    /// Looks whether an event was posted although Discord's answer does not say so.
    async fn find_posted(
        &self,
        guild: GuildId,
        event: &Event,
        error: CallError,
    ) -> Result<MessageId, DiscordError> {
        let marker = drafts::marker(guild, event);
        let probe = history::find_own(&self.core, guild, event.channel_id, event.created_at, marker).await;
        match probe {
            Ok(Probe::Found(message)) => Ok(message),
            Ok(Probe::Absent) => Err(DiscordError::Unavailable(error.to_string())),
            Ok(Probe::Blind) | Err(_) => {
                self.core.drafts.suspect(guild);
                Err(DiscordError::Unconfirmed(error.to_string()))
            }
        }
    }
}

fn info(message: WireMessage) -> MessageInfo {
    let by_others = |reactions: &WireReactions| reactions.count > u64::from(reactions.me);
    MessageInfo {
        content: message.content,
        embed_title: message.embeds.into_iter().find_map(|embed| embed.title),
        author_id: message.author.id,
        author_name: message.author.global_name.unwrap_or(message.author.username),
        reactions: message.reactions.into_iter().filter(by_others).filter_map(emoji_of).collect(),
    }
}

fn emoji_of(reactions: WireReactions) -> Option<Emoji> {
    reactions.emoji.emoji()
}
