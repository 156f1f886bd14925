//! Damaged stores as the operator of the real program meets them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use discord_emulator::{Emulator, Guild, Method};
use tempfile::TempDir;

use super::harm::Harm;
use super::patient::{files, notices, set_aside};
use crate::stage::{Program, free_address, get, skipped, within};

const MESSAGES: &str = "/channels/{channel_id}/messages";

/// The user that has no rights.
const NOBODY: u32 = 65_534;

/// Guilds with an event each, in the data directory of a program that has ended.
struct Clubs {
    discord: Emulator,
    guilds: Vec<Guild>,
    data: TempDir,
}

impl Clubs {
    async fn of(count: usize) -> Self {
        let discord =
            Emulator::builder().identify_interval(Duration::ZERO).rate_limits(false).start().await.unwrap();
        let guilds = discord.add_guilds(count, 1);
        let data = tempfile::tempdir().unwrap();
        let program = Program::start(&discord, data.path(), &[]);
        discord.wait_for_command("event").await;
        for guild in &guilds {
            let create = guild.owner().runs(&guild.channel("general"), "/event create");
            create.option("title", "Match on Friday").send().await.unwrap();
        }
        program.terminate();
        let (status, log) = program.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        Self { discord, guilds, data }
    }

    fn store(&self, guild: &Guild) -> PathBuf {
        self.data.path().join("guilds").join(guild.id().to_string())
    }

    async fn until_told(&self, guild: &Guild) {
        within("the organisers are told", || async { notices(guild).len() == 1 }).await;
    }

    /// Whether it is noted that the organisers know.
    fn is_noted(&self, guild: &Guild) -> bool {
        let beside = fs::read_dir(self.data.path().join("quarantine").join(guild.id().to_string()));
        beside
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|it| it == "told"))
    }

    /// What `/event list` answers.
    async fn list(&self, guild: &Guild) -> String {
        guild.owner().runs(&guild.channel("general"), "/event list").send().await.unwrap().text()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organisers_are_told_once_however_often_the_program_is_killed() {
    let clubs = Clubs::of(2).await;
    let [hurt, sound] = [&clubs.guilds[0], &clubs.guilds[1]];
    Harm::GarbageHeader.befall(&clubs.store(hurt), &clubs.store(sound));
    let found = files(&clubs.store(hurt));
    let start = |settings: &[(&str, &str)]| Program::start(&clubs.discord, clubs.data.path(), settings);
    // Discord has the message, but the program dies before it hears so.
    clubs.discord.faults().on(Method::POST, MESSAGES).delay_answer(Duration::from_mins(1));
    let address = free_address();
    let program = start(&[("MUSTER__HTTP__LISTEN", &address)]);
    clubs.until_told(hurt).await;
    let (_, metrics) = get(&address, "/metrics").await;
    assert!(metrics.lines().any(|line| line == "muster_stores_quarantined_total 1"), "{metrics}");
    program.kill();
    assert!(!clubs.is_noted(hurt));
    clubs.discord.faults().clear();
    let program = start(&[]);
    within("it is noted that they know", || async { clubs.is_noted(hurt) }).await;
    program.kill();
    for _ in 0..2 {
        // Otherwise the connection of the one that was killed still passes for that of the next.
        clubs
            .discord
            .gateway()
            .wait_for("the killed program to be gone", |gateway| !gateway.is_ready())
            .await;
        let program = start(&[]);
        clubs.discord.gateway().wait_until_ready().await;
        assert!(clubs.list(hurt).await.contains("set it aside"));
        assert!(clubs.list(sound).await.contains("Match on Friday"));
        program.kill();
    }
    assert_eq!(notices(hurt).len(), 1);
    let [aside] = set_aside(clubs.data.path(), hurt).try_into().expect("it is set aside once");
    assert!(files(&aside) == found, "it was changed");
    clubs.discord.assert_clean();
}

fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    if folder.is_dir() {
        found.extend(fs::read_dir(folder).unwrap().flat_map(|entry| everything_in(&entry.unwrap().path())));
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_may_not_be_used_any_more_is_set_aside_and_restored_and_the_others_go_on() {
    if !rustix::process::getuid().is_root() {
        let skip = "only root can run the program as somebody else";
        skipped("a store that may not be used any more", skip);
        return;
    }
    let clubs = Clubs::of(6).await;
    let data = clubs.data.path();
    let output = Program::run(&["guild", "backup", "--all"], data, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for path in everything_in(data) {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let [sound, no_backup, unreadable, read_only, roots, closed] =
        clubs.guilds.iter().collect::<Vec<_>>().try_into().unwrap();
    fs::remove_dir_all(data.join("backups").join(no_backup.id().to_string())).unwrap();
    let file = |guild| clubs.store(guild).join("guild.db");
    let found: Vec<_> = clubs.guilds.iter().map(|guild| files(&clubs.store(guild))).collect();
    for (path, mode) in [
        (file(no_backup), 0o000),
        (file(unreadable), 0o000),
        (file(read_only), 0o400),
        (clubs.store(closed), 0o000),
    ] {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
    chown(file(roots), Some(0), Some(0)).unwrap();
    fs::set_permissions(file(roots), Permissions::from_mode(0o600)).unwrap();

    let program = Program::start_as_nobody(&clubs.discord, data, &[]);
    clubs.discord.gateway().wait_until_ready().await;
    for (guild, found) in clubs.guilds.iter().zip(&found).skip(1) {
        clubs.until_told(guild).await;
        let [aside] = set_aside(data, guild).try_into().expect("it is set aside once");
        assert!(files(&aside) == *found, "it was changed");
    }
    assert!(clubs.list(no_backup).await.contains("set it aside"));
    for guild in [sound, unreadable, read_only, roots, closed] {
        assert!(clubs.list(guild).await.contains("Match on Friday"));
    }
    assert!(set_aside(data, sound).is_empty() && notices(sound).is_empty());
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert_eq!(log.matches("is set aside, its files untouched").count(), 5, "{log}");
    clubs.discord.assert_clean();
}
