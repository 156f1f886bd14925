//! Reminders against real guild stores and a Discord that takes what it is told to take.

mod failing_writes;
mod together;
mod waiting;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use tempfile::TempDir;

use super::pass::{Ended, Pass};
use super::{Agenda, Courier, Haste, Probe, Scheduler, SendError};
use crate::clock::{Clock, Timestamp};
use crate::domain::audience::Member;
use crate::domain::choice::Choices;
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, EventId, Origin};
use crate::domain::interval::Interval;
use crate::domain::notice::Cause;
use crate::domain::reminder::Reminder;
use crate::domain::reminder_text::Outgoing;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::lifecycle::{Pulse, Shutdown};
use crate::storage::{DataDir, GuildStores, Lease, NewEvent, Registry, StorageError, StoreOptions};

const GUILD: GuildId = GuildId::new(1);
const WINDOW: Duration = Duration::from_mins(2);

struct StandingClock(Mutex<Timestamp>);

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// A message that Discord was asked to make.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    events: Vec<EventId>,
    part: usize,
    nonce: String,
    mentioned: Vec<u64>,
    /// Whether some of it says that it may be a repeat.
    is_doubtful: bool,
    haste: Haste,
}

#[derive(Default)]
struct FakeCourier {
    sent: Mutex<Vec<Sent>>,
    /// How many more messages Discord takes before it cannot be reached.
    takes: Mutex<usize>,
    /// What a look for a part finds; absent where nothing is said.
    found: Mutex<HashMap<usize, Probe>>,
    /// How often somebody looked.
    looks: Mutex<usize>,
    /// Whether every look fails.
    is_blurred: Mutex<bool>,
    /// Whether Muster may not write.
    is_forbidden: Mutex<bool>,
    /// The event whose reminders Discord never takes.
    refused: Mutex<Option<EventId>>,
}

#[async_trait]
impl Courier for FakeCourier {
    async fn refresh(&self, _: &Lease) -> Result<(), SendError> {
        Ok(())
    }

    async fn can_see(
        &self,
        _: GuildId,
        _: ChannelId,
        members: &[Member],
    ) -> Result<HashSet<UserId>, SendError> {
        Ok(members.iter().map(|member| member.user_id).collect())
    }

    async fn send(
        &self,
        _: GuildId,
        bundle: &[Outgoing],
        part: usize,
        haste: Haste,
    ) -> Result<MessageId, SendError> {
        let users = bundle.iter().flat_map(|outgoing| outgoing.reminder.parts().nth(part).unwrap());
        let mut mentioned: Vec<u64> = users.map(|user| user.get()).collect();
        mentioned.sort_unstable();
        let events: Vec<_> = bundle.iter().map(|outgoing| outgoing.event.id).collect();
        let nonces: HashSet<_> = bundle.iter().map(|outgoing| outgoing.reminder.part_nonce(part)).collect();
        assert_eq!(nonces.len(), 1, "what shares a message shares its nonce");
        let nonce = nonces.into_iter().next().unwrap();
        let is_doubtful = bundle.iter().any(|outgoing| outgoing.reminder.perhaps_sent_before);
        let is_refused = self.refused.lock().unwrap().is_some_and(|refused| events.contains(&refused));
        self.sent.lock().unwrap().push(Sent { events, part, nonce, mentioned, is_doubtful, haste });
        if *self.is_forbidden.lock().unwrap() {
            return Err(SendError::Forbidden { cause: Cause::Permission, why: "Muster may not".into() });
        }
        if is_refused {
            return Err(SendError::Refused { why: "Discord does not like it".into() });
        }
        let mut takes = self.takes.lock().unwrap();
        *takes = takes.checked_sub(1).ok_or(SendError::Retry { after: None, why: "an outage".into() })?;
        Ok(MessageId::new(70))
    }

    async fn probe(&self, _: GuildId, _: &Outgoing, part: usize) -> Result<Probe, SendError> {
        *self.looks.lock().unwrap() += 1;
        if *self.is_blurred.lock().unwrap() {
            return Err(SendError::Retry { after: None, why: "nobody can look".into() });
        }
        Ok(self.found.lock().unwrap().get(&part).copied().unwrap_or(Probe::Absent))
    }

    fn has_unread_answers(&self, _: GuildId, _: EventId) -> bool {
        false
    }

    async fn read_answers(&self, _: &Lease, _: &Event) -> Result<(), SendError> {
        Ok(())
    }

    async fn tell_organisers(&self, _: &Lease) -> Result<(), StorageError> {
        Ok(())
    }

    fn event_changed(&self, _: GuildId, _: EventId) {}
}

/// A guild with an event that asks so many members, due a minute after the beginning and every hour from then on.
struct House {
    scheduler: Scheduler,
    courier: Arc<FakeCourier>,
    clock: Arc<StandingClock>,
    event: EventId,
    _dir: TempDir,
}

impl House {
    async fn of(members: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = Arc::new(DataDir::open(dir.path()).unwrap());
        let start = start();
        let clock = Arc::new(StandingClock(Mutex::new(start)));
        let registry = Arc::new(Registry::open(&data, clock.clone()).await.unwrap());
        registry.note_joined(GUILD, start).await.unwrap();
        let stores = GuildStores::new(data, StoreOptions::default(), clock.clone());
        stores.admit(GUILD);
        let store = stores.open_or_create(GUILD).await.unwrap();
        let person = |user| {
            let (user_id, name) = (UserId::new(user), format!("member {user}"));
            Member { user_id, name, is_bot: false, roles: Vec::new() }
        };
        let people: Vec<Member> = (1..=members).map(person).collect();
        store.members().replace_all(&people, start).await.unwrap();
        let event = store.events().watch(&watched(60, 50), start).await.unwrap().into_event().id;
        let courier = Arc::new(FakeCourier::default());
        let scheduler = Scheduler {
            stores,
            registry,
            agenda: Agenda::default(),
            courier: courier.clone(),
            clock: clock.clone(),
            nonce_window: WINDOW,
            pulse: Pulse::default(),
            shutdown: Shutdown::default(),
        };
        Self { scheduler, courier, clock, event, _dir: dir }
    }

    /// Adds an event with this message in this channel, due when the first is.
    async fn also(&self, message: u64, channel: u64) -> EventId {
        let store = self.store().await;
        store.events().watch(&watched(message, channel), self.clock.now()).await.unwrap().into_event().id
    }

    /// Lets time pass, gives the guild its turn, and returns what was sent in it. Discord takes so many messages.
    async fn turn_after(&self, seconds: i64, takes: usize) -> Vec<Sent> {
        let (ended, sent) = self.try_turn_after(seconds, takes).await;
        assert!(matches!(ended, Ended::Well), "a reminder that waits is no trouble of the guild");
        sent
    }

    async fn try_turn_after(&self, seconds: i64, takes: usize) -> (Ended, Vec<Sent>) {
        *self.clock.0.lock().unwrap() += TimeDelta::seconds(seconds);
        *self.courier.takes.lock().unwrap() = takes;
        let awake_since = start();
        let ended = Pass { scheduler: self.scheduler.clone(), guild: GUILD, awake_since }.run().await;
        (ended, std::mem::take(&mut self.courier.sent.lock().unwrap()))
    }

    fn finds(&self, part: usize, probe: Probe) {
        self.courier.found.lock().unwrap().insert(part, probe);
    }

    async fn answers(&self, user: u64) {
        let store = self.store().await;
        let yes = Emoji::Unicode("✅".into());
        assert!(
            store
                .responses()
                .set_button(self.event, UserId::new(user), &yes, self.clock.now())
                .await
                .unwrap()
        );
    }

    async fn store(&self) -> Lease {
        self.scheduler.stores.open(GUILD).await.unwrap().unwrap()
    }

    /// The first reminder that was claimed.
    async fn row(&self) -> Reminder {
        let store = self.store().await;
        store.reminders().history(self.event, 99, 0).await.unwrap().pop().unwrap()
    }
}

fn start() -> Timestamp {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A watched message that is due a minute after the start, and every hour from then on.
fn watched(message: u64, channel: u64) -> NewEvent {
    NewEvent {
        channel_id: ChannelId::new(channel),
        message_id: Some(MessageId::new(message)),
        origin: Origin::Watched,
        title: "Raid".to_owned(),
        description: String::new(),
        interval: Interval::from_millis(3_600_000).unwrap(),
        next_due_at: start() + TimeDelta::minutes(1),
        choices: Choices::default(),
        role: None,
        author_id: UserId::new(1),
    }
}
