//! The disk fails at one write after the other: nothing is sent that was not claimed, nothing is lost, nothing is doubled.

use std::collections::HashSet;

use super::House;
use crate::domain::reminder::Status;
use crate::scheduler::pass::Ended;
use crate::storage::testing::{FailingWrite, fail_writes, let_writes_pass};

/// A house with two events of one channel, whose first turn meets a write that fails; then it passes again.
async fn turn_with(failing: FailingWrite) -> (House, usize, HashSet<String>) {
    let house = House::of(3).await;
    let other = house.also(61, 50).await;
    fail_writes(&house.store().await, failing).await;
    let (ended, first) = house.try_turn_after(60, 9).await;
    assert!(matches!(ended, Ended::InTrouble { .. }), "the guild rests a moment");
    let_writes_pass(&house.store().await).await;
    let again = house.turn_after(10, 9).await;
    for event in [house.event, other] {
        let rows = house.store().await.reminders().history(event, 9, 0).await.unwrap();
        let statuses: Vec<_> = rows.iter().map(|row| row.status).collect();
        assert_eq!(statuses, [Status::Sent], "after {failing:?}");
    }
    let nonces = first.iter().chain(&again).map(|sent| sent.nonce.clone()).collect();
    (house, first.len(), nonces)
}

#[tokio::test]
async fn what_cannot_be_claimed_is_not_sent_until_it_can() {
    let (_house, sent_meanwhile, nonces) = turn_with(FailingWrite::Claim).await;
    assert_eq!((sent_meanwhile, nonces.len()), (0, 1));
}

#[tokio::test]
async fn an_event_that_cannot_be_moved_on_is_not_reminded_of_until_it_can() {
    let (_house, sent_meanwhile, nonces) = turn_with(FailingWrite::NextInstant).await;
    assert_eq!((sent_meanwhile, nonces.len()), (0, 1));
}

#[tokio::test]
async fn an_attempt_that_cannot_be_written_down_is_not_made() {
    let (_house, sent_meanwhile, nonces) = turn_with(FailingWrite::Attempt).await;
    assert_eq!((sent_meanwhile, nonces.len()), (0, 1));
}

#[tokio::test]
async fn a_message_that_cannot_be_written_down_is_asked_for_again_under_the_same_nonce() {
    let (_house, sent_meanwhile, nonces) = turn_with(FailingWrite::Message).await;
    assert_eq!((sent_meanwhile, nonces.len()), (1, 1), "Discord makes one message of one nonce");
}

#[tokio::test]
async fn a_mark_that_cannot_be_written_is_made_later_and_no_second_message() {
    let (_house, sent_meanwhile, nonces) = turn_with(FailingWrite::Mark).await;
    assert_eq!((sent_meanwhile, nonces.len()), (1, 1), "Discord makes one message of one nonce");
}

#[tokio::test]
async fn what_discord_refused_together_stays_together_until_all_of_it_is_apart() {
    let house = House::of(3).await;
    let (bad, good) = (house.also(61, 50).await, house.also(62, 50).await);
    *house.courier.refused.lock().unwrap() = Some(bad);
    fail_writes(&house.store().await, FailingWrite::Parting).await;
    let (ended, first) = house.try_turn_after(60, 9).await;
    assert!(matches!(ended, Ended::InTrouble { .. }));
    assert_eq!(first.len(), 1, "none leaves alone before all have a nonce of their own");
    let_writes_pass(&house.store().await).await;
    house.turn_after(10, 9).await;
    for (event, status) in [(house.event, Status::Sent), (bad, Status::Failed), (good, Status::Sent)] {
        assert_eq!(house.store().await.reminders().history(event, 1, 0).await.unwrap()[0].status, status);
    }
}
