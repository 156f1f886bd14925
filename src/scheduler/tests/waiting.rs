//! Reminders that waited: repeated word for word, found, or addressed anew.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::House;
use crate::domain::reminder::Status;
use crate::ids::MessageId;
use crate::scheduler::Probe;
use crate::storage::NewAddress;

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
    assert_eq!((&again[0].mentioned, again[0].is_doubtful), (&vec![1, 3], false));
    assert_ne!(again[0].nonce, first[0].nonce);
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
    assert!(again[0].is_doubtful, "{again:?}");
    assert_eq!(house.turn_after(20, 1).await, again);
}

#[tokio::test]
async fn parts_that_are_there_stay_and_the_rest_goes_to_those_still_missing() {
    let house = House::of(200).await;
    let first = house.turn_after(60, 1).await;
    assert_eq!(first.len(), 2, "the second part was refused");
    // Of the second part nobody heard, but it is there; the third was never tried.
    house.finds(1, Probe::Found(MessageId::new(71)));
    let mentioned: HashSet<u64> = first.iter().flat_map(|sent| sent.mentioned.clone()).collect();
    let silent = (1..=200).find(|user| !mentioned.contains(user)).unwrap();
    house.answers(silent).await;
    let rest = house.turn_after(600, 1).await;
    let expected: Vec<u64> = (1..=200).filter(|user| !mentioned.contains(user) && *user != silent).collect();
    assert_eq!(rest.iter().map(|sent| (sent.part, &sent.mentioned)).collect::<Vec<_>>(), [(2, &expected)]);
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

#[tokio::test]
async fn a_look_that_fails_again_and_again_waits_longer_each_time_and_ends_after_a_day() {
    let house = House::of(2).await;
    house.turn_after(60, 0).await;
    *house.courier.is_blurred.lock().unwrap() = true;
    let mut waits = Vec::new();
    for _ in 0..130 {
        let row = house.row().await;
        let Some(next) = row.next_attempt_at else { break };
        let wait = (next - house.scheduler.clock.now()).max(TimeDelta::seconds(200));
        waits.push(wait);
        house.turn_after(wait.num_seconds() + 1, 0).await;
    }
    assert!(waits.len() < 130 && waits.last() > Some(&TimeDelta::minutes(10)), "{waits:?}");
    assert_eq!(house.row().await.status, Status::Failed);
}

#[tokio::test]
async fn killed_after_it_was_addressed_to_nobody_a_reminder_is_skipped() {
    let house = House::of(1).await;
    house.turn_after(60, 0).await;
    let (store, row) = (house.store().await, house.row().await);
    let address =
        NewAddress { accepted: 0, recipients: Vec::new(), responded: 1, perhaps_sent_before: false };
    store.reminders().readdress(row.id, &address, house.scheduler.clock.now()).await.unwrap();
    assert_eq!(house.turn_after(30, 1).await, []);
    assert_eq!(house.row().await.status, Status::Skipped);
}
