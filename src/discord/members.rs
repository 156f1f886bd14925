//! Who is in a guild: the whole list by request, then every change by gateway.

use super::core::Core;
use super::failure::EdgeError;
use super::routes::{self, MEMBERS_PAGE};
use super::sender::Urgency;
use super::wire::WireMember;
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::ids::{GuildId, UserId};
use crate::storage::{Lease, StorageError};

/// A change of a guild's members.
#[derive(Debug, Clone)]
pub(super) enum MemberChange {
    /// Somebody joined, or is called or allowed otherwise than before.
    Present(Member),
    /// Somebody left.
    Gone(UserId),
}

impl MemberChange {
    /// Who it is about.
    pub(super) fn user(&self) -> UserId {
        match self {
            Self::Present(member) => member.user_id,
            Self::Gone(user) => *user,
        }
    }
}

/// Fetches the members unless they are fresh; does nothing where Discord does not say who is in a guild.
///
/// The guild's reading lock must be held.
///
/// # Errors
/// [`EdgeError`]; the list is then as it was.
pub(super) async fn sync(core: &Core, store: &Lease, urgency: Urgency) -> Result<(), EdgeError> {
    let guild = store.guild_id();
    if core.link.is_degraded() || (core.freshness.has_members(guild) && core.link.hears_of(guild)) {
        return Ok(());
    }
    core.freshness.begin(guild, core.link.hears_of(guild));
    let reading = core.member_changes.begin(guild);
    let members = fetch_all(core, guild, urgency).await?;
    let now = core.clock.now();
    store.members().replace_all(&members, now).await?;
    // Fresh before the last look at what came meanwhile: whatever comes after that look is applied by itself.
    core.freshness.members_read(guild);
    while let Some(changes) = reading.changes() {
        for change in changes {
            apply(store, &change, now).await?;
        }
    }
    tracing::debug!(guild.id = %guild, members = members.len(), "read the members");
    Ok(())
}

async fn fetch_all(core: &Core, guild: GuildId, urgency: Urgency) -> Result<Vec<Member>, EdgeError> {
    let mut members = Vec::new();
    let mut after = None;
    loop {
        let page: Vec<WireMember> =
            core.sender.ask(routes::members(guild, after).with_urgency(urgency)).await?;
        let full = page.len() >= MEMBERS_PAGE;
        members.extend(page.into_iter().map(Member::from));
        let last = members.iter().map(|member: &Member| member.user_id).max();
        if !full || last <= after {
            return Ok(members);
        }
        after = last;
    }
}

/// Takes down a change that came by gateway; costs nothing in guilds that need no members.
///
/// # Errors
/// [`StorageError`]; the list is then read anew before it is used.
pub(super) async fn change(core: &Core, guild: GuildId, change: MemberChange) -> Result<(), StorageError> {
    core.member_changes.note(guild, || change.clone());
    let written = match core.live_store(guild).await {
        Ok(Some(store)) => apply(&store, &change, core.clock.now()).await,
        Ok(None) => {
            core.freshness.members_skipped(guild);
            Ok(())
        }
        Err(error) => Err(error),
    };
    if written.is_err() {
        core.freshness.members_skipped(guild);
    }
    written
}

/// Remembers somebody whom Muster met, where Discord does not say who is in a guild.
///
/// # Errors
/// [`StorageError`].
pub(super) async fn met(core: &Core, guild: GuildId, member: &Member) -> Result<(), StorageError> {
    if !core.link.is_degraded() {
        return Ok(());
    }
    if let Some(store) = core.live_store(guild).await? {
        store.members().upsert(member, core.clock.now()).await?;
    }
    Ok(())
}

async fn apply(store: &Lease, change: &MemberChange, now: Timestamp) -> Result<(), StorageError> {
    match change {
        MemberChange::Present(member) => store.members().upsert(member, now).await.map(drop),
        MemberChange::Gone(user) => store.members().remove(*user).await.map(drop),
    }
}
