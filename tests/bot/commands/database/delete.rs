//! `/database delete`: everything of one server goes, and nothing of another.

use std::fs;

use super::{deletion, named, told, with_event};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_the_server_deletes_everything_that_is_kept_of_it_and_nothing_else() {
    let (stage, guild) = with_event().await;
    let other = stage.discord.add_guild("Go club");
    stage.create(&other.owner(), &other.channel("general"), "Tea").await;
    told(&stage, &guild, "backup").await;
    let form = deletion(&guild, &guild.owner()).await;
    insta::assert_snapshot!(named(&guild.owner(), &form, " Chess club ").await, @"It is done: I know nothing about this server any more, no event, no answer, no reminder. The backups are gone as well. Messages that I posted stay, but their buttons do nothing now. I start afresh with the next `/event create` or `/event watch`.");
    let id = guild.id().to_string();
    for room in ["guilds", "backups", "quarantine"] {
        assert!(!stage.data().join(room).join(&id).exists(), "{room}");
    }
    assert!(stage.log().says("a member had everything deleted"), "{:?}", stage.log().lines());
    assert_eq!(stage.live_titles(&other), ["Tea"]);
    let told = told(&stage, &guild, "status").await;
    assert!(told.contains("Nothing yet."), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_whoever_runs_the_bot_keeps_backups_the_member_is_told_that_they_stay() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__STORAGE__KEEP_DELETED_BACKUPS", "true");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    told(&stage, &guild, "backup").await;
    let form = deletion(&guild, &guild.owner()).await;
    let done = named(&guild.owner(), &form, "Chess club").await;
    assert!(done.contains("Only the backups stay with whoever runs me"), "{done}");
    assert!(stage.data().join("backups").join(guild.id().to_string()).exists());
    insta::assert_snapshot!(told(&stage, &guild, "status").await, @"
    What I keep of this server
    Nothing yet. It begins with the first event: `/event create` or `/event watch`.
    I still have 1 backup of what I kept before; whoever runs me can bring one back with `muster guild restore #`.
    ");
    insta::assert_snapshot!(self::told(&stage, &guild, "delete").await, @"I keep nothing about this server but its backups, and those stay with whoever runs me, as they have set me up; ask them to delete those.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_was_set_aside_can_be_deleted_to_start_afresh() {
    let (mut stage, guild) = with_event().await;
    stage.stop().await.unwrap();
    fs::write(stage.guild_dir(&guild).join("guild.db"), "this is no database").unwrap();
    stage.expect_error("set aside");
    stage.expect_error("no good backup");
    stage.start().await;
    let refused = stage.told(&guild.owner(), &guild.channel("general"), "/event list", &[]).await;
    assert!(refused.contains("`/database status` says what can be done"), "{refused}");
    let form = deletion(&guild, &guild.owner()).await;
    let told = named(&guild.owner(), &form, "Chess club").await;
    assert!(told.starts_with("It is done"), "{told}");
    assert!(!stage.data().join("quarantine").join(guild.id().to_string()).exists());
    stage.create(&guild.owner(), &guild.channel("general"), "Tea").await;
    assert_eq!(stage.live_titles(&guild), ["Tea"]);
}
