//! Guilds come and go: what is kept, and what goes with them.

use chrono::TimeDelta;
use discord_emulator::{Guild, Permissions};

use crate::stage::{Stage, watch};

async fn watched(stage: &Stage, guild: &Guild) {
    let message = guild.owner().says(&guild.channel("general"), "Who comes?");
    watch(stage, &guild.owner(), &message).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_only_went_unavailable_keeps_its_data() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    watched(&stage, &guild).await;
    guild.goes_unavailable();
    let other = stage.discord.add_guild("Go club");
    watched(&stage, &other).await;
    assert!(stage.guild_dir(&guild).exists(), "an outage deleted the data");
    guild.returns();
    stage.pass(TimeDelta::hours(1));
    guild.channel("general").wait_for_message(discord_emulator::Message::is_by_bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removing_the_bot_deletes_that_guilds_directory_and_no_other() {
    let (stage, guild) = Stage::set().await;
    let other = stage.discord.add_guild("Go club");
    watched(&stage, &guild).await;
    watched(&stage, &other).await;
    guild.remove_bot();
    stage.until("the directory is gone", || !stage.guild_dir(&guild).exists()).await;
    assert!(stage.guild_dir(&other).join("guild.db").exists());
    other.add_member("Anna");
    stage.pass(TimeDelta::hours(1));
    other.channel("general").wait_for_message(discord_emulator::Message::is_by_bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_comes_back_starts_afresh() {
    let (stage, guild) = Stage::set().await;
    watched(&stage, &guild).await;
    guild.remove_bot();
    stage.until("the directory is gone", || !stage.guild_dir(&guild).exists()).await;
    guild.reinvite_bot();
    watched(&stage, &guild).await;
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_the_grace_coming_back_keeps_the_data() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__STORAGE__DELETE_GRACE", "1h");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    guild.add_member("Anna");
    watched(&stage, &guild).await;
    guild.remove_bot();
    stage.until("the removal is noticed", || stage.log().says("removed")).await;
    guild.reinvite_bot();
    stage.pass(TimeDelta::hours(2));
    guild.channel("general").wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert!(stage.guild_dir(&guild).join("guild.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_discord_does_not_confirm_deletes_nothing() {
    let (stage, guild) = Stage::set().await;
    watched(&stage, &guild).await;
    stage.discord.dispatch_raw("GUILD_DELETE", serde_json::json!({"id": guild.id().to_string()}));
    let other = stage.discord.add_guild("Go club");
    watched(&stage, &other).await;
    assert!(stage.guild_dir(&guild).join("guild.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_while_the_bot_was_offline_is_noticed() {
    let (mut stage, guild) = Stage::set().await;
    let others = [stage.discord.add_guild("Go club"), stage.discord.add_guild("Bridge club")];
    watched(&stage, &guild).await;
    for other in &others {
        watched(&stage, other).await;
    }
    stage.stop().await.expect("the bot stops cleanly");
    guild.remove_bot();
    stage.start().await;
    stage.until("the absence is noticed", || stage.log().says("does not list a guild any more")).await;
    assert!(stage.guild_dir(&guild).exists(), "absence alone is no proof");
    stage.pass(TimeDelta::hours(25));
    stage.until("the directory is gone", || !stage.guild_dir(&guild).exists()).await;
    assert!(others.iter().all(|other| stage.guild_dir(other).exists()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn most_guilds_gone_at_once_is_not_believed() {
    let mut stage = Stage::empty().await;
    let guilds: Vec<Guild> =
        (0..6).map(|number| stage.discord.add_guild(&format!("Club {number}"))).collect();
    stage.start().await;
    for guild in &guilds {
        watched(&stage, guild).await;
    }
    stage.stop().await.expect("the bot stops cleanly");
    for guild in &guilds[..5] {
        guild.remove_bot();
    }
    stage.expect_error("confirm_mass_absence");
    stage.start().await;
    stage.until("the refusal is logged", || stage.log().says("confirm_mass_absence")).await;
    stage.pass(TimeDelta::hours(48));
    watched(&stage, &guilds[5]).await;
    assert!(guilds.iter().all(|guild| stage.guild_dir(guild).exists()));
    stage.configure("MUSTER__STORAGE__CONFIRM_MASS_ABSENCE", "true");
    stage.restart().await;
    let noticed = || stage.log().count("does not list a guild any more") == 5;
    stage.until("the absences are noticed", noticed).await;
    stage.pass(TimeDelta::hours(48));
    stage
        .until("the directories are gone", || {
            guilds[..5].iter().all(|guild| !stage.guild_dir(guild).exists())
        })
        .await;
    assert!(stage.guild_dir(&guilds[5]).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_guilds_with_the_same_member_never_see_each_other() {
    let (stage, chess) = Stage::set().await;
    let go = stage.discord.add_guild("Go club");
    let anna = chess.add_member("Anna");
    let anna_in_go = go.admit(&anna);
    anna.add_role(&chess.add_role("organisers", Permissions::MANAGE_EVENTS));
    anna_in_go.add_role(&go.add_role("organisers", Permissions::MANAGE_EVENTS));
    let (here, there) = (chess.channel("general"), go.channel("general"));
    let secret = anna.says(&here, "Secret tournament");
    watch(&stage, &anna, &secret).await;
    let seen = anna_in_go.completes(&there, "/event show").option("event", "Secret").await.unwrap();
    assert!(seen.is_empty(), "{seen:?}");
    let reply = anna_in_go.runs(&there, "/event show").option("event", secret.link()).send().await.unwrap();
    assert!(reply.is_ephemeral() && !reply.text().contains("Secret"), "{}", reply.text());
    let reply =
        anna_in_go.runs(&there, "/event watch").option("message", secret.link()).send().await.unwrap();
    assert!(!reply.text().contains("Secret"), "{}", reply.text());
    assert!(!stage.guild_dir(&go).exists() || stage.live_titles(&go).is_empty());
}
