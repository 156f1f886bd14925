//! Threads: starting, joining, archiving, deleting.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Change, Draft};
use crate::gateway::Intents;
use crate::payload;
use crate::snowflake::Snowflake;
use crate::world::{Channel, ChannelKind, Reference, Thread, flags};

/// A thread that is about to be started.
#[derive(Clone, Debug)]
pub(crate) struct NewThread {
    pub(crate) parent: Snowflake,
    /// The message it is started from, whose id it takes.
    pub(crate) message: Option<Snowflake>,
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) owner: Snowflake,
    pub(crate) auto_archive_minutes: u16,
    pub(crate) is_invitable: bool,
}

impl Change<'_> {
    /// Starts a thread, with its owner in it.
    pub(crate) fn start_thread(&mut self, new: &NewThread) -> Snowflake {
        let id = new.message.unwrap_or_else(|| self.next_id());
        let now = self.now();
        let guild = self.guild_of(new.parent);
        let mut channel = Channel::new(id, guild, new.kind, &new.name);
        channel.parent = Some(new.parent);
        channel.thread = Some(Box::new(Thread {
            owner: new.owner,
            is_archived: false,
            is_locked: false,
            auto_archive_minutes: new.auto_archive_minutes,
            archive_changed: now,
            created: now,
            is_invitable: new.is_invitable,
            members: BTreeMap::from([(new.owner, now)]),
            message_count: 0,
            total_sent: 0,
        }));
        self.channels.insert(id, channel);
        if let Some(home) = guild.and_then(|guild| self.guilds.get_mut(&guild)) {
            home.threads.push(id);
        }
        self.tell_of_new_thread(id);
        self.announce_thread(new, id, guild);
        id
    }

    fn tell_of_new_thread(&self, id: Snowflake) {
        let Some(channel) = self.channels.get(&id) else { return };
        if let Some(guild) = channel.guild.filter(|_| self.may_view(id, self.bot_id())) {
            let mut data = payload::channel(self, channel);
            data["newly_created"] = json!(true);
            self.tell_guild("THREAD_CREATE", guild, Intents::GUILDS, data);
        }
    }

    /// Started from a message, the thread is marked on it; started alone, a system message stands in the channel.
    fn announce_thread(&mut self, new: &NewThread, id: Snowflake, guild: Option<Snowflake>) {
        if let Some(message) = new.message {
            if let Some(message) = self.message_mut(new.parent, message) {
                message.flags |= flags::HAS_THREAD;
            }
            return;
        }
        if new.kind == ChannelKind::PublicThread && self.holds_messages(new.parent) {
            let reference = Reference { channel: id, message: None, guild, is_forward: false };
            let draft = Draft { kind: 18, reference: Some(reference), ..Draft::text(new.name.clone()) };
            self.post(new.parent, new.owner, draft);
        }
    }

    fn holds_messages(&self, channel: Snowflake) -> bool {
        self.channels.get(&channel).is_some_and(|channel| channel.kind.holds_messages())
    }

    /// A message in a thread counts, takes its author in, and wakes an archived thread.
    pub(super) fn wake_thread(&mut self, id: Snowflake, author: Snowflake) {
        let now = self.now();
        let Some(thread) = self.channels.get_mut(&id).and_then(|channel| channel.thread.as_mut()) else {
            return;
        };
        thread.message_count += 1;
        thread.total_sent += 1;
        let was_archived = std::mem::take(&mut thread.is_archived);
        if was_archived {
            thread.archive_changed = now;
        }
        if was_archived {
            self.tell_of_channel("THREAD_UPDATE", id);
        }
        self.join_thread(id, author);
    }

    /// Takes somebody into a thread; nothing happens where they are in it.
    pub(crate) fn join_thread(&mut self, id: Snowflake, user: Snowflake) {
        let now = self.now();
        let Some(thread) = self.channels.get_mut(&id).and_then(|channel| channel.thread.as_mut()) else {
            return;
        };
        if thread.members.contains_key(&user) {
            return;
        }
        thread.members.insert(user, now);
        // A private thread is new to the bot that is taken into it.
        if user == self.bot_id() {
            self.tell_of_channel("THREAD_CREATE", id);
        }
        let member = payload::thread_member(id, user, now);
        self.tell_of_thread_members(id, user, &json!([member]), &json!([]));
    }

    /// Takes somebody out of a thread.
    pub(crate) fn leave_thread(&mut self, id: Snowflake, user: Snowflake) {
        let Some(thread) = self.channels.get_mut(&id).and_then(|channel| channel.thread.as_mut()) else {
            return;
        };
        if thread.members.remove(&user).is_some() {
            self.tell_of_thread_members(id, user, &json!([]), &json!([user]));
        }
    }

    /// Others' coming and going needs the members intent, the bot's own does not.
    fn tell_of_thread_members(&self, id: Snowflake, user: Snowflake, added: &Value, removed: &Value) {
        let Some(channel) = self.channels.get(&id) else { return };
        let (Some(guild), Some(thread)) = (channel.guild, &channel.thread) else { return };
        let intents = if user == self.bot_id() { Intents::GUILDS } else { Intents::GUILD_MEMBERS };
        let data = json!({
            "id": id,
            "guild_id": guild,
            "member_count": thread.members.len().min(50),
            "added_members": added,
            "removed_member_ids": removed,
        });
        self.tell_guild("THREAD_MEMBERS_UPDATE", guild, intents, data);
    }

    /// Archives a thread or wakes it; a locked one can only be woken by those who manage threads.
    pub(crate) fn set_archived(&mut self, id: Snowflake, is_archived: bool, is_locked: Option<bool>) {
        let now = self.now();
        self.update_channel(id, |channel| {
            if let Some(thread) = channel.thread.as_mut() {
                if thread.is_archived != is_archived {
                    thread.archive_changed = now;
                }
                thread.is_archived = is_archived;
                thread.is_locked = is_locked.unwrap_or(thread.is_locked);
            }
        });
    }

    /// Deletes a thread and tells of it.
    pub(super) fn delete_thread(&mut self, guild: Snowflake, id: Snowflake) {
        let Some(channel) = self.channels.get(&id) else { return };
        let data = json!({
            "id": id,
            "guild_id": guild,
            "parent_id": channel.parent,
            "type": channel.kind.number(),
        });
        if self.may_view(id, self.bot_id()) {
            self.tell_guild("THREAD_DELETE", guild, Intents::GUILDS, data);
        }
        let parent = channel.parent;
        self.channels.remove(&id);
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.threads.retain(|thread| *thread != id);
        }
        if let Some(message) = parent.and_then(|parent| self.message_mut(parent, id)) {
            message.flags &= !flags::HAS_THREAD;
        }
    }
}
