//! `/database status`: what is kept, and how it is doing.

use std::fs;

use chrono::TimeDelta;

use super::{told, with_event};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_counts_what_is_kept_and_says_how_it_is_doing() {
    let (stage, guild) = with_event().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    insta::assert_snapshot!(told(&stage, &guild, "status").await, @"
    What I keep of this server
    Size: … KiB
    Members: 3
    Events: 1 running, 1 in all
    Answers: 0
    Log: 0 reminders
    Last backup: none yet
    Check: all of it can be read and fits together
    ");
    owner.presses(&general.last_message().unwrap(), "Coming").await.unwrap();
    stage.create(&owner, &general, "Tea").await;
    stage.told(&owner, &general, "/event unwatch", &[("event", "Tea")]).await;
    stage.pass(TimeDelta::hours(1));
    stage.until("one is sent", || stage.log_rows(&guild) == ["sent"]).await;
    told(&stage, &guild, "backup").await;
    insta::assert_snapshot!(told(&stage, &guild, "status").await, @"
    What I keep of this server
    Size: … KiB
    Members: 3
    Events: 1 running, 2 in all
    Answers: 1
    Log: 1 reminder, the oldest of <t:F>
    Last backup: <t:R>; I keep 1 backup
    Check: all of it can be read and fits together
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_kept_the_status_says_when_it_begins() {
    let (stage, guild) = Stage::set().await;
    insta::assert_snapshot!(told(&stage, &guild, "status").await, @"
    What I keep of this server
    Nothing yet. It begins with the first event: `/event create` or `/event watch`.
    ");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_data_was_set_aside_the_status_says_so_and_what_to_do() {
    let (mut stage, guild) = with_event().await;
    stage.stop().await.unwrap();
    fs::write(stage.guild_dir(&guild).join("guild.db"), "this is no database").unwrap();
    stage.expect_error("set aside");
    stage.expect_error("no good backup");
    stage.start().await;
    insta::assert_snapshot!(told(&stage, &guild, "status").await, @"
    What I keep of this server
    I could not read my data of this server, so I have set it aside untouched. Until that is mended I answer no command about events and send no reminder here.
    Last backup: none yet
    Whoever runs me finds the reason in my log.
    To begin again without it, use `/database delete`: then everything is gone, and I start afresh.
    ");
    let mut answers = Vec::new();
    for subcommand in ["backup", "export", "optimize", "cleanup"] {
        answers.push(told(&stage, &guild, subcommand).await);
    }
    answers.dedup();
    insta::assert_snapshot!(answers.join("\n"), @"This server's data cannot be read, so I have set it aside untouched and do nothing here. Whoever runs me finds the reason in my log; `/database status` says what can be done.");
}
