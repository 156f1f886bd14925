//! A Discord that takes what the weather lets it take, and writes everything down.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use muster::clock::Clock;
use muster::domain::audience::Member;
use muster::domain::event::{Event, EventId};
use muster::domain::reminder_text::Outgoing;
use muster::ids::{ChannelId, GuildId, MessageId, UserId};
use muster::scheduler::{Courier, Haste, Probe, SendError};
use muster::storage::{Lease, StorageError};

use super::clock::SimulatedClock;
use super::dice::lot;

/// For how long Discord knows a nonce here: longer than the scheduler trusts it, and not for ever.
const NONCE_KNOWN_MS: i64 = 5 * 60_000;

/// What Discord does to a message at an instant. The same for all messages of a channel and an instant, whatever
/// the scheduler puts into them and in whichever order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Weather {
    /// Everything is taken.
    Fair,
    /// What a seed brings.
    Changing(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Taken,
    Unheard,
    Unreachable,
    Refused,
}

impl Weather {
    fn fate(self, channel: ChannelId, at_ms: i64, part: usize) -> Fate {
        let Self::Changing(seed) = self else { return Fate::Taken };
        // Later parts follow the first.
        if part > 0 {
            return Fate::Taken;
        }
        let at = at_ms.unsigned_abs();
        if lot(&[seed, 1, channel.get(), at / 600_000]) < 150 {
            return Fate::Unreachable;
        }
        match lot(&[seed, 2, channel.get(), at]) {
            0..300 => Fate::Unreachable,
            300..400 => Fate::Unheard,
            400..430 => Fate::Refused,
            _ => Fate::Taken,
        }
    }
}

/// What became of one request about one reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is a message; `true` if this request made it.
    Taken(bool),
    /// The same, but the answer was lost.
    Unheard(bool),
    Unreachable,
    Refused,
    /// What a look into the history found.
    Found,
    Absent,
    Unseen,
}

impl Answer {
    /// Whether it answers a look, and nothing was sent.
    pub(super) fn is_of_look(self) -> bool {
        matches!(self, Self::Found | Self::Absent | Self::Unseen)
    }
}

/// One request about one reminder.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) at_ms: i64,
    /// How much time had passed, whatever was done to the clock.
    pub(super) passed_ms: i64,
    pub(super) guild: GuildId,
    pub(super) event: EventId,
    pub(super) scheduled_ms: i64,
    pub(super) part: usize,
    pub(super) nonce: String,
    pub(super) says_late: bool,
    pub(super) mentions: BTreeSet<u64>,
    pub(super) answer: Answer,
}

/// The Discord of a simulation.
pub(super) struct FakeCourier {
    clock: Arc<SimulatedClock>,
    weather: Weather,
    requests: Mutex<Vec<Request>>,
    /// The messages, by their nonce, with when each was made.
    messages: Mutex<HashMap<(GuildId, String), (MessageId, i64)>>,
    /// The messages, by what their buttons say.
    marked: Mutex<HashMap<(GuildId, i64, usize), MessageId>>,
    /// What set out together under a nonce: a look for one is a look for all.
    companies: Mutex<HashMap<(GuildId, String), Vec<Outgoing>>>,
}

impl FakeCourier {
    pub(super) fn new(clock: Arc<SimulatedClock>, weather: Weather) -> Self {
        let (requests, messages) = (Mutex::default(), Mutex::default());
        Self { clock, weather, requests, messages, marked: Mutex::default(), companies: Mutex::default() }
    }

    /// Everything that was asked so far, in order.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    fn note(&self, guild: GuildId, bundle: &[Outgoing], part: usize, answer: Answer) {
        for Outgoing { reminder, .. } in bundle {
            let mentions = reminder.parts().nth(part).unwrap_or_default();
            self.requests.lock().unwrap().push(Request {
                at_ms: self.clock.now_ms(),
                passed_ms: self.clock.passed_ms(),
                guild,
                event: reminder.event_id,
                scheduled_ms: reminder.scheduled_at.timestamp_millis(),
                part,
                nonce: reminder.part_nonce(part),
                says_late: reminder.is_late(),
                mentions: mentions.iter().map(|user| user.get()).collect(),
                answer,
            });
        }
    }

    /// The message of this nonce, made now if there is none; whether it was.
    fn take(&self, guild: GuildId, nonce: String, bundle: &[Outgoing], part: usize) -> (MessageId, bool) {
        let now = self.clock.now_ms();
        let mut messages = self.messages.lock().unwrap();
        let next = u64::try_from(messages.len()).unwrap() + 1;
        let (key, mut is_new) = ((guild, nonce), false);
        let known = messages.get(&key).copied().filter(|(_, made)| now - made < NONCE_KNOWN_MS);
        let (message, made) = known.unwrap_or_else(|| {
            is_new = true;
            (MessageId::new(next), now)
        });
        messages.insert(key, (message, made));
        for outgoing in bundle.iter().filter(|_| is_new) {
            self.marked.lock().unwrap().insert((guild, outgoing.reminder.id.0, part), message);
        }
        (message, is_new)
    }
}

fn unreachable() -> SendError {
    SendError::Retry { after: None, why: "nobody answers".to_owned() }
}

#[async_trait]
impl Courier for FakeCourier {
    async fn refresh(&self, _: &Lease) -> Result<(), SendError> {
        Ok(())
    }

    fn has_unread_answers(&self, _: GuildId, _: EventId) -> bool {
        false
    }

    async fn read_answers(&self, _: &Lease, _: &Event) -> Result<(), SendError> {
        Ok(())
    }

    async fn tell_organisers(&self, store: &Lease) -> Result<(), StorageError> {
        let now = self.clock.now();
        let notices = store.notices().due(now).await?;
        store.notices().told(&notices, now).await
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
        guild: GuildId,
        bundle: &[Outgoing],
        part: usize,
        _: Haste,
    ) -> Result<MessageId, SendError> {
        let first = &bundle[0];
        let (channel, nonce) = (first.event.channel_id, first.reminder.part_nonce(part));
        let together =
            |one: &Outgoing| one.event.channel_id == channel && one.reminder.part_nonce(part) == nonce;
        assert!(bundle.iter().all(together), "they cannot share a message: {bundle:?}");
        self.companies.lock().unwrap().insert((guild, nonce.clone()), bundle.to_vec());
        let note = |answer| self.note(guild, bundle, part, answer);
        match self.weather.fate(channel, self.clock.now_ms(), part) {
            Fate::Taken => {
                let (message, is_new) = self.take(guild, nonce, bundle, part);
                note(Answer::Taken(is_new));
                Ok(message)
            }
            Fate::Unheard => {
                let (_, is_new) = self.take(guild, nonce, bundle, part);
                note(Answer::Unheard(is_new));
                Err(unreachable())
            }
            Fate::Unreachable => {
                note(Answer::Unreachable);
                Err(unreachable())
            }
            Fate::Refused => {
                note(Answer::Refused);
                Err(SendError::Refused { why: "not like this".to_owned() })
            }
        }
    }

    async fn probe(&self, guild: GuildId, outgoing: &Outgoing, part: usize) -> Result<Probe, SendError> {
        let key = (guild, outgoing.reminder.part_nonce(part));
        let known = self.companies.lock().unwrap().get(&key).cloned();
        let company = known.unwrap_or_else(|| vec![outgoing.clone()]);
        let note = |answer| self.note(guild, &company, part, answer);
        let channel = outgoing.event.channel_id;
        if self.weather.fate(channel, self.clock.now_ms(), part) == Fate::Unreachable {
            note(Answer::Unseen);
            return Err(unreachable());
        }
        let found = self.marked.lock().unwrap().get(&(guild, outgoing.reminder.id.0, part)).copied();
        note(if found.is_some() { Answer::Found } else { Answer::Absent });
        Ok(found.map_or(Probe::Absent, Probe::Found))
    }

    fn event_changed(&self, _: GuildId, _: EventId) {}
}
