//! Reminders against real guild stores and a Discord that takes what it is told to take.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use tempfile::TempDir;

use super::pass::{Ended, Pass};
use super::{Agenda, Courier, Probe, Scheduler, SendError};
use crate::clock::{Clock, Timestamp};
use crate::domain::audience::Member;
use crate::domain::choice::Choices;
use crate::domain::emoji::Emoji;
use crate::domain::event::{Event, EventId, Origin};
use crate::domain::interval::Interval;
use crate::domain::reminder::{Reminder, Status};
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

/// What became of each send, in order: the part, its nonce, whom it mentions, whether it says that it may be a repeat.
type Sent = (usize, String, Vec<u64>, bool);

#[derive(Default)]
struct FakeCourier {
    sent: Mutex<Vec<Sent>>,
    /// How many more messages Discord takes before it cannot be reached.
    takes: Mutex<usize>,
    /// What a look for a part finds; absent where nothing is said.
    found: Mutex<HashMap<usize, Probe>>,
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
        _: &Event,
        reminder: &Reminder,
        part: usize,
    ) -> Result<MessageId, SendError> {
        let mut mentioned: Vec<u64> =
            reminder.parts().nth(part).unwrap().iter().map(|user| user.get()).collect();
        mentioned.sort_unstable();
        let sent = (part, reminder.part_nonce(part), mentioned, reminder.perhaps_sent_before);
        self.sent.lock().unwrap().push(sent);
        let mut takes = self.takes.lock().unwrap();
        *takes = takes.checked_sub(1).ok_or(SendError::Retry { after: None, why: "an outage".into() })?;
        Ok(MessageId::new(70))
    }

    async fn probe(&self, _: GuildId, _: &Event, _: &Reminder, part: usize) -> Result<Probe, SendError> {
        Ok(self.found.lock().unwrap().get(&part).copied().unwrap_or(Probe::Absent))
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
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
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
        let watched = NewEvent {
            channel_id: ChannelId::new(50),
            message_id: Some(MessageId::new(60)),
            origin: Origin::Watched,
            title: "Raid".to_owned(),
            description: String::new(),
            interval: Interval::from_millis(3_600_000).unwrap(),
            next_due_at: start + TimeDelta::minutes(1),
            choices: Choices::default(),
            role: None,
            author_id: UserId::new(1),
        };
        let event = store.events().watch(&watched, start).await.unwrap().into_event().id;
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

    /// Lets time pass, gives the guild its turn, and returns what was sent in it. Discord takes so many messages.
    async fn turn_after(&self, seconds: i64, takes: usize) -> Vec<Sent> {
        *self.clock.0.lock().unwrap() += TimeDelta::seconds(seconds);
        *self.courier.takes.lock().unwrap() = takes;
        let ended = Pass { scheduler: self.scheduler.clone(), guild: GUILD }.run().await;
        assert!(matches!(ended, Ended::Well), "a reminder that waits is no trouble of the guild");
        std::mem::take(&mut self.courier.sent.lock().unwrap())
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

#[tokio::test]
async fn while_its_nonce_is_known_a_reminder_is_repeated_word_for_word() {
    let house = House::of(3).await;
    let first = house.turn_after(60, 0).await;
    house.answers(2).await;
    assert_eq!(house.turn_after(10, 1).await, first);
    assert_eq!((house.row().await.status, house.row().await.attempts), (Status::Sent, 2));
}

#[tokio::test]
async fn later_it_names_those_still_missing_under_another_nonce_once_it_is_surely_not_there() {
    let house = House::of(3).await;
    let first = house.turn_after(60, 0).await;
    house.answers(2).await;
    let again = house.turn_after(600, 0).await;
    assert_eq!((&again[0].2, again[0].3), (&vec![1, 3], false));
    assert_ne!(again[0].1, first[0].1);
    house.answers(3).await;
    assert_eq!(house.turn_after(20, 1).await, again, "the new nonce is known for its own window");
    let row = house.row().await;
    assert!(row.is_late() && row.status == Status::Sent, "{row:?}");
}

#[tokio::test]
async fn where_nobody_can_look_the_repeat_says_so_and_so_does_the_repeat_of_the_repeat() {
    let house = House::of(2).await;
    house.turn_after(60, 0).await;
    house.finds(0, Probe::Blind);
    let again = house.turn_after(600, 0).await;
    assert!(again[0].3, "{again:?}");
    assert_eq!(house.turn_after(20, 1).await, again);
}

#[tokio::test]
async fn parts_that_are_there_stay_and_the_rest_goes_to_those_still_missing() {
    let house = House::of(200).await;
    let first = house.turn_after(60, 1).await;
    assert_eq!(first.len(), 2, "the second part was refused");
    // Of the second part nobody heard, but it is there; the third was never tried.
    house.finds(1, Probe::Found(MessageId::new(71)));
    let mentioned: HashSet<u64> = first.iter().flat_map(|sent| sent.2.clone()).collect();
    let silent = (1..=200).find(|user| !mentioned.contains(user)).unwrap();
    house.answers(silent).await;
    let rest = house.turn_after(600, 1).await;
    let expected: Vec<u64> = (1..=200).filter(|user| !mentioned.contains(user) && *user != silent).collect();
    assert_eq!(rest.iter().map(|sent| (sent.0, &sent.2)).collect::<Vec<_>>(), [(2, &expected)]);
    let row = house.row().await;
    assert_eq!(row.message_ids, [70, 71, 70].map(|id| Some(MessageId::new(id))));
    assert_eq!((row.status, row.notified), (Status::Sent, 199));
}

#[tokio::test]
async fn a_part_that_is_missing_before_one_that_is_there_was_deleted_and_is_not_repeated() {
    let house = House::of(100).await;
    house.turn_after(60, 0).await;
    house.finds(1, Probe::Found(MessageId::new(71)));
    assert_eq!(house.turn_after(600, 9).await, []);
    assert_eq!(house.row().await.message_ids, [None, Some(MessageId::new(71))]);
    assert_eq!(house.row().await.status, Status::Sent);
}

#[tokio::test]
async fn a_reminder_that_nobody_needs_any_more_is_skipped() {
    let house = House::of(2).await;
    house.turn_after(60, 0).await;
    house.answers(1).await;
    house.answers(2).await;
    assert_eq!(house.turn_after(600, 1).await, []);
    assert_eq!(house.row().await.status, Status::Skipped);
}

#[tokio::test]
async fn a_clock_that_was_set_back_behind_the_claim_makes_muster_look_first() {
    let house = House::of(2).await;
    house.turn_after(60, 0).await;
    house.finds(0, Probe::Found(MessageId::new(71)));
    // The retry is due by now, and the clock says that it is before the claim.
    let store = house.store().await;
    let row = house.row().await;
    let early = row.claimed_at - TimeDelta::seconds(30);
    store.reminders().retry_at(row.id, early, "", early).await.unwrap();
    assert_eq!(house.turn_after(-20, 1).await, []);
    assert_eq!(house.row().await.message_ids, [Some(MessageId::new(71))]);
}
