//! What the bot may see and do, or the refusal.

use super::Refusal;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{Channel, Guild, Message, World};

impl World {
    /// The guild, which the bot must be in.
    pub(crate) fn seen_guild(&self, id: Snowflake) -> Result<&Guild, Refusal> {
        self.guilds.get(&id).filter(|_| self.is_bot_in(id)).ok_or(Refusal::UNKNOWN_GUILD)
    }

    /// The guild, in which the bot must hold these permissions.
    pub(crate) fn managed_guild(&self, id: Snowflake, wanted: Permissions) -> Result<&Guild, Refusal> {
        let guild = self.seen_guild(id)?;
        let held = self.permissions_in_guild(id, self.bot_id());
        if held.contains(wanted) { Ok(guild) } else { Err(Refusal::MISSING_PERMISSIONS) }
    }

    /// The channel, which the bot must see.
    pub(crate) fn seen_channel(&self, id: Snowflake) -> Result<&Channel, Refusal> {
        let channel = self.channels.get(&id).ok_or(Refusal::UNKNOWN_CHANNEL)?;
        if self.may_view(id, self.bot_id()) { Ok(channel) } else { Err(Refusal::MISSING_ACCESS) }
    }

    /// The channel, in which the bot must hold these permissions.
    pub(crate) fn managed_channel(&self, id: Snowflake, wanted: Permissions) -> Result<&Channel, Refusal> {
        let channel = self.seen_channel(id)?;
        let held = self.permissions_in(id, self.bot_id());
        if held.contains(wanted) { Ok(channel) } else { Err(Refusal::MISSING_PERMISSIONS) }
    }

    /// The message, in a channel that the bot sees; what is for another's eyes only does not exist.
    pub(crate) fn seen_message(&self, channel: Snowflake, id: Snowflake) -> Result<&Message, Refusal> {
        let channel = self.seen_channel(channel)?;
        channel.messages.get(&id).filter(|message| !message.is_ephemeral()).ok_or(Refusal::UNKNOWN_MESSAGE)
    }
}
