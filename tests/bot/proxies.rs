//! What stands between Muster and Discord answers in its own words: that proves nothing.

use chrono::TimeDelta;
use discord_emulator::Method;
use serde_json::json;

use crate::stage::{HOUR, Stage, asked, ids, pinged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_without_a_code_of_discord_delays_a_reminder_and_does_not_lose_it() {
    for status in [400, 408, 413, 429] {
        let (stage, guild) = Stage::set().await;
        let anna = guild.add_member("Anna");
        let (general, _) = asked(&stage, &guild).await;
        let sending = stage.discord.faults().on(Method::POST, "/channels/{id}/messages");
        sending.times(1).respond(status, json!("<html>no</html>"));
        stage.pass(HOUR);
        stage.until("it was refused", || stage.log().says("a reminder waits for its next attempt")).await;
        stage.pass(TimeDelta::minutes(2));
        stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
        assert_eq!(pinged(&general), ids(&[&anna]), "{status}");
    }
}
