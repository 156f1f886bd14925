//! `/help` and `/about`.

use std::fs;

use crate::stage::{Stage, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_says_what_the_bot_does_and_the_first_steps_to_everybody() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__REMINDERS__MIN_INTERVAL", "5m");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let anna = guild.add_member("Anna");
    insta::assert_snapshot!(stage.told(&anna, &guild.channel("general"), "/help", &[]).await, @"
    Muster
    I get answers. You ask something in a message, members answer with a button or a reaction, and at each interval I mention exactly those who have not answered yet, until they have.

    **First steps**
    1. `/event create` posts a new event with buttons. For a message that is already there, right-click it and choose *Apps › Watch for answers*, or use `/event watch` with its link.
    2. Members press a button, or react with one of the emoji that count: ✅ ❌ ❓ unless you choose others.
    3. `/event list` shows what runs here, `/event show` who answered what and who is missing.

    **Later**
    `/event remind` reminds now, `/event interval` changes how often, `/event pause` and `/event resume` do what they say, `/event history` shows what was sent, `/event unwatch` ends it.

    Intervals are written like `90` (minutes), `90m`, `1h30` or `2 days`, from 5 minutes to 30 days; without one it is 1 hour. Starting events needs **Manage Events** or an organiser role. Answering needs nothing.
    ");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_tells_those_who_manage_the_server_of_its_data() {
    let (stage, guild) = Stage::set().await;
    let told = stage.told(&guild.owner(), &guild.channel("general"), "/help", &[]).await;
    insta::assert_snapshot!(told.lines().last().unwrap_or_default(), @"You manage this server, so `/database` is for you: it shows what I keep of it, backs it up, hands it to you as a file, or deletes it.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_names_the_limits_of_this_installation() {
    let mut stage = Stage::empty().await;
    for (key, value) in [("MIN", "10m"), ("MAX", "7d"), ("DEFAULT", "2h")] {
        stage.configure(&format!("MUSTER__REMINDERS__{key}_INTERVAL"), value);
    }
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let told = stage.told(&guild.owner(), &guild.channel("general"), "/help", &[]).await;
    assert!(told.contains("from 10 minutes to 7 days; without one it is 2 hours."), "{told}");
}

/// The text with `…` for the latency and the size, which differ from run to run.
fn steady(told: &str) -> String {
    let steady = |line: &str| match line.split_once(": ") {
        Some(("Latency to Discord", _)) => "Latency to Discord: …".to_owned(),
        Some(("Version", _)) => "Version: …".to_owned(),
        _ => match line.split_once(" KiB") {
            Some((before, after)) => format!("{}… KiB{after}", before.trim_end_matches(char::is_numeric)),
            None => line.to_owned(),
        },
    };
    told.lines().map(steady).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn about_shows_version_latency_and_the_health_of_this_guilds_store() {
    let (stage, guild) = Stage::set().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    let told = stage.told(&anna, &general, "/about", &[]).await;
    assert!(told.contains(env!("CARGO_PKG_VERSION")), "{told}");
    insta::assert_snapshot!(steady(&told), @"
    About Muster
    Version: …
    Latency to Discord: …
    Members: I know them all
    Data of this server: none yet; it begins with the first event
    `/help` shows the first steps.
    ");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");

    stage.create(&guild.owner(), &general, "Board games").await;
    insta::assert_snapshot!(steady(&stage.told(&anna, &general, "/about", &[]).await), @"
    About Muster
    Version: …
    Latency to Discord: …
    Members: I know them all
    Data of this server: sound, … KiB, 1 running event, 0 reminders in the log
    `/help` shows the first steps.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn about_tells_the_latency_once_it_is_known() {
    let discord = discord_emulator::Emulator::builder();
    let mut stage = Stage::with(discord.heartbeat_interval(std::time::Duration::from_millis(100))).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    within("the latency is known", || async {
        let told = stage.told(&guild.owner(), &guild.channel("general"), "/about", &[]).await;
        told.lines().any(|line| line.starts_with("Latency to Discord: ") && line.ends_with(" ms"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_read_is_told_to_whoever_asks_and_other_guilds_go_on() {
    let (mut stage, guild) = Stage::set().await;
    let (other, general) = (stage.discord.add_guild("Go club"), guild.channel("general"));
    stage.create(&guild.owner(), &general, "Board games").await;
    stage.stop().await.unwrap();
    fs::write(stage.guild_dir(&guild).join("guild.db"), "this is no database").unwrap();
    stage.expect_error("set aside");
    stage.expect_error("no good backup");
    stage.start().await;
    let told = stage.told(&guild.owner(), &general, "/about", &[]).await;
    assert!(told.contains("set aside, because it cannot be read"), "{told}");
    insta::assert_snapshot!(stage.told(&guild.owner(), &general, "/event list", &[]).await, @"This server's data cannot be read, so I have set it aside untouched and do nothing here. Whoever runs me finds the reason in my log; `/database status` says what can be done.");
    stage.create(&other.owner(), &other.channel("general"), "Tea").await;
}
