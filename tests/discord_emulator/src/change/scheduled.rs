//! Scheduled events and invites.

use serde_json::json;

use super::Change;
use crate::gateway::Intents;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Invite, ScheduledEvent};

/// An invite that is about to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewInvite {
    pub(crate) guild: Snowflake,
    pub(crate) channel: Snowflake,
    pub(crate) inviter: Snowflake,
    pub(crate) max_age: u32,
    pub(crate) max_uses: u8,
    pub(crate) is_temporary: bool,
}

impl Change<'_> {
    /// Puts an event into the guild's calendar.
    pub(crate) fn add_scheduled_event(&mut self, event: ScheduledEvent) {
        let (guild, id) = (event.guild, event.id);
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.scheduled_events.insert(id, event);
        }
        self.tell_of_scheduled_event("GUILD_SCHEDULED_EVENT_CREATE", guild, id);
    }

    /// Changes an event as `alter` does; one that is over leaves the calendar, after saying so.
    pub(crate) fn update_scheduled_event(
        &mut self,
        guild: Snowflake,
        id: Snowflake,
        alter: impl FnOnce(&mut ScheduledEvent),
    ) {
        let Some(event) = self.guilds.get_mut(&guild).and_then(|home| home.scheduled_events.get_mut(&id))
        else {
            return;
        };
        alter(event);
        self.tell_of_scheduled_event("GUILD_SCHEDULED_EVENT_UPDATE", guild, id);
    }

    /// Deletes an event.
    pub(crate) fn delete_scheduled_event(&mut self, guild: Snowflake, id: Snowflake) {
        self.tell_of_scheduled_event("GUILD_SCHEDULED_EVENT_DELETE", guild, id);
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.scheduled_events.remove(&id);
        }
    }

    fn tell_of_scheduled_event(&self, name: &str, guild: Snowflake, id: Snowflake) {
        let event = self.guilds.get(&guild).and_then(|home| home.scheduled_events.get(&id));
        if let Some(event) = event {
            let data = payload::scheduled_event(self, event, false);
            self.tell_guild(name, guild, Intents::GUILD_SCHEDULED_EVENTS, data);
        }
    }

    /// Says for somebody that they are interested in an event, or no longer.
    pub(crate) fn set_interested(
        &mut self,
        guild: Snowflake,
        id: Snowflake,
        user: Snowflake,
        is_interested: bool,
    ) {
        let Some(event) = self.guilds.get_mut(&guild).and_then(|home| home.scheduled_events.get_mut(&id))
        else {
            return;
        };
        let changed =
            if is_interested { event.interested.insert(user) } else { event.interested.remove(&user) };
        if changed {
            let name = if is_interested {
                "GUILD_SCHEDULED_EVENT_USER_ADD"
            } else {
                "GUILD_SCHEDULED_EVENT_USER_REMOVE"
            };
            let data = json!({ "guild_scheduled_event_id": id, "user_id": user, "guild_id": guild });
            self.tell_guild(name, guild, Intents::GUILD_SCHEDULED_EVENTS, data);
        }
    }

    /// Makes an invite and returns its code.
    pub(crate) fn add_invite(&mut self, new: NewInvite) -> String {
        let code = format!("inv{:x}", self.next_id().get());
        let invite = Invite {
            code: code.clone(),
            guild: new.guild,
            channel: new.channel,
            inviter: new.inviter,
            created: self.now(),
            max_age: new.max_age,
            max_uses: new.max_uses,
            uses: 0,
            is_temporary: new.is_temporary,
        };
        self.tell_guild(
            "INVITE_CREATE",
            new.guild,
            Intents::GUILD_INVITES,
            payload::invite_created(self, &invite),
        );
        self.invites.insert(code.clone(), invite);
        code
    }

    /// Withdraws an invite.
    pub(crate) fn delete_invite(&mut self, code: &str) -> Option<Invite> {
        let invite = self.invites.remove(code)?;
        let data = json!({ "channel_id": invite.channel, "guild_id": invite.guild, "code": code });
        self.tell_guild("INVITE_DELETE", invite.guild, Intents::GUILD_INVITES, data);
        Some(invite)
    }
}
