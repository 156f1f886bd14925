//! A slow Discord: whoever asked gets an answer, through a deferral.

use std::time::Duration;

use discord_emulator::{ActionError, Message, Method, Permissions};

use crate::stage::{Stage, assert_private};

/// Longer than Discord gives for a first answer.
const SLOW: Duration = Duration::from_millis(3_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_needs_a_slow_discord_is_answered_in_the_end() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    stage.discord.faults().on(Method::GET, "/channels/{id}/messages/{id}").times(1).delay(SLOW);
    let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.starts_with("I am watching"), "{told}");

    stage.discord.faults().on(Method::POST, "/channels/{id}/messages").times(1).delay(SLOW);
    let told = stage.told(&owner, &general, "/event create", &[("title", "Match")]).await;
    assert!(told.contains("is posted"), "{told}");
    assert_eq!(general.messages().iter().filter(|message| message.is_by_bot()).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_whose_last_step_is_slow_still_arrives() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let faults = stage.discord.faults();
    faults.on(Method::POST, "/channels/{id}/messages").times(1).delay(Duration::from_millis(1_500));
    let last = "/webhooks/{id}/{token}/messages/@original";
    faults.on(Method::PATCH, last).times(1).status(502);
    faults.on(Method::PATCH, last).times(1).drop_before();
    faults.on(Method::PATCH, last).times(1).delay(SLOW);
    let told = stage.told(&owner, &general, "/event create", &[("title", "Match")]).await;
    assert!(told.contains("is posted"), "{told}");
    assert!(!stage.log().says("a member got no answer"), "{:?}", stage.log().lines());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_answer_whose_connection_breaks_is_given_again() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let route = "/interactions/{id}/{token}/callback";
    for fault in 0..2 {
        let callback = stage.discord.faults().on(Method::POST, route).times(1);
        if fault == 0 {
            callback.drop_before();
        } else {
            callback.drop_after();
        }
        let told = stage.told(&owner, &general, "/event list", &[]).await;
        assert!(told.starts_with("No event runs here."), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_needs_a_slow_discord_answers_only_whoever_pressed_it() {
    let (mut stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let anna = guild.add_member("Anna");
    stage.create(&owner, &general, "Match").await;
    stage.told(&owner, &general, "/event remind", &[("event", "Match")]).await;
    let reminder = general.wait_for_message(|message| !message.pings().is_empty()).await;
    stage.stop().await.unwrap();
    // After a restart the bot has to ask anew who may see the channel.
    stage.discord.faults().on(Method::GET, "/channels/{id}").always().delay(Duration::from_secs(2));
    stage.start().await;
    let before = reminder.screen();
    let reply = anna.presses(&reminder, "Who is missing?").await.unwrap();
    assert!(reply.is_update(), "it was not deferred");
    let answer: Message = reply.follow_up().await;
    assert!(answer.is_ephemeral() && answer.text().contains("2 members"), "{}", answer.text());
    assert_eq!(reminder.screen(), before);
    stage.discord.faults().clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suggestions_that_would_come_too_late_are_none() {
    let (mut stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    let anna = guild.add_member("Anna").with_roles([&organisers]);
    stage.create(&owner, &guild.add_channel("side"), "Match").await;
    stage.stop().await.unwrap();
    stage.discord.faults().on(Method::GET, "/channels/{id}").always().delay(SLOW);
    stage.start().await;
    let seen = anna.completes(&general, "/event show").option("event", "").await;
    assert!(matches!(seen.as_deref(), Ok([])), "{seen:?}");
    stage.discord.faults().clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_discord_is_down_the_member_is_told_so() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    stage.discord.faults().on(Method::GET, "/channels/{id}").always().status(503);
    stage.discord.faults().on(Method::GET, "/channels/{id}/messages/{id}").always().status(503);
    let reply = owner.runs(&general, "/event watch").option("message", message.link()).send().await;
    assert_ne!(reply.as_ref().err(), Some(&ActionError::DidNotRespond));
    let reply = reply.unwrap();
    assert_private(&reply);
    insta::assert_snapshot!(reply.text(), @"Discord does not answer me at the moment. Nothing was lost; please try again in a minute.");
    assert!(!stage.guild_dir(&guild).exists(), "a failure made a database");
}
