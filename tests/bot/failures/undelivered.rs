//! Nothing is tried for ever: after a day the next reminder has to do.

use chrono::TimeDelta;
use discord_emulator::Method;

use super::held_up::{board, notices, told};
use crate::stage::{HOUR, Stage, asked, ids};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_cannot_be_delivered_for_a_day_is_given_up_told_and_followed_by_the_next() {
    let (stage, guild) = Stage::unlimited().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    let to_general = format!("/channels/{}/messages", general.id());
    stage.discord.faults().on(Method::POST, &to_general).always().status(503);
    stage.pass(HOUR);
    let failed = || stage.log().count("a reminder waits for its next attempt");
    stage.until("it waits", || failed() == 1).await;
    for hours in 1..=23 {
        stage.pass(HOUR);
        stage.until("it was tried again", || failed() > hours).await;
    }
    assert_eq!(stage.log_rows(&guild)[0], "pending");
    stage.pass(HOUR + TimeDelta::minutes(1));
    stage.until("it is given up", || stage.log_rows(&guild)[0] == "failed").await;
    insta::assert_snapshot!(told(&stage, &board).await, @r"
    <@#>
    ⚠️ I gave up a reminder of **[Match on Friday, who comes?](<https://discord.com/channels/#/#/#>)** in <##>: it was due <t:F> and could not be delivered since: Discord cannot be reached: it answered 503 Service Unavailable. The next ones come as usual; `/event remind` sends one now.
    ");
    stage.discord.faults().clear();
    stage.pass(HOUR);
    stage.until("the next is sent", || stage.log_rows(&guild).iter().any(|row| row == "sent")).await;
    assert_eq!(crate::stage::pinged(&general), ids(&[&anna]));
    assert_eq!(notices(&board).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_on_which_muster_did_not_run_is_no_day_of_trying() {
    let (mut stage, guild) = Stage::unlimited().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let to_general = format!("/channels/{}/messages", general.id());
    stage.discord.faults().on(Method::POST, &to_general).times(2).status(503);
    stage.pass(HOUR);
    stage.until("it waits", || stage.log().says("a reminder waits for its next attempt")).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(TimeDelta::days(2));
    stage.start().await;
    stage.until("it waits", || stage.log().count("a reminder waits for its next attempt") == 2).await;
    stage.pass(HOUR);
    stage.until("it is sent", || stage.log_rows(&guild).iter().any(|row| row == "sent")).await;
    assert_eq!(crate::stage::pinged(&general), ids(&[&anna]));
}
