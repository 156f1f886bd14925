//! What the operator meets: exit codes, sentences on standard error, the port, signals.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use discord_emulator::{Emulator, Intents};

use crate::stage::{Program, free_address, get, within};

fn run(arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let data = tempfile::tempdir().unwrap();
    let Output { status, stdout, stderr } = Program::run(arguments, data.path(), settings);
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn without_a_token_there_is_one_clear_sentence_and_exit_code_2() {
    let (code, text) = run(&[], &[]);
    assert_eq!(code, Some(2));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("DISCORD_TOKEN"), "{text}");
}

#[test]
fn a_bad_key_value_or_range_is_named_with_exit_code_2() {
    let cases = [
        ("MUSTER__STORAGE__MAX_OPNE", "5", "max_opne"),
        ("MUSTER__STORAGE__MAX_OPEN", "lots", "storage.max_open"),
        ("MUSTER__STORAGE__MAX_OPEN", "0", "1 to 100000"),
        ("MUSTER__REMINDERS__MIN_INTERVAL", "soon", "soon"),
        ("MUSTER__LOG__FORMAT", "xml", "xml"),
        ("MUSTER__HTTP__LISTEN", "here", "here"),
        ("MUSTER__DISCORD__API_URL", "ftp://x", "discord.api_url"),
    ];
    for (key, value, named) in cases {
        let (code, text) = run(&["run"], &[(key, value), ("DISCORD_TOKEN", "a.secret.token")]);
        assert_eq!(code, Some(2), "{key}={value}: {text}");
        assert!(text.contains(named), "{key}={value}: {text}");
        assert!(!text.contains("a.secret.token"), "{text}");
    }
}

#[test]
fn a_token_file_serves_as_well_and_a_missing_one_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret\n").unwrap();
    let (code, text) = run(&["check"], &[("DISCORD_TOKEN_FILE", file.path().to_str().unwrap())]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("of the right shape") && !text.contains("secret"), "{text}");
    let (code, text) = run(&["check"], &[("DISCORD_TOKEN_FILE", "/nowhere/token")]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("/nowhere/token"), "{text}");
}

#[test]
fn the_invitation_names_the_application_and_the_permissions() {
    let (code, text) = run(&["invite-url"], &[("DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret")]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("client_id=123456789012345678&permissions=274877992000"), "{text}");
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named_with_the_user() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let settings = [("MUSTER__STORAGE__DATA_DIR", file.to_str().unwrap()), ("DISCORD_TOKEN", "a.b.c")];
    let (code, text) = run(&["run"], &settings);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("a file"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ready_and_live_and_metrics_and_healthcheck_tell_the_truth() {
    let discord = Emulator::builder().heartbeat_interval(Duration::from_millis(500)).start().await.unwrap();
    discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let address = free_address();
    let program = Program::start(&discord, data.path(), &[("MUSTER__HTTP__LISTEN", &address)]);
    within("the bot is ready", || async { get(&address, "/readyz").await.0 == 200 }).await;
    assert_eq!(get(&address, "/livez").await.0, 200);
    let (_, metrics) = get(&address, "/metrics").await;
    for name in ["muster_reminders_total", "muster_agenda_guilds", "muster_discord_429_total"] {
        assert!(metrics.contains(name), "{name} is missing:\n{metrics}");
    }
    let healthcheck = || {
        let output = Program::run(&["healthcheck"], data.path(), &[("MUSTER__HTTP__LISTEN", &address)]);
        output.status.code()
    };
    assert_eq!(healthcheck(), Some(0));

    discord.gateway().go_silent();
    within("a silent gateway is noticed", || async { get(&address, "/readyz").await.0 == 503 }).await;
    assert_eq!(get(&address, "/livez").await.0, 200);
    assert_eq!(healthcheck(), Some(1));
    drop(program);
    assert_eq!(healthcheck(), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_of_the_databases_and_the_disk_is_on_its_page() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let address = free_address();
    let program = Program::start(&discord, data.path(), &[("MUSTER__HTTP__LISTEN", &address)]);
    discord.wait_for_command("event").await;
    let message = guild.owner().says(&guild.channel("general"), "Who comes?");
    // The first opens the store, the second finds it open.
    for _ in 0..2 {
        guild.owner().uses(&message, "Watch for answers").await.unwrap();
    }
    within("the disk was looked at", || async {
        get(&address, "/metrics").await.1.contains("\nmuster_disk_free_bytes ")
    })
    .await;
    let (_, page) = get(&address, "/metrics").await;
    let value = |name: &str| {
        let line = page.lines().find(|line| line.split([' ', '{']).next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("{name} is missing:\n{page}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    for (name, kind) in [
        ("muster_open_stores", "gauge"),
        ("muster_leased_stores", "gauge"),
        ("muster_store_hits_total", "counter"),
        ("muster_store_misses_total", "counter"),
        ("muster_store_evictions_total", "counter"),
        ("muster_store_migrations_total", "counter"),
        ("muster_stores_quarantined_total", "counter"),
        ("muster_backups_total", "counter"),
        ("muster_backup_age_seconds", "gauge"),
        ("muster_disk_free_bytes", "gauge"),
        ("muster_disk_low", "gauge"),
    ] {
        value(name);
        assert!(page.contains(&format!("# TYPE {name} {kind}")), "{name} is no {kind}:\n{page}");
        assert!(page.contains(&format!("# HELP {name} ")), "{name} is not described:\n{page}");
    }
    for name in ["muster_store_open_seconds", "muster_statement_seconds"] {
        assert!(value(&format!("{name}_count")) >= 1.0);
        assert!(page.contains(&format!("# TYPE {name} histogram")), "{name} is no histogram:\n{page}");
    }
    assert!(value("muster_open_stores") >= 1.0 && value("muster_store_misses_total") >= 1.0);
    assert!(value("muster_store_hits_total") >= 1.0 && value("muster_disk_free_bytes") > 1.0);
    program.terminate();
    assert_eq!(program.ended().0.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_ends_the_bot_cleanly_and_soon() {
    let discord = Emulator::start().await.unwrap();
    discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), &[]);
    discord.wait_for_command("event").await;
    let asked = std::time::Instant::now();
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(8), "{log}");
    assert!(log.contains("stopped"), "{log}");
    assert!(!log.contains(discord.token()), "the token is in the log");
    assert!(wal_files(data.path()).is_empty(), "databases were not checkpointed and closed");
    discord.assert_clean();
}

fn wal_files(folder: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with("-wal")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_directory_is_refused() {
    let discord = Emulator::start().await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let first = Program::start(&discord, data.path(), &[]);
    discord.wait_for_command("event").await;
    let second = Program::start(&discord, data.path(), &[]);
    let (status, log) = second.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains(data.path().to_str().unwrap()), "{log}");
    drop(first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_disk_is_for_the_bots_user_only() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), &[]);
    discord.wait_for_command("event").await;
    let message = guild.owner().says(&guild.channel("general"), "Who comes?");
    guild.owner().uses(&message, "Watch for answers").await.unwrap();
    let mut folders = vec![data.path().to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            let wanted = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, wanted, "{} has mode {mode:o}", path.display());
            seen += 1;
            folders.extend(path.is_dir().then_some(path));
        }
    }
    assert!(seen >= 4, "only {seen} files were found");
    drop(program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_ends_the_process_with_a_sentence() {
    let discord = Emulator::start().await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), &[("DISCORD_TOKEN", "a.wrong.token")]);
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("token") && !log.contains("a.wrong.token"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_the_bot_goes_on_and_says_so() {
    let discord = Emulator::builder().intents_allowed(Intents::default()).identify_interval(Duration::ZERO);
    let discord = discord.start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), &[]);
    discord.wait_for_command("event").await;
    discord.gateway().wait_until_ready().await;
    let message = guild.owner().says(&guild.channel("general"), "Who comes?");
    let reply = guild.owner().uses(&message, "Watch for answers").await.unwrap();
    assert!(reply.text().contains("Server Members Intent"), "{}", reply.text());
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("Server Members Intent"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn insisting_on_a_refused_intent_ends_the_process_with_a_sentence() {
    let discord = Emulator::builder().intents_allowed(Intents::default()).start().await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(&discord, data.path(), &[("MUSTER__DISCORD__MEMBERS_INTENT", "on")]);
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("Server Members Intent"), "{log}");
}
