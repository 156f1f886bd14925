//! Scheduled events as a test arranges them.

#![expect(
    clippy::must_use_candidate,
    reason = "what people do counts, whether or not the test keeps the handle"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{Channel, Guild, Shared};
use crate::snowflake::Snowflake;
use crate::world::{self, Timestamp};

/// An event in a guild's calendar.
#[derive(Clone)]
pub struct ScheduledEvent {
    inner: Shared,
    guild: Snowflake,
    id: Snowflake,
}

impl std::fmt::Debug for ScheduledEvent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ScheduledEvent({}, {:?})", self.id, self.name())
    }
}

impl Guild {
    /// Puts an event of the owner's into the calendar, which starts this far from now and lasts an hour.
    pub fn add_scheduled_event(&self, name: &str, starts_in: Duration) -> ScheduledEvent {
        self.schedule(name, starts_in, None)
    }

    /// The same, in a voice channel.
    pub fn add_voice_event(&self, name: &str, starts_in: Duration, channel: &Channel) -> ScheduledEvent {
        self.schedule(name, starts_in, Some(channel.id()))
    }

    fn schedule(&self, name: &str, starts_in: Duration, channel: Option<Snowflake>) -> ScheduledEvent {
        let owner = self.owner().id();
        let mut change = self.inner.change();
        let start = change.now() + starts_in;
        let event = world::ScheduledEvent {
            id: change.next_id(),
            guild: self.id(),
            channel,
            creator: owner,
            name: name.to_owned(),
            description: None,
            start,
            end: Some(start + Duration::from_hours(1)),
            status: 1,
            entity_type: if channel.is_some() { 2 } else { 3 },
            location: channel.is_none().then(|| "Somewhere".to_owned()),
            interested: BTreeSet::new(),
        };
        let id = event.id;
        change.add_scheduled_event(event);
        ScheduledEvent::new(&self.inner, self.id(), id)
    }
}

impl ScheduledEvent {
    pub(super) fn new(inner: &Shared, guild: Snowflake, id: Snowflake) -> Self {
        Self { inner: Shared::clone(inner), guild, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> Snowflake {
        self.id
    }

    fn read<T>(&self, read: impl FnOnce(&world::ScheduledEvent) -> T) -> Option<T> {
        let world = self.inner.world();
        world.guilds.get(&self.guild).and_then(|guild| guild.scheduled_events.get(&self.id)).map(read)
    }

    /// Whether it is still in the calendar.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.read(|_| ()).is_some()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.read(|event| event.name.clone()).unwrap_or_default()
    }

    /// What is said about it.
    #[must_use]
    pub fn description(&self) -> Option<String> {
        self.read(|event| event.description.clone()).flatten()
    }

    /// Where it takes place, if not in a channel.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        self.read(|event| event.location.clone()).flatten()
    }

    /// When it starts.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.read(|event| event.start)
    }

    /// When it ends.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.read(|event| event.end).flatten()
    }

    /// 1 scheduled, 2 active, 3 completed, 4 cancelled.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        self.read(|event| event.status)
    }

    /// Who is interested.
    #[must_use]
    pub fn interested(&self) -> Vec<Snowflake> {
        self.read(|event| event.interested.iter().copied().collect()).unwrap_or_default()
    }

    /// The event as the HTTP API returns it.
    #[must_use]
    pub fn json(&self) -> Value {
        let world = self.inner.world();
        let event = world.guilds.get(&self.guild).and_then(|guild| guild.scheduled_events.get(&self.id));
        event.map_or(Value::Null, |event| crate::payload::scheduled_event(&world, event, true))
    }

    /// Renames it.
    pub fn rename(&self, name: &str) {
        self.inner
            .change()
            .update_scheduled_event(self.guild, self.id, |event| name.clone_into(&mut event.name));
    }

    /// Moves its start, and its end by as much.
    pub fn move_to(&self, start: Timestamp) {
        self.inner.change().update_scheduled_event(self.guild, self.id, |event| {
            let length = event.end.map(|end| end.since(event.start));
            event.start = start;
            event.end = length.map(|length| start + length);
        });
    }

    /// Starts it.
    pub fn begin(&self) {
        self.set_status(2);
    }

    /// Ends it.
    pub fn complete(&self) {
        self.set_status(3);
    }

    /// Cancels it.
    pub fn cancel(&self) {
        self.set_status(4);
    }

    fn set_status(&self, status: u8) {
        self.inner.change().update_scheduled_event(self.guild, self.id, |event| event.status = status);
    }

    /// Deletes it.
    pub fn delete(&self) {
        self.inner.change().delete_scheduled_event(self.guild, self.id);
    }
}
