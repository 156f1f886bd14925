//! Who asks for something, and where, as an interaction tells it.

use serenity::all::{CommandInteraction, ComponentInteraction, ModalInteraction};

use super::core::Core;
use super::failure::{EdgeError, chain};
use super::guild_lifecycle;
use super::members;
use crate::commands::{CommandError, Invocation, Invoker};
use crate::domain::audience::Member;
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, RoleId, UserId};

const ONLY_IN_SERVERS: &str = "I only work inside a server. Use this command there.";
const NOT_A_MEMBER: &str =
    "I am not a member of this server. Somebody who manages it can add me with an invite link.";
const TRY_AGAIN: &str = "Discord does not answer me at the moment. Please try again in a minute.";

/// What an interaction says of who asks, and where.
pub(super) struct Asker<'a> {
    guild: Option<serenity::all::GuildId>,
    channel: serenity::all::ChannelId,
    member: Option<&'a serenity::all::Member>,
    locale: &'a str,
    attachment_max: u32,
}

impl<'a> Asker<'a> {
    /// Of a command or suggestions for one.
    pub(super) fn of_command(command: &'a CommandInteraction) -> Self {
        let CommandInteraction { guild_id, channel_id, member, locale, attachment_size_limit, .. } = command;
        Self {
            guild: *guild_id,
            channel: *channel_id,
            member: member.as_deref(),
            locale,
            attachment_max: *attachment_size_limit,
        }
    }

    /// Of a button.
    pub(super) fn of_press(press: &'a ComponentInteraction) -> Self {
        let ComponentInteraction { guild_id, channel_id, member, locale, attachment_size_limit, .. } = press;
        Self {
            guild: *guild_id,
            channel: *channel_id,
            member: member.as_ref(),
            locale,
            attachment_max: *attachment_size_limit,
        }
    }

    /// Of a form.
    pub(super) fn of_form(form: &'a ModalInteraction) -> Self {
        let ModalInteraction { guild_id, channel_id, member, locale, attachment_size_limit, .. } = form;
        Self {
            guild: *guild_id,
            channel: *channel_id,
            member: member.as_ref(),
            locale,
            attachment_max: *attachment_size_limit,
        }
    }
}

/// Who asks, and where; or what to say to those who cannot ask there.
///
/// # Errors
/// A sentence for whoever asks.
pub(super) async fn invocation(core: &Core, asker: Asker<'_>) -> Result<Invocation, String> {
    let (Some(guild), Some(member)) = (asker.guild, asker.member) else {
        return Err(ONLY_IN_SERVERS.to_owned());
    };
    let guild = GuildId::new(guild.get());
    match guild_lifecycle::admit(core, guild).await {
        Ok(true) => {}
        Ok(false) => return Err(NOT_A_MEMBER.to_owned()),
        Err(error) => {
            tracing::warn!(guild.id = %guild, error = chain(&error), "cannot find out whether Muster is in a guild");
            return Err(match error {
                EdgeError::Call(_) => TRY_AGAIN.to_owned(),
                EdgeError::Storage(error) => CommandError::from(error).to_string(),
            });
        }
    }
    let permissions = member.permissions.map_or(0, |permissions| permissions.bits());
    let known = known(member);
    if let Err(error) = members::met(core, guild, &known).await {
        tracing::warn!(guild.id = %guild, error = chain(&error), "cannot remember a member");
    }
    let invoker = Invoker {
        user_id: known.user_id,
        name: known.name,
        roles: known.roles,
        permissions: Permissions(permissions),
        locale: asker.locale.to_owned(),
    };
    Ok(Invocation {
        guild,
        channel: ChannelId::new(asker.channel.get()),
        invoker,
        attachment_max: asker.attachment_max.into(),
    })
}

/// The member as Muster knows it.
fn known(member: &serenity::all::Member) -> Member {
    Member {
        user_id: UserId::new(member.user.id.get()),
        name: member.display_name().to_owned(),
        is_bot: member.user.bot,
        roles: member.roles.iter().map(|role| RoleId::new(role.get())).collect(),
    }
}
