//! One session: what it asked for, how far it has come, and what it would miss without a replay.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::{Dispatch, Intents, frame};
use crate::snowflake::Snowflake;

/// One part of the guilds, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    /// Which part this is.
    pub id: u32,
    /// How many parts there are.
    pub total: u32,
}

impl Shard {
    /// Whether events of this guild belong here; events without a guild belong to the first shard.
    ///
    /// <https://discord.com/developers/docs/events/gateway#sharding-sharding-formula>
    #[must_use]
    pub fn has(self, guild: Option<Snowflake>) -> bool {
        let number = guild.map_or(0, |guild| (guild.get() >> 22) % u64::from(self.total.max(1)));
        number == u64::from(self.id)
    }
}

/// What a connection's task is told to do.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Send this text.
    Send(Arc<str>),
    /// Send a close frame, with or without a code, and end.
    Close(Option<(u16, &'static str)>),
    /// End without a word, as when the network is cut.
    Drop,
    /// Forget the session: it was invalidated, and the connection may identify anew.
    Forget,
}

/// One session, with or without a connection.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) shard: Shard,
    pub(crate) intents: Intents,
    /// The number of the last event.
    pub(crate) sequence: u64,
    /// The events since the last one that a heartbeat confirmed.
    replay: VecDeque<(u64, Arc<str>)>,
    /// Guilds whose GUILD_CREATE is still to be sent, in order, and the same for looking up.
    pending: VecDeque<Snowflake>,
    is_pending: HashSet<Snowflake>,
    /// The connection's number and how to reach it.
    pub(crate) connection: Option<(u64, UnboundedSender<Order>)>,
    pub(crate) disconnected_at: Option<Instant>,
    pub(crate) resumes: u32,
}

impl Session {
    pub(crate) fn new(id: String, shard: Shard, intents: Intents, pending: Vec<Snowflake>) -> Self {
        let is_pending = pending.iter().copied().collect();
        Self {
            id,
            shard,
            intents,
            sequence: 0,
            replay: VecDeque::new(),
            pending: pending.into(),
            is_pending,
            connection: None,
            disconnected_at: None,
            resumes: 0,
        }
    }

    /// Whether the session receives the event at all.
    pub(crate) fn wants(&mut self, name: &str, guild: Option<Snowflake>) -> bool {
        // Discord tells every shard about the bot's own user.
        if !self.shard.has(guild) && name != "USER_UPDATE" {
            return false;
        }
        let Some(guild) = guild else { return true };
        if !self.is_pending.contains(&guild) {
            return true;
        }
        // A session hears of a guild from GUILD_CREATE on; interactions come from elsewhere.
        match name {
            "GUILD_CREATE" | "GUILD_DELETE" => {
                self.is_pending.remove(&guild);
                true
            }
            _ => name == "INTERACTION_CREATE",
        }
    }

    /// Numbers an event, keeps it for a replay and sends it if there is a connection.
    pub(crate) fn push(&mut self, name: &str, data: &str) {
        self.sequence += 1;
        let text = frame::dispatch(name, self.sequence, data);
        self.replay.push_back((self.sequence, Arc::clone(&text)));
        self.send(Order::Send(text));
    }

    /// What the session receives of an event that it wants, if its intents cover it.
    pub(crate) fn offer<'a>(&mut self, dispatch: &'a Dispatch, texts: &mut Texts<'a>) {
        if let Some(data) = dispatch.for_session(self.intents) {
            let text = texts.of(data);
            self.push(&dispatch.name, &text);
        }
    }

    /// Tells the connection, if there is one.
    pub(crate) fn send(&self, order: Order) {
        if let Some((_, connection)) = &self.connection {
            // A connection that has just ended finds what it missed in the replay.
            drop(connection.send(order));
        }
    }

    /// Takes the next guilds whose GUILD_CREATE is due.
    pub(crate) fn take_pending(&mut self, count: usize) -> Vec<Snowflake> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let Some(guild) = self.pending.pop_front() else { break };
            if self.is_pending.remove(&guild) {
                taken.push(guild);
            }
        }
        taken
    }

    /// Whether every guild has been announced.
    pub(crate) fn is_complete(&self) -> bool {
        self.is_pending.is_empty()
    }

    /// The client has seen everything up to this number.
    pub(crate) fn confirm(&mut self, sequence: u64) {
        while self.replay.front().is_some_and(|(number, _)| *number <= sequence) {
            self.replay.pop_front();
        }
    }

    /// All events that no heartbeat has confirmed.
    pub(crate) fn events_kept(&self) -> Vec<Arc<str>> {
        self.replay.iter().map(|(_, text)| Arc::clone(text)).collect()
    }

    /// The events after `sequence`, unless some of them are no longer kept.
    pub(crate) fn events_after(&self, sequence: u64) -> Option<Vec<Arc<str>>> {
        let first_kept = self.replay.front().map_or(self.sequence + 1, |(number, _)| *number);
        let is_whole = sequence <= self.sequence && sequence + 1 >= first_kept;
        is_whole.then(|| {
            self.replay
                .iter()
                .filter(|(number, _)| *number > sequence)
                .map(|(_, text)| Arc::clone(text))
                .collect()
        })
    }
}

/// The texts of one event's data: each variant is serialised once, however many sessions receive it.
#[derive(Default)]
pub(crate) struct Texts<'a> {
    made: Vec<(&'a serde_json::Value, Arc<str>)>,
}

impl<'a> Texts<'a> {
    fn of(&mut self, data: &'a serde_json::Value) -> Arc<str> {
        if let Some((_, text)) = self.made.iter().find(|(known, _)| std::ptr::eq(*known, data)) {
            return Arc::clone(text);
        }
        let text: Arc<str> = data.to_string().into();
        self.made.push((data, Arc::clone(&text)));
        text
    }
}
