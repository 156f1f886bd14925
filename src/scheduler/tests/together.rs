//! Reminders of one channel that are due together share a message, whatever happens to it.

use chrono::TimeDelta;

use super::{GUILD, House, Sent, start};
use crate::domain::event::{EndReason, EventId};
use crate::domain::reminder::{Reminder, Status};
use crate::ids::MessageId;
use crate::scheduler::pass::{Ended, Pass};
use crate::scheduler::{Haste, Probe};

impl House {
    /// The latest row of an event.
    async fn latest(&self, event: EventId) -> Reminder {
        self.store().await.reminders().history(event, 1, 0).await.unwrap().remove(0)
    }

    async fn statuses(&self, events: &[EventId]) -> Vec<Status> {
        let mut statuses = Vec::new();
        for event in events {
            statuses.push(self.latest(*event).await.status);
        }
        statuses
    }
}

fn events(sent: &[Sent]) -> Vec<Vec<EventId>> {
    sent.iter().map(|sent| sent.events.clone()).collect()
}

#[tokio::test]
async fn what_one_channel_is_due_leaves_in_one_message() {
    let house = House::of(3).await;
    let (same, other) = (house.also(61, 50).await, house.also(62, 51).await);
    let sent = house.turn_after(60, 9).await;
    assert_eq!(events(&sent), [vec![house.event, same], vec![other]]);
    for event in [house.event, same] {
        let row = house.latest(event).await;
        assert_eq!((row.status, row.notified), (Status::Sent, 3));
        assert_eq!(row.message_ids, [Some(MessageId::new(70))]);
    }
}

#[tokio::test]
async fn a_crowd_of_events_takes_as_few_messages_as_they_fit_into_and_leaves_off_for_others() {
    let house = House::of(2).await;
    for message in 100..130 {
        house.also(message, 50).await;
    }
    let mut reminded = Vec::new();
    for turn in 0..9 {
        let sent = house.turn_after(i64::from(turn == 0) * 60, 99).await;
        assert!(sent.len() <= 3, "a turn is short: {sent:?}");
        reminded.extend(sent.into_iter().flat_map(|sent| sent.events));
        let due = house.scheduler.agenda.earliest().unwrap();
        if due > start() + TimeDelta::minutes(1) {
            break;
        }
    }
    let all: std::collections::HashSet<_> = reminded.iter().collect();
    assert_eq!((reminded.len(), all.len()), (31, 31), "each is reminded of once");
}

#[tokio::test]
async fn in_an_outage_they_are_repeated_together_even_if_they_do_not_wait_equally_long() {
    let house = House::of(3).await;
    let other = house.also(61, 50).await;
    let first = house.turn_after(60, 0).await;
    let late = house.latest(other).await;
    let much_later = late.next_attempt_at.unwrap() + TimeDelta::seconds(50);
    house.store().await.reminders().retry_at(late.id, much_later, "", start()).await.unwrap();
    assert_eq!(house.turn_after(10, 1).await, first);
    assert_eq!(house.statuses(&[house.event, other]).await, [Status::Sent, Status::Sent]);
}

#[tokio::test]
async fn later_they_are_looked_for_once_and_all_found_together() {
    let house = House::of(3).await;
    let other = house.also(61, 50).await;
    house.turn_after(60, 0).await;
    house.finds(0, Probe::Found(MessageId::new(71)));
    assert_eq!(house.turn_after(600, 9).await, []);
    assert_eq!(*house.courier.looks.lock().unwrap(), 1);
    assert_eq!(house.statuses(&[house.event, other]).await, [Status::Sent, Status::Sent]);
    assert_eq!(house.latest(other).await.message_ids, [Some(MessageId::new(71))]);
}

#[tokio::test]
async fn what_is_not_found_later_leaves_together_again_for_those_still_missing() {
    let house = House::of(3).await;
    let other = house.also(61, 50).await;
    let first = house.turn_after(60, 0).await;
    for user in 1..=3 {
        house.answers(user).await;
    }
    let third = house.also(62, 50).await;
    let again = house.turn_after(600, 1).await;
    assert_eq!(again[0].events, [other], "nobody is missing from the first any more");
    assert_ne!(again[0].nonce, first[0].nonce);
    assert_eq!(house.statuses(&[house.event, other]).await, [Status::Skipped, Status::Sent]);
    assert_eq!(house.latest(third).await.status, Status::Pending, "Discord took only one message");
}

#[tokio::test]
async fn one_that_discord_refuses_does_not_keep_the_others_back() {
    let house = House::of(3).await;
    let (bad, good) = (house.also(61, 50).await, house.also(62, 50).await);
    *house.courier.refused.lock().unwrap() = Some(bad);
    let sent = house.turn_after(60, 9).await;
    assert_eq!(events(&sent), [vec![house.event, bad, good], vec![house.event], vec![bad], vec![good]]);
    let nonces: std::collections::HashSet<_> = sent.iter().map(|sent| &sent.nonce).collect();
    assert_eq!(nonces.len(), 3, "each is another message; nothing was made of the first");
    assert_eq!(house.statuses(&[house.event, bad, good]).await, [Status::Sent, Status::Failed, Status::Sent]);
}

#[tokio::test]
async fn what_was_refused_together_is_apart_before_the_first_of_it_leaves_alone() {
    let house = House::of(3).await;
    let (bad, good) = (house.also(61, 50).await, house.also(62, 50).await);
    *house.courier.refused.lock().unwrap() = Some(bad);
    house.turn_after(60, 0).await;
    // The first left alone and met an outage, as the last did: what the first becomes must not be taken for the last.
    let again = house.turn_after(10, 9).await;
    let alone: std::collections::HashSet<_> = events(&again).into_iter().collect();
    assert_eq!(alone, [vec![house.event], vec![good]].into());
    assert_ne!(again[0].nonce, again[1].nonce);
    assert_eq!(house.statuses(&[house.event, bad, good]).await, [Status::Sent, Status::Failed, Status::Sent]);
}

#[tokio::test]
async fn an_event_that_ended_meanwhile_drops_out_and_the_rest_keeps_its_nonce() {
    let house = House::of(3).await;
    let other = house.also(61, 50).await;
    let first = house.turn_after(60, 0).await;
    let store = house.store().await;
    store.events().end(house.event, EndReason::Unwatched, house.scheduler.clock.now()).await.unwrap();
    let again = house.turn_after(10, 1).await;
    assert_eq!(events(&again), [vec![other]]);
    assert_eq!(again[0].nonce, first[0].nonce, "if Discord took the first, it must not make another");
    assert_eq!(house.statuses(&[house.event, other]).await, [Status::Skipped, Status::Sent]);
}

#[tokio::test]
async fn what_was_claimed_but_never_set_out_leaves_with_what_is_due_by_then() {
    let house = House::of(300).await;
    let sent = house.turn_after(60, 9).await;
    assert_eq!(sent.len(), 4, "a reminder for many needs messages of its own");
    let small = house.also(61, 50).await;
    assert_eq!(events(&house.turn_after(1, 9).await).concat().len(), 4, "{small} needs as many");
}

#[tokio::test]
async fn what_was_due_while_muster_was_away_leaves_behind_what_is_fresh() {
    let house = House::of(3).await;
    *house.clock.0.lock().unwrap() += TimeDelta::hours(5);
    *house.courier.takes.lock().unwrap() = 9;
    let awake_since = house.scheduler.clock.now() - TimeDelta::seconds(1);
    let pass = Pass { scheduler: house.scheduler.clone(), guild: GUILD, awake_since };
    assert!(matches!(pass.run().await, Ended::Well));
    let late = std::mem::take(&mut *house.courier.sent.lock().unwrap());
    assert_eq!(late.iter().map(|sent| sent.haste).collect::<Vec<_>>(), [Haste::Backlog]);
    assert!(house.row().await.is_late());
    let fresh = house.turn_after(3_600, 9).await;
    assert_eq!(fresh.iter().map(|sent| sent.haste).collect::<Vec<_>>(), [Haste::Fresh]);
}

#[tokio::test]
async fn a_channel_that_takes_nothing_is_asked_once_in_a_turn_and_goes_on_with_its_grid() {
    let house = House::of(60).await;
    let (second, third) = (house.also(61, 50).await, house.also(62, 50).await);
    *house.courier.is_forbidden.lock().unwrap() = true;
    let sent = house.turn_after(60, 9).await;
    assert_eq!(sent.len(), 1, "they do not fit into one message, and one is enough: {sent:?}");
    let all = [house.event, second, third];
    assert_eq!(house.statuses(&all).await, [Status::Failed; 3]);
    *house.courier.is_forbidden.lock().unwrap() = false;
    house.turn_after(12 * 3_600 + 1, 9).await;
    for _ in 0..3 {
        house.turn_after(0, 9).await;
    }
    assert_eq!(house.statuses(&all).await, [Status::Sent; 3]);
    let due = house.store().await.events().find(second).await.unwrap().unwrap().next_due_at.unwrap();
    let since_the_first = due - (start() + TimeDelta::minutes(1));
    assert_eq!(since_the_first.num_seconds() % 3_600, 0, "the grid is as it was");
}
