//! Who may see and do what: roles and overwrites, asked for once and kept until a gateway event says that they changed.

use std::collections::HashSet;
use std::sync::Arc;

use super::core::Core;
use super::facts::Facts;
use super::routes;
use super::sender::{Call, CallError, Fate, Urgency};
use super::wire::{WireChannel, WireGuild, WireMember, WireOverwrite, WireThreadMember};
use crate::app::ChannelKind;
use crate::domain::audience::Member;
use crate::domain::permissions::{GuildRoles, Overwrite, Permissions};
use crate::ids::{ChannelId, GuildId, RoleId, UserId};

/// "Manage Threads": sees private threads without being in them.
const MANAGE_THREADS: Permissions = Permissions(1 << 34);

/// What permissions in a guild start from.
#[derive(Debug)]
pub(super) struct GuildFacts {
    /// Its roles and owner.
    pub(super) roles: GuildRoles,
    /// What it is called.
    pub(super) name: String,
}

/// What a channel adds to them.
#[derive(Debug)]
pub(super) struct ChannelFacts {
    /// Its id.
    pub(super) id: ChannelId,
    /// Its guild; `None` for a direct message.
    pub(super) guild: Option<GuildId>,
    /// Its name.
    pub(super) name: String,
    /// What can be done in it.
    pub(super) kind: ChannelKind,
    /// Whether it is a thread that is archived or locked.
    pub(super) is_closed: bool,
    /// Its exceptions; of a thread, those of its parent.
    pub(super) overwrites: Vec<Overwrite>,
    is_private_thread: bool,
    parent: Option<ChannelId>,
}

/// What is known of guilds and channels.
#[derive(Debug, Default)]
pub(super) struct Access {
    guilds: Facts<GuildId, GuildFacts>,
    /// The roles of Muster itself.
    my_roles: Facts<GuildId, Vec<RoleId>>,
    channels: Facts<ChannelId, ChannelFacts>,
}

impl Access {
    /// Forgets a guild's roles, because one changed.
    pub(super) fn forget_roles(&self, guild: GuildId) {
        self.guilds.forget(|key, _| *key == guild);
        self.my_roles.forget(|key, _| *key == guild);
    }

    /// Forgets a channel and the threads in it, because it changed.
    pub(super) fn forget_channel(&self, channel: ChannelId) {
        self.channels.forget(|key, facts| *key == channel || facts.parent == Some(channel));
    }

    /// Forgets all about the guilds that `affected` names, because changes may have been missed.
    pub(super) fn forget_guilds(&self, affected: impl Fn(GuildId) -> bool) {
        self.guilds.forget(|guild, _| affected(*guild));
        self.my_roles.forget(|guild, _| affected(*guild));
        self.channels.forget(|_, facts| facts.guild.is_none_or(&affected));
    }
}

/// The roles and the owner of a guild.
///
/// # Errors
/// [`CallError`] if Discord cannot be asked or does not tell.
pub(super) async fn guild(core: &Core, guild: GuildId) -> Result<Arc<GuildFacts>, CallError> {
    let load = async {
        let facts: WireGuild = core.sender.ask(routes::guild(guild)).await?;
        let name = facts.name.clone();
        Ok(GuildFacts { roles: facts.into_roles(), name })
    };
    core.access.guilds.get_or_load(guild, load).await
}

async fn my_roles(core: &Core, guild: GuildId, me: UserId) -> Result<Arc<Vec<RoleId>>, CallError> {
    let load = async {
        let my: WireMember = core.sender.ask(routes::member(guild, me)).await?;
        Ok(my.roles)
    };
    core.access.my_roles.get_or_load(guild, load).await
}

/// A channel or thread that Muster can see.
///
/// # Errors
/// [`CallError`], with what Discord says where there is none.
pub(super) async fn channel(core: &Core, channel: ChannelId) -> Result<Arc<ChannelFacts>, CallError> {
    core.access.channels.get_or_load(channel, load_channel(core, channel, Urgency::Interactive)).await
}

async fn load_channel(core: &Core, channel: ChannelId, urgency: Urgency) -> Result<ChannelFacts, CallError> {
    let read = async |id| core.sender.ask::<WireChannel>(routes::channel(id).with_urgency(urgency)).await;
    let wire = read(channel).await?;
    // A thread has no exceptions of its own. Its parent is asked directly: threads do not nest.
    let parent = match wire.parent_id.filter(|_| is_thread(wire.kind)) {
        Some(parent) => Some(read(parent).await?),
        None => None,
    };
    Ok(facts_of(&wire, parent.as_ref()))
}

/// Reads what is not known yet of these channels of a guild: several with one request.
///
/// # Errors
/// [`CallError`] if Discord cannot be asked; they are then asked for when they are wanted.
pub(super) async fn learn_channels(
    core: &Core,
    guild: GuildId,
    wanted: impl IntoIterator<Item = ChannelId>,
) -> Result<(), CallError> {
    let facts = &core.access.channels;
    let unknown: HashSet<ChannelId> =
        wanted.into_iter().filter(|channel| facts.peek(channel).is_none()).collect();
    if unknown.len() > 1 {
        let mark = facts.mark();
        let call = routes::channels(guild).with_urgency(Urgency::Background);
        let channels: Vec<WireChannel> = core.sender.ask(call).await?;
        for wire in channels.iter().filter(|wire| unknown.contains(&wire.id)) {
            // The list is the guild's, whether each of its channels says so or not.
            let listed = ChannelFacts { guild: Some(guild), ..facts_of(wire, None) };
            facts.put(wire.id, listed, mark);
        }
    }
    // Threads are not listed among the channels.
    for channel in unknown {
        facts.get_or_load(channel, load_channel(core, channel, Urgency::Background)).await?;
    }
    Ok(())
}

fn is_thread(kind: u8) -> bool {
    matches!(kind, 10..=12)
}

/// Source of the kinds: <https://docs.discord.com/developers/resources/channel#channel-object-channel-types>
fn facts_of(wire: &WireChannel, parent: Option<&WireChannel>) -> ChannelFacts {
    let kind = match wire.kind {
        0 | 2 | 5 | 13 => ChannelKind::Text,
        kind if is_thread(kind) => ChannelKind::Thread,
        _ => ChannelKind::Other,
    };
    let overwrites = &parent.unwrap_or(wire).permission_overwrites;
    ChannelFacts {
        id: wire.id,
        guild: wire.guild_id,
        name: wire.name.clone().unwrap_or_default(),
        kind,
        is_closed: wire.thread_metadata.as_ref().is_some_and(|thread| thread.archived || thread.locked),
        overwrites: overwrites.iter().filter_map(WireOverwrite::overwrite).collect(),
        is_private_thread: wire.kind == 12,
        parent: parent.map(|parent| parent.id),
    }
}

/// What Muster may do in a channel of a guild.
///
/// # Errors
/// [`CallError`]; an unknown channel if it belongs to another guild; [`CallError::Unavailable`] before the gateway said
/// who Muster is.
pub(super) async fn my_permissions(
    core: &Core,
    guild_id: GuildId,
    channel_id: ChannelId,
) -> Result<Permissions, CallError> {
    let me = core.link.identity().ok_or_else(not_connected)?.user;
    let roles = my_roles(core, guild_id, me).await?;
    permissions_of(core, guild_id, channel_id, me, &roles).await
}

/// What Muster may do in a channel that was just listed among those of its guild: asks for no channel by itself.
///
/// # Errors
/// As [`my_permissions`].
pub(super) async fn my_permissions_in_listed(
    core: &Core,
    guild_id: GuildId,
    channel: &WireChannel,
) -> Result<Permissions, CallError> {
    let me = core.link.identity().ok_or_else(not_connected)?.user;
    let roles = my_roles(core, guild_id, me).await?;
    let facts = guild(core, guild_id).await?;
    let overwrites: Vec<_> =
        channel.permission_overwrites.iter().filter_map(WireOverwrite::overwrite).collect();
    Ok(facts.roles.permissions_in(me, &roles, &overwrites))
}

/// What Muster lacks to write in a channel, by what is known without asking; what writing there wants where nothing is known to
/// be missing. To be called when Discord has just refused it.
pub(super) fn missing_to_write(core: &Core, guild: GuildId, channel: ChannelId) -> Permissions {
    let facts = core.access.channels.peek(&channel);
    let write = match &facts {
        Some(facts) if facts.kind == ChannelKind::Thread => Permissions::SEND_MESSAGES_IN_THREADS,
        _ => Permissions::SEND_MESSAGES,
    };
    let known = || {
        let me = core.link.identity()?.user;
        let roles = core.access.my_roles.peek(&guild)?;
        let guild = core.access.guilds.peek(&guild)?;
        Some(guild.roles.permissions_in(me, &roles, &facts.as_ref()?.overwrites))
    };
    let wanted = Permissions::VIEW_CHANNEL | write;
    known().map(|mine| wanted & !mine).filter(|missing| *missing != Permissions::default()).unwrap_or(write)
}

/// Whether Discord says that there is no such channel any more, asked anew.
///
/// # Errors
/// [`CallError`] while Discord cannot be asked.
pub(super) async fn is_gone(core: &Core, id: ChannelId) -> Result<bool, CallError> {
    core.access.forget_channel(id);
    match core.sender.ask::<WireChannel>(routes::channel(id)).await {
        Err(error) if error.fate() == Fate::NoChannel => Ok(true),
        Err(error) if matches!(error.fate(), Fate::Later(_)) => Err(error),
        _ => Ok(false),
    }
}

/// What a member with these roles may do in a channel of a guild.
///
/// # Errors
/// As [`my_permissions`].
pub(super) async fn permissions_of(
    core: &Core,
    guild_id: GuildId,
    channel_id: ChannelId,
    user: UserId,
    roles: &[RoleId],
) -> Result<Permissions, CallError> {
    let channel = channel_in(core, guild_id, channel_id).await?;
    let facts = guild(core, guild_id).await?;
    let permissions = facts.roles.permissions_in(user, roles, &channel.overwrites);
    // A private thread that Muster could look up is one that it is in.
    let is_me = core.link.identity().is_some_and(|me| me.user == user);
    if channel.is_private_thread
        && !is_me
        && !permissions.contains(MANAGE_THREADS)
        && !thread_members(core, channel_id).await?.contains(&user)
    {
        return Ok(Permissions::default());
    }
    Ok(permissions)
}

/// Of these members, those who can see a channel of a guild.
///
/// # Errors
/// As [`my_permissions`].
pub(super) async fn who_sees(
    core: &Core,
    guild_id: GuildId,
    channel_id: ChannelId,
    members: &[Member],
) -> Result<HashSet<UserId>, CallError> {
    let channel = channel(core, channel_id).await?;
    if channel.guild.is_some_and(|of| of != guild_id) {
        // A channel does not move. Nothing is concluded from an answer that says so.
        return Err(CallError::Unavailable("it says that the channel is of another guild".into()));
    }
    let facts = guild(core, guild_id).await?;
    let inside = if channel.is_private_thread { Some(thread_members(core, channel_id).await?) } else { None };
    let sees = |member: &&Member| {
        let permissions = facts.roles.permissions_in(member.user_id, &member.roles, &channel.overwrites);
        let is_inside = inside.as_ref().is_none_or(|inside| inside.contains(&member.user_id));
        permissions.contains(Permissions::VIEW_CHANNEL) && (is_inside || permissions.contains(MANAGE_THREADS))
    };
    Ok(members.iter().filter(sees).map(|member| member.user_id).collect())
}

async fn channel_in(core: &Core, guild: GuildId, id: ChannelId) -> Result<Arc<ChannelFacts>, CallError> {
    let facts = channel(core, id).await?;
    if facts.guild == Some(guild) {
        return Ok(facts);
    }
    Err(CallError::Refused { status: 404, code: 10_003, message: "the channel is of another guild".into() })
}

/// Who is in a thread; nobody where Discord does not say who is in a guild. To name somebody in a thread would pull them
/// in, so none is asked there who may be outside.
async fn thread_members(core: &Core, thread: ChannelId) -> Result<HashSet<UserId>, CallError> {
    let call: Call = routes::thread_members(thread);
    let members: Vec<WireThreadMember> = match core.sender.ask(call).await {
        Err(error) if error.fate() == Fate::Forbidden && core.link.is_degraded() => return Ok(HashSet::new()),
        members => members?,
    };
    Ok(members.into_iter().filter_map(|member| member.user_id).collect())
}

fn not_connected() -> CallError {
    CallError::Unavailable("the gateway has not said yet who Muster is".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_the_exceptions_of_its_parent() {
        let read = |json: &str| serde_json::from_str::<WireChannel>(json).unwrap();
        let thread = read(r#"{"id":"6","type":12,"guild_id":"1","name":"t","parent_id":"5"}"#);
        let parent = read(
            r#"{"id":"5","type":0,"guild_id":"1","permission_overwrites":[{"id":"1","type":0,"allow":"0","deny":"1024"}]}"#,
        );
        let facts = facts_of(&thread, Some(&parent));
        assert_eq!((facts.kind, facts.is_private_thread), (ChannelKind::Thread, true));
        assert_eq!((facts.overwrites.len(), facts.parent), (1, Some(ChannelId::new(5))));
    }
}
