//! Guilds that are gone, or seem to be, and those that come back.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::Guild;

use crate::stage::{HOUR, Stage, asked, ids, pinged};

/// A bot that is stopped, with so many guilds.
async fn stopped_in(guilds: usize) -> (Stage, Vec<Guild>) {
    let mut stage = Stage::empty().await;
    let guilds: Vec<Guild> =
        (0..guilds).map(|number| stage.discord.add_guild(&format!("Club {number}"))).collect();
    stage.start().await;
    for guild in &guilds {
        asked(&stage, guild).await;
    }
    stage.stop().await.expect("the bot stops cleanly");
    (stage, guilds)
}

/// How many guilds have their data.
fn kept(stage: &Stage, guilds: &[Guild]) -> usize {
    guilds.iter().filter(|guild| stage.guild_dir(guild).exists()).count()
}

/// Makes sure that what was due for deletion would have been deleted: a guild that is really left is.
async fn until_deletions_are_done(stage: &Stage) {
    let other = stage.discord.add_guild("Bridge club");
    asked(stage, &other).await;
    other.remove_bot();
    stage.until("a removed guild's directory is gone", || !stage.guild_dir(&other).exists()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guilds_whose_absence_was_not_believed_survive_the_next_start() {
    let (mut stage, guilds) = stopped_in(6).await;
    for guild in &guilds[..5] {
        guild.remove_bot();
    }
    stage.expect_error("confirm_mass_absence");
    stage.start().await;
    stage.until("the refusal is logged", || stage.log().says("confirm_mass_absence")).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(TimeDelta::hours(48));
    stage.start().await;
    stage.until("the refusal is logged again", || stage.log().count("confirm_mass_absence") == 2).await;
    until_deletions_are_done(&stage).await;
    assert_eq!(kept(&stage, &guilds), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_deleted_of_absent_guilds_before_discord_has_listed_the_others() {
    let (mut stage, guilds) = stopped_in(3).await;
    guilds[0].remove_bot();
    stage.start().await;
    stage.until("the absence is noticed", || stage.log().says("does not list a guild any more")).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(TimeDelta::hours(48));
    stage.discord.gateway().refuse_connections(Duration::from_secs(2));
    stage.start_without_waiting();
    stage.until("the directory is gone", || !stage.guild_dir(&guilds[0]).exists()).await;
    assert!(stage.discord.gateway().is_ready(), "it was deleted before the roll call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_three_guilds_gone_at_once_is_not_believed() {
    let (mut stage, guilds) = stopped_in(3).await;
    for guild in &guilds[..2] {
        guild.remove_bot();
    }
    stage.expect_error("confirm_mass_absence");
    stage.start().await;
    stage.until("the refusal is logged", || stage.log().says("confirm_mass_absence")).await;
    stage.pass(TimeDelta::hours(48));
    until_deletions_are_done(&stage).await;
    assert_eq!(kept(&stage, &guilds), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_only_guild_of_a_bot_can_go_while_the_bot_is_offline() {
    let (mut stage, guilds) = stopped_in(1).await;
    guilds[0].remove_bot();
    stage.start().await;
    stage.until("the absence is noticed", || stage.log().says("does not list a guild any more")).await;
    assert_eq!(kept(&stage, &guilds), 1);
    stage.pass(TimeDelta::hours(25));
    stage.until("the directory is gone", || kept(&stage, &guilds) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joined_or_answered_while_the_bot_was_not_in_the_guild_is_known_when_it_is_back() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__STORAGE__DELETE_GRACE", "2h");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("Anna is reminded", || pinged(&general) == ids(&[&anna])).await;
    guild.remove_bot();
    stage.until("the removal is noticed", || stage.log().says("was removed from a guild")).await;
    anna.reacts(&message, "✅");
    let ben = guild.add_member("Ben");
    guild.reinvite_bot();
    stage.until("the return is noticed", || stage.log().says("returned=true")).await;
    stage.pass(HOUR);
    stage.until("another reminder is sent", || stage.log_rows(&guild) == ["sent", "sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna, &ben]));
}
