//! The program is stopped while reminders are on their way, and ends by itself where it cannot go on.

use std::time::{Duration, Instant};

use crate::stage::{Club, NonceWindow, ids, pinged, reminders};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_a_reminder_finish_that_is_on_its_way() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().delay_answer(Duration::from_secs(2));
    club.remind().await;
    club.general.wait_for_messages(2).await;
    let program = club.take_program();
    let asked = Instant::now();
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(7), "{log}");
    assert_eq!(club.log_rows(), ["sent"], "{log}");
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_between_two_parts_leaves_the_rest_to_the_next_start() {
    let mut club = Club::of(200, NonceWindow::Usual).await;
    club.on_sending().delay_answer(Duration::from_secs(1));
    club.remind().await;
    club.general.wait_for_messages(2).await;
    let program = club.take_program();
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!((club.log_rows(), reminders(&club.general).len()), (vec!["pending".to_owned()], 1), "{log}");
    club.start();
    club.until_sent(1).await;
    let mut everybody = club.guild.members();
    everybody.retain(|member| *member != club.guild.owner() && *member != club.guild.bot());
    assert_eq!(pinged(&club.general), ids(&everybody.iter().collect::<Vec<_>>()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_eight_seconds_at_most() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().hang();
    club.remind().await;
    club.until_sends(1).await;
    let program = club.take_program();
    let asked = Instant::now();
    program.terminate();
    let (status, log) = program.ended();
    assert!(asked.elapsed() < Duration::from_secs(9), "{log}");
    assert_eq!(status.code(), Some(0), "{log}");
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_hurries_and_loses_nothing() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    club.on_sending().hang();
    club.remind().await;
    club.until_sends(1).await;
    let program = club.take_program();
    let asked = Instant::now();
    program.terminate();
    program.interrupt();
    let (status, log) = program.ended();
    assert!(asked.elapsed() < Duration::from_secs(5), "it did not hurry:\n{log}");
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("did not finish in time"), "{log}");
    club.start();
    club.until_sent(1).await;
    assert_eq!(pinged(&club.general), ids(&[&club.anna, &club.ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_dies_ends_the_program_with_a_sentence_and_no_zero() {
    let mut club = Club::of(0, NonceWindow::Usual).await;
    let program = club.take_program();
    club.until_ready().await;
    club.discord.gateway().close(Some(4004));
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the connection to Discord ended unexpectedly"), "{log}");
    assert!(log.contains("does not accept the token"), "{log}");
    club.start();
    club.until_ready().await;
    club.remind().await;
    club.until_sent(1).await;
}
