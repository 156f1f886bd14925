//! What an operator can see of a running bot, and what nobody may see in its log.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::{Emulator, Guild, Method, RateLimitScope};
use serde_json::Value;

use crate::stage::{Program, Stage, free_address, get, within};

/// A guild that says and does things that must not stand in a log; then the program is stopped. Returns the log, and
/// what must not be in it.
async fn log_of_a_busy_hour(settings: &[(&str, &str)]) -> (String, Vec<String>) {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Society of whisperers");
    let anna = guild.add_member("Annabella");
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "A confidential gathering");
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), settings);
    discord.wait_for_command("event").await;
    let owner = guild.owner();
    owner.runs(&general, "/event watch").option("message", message.link()).send().await.unwrap();
    owner.runs(&general, "/event create").option("title", "Clandestine supper").send().await.unwrap();
    let posted = general.wait_for_message(|message| !message.buttons().is_empty()).await;
    anna.presses(&posted, "Coming").await.unwrap();
    owner.runs(&general, "/event remind").option("event", message.link()).send().await.unwrap();
    general.wait_for_message(|message| !message.pings().is_empty()).await;
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    let answers = discord.requests_to(&Method::POST, "/interactions/{id}/{token}/callback");
    assert!(answers.len() >= 4, "{answers:?}");
    let mut secrets: Vec<String> =
        answers.iter().map(|answer| answer.path.split('/').nth(3).unwrap().to_owned()).collect();
    let texts = [discord.token(), "confidential", "Clandestine", "Annabella", "whisperers"];
    secrets.extend(texts.map(str::to_owned));
    (log, secrets)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_tokens_nor_what_people_write_are_ever_logged() {
    for filter in ["info,serenity=warn,h2=warn", "muster=trace"] {
        let (log, secrets) = log_of_a_busy_hour(&[("MUSTER__LOG__FILTER", filter)]).await;
        assert!(log.lines().count() >= 5, "{log}");
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret:?} is in the log:\n{log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_json_is_json_line_by_line() {
    let (log, _) = log_of_a_busy_hour(&[("MUSTER__LOG__FORMAT", "json")]).await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let is_whole = |line: &Value| line["level"].is_string() && line["fields"]["message"].is_string();
    assert!(lines.len() >= 5 && lines.iter().all(is_whole), "{log}");
    let sent = lines.iter().find(|line| line["fields"]["message"] == "reminder sent").expect(&log);
    assert!(sent["fields"]["guild.id"].is_string(), "{sent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_metrics_count_what_happened() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    guild.add_member("Anna");
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    let (data, address) = (tempfile::tempdir().unwrap(), free_address());
    let program = Program::start(&discord, data.path(), &[("MUSTER__HTTP__LISTEN", &address)]);
    discord.wait_for_command("event").await;
    let owner = guild.owner();
    owner.runs(&general, "/event watch").option("message", message.link()).send().await.unwrap();
    let sending = discord.faults().on(Method::POST, "/channels/{channel_id}/messages");
    sending.rate_limited(RateLimitScope::User, Duration::from_millis(100));
    owner.runs(&general, "/event remind").option("event", message.link()).send().await.unwrap();
    for line in [
        "muster_reminders_total{status=\"sent\"} 1",
        "muster_reminders_total{status=\"failed\"} 0",
        "muster_reminder_lateness_seconds_bucket{le=\"5\"} 1",
        "muster_reminder_lateness_seconds_count 1",
        "muster_open_stores 1",
        "muster_agenda_guilds 1",
        "muster_command_latency_seconds_count{command=\"event\"} 2",
        "muster_discord_429_total{scope=\"route\"} 1",
    ] {
        let counted = || async { get(&address, "/metrics").await.1.lines().any(|found| found == line) };
        within(line, counted).await;
    }
    drop(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_one_guild_cannot_be_backed_up_the_others_are_and_the_metric_tells() {
    let mut stage = Stage::empty().await;
    let address = free_address();
    stage.configure("MUSTER__HTTP__LISTEN", &address);
    let (chess, go) = (stage.discord.add_guild("Chess club"), stage.discord.add_guild("Go club"));
    stage.start().await;
    for guild in [&chess, &go] {
        stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    }
    let backups = |guild: &Guild| stage.data().join("backups").join(guild.id().to_string());
    std::fs::write(backups(&chess), "in the way").unwrap();
    // The first backup is taken ten minutes after a guild was first seen, whenever that was.
    let is_tried = || {
        stage.pass(TimeDelta::minutes(5));
        stage.log().says("no backup of a guild's store could be taken")
    };
    stage.until("a backup is tried", is_tried).await;
    stage.until("the other is backed up", || std::fs::read_dir(backups(&go)).is_ok()).await;
    stage.pass(TimeDelta::days(2));
    let is_old = |line: &str| {
        let age = line.strip_prefix("muster_backup_age_seconds ").and_then(|age| age.parse::<f64>().ok());
        age.is_some_and(|age| age > 170_000.0)
    };
    let told = || async { get(&address, "/metrics").await.1.lines().any(is_old) };
    within("the age of the oldest is told", told).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_that_cannot_be_written_is_not_ready() {
    let discord = Emulator::start().await.unwrap();
    let (home, address) = (tempfile::tempdir().unwrap(), free_address());
    let data = home.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let program = Program::start(&discord, &data, &[("MUSTER__HTTP__LISTEN", &address)]);
    within("the bot is ready", || async { get(&address, "/readyz").await.0 == 200 }).await;
    std::fs::rename(&data, home.path().join("elsewhere")).unwrap();
    within("it is noticed", || async { get(&address, "/readyz").await.0 == 503 }).await;
    let (_, problem) = get(&address, "/readyz").await;
    assert!(problem.contains("data"), "{problem}");
    assert_eq!(get(&address, "/livez").await.0, 200);
    std::fs::rename(home.path().join("elsewhere"), &data).unwrap();
    within("it is ready again", || async { get(&address, "/readyz").await.0 == 200 }).await;
    drop(program);
}
