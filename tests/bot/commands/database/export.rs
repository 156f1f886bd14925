//! `/database export`: everything that is known, in a file for one pair of eyes.

use discord_emulator::{Emulator, Guild, Reply};
use serde_json::Value;

use super::{told, with_event};
use crate::stage::{Stage, assert_private};

async fn export(guild: &Guild) -> Reply {
    let reply = guild.owner().runs(&guild.channel("general"), "/database export").send().await.unwrap();
    assert_private(&reply);
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_holds_the_events_with_their_answers_and_nobody_else_sees_it() {
    let (stage, guild) = with_event().await;
    let general = guild.channel("general");
    guild.owner().presses(&general.last_message().unwrap(), "Coming").await.unwrap();
    stage.until("the answer is known", || stage.answers(&guild) == 1).await;
    let messages = general.messages().len();
    let reply = export(&guild).await;
    insta::assert_snapshot!(reply.text(), @"Here is everything I know about this server. Only you see this message. The file holds the names and answers of members, so mind where you keep it.");
    let [(name, content)] = reply.files().try_into().unwrap();
    assert_eq!(name, format!("muster-{}-{}.json", guild.id(), stage.now().format("%Y-%m-%d")));
    let export: Value = serde_json::from_slice(&content).unwrap();
    assert_eq!((&export["format"], &export["version"]), (&"muster.guild".into(), &1.into()));
    let event = &export["events"][0];
    assert_eq!(event["title"], "Match", "{export:#}");
    assert_eq!(event["responses"][0]["user_id"], guild.owner().id().to_string(), "{event:#}");
    assert_eq!(general.messages().len(), messages, "something public was posted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_discord_would_not_take_is_not_sent_and_there_is_another_way() {
    let mut stage = Stage::with(Emulator::builder().attachment_size_limit(100)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    insta::assert_snapshot!(told(&stage, &guild, "export").await, @"That makes a file of … KiB, more than the 100 B that Discord takes from me here. Whoever runs me can get it with `muster guild export #`.");
    assert!(stage.discord.requests().iter().all(|request| request.files.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_kept_there_is_no_file() {
    let (stage, guild) = Stage::set().await;
    insta::assert_snapshot!(told(&stage, &guild, "export").await, @"I keep nothing of this server yet. It begins with the first event: `/event create` or `/event watch`.");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");
}
