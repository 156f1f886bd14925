//! `/database cleanup`: old reminders go, what is on its way stays.

use chrono::TimeDelta;
use discord_emulator::{ActionError, Method};

use super::{told, told_with, with_event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_reminders_go_and_one_that_is_on_its_way_stays() {
    let (stage, guild) = with_event().await;
    stage.pass(TimeDelta::hours(1));
    stage.until("one is sent", || stage.log_rows(&guild) == ["sent"]).await;
    stage.discord.faults().on(Method::POST, "/channels/{id}/messages").always().status(503);
    stage.pass(TimeDelta::hours(1));
    stage.until("one is on its way", || stage.log_rows(&guild) == ["sent", "pending"]).await;
    insta::assert_snapshot!(told(&stage, &guild, "cleanup").await, @"No reminder in my log is older than 90 days, so I have removed none.");
    stage.pass(TimeDelta::days(3));
    insta::assert_snapshot!(told_with(&stage, &guild, "cleanup", &[("days", "2")]).await, @"I have removed 1 reminder older than 2 days from my log. Events, answers, and reminders that are on their way stay. `/database optimize` gives back the room.");
    assert_eq!(stage.log_rows(&guild), ["pending"]);
    insta::assert_snapshot!(told_with(&stage, &guild, "cleanup", &[("days", "1")]).await, @"No reminder in my log is older than 1 day, so I have removed none.");
    stage.discord.faults().clear();
    stage.pass(TimeDelta::hours(1));
    stage.until("what was on its way is sent", || stage.log_rows(&guild).contains(&"sent".into())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_age_that_makes_no_sense_cannot_be_chosen() {
    let (_stage, guild) = with_event().await;
    let general = guild.channel("general");
    for days in [0, 3_651] {
        let refused =
            guild.owner().runs(&general, "/database cleanup").option("days", days).send().await.unwrap_err();
        assert!(matches!(refused, ActionError::Refused { .. }), "{days}: {refused}");
    }
}
