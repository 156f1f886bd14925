//! `/database backup` and `/database optimize`.

use std::fs;

use discord_emulator::Guild;

use super::{told, with_event};
use crate::stage::{Stage, without_numbers};

fn backups(stage: &Stage, guild: &Guild) -> usize {
    let room = stage.data().join("backups").join(guild.id().to_string());
    fs::read_dir(room).map_or(0, Iterator::count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_made_at_once_and_counted() {
    let (stage, guild) = with_event().await;
    insta::assert_snapshot!(told(&stage, &guild, "backup").await, @"
    I have backed up this server's data <t:R>: … KiB.
    I keep 1 backup of it now. Whoever runs me can bring one back with `muster guild restore #`.
    ");
    assert_eq!(backups(&stage, &guild), 1);
    stage.pass(chrono::TimeDelta::minutes(1));
    let told = told(&stage, &guild, "backup").await;
    assert!(told.contains("I keep 2 backups"), "{told}");
    assert_eq!(backups(&stage, &guild), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn optimizing_says_what_it_brought() {
    let (stage, guild) = with_event().await;
    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(without_numbers(&told(&stage, &guild, "optimize").await));
    }
    insta::assert_snapshot!(answers.join("\n"), @r"
    I have tidied up this server's data. It took … KiB, and takes … KiB now.
    I have tidied up this server's data. It takes … KiB, as before.
    ");
    assert_eq!(stage.live_titles(&guild), ["Match"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_kept_there_is_nothing_to_back_up_or_to_tidy() {
    let (stage, guild) = Stage::set().await;
    let mut answers = Vec::new();
    for subcommand in ["backup", "optimize", "cleanup"] {
        answers.push(told(&stage, &guild, subcommand).await);
    }
    answers.dedup();
    insta::assert_snapshot!(answers.join("\n"), @"I keep nothing of this server yet. It begins with the first event: `/event create` or `/event watch`.");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");
}
