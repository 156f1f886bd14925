//! The machine's clock is ahead of Discord's: what was sent is found all the same.

use chrono::TimeDelta;
use discord_emulator::Method;

use crate::stage::{HOUR, Stage, asked, ids, pinged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_clock_that_is_ahead_a_sent_reminder_is_found_in_the_history() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let waits = || stage.log().says("a reminder waits for its next attempt");
    stage.discord.faults().on(Method::POST, "/channels/{}/messages").drop_after();
    stage.set_clock_back(-HOUR);
    stage.until("the answer is lost", waits).await;
    stage.discord.forget_nonces();
    stage.set_clock_back(TimeDelta::minutes(-20));
    stage.until("the reminder is marked", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}
