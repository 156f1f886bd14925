//! The program is killed while a reminder is on its way: none is lost, and none is doubled.

use std::time::Duration;

use discord_emulator::Permissions;

use crate::stage::{Club, NonceWindow, SHORT_WINDOW, ids, pinged, reminders};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_claim_and_send_a_reminder_is_sent_after_the_restart() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().hang();
    club.ask_every("2s").await;
    club.until_sends(1).await;
    club.ask_every("1h").await;
    club.kill();
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
    assert_eq!(reminders(&club.general).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_send_and_answer_a_reminder_is_not_doubled() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().delay_answer(Duration::from_mins(1));
    club.remind().await;
    club.general.wait_for_messages(2).await;
    club.kill();
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
    assert_eq!(club.sends().len(), 2, "it was repeated, and Discord knew it by its nonce");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_takes_effect_after_the_crash_is_not_doubled() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().delay(Duration::from_secs(4));
    club.remind().await;
    club.until_sends(1).await;
    club.kill();
    club.start();
    club.until_sent(1).await;
    let answered = || club.sends().iter().all(|send| send.answer.is_some());
    club.discord.wait_until("the first send took effect, too", answered).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_around_a_send_each_reminder_is_sent_once() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    for round in 1..=3 {
        club.remind().await;
        let is_answered = || {
            let sends = club.sends();
            sends.iter().filter(|send| send.answer.is_some()).count() >= round
        };
        match round % 3 {
            0 => club.until_sends(round).await,
            1 => drop(club.general.wait_for_messages(1 + round).await),
            _ => club.discord.wait_until("it is answered", is_answered).await,
        }
        club.kill();
        club.start();
        club.until_sent(round).await;
        assert_eq!(reminders(&club.general).len(), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_after_the_crash_a_sent_reminder_is_found_in_the_history() {
    let mut club = Club::of(0, NonceWindow::Short).await;
    club.on_sending().delay_answer(Duration::from_mins(1));
    club.remind().await;
    club.general.wait_for_messages(2).await;
    club.kill();
    club.discord.advance(SHORT_WINDOW);
    club.anna.reacts(&club.message, "✅");
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
    assert_eq!(club.sends().len(), 1, "it was found, not repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_after_the_crash_a_reminder_that_was_not_sent_goes_to_those_still_missing() {
    let mut club = Club::of(0, NonceWindow::Short).await;
    club.on_sending().hang();
    club.remind().await;
    club.until_sends(1).await;
    club.kill();
    club.anna.reacts(&club.message, "✅");
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.ben]));
    let text = reminders(&club.general)[0].text();
    assert!(text.contains("2 of 3 answered, 1 missing") && !text.contains("perhaps"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_history_may_not_be_read_the_repeat_says_what_it_is() {
    let mut club = Club::of(0, NonceWindow::Short).await;
    club.on_sending().delay_answer(Duration::from_mins(1));
    club.remind().await;
    club.general.wait_for_messages(2).await;
    club.kill();
    club.discord.advance(SHORT_WINDOW);
    club.general.deny_bot(Permissions::READ_MESSAGE_HISTORY);
    club.start();
    club.until_sent(1).await;
    let [first, repeat] = reminders(&club.general).try_into().expect("there are two");
    assert!(!first.text().contains("perhaps"), "{}", first.text());
    assert!(repeat.text().contains("(perhaps sent before)"), "{}", repeat.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_two_parts_everybody_is_mentioned_exactly_once() {
    for window in [NonceWindow::Usual, NonceWindow::Short] {
        let mut club = Club::of(200, window).await;
        club.on_sending().after(1).hang();
        club.remind().await;
        club.until_sends(2).await;
        club.kill();
        club.start();
        club.until_sent(1).await;
        let mut everybody = club.guild.members();
        everybody.retain(|member| *member != club.guild.owner() && *member != club.guild.bot());
        assert_eq!(pinged(&club.general), ids(&everybody.iter().collect::<Vec<_>>()));
    }
}
