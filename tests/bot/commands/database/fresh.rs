//! After a deletion the bot starts afresh: old messages mean nothing any more, new events work as in any guild.

use chrono::TimeDelta;
use discord_emulator::{Guild, Message};

use super::{deletion, named, with_event};
use crate::stage::{Program, Stage, assert_private, ids, last_pinged, picture, reminders, watch};

async fn deleted(guild: &Guild) {
    let form = deletion(guild, &guild.owner()).await;
    let told = named(&guild.owner(), &form, "Chess club").await;
    assert!(told.starts_with("It is done"), "{told}");
}

async fn told_by(guild: &Guild, message: &Message, button: &str) -> String {
    let reply = guild.owner().presses(message, button).await.unwrap();
    assert_private(&reply);
    picture(&reply)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buttons_on_messages_from_before_say_that_they_mean_nothing_any_more() {
    let (stage, guild) = with_event().await;
    let general = guild.channel("general");
    let event = general.last_message().unwrap();
    stage.told(&guild.owner(), &general, "/event remind", &[("event", "Match")]).await;
    let reminder = general.wait_for_message(|message| !message.pings().is_empty()).await;
    // Its message waits to be rewritten when everything goes.
    guild.owner().presses(&event, "Coming").await.unwrap();
    deleted(&guild).await;
    let mut answers = Vec::new();
    for round in 0..2 {
        for (message, button) in [(&event, "Coming"), (&reminder, "Who is missing?")] {
            answers.push(told_by(&guild, message, button).await);
        }
        if round == 0 {
            // An event that has the same number as the old one.
            stage.create(&guild.owner(), &general, "Tea").await;
        }
    }
    answers.dedup();
    insta::assert_snapshot!(answers.join("\n"), @"This button is not one of mine, or from a version of me that is gone. Run the command again to get a new one.");
    assert_eq!(stage.answers(&guild), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_for_what_was_deleted_and_a_new_event_reminds_everybody() {
    let (stage, guild) = with_event().await;
    let (general, anna) = (guild.channel("general"), guild.add_member("Ben"));
    deleted(&guild).await;
    stage.pass(TimeDelta::hours(5));
    let told = stage.told(&guild.owner(), &general, "/event create", &[("title", "Tea")]).await;
    assert!(told.contains("I ask 3 members"), "{told}");
    guild.owner().presses(&general.last_message().unwrap(), "Coming").await.unwrap();
    stage.pass(TimeDelta::hours(1));
    stage.until("it reminds", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(reminders(&general).len(), 1, "only the new event reminds");
    let others: Vec<_> = guild
        .members()
        .into_iter()
        .filter(|member| *member != guild.owner() && *member != guild.bot())
        .collect();
    assert!(others.contains(&anna));
    assert_eq!(last_pinged(&general), ids(&others.iter().collect::<Vec<_>>()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_on_a_message_from_before_count_again_once_it_is_watched_anew() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    watch(&stage, &owner, &message).await;
    owner.reacts(&message, "✅");
    stage.until("the answer is known", || stage.answers(&guild) == 1).await;
    deleted(&guild).await;
    watch(&stage, &owner, &message).await;
    assert_eq!(stage.answers(&guild), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_was_deleted_on_the_command_line_meanwhile_asks_everybody_again() {
    let (stage, guild) = with_event().await;
    let known = stage.members(&guild).len();
    let output = Program::run(&["guild", "delete", &guild.id().to_string()], &stage.data(), &[]);
    assert!(output.status.success(), "{output:?}");
    stage.create(&guild.owner(), &guild.channel("general"), "Tea").await;
    stage.until("all members are known again", || stage.members(&guild).len() == known).await;
}
