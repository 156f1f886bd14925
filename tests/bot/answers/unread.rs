//! Answers that cannot be read when they should be: they are read later, and nobody else waits for it.

use chrono::TimeDelta;
use discord_emulator::{FaultBuilder, Method};

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders, watch};

/// A fault for reading who reacted.
fn reading(stage: &Stage) -> FaultBuilder {
    stage.discord.faults().on(Method::GET, "/channels/{id}/messages/{id}/reactions/{emoji}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_that_could_not_be_read_at_watching_are_read_later() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, _) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("all that was missed is read", || stage.log_rows(&guild) == ["sent"]).await;
    let other = guild.owner().says(&general, "And on Saturday?");
    guild.owner().reacts(&other, "✅");
    anna.reacts(&other, "❌");
    reading(&stage).always().status(503);
    let reply = watch(&stage, &guild.owner(), &other).await;
    assert!(reply.text().contains("the numbers may be low"), "{}", reply.text());
    stage.discord.faults().clear();
    stage.pass(HOUR);
    stage.until("both are reminded of", || stage.log_rows(&guild) == ["sent"; 3]).await;
    let reminder =
        reminders(&general).into_iter().find(|message| message.text().contains("Saturday")).unwrap();
    // It may share its message with the other event's.
    let text = reminder.text();
    let asked = text.split("And on Saturday?").nth(1).and_then(|rest| rest.split("⏰").next()).unwrap();
    assert!(asked.contains(&ben.id().to_string()) && !asked.contains(&anna.id().to_string()), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_that_could_not_be_read_at_watching_are_read_in_the_background() {
    let (stage, guild) = Stage::set().await;
    let (general, _) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("all that was missed is read", || stage.log_rows(&guild) == ["skipped"]).await;
    let other = guild.owner().says(&general, "And on Saturday?");
    let anna = guild.add_member("Anna");
    anna.reacts(&other, "❌");
    reading(&stage).always().status(503);
    watch(&stage, &guild.owner(), &other).await;
    stage.discord.faults().clear();
    stage.pass(TimeDelta::seconds(20));
    stage.until("the answer is read", || stage.answers(&guild) == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_answers_discord_refuses_to_show_holds_up_no_other() {
    for fault in 0..3 {
        let (stage, guild) = Stage::set().await;
        let anna = guild.add_member("Anna");
        let (general, _) = asked(&stage, &guild).await;
        let side = guild.add_channel("side");
        let odd = guild.owner().says(&side, "And who comes here?");
        anna.reacts(&odd, "✅");
        watch(&stage, &guild.owner(), &odd).await;
        let (message, reactions) =
            (format!("/channels/{}/messages/{}", side.id(), odd.id()), "/reactions/{emoji}");
        let faults = stage.discord.faults();
        match fault {
            0 => faults.on(Method::GET, &format!("{message}{reactions}")).always().error(
                400,
                10_014,
                "Unknown Emoji",
            ),
            1 => faults.on(Method::GET, &message).always().error(400, 50_035, "Invalid"),
            _ => faults.on(Method::GET, &message).always().respond(200, serde_json::json!({ "odd": true })),
        }
        stage.pass(HOUR);
        stage.until("the others are reminded", || pinged(&general) == ids(&[&anna])).await;
        stage.discord.faults().clear();
    }
}
