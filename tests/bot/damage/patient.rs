//! A guild whose store is damaged, and what has to become of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use discord_emulator::{Guild, Message};
use futures::{StreamExt, stream};

use super::harm::{Harm, Left};
use crate::stage::{Stage, asked, reminders};

/// How often backups are taken here.
const BACKUP_EVERY: TimeDelta = TimeDelta::minutes(10);

/// A guild whose store is damaged.
pub(super) struct Patient {
    pub(super) guild: Guild,
    pub(super) harm: Harm,
    pub(super) left: Left,
    /// What was in its directory when it was damaged.
    found: Files,
}

/// Every file below a directory, byte for byte.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A bot with two backups of each of its guilds, which have an event each that one member has not answered. The first
/// guild is to stay sound.
pub(super) async fn guilds_with_backups(stage: &mut Stage, count: usize) -> Vec<Guild> {
    stage.configure("MUSTER__STORAGE__BACKUP_EVERY", "10m");
    let guilds = stage.discord.add_guilds(count, 1);
    stage.start().await;
    let here = &*stage;
    stream::iter(&guilds)
        .for_each_concurrent(10, |guild| async move { drop(asked(here, guild).await) })
        .await;
    for round in 1..=2 {
        let looks = AtomicU32::new(0);
        // In small steps, so that no reminder becomes due before: the schedule counts from when it met a guild.
        let are_taken = || {
            if looks.fetch_add(1, Ordering::Relaxed).is_multiple_of(40) {
                stage.pass(BACKUP_EVERY / 4);
            }
            guilds.iter().all(|guild| backups(stage, guild).len() >= round)
        };
        stage.until("everybody has a backup", are_taken).await;
    }
    guilds
}

/// The backups of a guild, oldest first.
fn backups(stage: &Stage, guild: &Guild) -> Vec<PathBuf> {
    let files = fs::read_dir(backups_of(stage, guild)).into_iter().flatten().flatten();
    let mut files: Vec<_> = files.map(|file| file.path()).filter(|file| is_named(file)).collect();
    files.sort();
    files
}

/// Whether it has its final name.
fn is_named(file: &Path) -> bool {
    !file.file_name().unwrap().to_string_lossy().starts_with('.')
}

fn backups_of(stage: &Stage, guild: &Guild) -> PathBuf {
    stage.data().join("backups").join(guild.id().to_string())
}

/// What was set aside of a guild, without the notices beside it.
pub(super) fn set_aside(data: &Path, guild: &Guild) -> Vec<PathBuf> {
    let all = fs::read_dir(data.join("quarantine").join(guild.id().to_string()));
    all.into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// What the bot told the organisers of a guild about their store.
pub(super) fn notices(guild: &Guild) -> Vec<Message> {
    let messages = guild.channels().into_iter().flat_map(|channel| channel.messages());
    messages.filter(|message| message.is_by_bot() && is_notice(message)).collect()
}

fn is_notice(message: &Message) -> bool {
    message.text().contains("damaged on my disk")
}

/// How many reminders there are in the channel of [`asked`].
pub(super) fn sent(guild: &Guild) -> usize {
    reminders(&guild.channel("general")).iter().filter(|message| !is_notice(message)).count()
}

/// Waits until each of these guilds, whose stores are sound, was reminded so many times.
pub(super) async fn until_reminded(stage: &Stage, guilds: &[&Guild], times: usize) {
    for guild in guilds {
        let is_sent = || stage.log_rows(guild).iter().filter(|row| *row == "sent").count() == times;
        stage.until("a sound guild is reminded", is_sent).await;
        assert_eq!(sent(guild), times);
    }
}

impl Patient {
    /// Damages a guild's store.
    pub(super) fn new(stage: &Stage, guild: &Guild, harm: Harm, left: Left, neighbour: &Guild) -> Self {
        left.arrange(&backups_of(stage, guild));
        let dir = stage.guild_dir(guild);
        harm.befall(&dir, &stage.guild_dir(neighbour));
        Self { guild: guild.clone(), harm, left, found: files(&dir) }
    }

    /// Whether its store was set aside, and a backup took its place if there is one.
    pub(super) fn is_treated(&self, stage: &Stage) -> bool {
        let is_restored = || stage.guild_dir(&self.guild).join("guild.db").is_file();
        set_aside(&stage.data(), &self.guild).len() == 1 && (self.left == Left::Nothing || is_restored())
    }

    /// Expects its store to be set aside as it was found, once, in words for the operator and for its organisers.
    pub(super) fn expect_set_aside(&self, stage: &Stage) {
        let Self { guild, harm, left, .. } = self;
        let case = format!("{harm:?}, {left:?}");
        let [aside] =
            set_aside(&stage.data(), guild).try_into().unwrap_or_else(|all| panic!("{case}: {all:?}"));
        let mut now = files(&aside);
        // SQLite leaves these beside a file that it cannot close as usual.
        for (empty, length) in [("guild.db-wal", 0), ("guild.db-shm", 32_768)] {
            if !self.found.contains_key(Path::new(empty))
                && now.get(Path::new(empty)).is_some_and(|file| file.len() == length)
            {
                now.remove(Path::new(empty));
            }
        }
        assert!(now.keys().eq(self.found.keys()), "{case}: it was not moved whole: {:?}", now.keys());
        assert!(now == self.found, "{case}: it was changed");
        assert_eq!(notices(guild).len(), 1, "{case}: the organisers were told: {:?}", notices(guild));
        let is_gone = !stage.guild_dir(guild).exists();
        assert_eq!(is_gone, *left == Left::Nothing, "{case}");
        let lines = stage.log().lines();
        let about = |line: &&String| line.starts_with("ERROR") && line.contains(&guild.id().to_string());
        let told: Vec<_> = lines.iter().filter(about).filter(|line| line.contains("is set aside")).collect();
        assert_eq!(told.len(), 1, "{case}: the operator was told: {told:?}");
        assert!(told[0].contains(aside.to_str().unwrap()), "{case}: {}", told[0]);
    }

    /// Expects a command to answer what is known now.
    pub(super) async fn expect_answer(&self) {
        let reply =
            self.guild.owner().runs(&self.guild.channel("general"), "/event list").send().await.unwrap();
        let expected = match self.left {
            Left::Nothing => "set it aside",
            Left::GoodBackup | Left::OlderBackup => "Match on Friday",
        };
        assert!(reply.text().contains(expected), "{:?}, {:?}: {}", self.harm, self.left, reply.text());
    }
}

/// Every file below a directory.
pub(super) fn files(dir: &Path) -> Files {
    let (mut files, mut folders) = (Files::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}
