//! When a reminder is due, whom each of its messages mentions, and how Discord is kept from doubling it.

use std::fmt;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::interval::Interval;
use crate::clock::Timestamp;
use crate::ids::{GuildId, MessageId, UserId};

/// Most members mentioned by one message. Discord allows 100; the rest of the room is for the words around them.
pub const MENTIONS_PER_PART: usize = 80;

/// A reminder that leaves later than this after its due instant says so.
pub const LATE_AFTER: TimeDelta = TimeDelta::minutes(2);

/// The number of a row of the reminder log inside its guild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReminderId(pub i64);

impl fmt::Display for ReminderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What became of a reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Claimed; some of its messages may still have to be sent.
    Pending,
    /// Discord accepted all its messages.
    Sent,
    /// Discord refused it for good.
    Failed,
    /// Nobody was missing, or it was over before it could be sent.
    Skipped,
}

/// One row of the reminder log: a reminder with everything needed to send it again word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// Its number inside the guild.
    pub id: ReminderId,
    /// The event it belongs to.
    pub event_id: super::event::EventId,
    /// The due instant.
    pub scheduled_at: Timestamp,
    /// When it was claimed; the first attempt follows at once.
    pub claimed_at: Timestamp,
    /// When it was last decided whom it mentions: at the claim, or later if it could not be sent for long.
    pub addressed_at: Timestamp,
    /// When Discord had accepted all of it.
    pub sent_at: Option<Timestamp>,
    /// What became of it.
    pub status: Status,
    /// The members it mentions, in the order of its messages; nobody any more once it has reached its end.
    pub recipients: Vec<UserId>,
    /// How many members it mentioned, once it is sent.
    pub notified: usize,
    /// How many of the audience had answered when it was addressed.
    pub responded: usize,
    /// The event's next due instant when it was addressed.
    pub next_due_at: Option<Timestamp>,
    /// Whether its messages say that they may be repeats: Discord may have taken some, and Muster may not look.
    pub perhaps_sent_before: bool,
    /// How many times it was tried.
    pub attempts: u32,
    /// When it is tried again; only while pending.
    pub next_attempt_at: Option<Timestamp>,
    /// The first part of each message's nonce.
    pub nonce: String,
    /// The messages that Discord accepted so far, in the order of the parts; `None` for one that was deleted since.
    pub message_ids: Vec<Option<MessageId>>,
    /// What went wrong last.
    pub error: Option<String>,
}

impl Reminder {
    /// The recipients, divided into the messages that mention them.
    pub fn parts(&self) -> std::slice::Chunks<'_, UserId> {
        self.recipients.chunks(MENTIONS_PER_PART)
    }

    /// Whether it leaves so long after its due instant that it should say so.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.addressed_at - self.scheduled_at > LATE_AFTER
    }

    /// The nonce of one of its messages, at most 25 characters as Discord wants.
    #[must_use]
    pub fn part_nonce(&self, part: usize) -> String {
        format!("{}-{part}", self.nonce)
    }
}

/// The first instant of the due grid after `now`: `scheduled_at` plus a whole number of intervals, at least one.
///
/// Instants that were missed meanwhile are left out: one late reminder stands for all of them.
#[must_use]
pub fn next_on_grid(scheduled_at: Timestamp, interval: Interval, now: Timestamp) -> Timestamp {
    let passed = (now - scheduled_at).num_milliseconds().max(0) / interval.as_millis();
    let steps = passed.saturating_add(1);
    let ahead = steps.saturating_mul(interval.as_millis());
    TimeDelta::try_milliseconds(ahead)
        .and_then(|ahead| scheduled_at.checked_add_signed(ahead))
        .unwrap_or(scheduled_at)
}

/// The first instant after `now` of the due grid on which `instant` is, which may be `instant` itself.
#[must_use]
pub fn first_on_grid(instant: Timestamp, interval: Interval, now: Timestamp) -> Timestamp {
    if instant > now { instant } else { next_on_grid(instant, interval, now) }
}

/// Turns the list of non-responders a little further for each reminder, so that nobody is always named last.
#[must_use]
pub fn rotated(mut users: Vec<UserId>, scheduled_at: Timestamp, interval: Interval) -> Vec<UserId> {
    if !users.is_empty() {
        let turn = (scheduled_at.timestamp_millis() / interval.as_millis()).unsigned_abs();
        let length = u64::try_from(users.len()).unwrap_or(u64::MAX);
        let by = usize::try_from(turn.wrapping_mul(7) % length).unwrap_or_default();
        users.rotate_left(by);
    }
    users
}

/// The nonce of a reminder: a fingerprint of guild, row and addressing in at most 13 letters and digits.
///
/// The same row with the same recipients always has the same nonce; a row that was addressed anew has another, and so
/// has one of a database that was deleted and begun anew.
#[must_use]
pub fn nonce(guild: GuildId, id: ReminderId, addressed_at: Timestamp) -> String {
    // FNV-1a, 64 bits: stable for ever, and short enough for a nonce of 25 characters with a part number behind it.
    let fields = [guild.get(), id.0.unsigned_abs(), addressed_at.timestamp_millis().unsigned_abs()];
    let hash =
        fields.iter().flat_map(|field| field.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    base36(hash)
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::with_capacity(13);
    loop {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        DateTime::from_timestamp_millis(ms).unwrap()
    }

    proptest! {
        #[test]
        fn the_next_due_instant_is_on_the_grid_and_the_first_after_now(
            start in 0i64..4_000_000_000_000, ms in 1i64..3_000_000_000, elapsed in -1_000_000i64..100_000_000_000,
        ) {
            let interval = Interval::from_millis(ms).unwrap();
            let next = next_on_grid(at(start), interval, at(start + elapsed)).timestamp_millis();
            prop_assert_eq!((next - start) % ms, 0);
            prop_assert!(next > start && next > start + elapsed);
            prop_assert!(next - ms <= start + elapsed.max(0));
        }

        #[test]
        fn the_first_instant_of_the_grid_is_the_one_at_hand_until_it_has_passed(
            start in 0i64..4_000_000_000_000, ms in 1i64..3_000_000_000, elapsed in -1_000_000i64..100_000_000_000,
        ) {
            let interval = Interval::from_millis(ms).unwrap();
            let first = first_on_grid(at(start), interval, at(start + elapsed)).timestamp_millis();
            prop_assert_eq!((first - start) % ms, 0);
            prop_assert!(first >= start && first > start + elapsed);
            prop_assert!(first == start || first - ms <= start + elapsed);
        }

        #[test]
        fn rotating_keeps_everybody_once(count in 0u64..400, due in 0i64..4_000_000_000_000) {
            let users: Vec<_> = (0..count).map(UserId::new).collect();
            let mut turned = rotated(users.clone(), at(due), Interval::from_millis(3_600_000).unwrap());
            turned.sort_unstable();
            prop_assert_eq!(turned, users);
        }

        #[test]
        fn a_nonce_with_its_part_fits_discord(guild: u64, row in 0i64.., ms in 0i64..4_000_000_000_000) {
            let nonce = nonce(GuildId::new(guild), ReminderId(row), at(ms));
            let longest = format!("{}-{}", nonce, u32::MAX);
            prop_assert!(longest.len() <= 25);
        }
    }
}
