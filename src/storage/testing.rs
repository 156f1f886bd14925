//! What the tests of this room share: a clock to set, a store in a temporary directory, a plain event.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;

use super::{DataDir, GuildStores, Lease, NewEvent, NewReminder, StoreOptions};
use crate::clock::{Clock, Timestamp};
use crate::domain::choice::Choices;
use crate::domain::event::{Event, EventId, Origin};
use crate::domain::interval::Interval;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};

/// The guild of most tests.
pub(super) const GUILD: GuildId = GuildId::new(1_000);

/// An instant, `seconds` after an arbitrary one.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// A clock that stands until it is set.
pub(super) struct StandingClock(AtomicI64);

impl StandingClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(at(0).timestamp_millis())))
    }

    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp_millis(self.0.load(Ordering::SeqCst)).unwrap()
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

/// A temporary directory, in memory where the machine has such a place: for tests that write a great deal.
pub(super) fn fast_dir() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Guild stores in a temporary directory.
pub(super) fn stores_in(tmp: &TempDir, options: StoreOptions) -> GuildStores {
    let dir = DataDir::open(&tmp.path().join("data")).unwrap();
    GuildStores::new(Arc::new(dir), options, StandingClock::new())
}

/// A new store of [`GUILD`].
pub(super) async fn open_store() -> (TempDir, Lease) {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, StoreOptions::default());
    stores.admit(GUILD);
    let lease = stores.open_or_create(GUILD).await.unwrap();
    (tmp, lease)
}

/// A watched message with this number and title, due every minute from `at(60)` on.
pub(super) fn new_event(message: u64, title: &str) -> NewEvent {
    NewEvent {
        channel_id: ChannelId::new(50),
        message_id: Some(MessageId::new(message)),
        origin: Origin::Watched,
        title: title.to_owned(),
        description: String::new(),
        interval: Interval::from_millis(60_000).unwrap(),
        next_due_at: at(60),
        choices: Choices::default(),
        role: None,
        author_id: UserId::new(9),
    }
}

/// Watches the message with this number.
pub(super) async fn watch(lease: &Lease, message: u64) -> Event {
    lease.events().watch(&new_event(message, "Raid"), at(0)).await.unwrap().into_event()
}

/// The reminder of an event at `at(seconds)` to three members; the next comes a minute later.
pub(super) fn new_reminder(event: EventId, seconds: i64) -> NewReminder {
    NewReminder {
        event_id: event,
        scheduled_at: at(seconds),
        next_due_at: Some(at(seconds + 60)),
        recipients: [11, 12, 13].map(UserId::new).to_vec(),
        responded: 2,
    }
}

/// A write on a reminder's way that is to fail.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FailingWrite {
    /// The row of the log.
    Claim,
    /// The event's next instant.
    NextInstant,
    /// The count of attempts.
    Attempt,
    /// The message that Discord made.
    Message,
    /// That all is sent.
    Mark,
    /// That what shared a message goes on alone.
    Parting,
}

/// Makes every write of this kind fail, as a broken disk does.
pub(crate) async fn fail_writes(lease: &Lease, write: FailingWrite) {
    let trigger = match write {
        FailingWrite::Claim => {
            "CREATE TRIGGER fails BEFORE INSERT ON reminder_log BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
        FailingWrite::NextInstant => {
            "CREATE TRIGGER fails BEFORE UPDATE OF next_due_at ON events BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
        FailingWrite::Attempt => {
            "CREATE TRIGGER fails BEFORE UPDATE OF attempts ON reminder_log BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
        FailingWrite::Message => {
            "CREATE TRIGGER fails BEFORE UPDATE OF message_ids ON reminder_log BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
        FailingWrite::Parting => {
            "CREATE TRIGGER fails BEFORE UPDATE OF nonce ON reminder_log WHEN new.attempts = old.attempts
               AND old.nonce <> '' BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
        FailingWrite::Mark => {
            "CREATE TRIGGER fails BEFORE UPDATE OF status ON reminder_log BEGIN SELECT RAISE(ABORT, 'it fails'); END"
        }
    };
    sqlx::query(trigger).execute(lease.pool()).await.unwrap();
}

/// Lets the writes pass again.
pub(crate) async fn let_writes_pass(lease: &Lease) {
    sqlx::query("DROP TRIGGER fails").execute(lease.pool()).await.unwrap();
}
