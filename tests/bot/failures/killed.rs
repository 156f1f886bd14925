//! The real program killed while it tells its organisers something.

use std::time::Duration;

use discord_emulator::{Method, Permissions};

use super::held_up::notices;
use crate::stage::{Club, NonceWindow};

/// Takes the permission, has a reminder refused, and kills the program when Discord has taken its notice but its answer did not
/// arrive; how often the organisers were told in the end.
async fn killed_while_telling(window: NonceWindow) -> usize {
    let mut club = Club::of(0, window).await;
    let board = club.guild.add_channel("organisers");
    let route = format!("/channels/{}/messages", board.id());
    club.discord.faults().on(Method::POST, &route).delay_answer(Duration::from_secs(20));
    club.general.deny_bot(Permissions::SEND_MESSAGES);
    club.ask_every("2s").await;
    club.discord.wait_until("the organisers are told", || !notices(&board).is_empty()).await;
    club.kill();
    club.discord.faults().clear();
    club.start();
    club.until_ready().await;
    let noted =
        "SELECT CAST(told_at AS TEXT) FROM notices WHERE told_at IS NOT NULL AND next_attempt_at IS NULL";
    let store = club.data().join("guilds").join(club.guild.id().to_string()).join("guild.db");
    crate::stage::within("it is noted", || async { crate::stage::read(&store, noted).len() == 1 }).await;
    notices(&board).len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_whose_answer_was_never_heard_is_told_once_within_the_nonce_window() {
    assert_eq!(killed_while_telling(NonceWindow::Usual).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_whose_answer_was_never_heard_is_found_in_the_history_later() {
    assert_eq!(killed_while_telling(NonceWindow::Short).await, 1);
}
