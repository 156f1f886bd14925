//! A clock that stands still and a Discord that only remembers what it was asked.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;

use super::{CHANNEL, HIDDEN, MESSAGE};
use crate::app::{ChannelInfo, ChannelKind, Discord, DiscordError, MembersMode, MessageInfo};
use crate::clock::{Clock, Timestamp};
use crate::domain::audience::{Member, audience};
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, EventId};
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, MessageId, RoleId, UserId};
use crate::storage::Lease;

/// A clock that moves only when it is told to; it begins in September 2026.
pub(super) struct TestClock(Mutex<Timestamp>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Mutex::new(DateTime::from_timestamp(1_790_000_000, 0).unwrap()))
    }
}

impl TestClock {
    /// Moves the clock forward.
    pub(super) fn advance(&self, minutes: i64) {
        *self.0.lock().unwrap() += chrono::TimeDelta::minutes(minutes);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _duration: Duration) {
        tokio::task::yield_now().await;
    }
}

/// What the fake knows, and what it was asked to do.
pub(super) struct Facts {
    /// Of each channel what it is, what Muster may do there, and what everybody else may.
    pub(super) channels: HashMap<ChannelId, (ChannelKind, Permissions, Permissions)>,
    pub(super) messages: HashMap<MessageId, MessageInfo>,
    pub(super) members: Vec<Member>,
    pub(super) mode: MembersMode,
    /// The reactions that reconciliation finds, on whichever message.
    pub(super) reactions: Vec<(UserId, Emoji)>,
    /// What Muster reacts with.
    pub(super) reacted: Vec<Emoji>,
    pub(super) posted: Vec<Event>,
    pub(super) changed: Vec<EventId>,
    /// What posting ends with, once.
    pub(super) refusal: Option<DiscordError>,
}

/// A Discord that only remembers what it was asked.
pub(super) struct FakeDiscord(Mutex<Facts>);

impl FakeDiscord {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let (all, none) = (Permissions::ALL, Permissions::default());
        let message = MessageInfo {
            content: "Raid on Friday\nWho comes?".to_owned(),
            embed_title: None,
            author_id: UserId::new(100),
            author_name: "Anna".to_owned(),
            reactions: Vec::new(),
        };
        Self(Mutex::new(Facts {
            channels: [(CHANNEL, (ChannelKind::Text, all, all)), (HIDDEN, (ChannelKind::Text, all, none))]
                .into(),
            messages: [(MESSAGE, message)].into(),
            members,
            mode: MembersMode::Complete,
            reactions: Vec::new(),
            reacted: Vec::new(),
            posted: Vec::new(),
            changed: Vec::new(),
            refusal: None,
        }))
    }

    /// Changes or reads what the fake knows.
    pub(super) fn facts<T>(&self, with: impl FnOnce(&mut Facts) -> T) -> T {
        with(&mut self.0.lock().unwrap())
    }

    fn channel_facts(&self, id: ChannelId) -> Result<(ChannelKind, Permissions, Permissions), DiscordError> {
        self.facts(|facts| facts.channels.get(&id).copied()).ok_or(DiscordError::Gone)
    }
}

#[async_trait]
impl Discord for FakeDiscord {
    async fn channel(&self, _: GuildId, id: ChannelId) -> Result<Option<ChannelInfo>, DiscordError> {
        let Ok((kind, ..)) = self.channel_facts(id) else { return Ok(None) };
        Ok(Some(ChannelInfo { id, name: "plans".to_owned(), kind, overwrites: Vec::new() }))
    }

    async fn my_permissions(&self, _: GuildId, id: ChannelId) -> Result<Permissions, DiscordError> {
        Ok(self.channel_facts(id)?.1)
    }

    async fn permissions_of(
        &self,
        _: GuildId,
        id: ChannelId,
        _: UserId,
        _: &[RoleId],
    ) -> Result<Permissions, DiscordError> {
        Ok(self.channel_facts(id)?.2)
    }

    async fn guild_name(&self, _: GuildId) -> Result<String, DiscordError> {
        Ok("Chess club".to_owned())
    }

    async fn has_role(&self, _: GuildId, _: RoleId) -> Result<bool, DiscordError> {
        Ok(true)
    }

    fn forget_permissions(&self, _: GuildId, _: ChannelId) {}

    fn forget_guild(&self, _: GuildId) {}

    async fn message(&self, _: ChannelId, id: MessageId) -> Result<Option<MessageInfo>, DiscordError> {
        Ok(self.facts(|facts| facts.messages.get(&id).cloned()))
    }

    async fn set_reactions(&self, _: ChannelId, _: MessageId, emoji: &[Emoji]) -> Result<(), DiscordError> {
        self.facts(|facts| facts.reacted = emoji.to_vec());
        Ok(())
    }

    async fn reconcile(&self, store: &Lease, event: &Event) -> Result<bool, DiscordError> {
        let reactions = self.facts(|facts| facts.reactions.clone());
        Ok(store.responses().replace_reactions(event.id, &reactions, event.created_at).await?)
    }

    async fn sync_members(&self, _: &Lease) -> Result<(), DiscordError> {
        Ok(())
    }

    async fn audience(&self, _: &Lease, event: &Event) -> Result<Vec<Member>, DiscordError> {
        Ok(self.facts(|facts| audience(&facts.members, event.role).cloned().collect()))
    }

    async fn post_event(&self, _: GuildId, event: &Event) -> Result<MessageId, DiscordError> {
        self.facts(|facts| {
            if let Some(refusal) = facts.refusal.take() {
                return Err(refusal);
            }
            facts.posted.push(event.clone());
            Ok(MessageId::new(900 + u64::try_from(facts.posted.len()).unwrap()))
        })
    }

    fn event_changed(&self, _: GuildId, event: EventId) {
        self.facts(|facts| facts.changed.push(event));
    }

    fn members_mode(&self) -> MembersMode {
        self.facts(|facts| facts.mode)
    }

    fn gateway_latency(&self) -> Option<Duration> {
        Some(Duration::from_millis(42))
    }
}
