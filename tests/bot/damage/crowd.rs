//! Very many stores, some of them damaged.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use discord_emulator::{Emulator, Guild, Message};
use tempfile::TempDir;

use super::harm::Harm;
use super::patient::notices;
use crate::stage::{Program, change, free_address, get, read};

/// How long one of these steps may take at most, with very many guilds on a machine that has other things to do.
const DEADLINE: Duration = Duration::from_mins(5);

/// How soon the program could be used.
#[derive(Debug, Clone, Copy)]
struct Start {
    ready: Duration,
    first_answer: Duration,
}

/// Guilds that each have a store with an event in it.
struct Crowd {
    discord: Emulator,
    guilds: Vec<Guild>,
    data: TempDir,
    address: String,
}

async fn until(what: &str, fact: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !fact().await {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Crowd {
    async fn of(count: usize) -> Self {
        let shards = u32::try_from(count.div_ceil(1_000)).unwrap();
        let discord = Emulator::builder().identify_interval(Duration::ZERO).rate_limits(false).shards(shards);
        let discord = discord.wait_deadline(DEADLINE).start().await.unwrap();
        let guilds = discord.add_guilds(count, 1);
        let data = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let crowd = Self { discord, guilds, data, address: free_address() };
        let messages: Vec<_> = crowd
            .guilds
            .iter()
            .map(|guild| guild.owner().says(&guild.channel("general"), "Who comes?"))
            .collect();
        let program = crowd.program();
        crowd.discord.wait_for_command("event").await;
        // Nobody's first command waits behind so many guilds that are new to the bot.
        let system = crowd.data.path().join("system.db");
        let known =
            async || read(&system, "SELECT CAST(count(*) AS TEXT) FROM guilds") == [count.to_string()];
        until("it knows all guilds", known).await;
        let (owner, general) = (crowd.guilds[0].owner(), crowd.guilds[0].channel("general"));
        let watch = owner.runs(&general, "/event watch").option("message", messages[0].link());
        watch.option("interval", "30d").send().await.unwrap();
        end(program);
        for (guild, message) in crowd.guilds.iter().zip(&messages).skip(1) {
            crowd.copy_first_to(guild, message);
        }
        // It knows of one event; the next start makes it anew of what the stores say.
        fs::remove_file(crowd.data.path().join("system.db")).unwrap();
        let (program, _) = crowd.start().await;
        crowd.until_all_are_due().await;
        crowd.until_all_are_up_to_date().await;
        end(program);
        crowd
    }

    fn program(&self) -> Program {
        let settings =
            [("MUSTER__HTTP__LISTEN", self.address.as_str()), ("MUSTER__DISCORD__LIMITER", "false")];
        Program::start(&self.discord, self.data.path(), &settings)
    }

    fn store(&self, guild: &Guild) -> PathBuf {
        self.data.path().join("guilds").join(guild.id().to_string())
    }

    /// Gives a guild what the first one has, as its own.
    fn copy_first_to(&self, guild: &Guild, message: &Message) {
        let dir = self.store(guild);
        fs::DirBuilder::new().mode(0o700).create(&dir).unwrap();
        let file = dir.join("guild.db");
        fs::copy(self.store(&self.guilds[0]).join("guild.db"), &file).unwrap();
        change(&file, "UPDATE guild SET guild_id = CAST($1 AS INTEGER)", &[&guild.id().to_string()]);
        let (channel, message) = (guild.channel("general").id().to_string(), message.id().to_string());
        let event = "UPDATE events SET channel_id = CAST($1 AS INTEGER), message_id = CAST($2 AS INTEGER)";
        change(&file, event, &[&channel, &message]);
    }

    /// Starts the program, uses it as soon as it can be used, and waits until it knows what is due everywhere.
    async fn start(&self) -> (Program, Start) {
        let begun = Instant::now();
        let program = self.program();
        until("it is ready", async || get(&self.address, "/readyz").await.0 == 200).await;
        let ready = begun.elapsed();
        let first = &self.guilds[0];
        self.discord.gateway().wait_until_ready().await;
        let list = first.owner().runs(&first.channel("general"), "/event list").send().await.unwrap();
        assert!(list.text().contains("Who comes?"), "{}", list.text());
        (program, Start { ready, first_answer: begun.elapsed() })
    }

    async fn until_all_are_due(&self) {
        let known = format!("muster_agenda_guilds {}", self.guilds.len());
        let is_known = async || get(&self.address, "/metrics").await.1.lines().any(|line| line == known);
        until("it knows what is due everywhere", is_known).await;
    }

    /// Waits until each store has its guild's own name and members: what is written to it afterwards has another reason.
    async fn until_all_are_up_to_date(&self) {
        for guild in &self.guilds {
            let file = self.store(guild).join("guild.db");
            until("a store is brought up to date", async || {
                read(&file, "SELECT name FROM guild") == [guild.name()]
            })
            .await;
        }
    }

    /// What each store is like: its bytes, and when it was written.
    fn state(&self) -> BTreeMap<u64, (u64, i64)> {
        let of = |guild: &Guild| {
            let file = self.store(guild).join("guild.db");
            let mut bytes = DefaultHasher::new();
            fs::read(&file).unwrap().hash(&mut bytes);
            (guild.id().get(), (bytes.finish(), file.metadata().unwrap().mtime_nsec()))
        };
        self.guilds.iter().map(of).collect()
    }
}

fn end(program: Program) -> String {
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    log
}

/// The names in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Damages some of so many stores; how soon the program could be used before and after.
async fn damaged_among(count: usize, damaged: usize) -> (Start, Start) {
    let crowd = Crowd::of(count).await;
    let (program, sound) = crowd.start().await;
    crowd.until_all_are_due().await;
    end(program);

    let mut before = crowd.state();
    let hurt: Vec<_> = crowd.guilds.iter().skip(1).step_by(count / damaged).collect();
    for (guild, harm) in hurt.iter().zip(Harm::ALL.iter().cycle()) {
        harm.befall(&crowd.store(guild), &crowd.store(&crowd.guilds[0]));
    }
    let (program, damaged) = crowd.start().await;
    for guild in &hurt {
        until("its organisers are told", async || notices(guild).len() == 1).await;
    }
    let log = end(program);
    let mut found = names(&crowd.data.path().join("quarantine"));
    found.sort_by_key(|name| name.parse::<u64>().unwrap());
    let mut expected: Vec<_> = hurt.iter().map(|guild| guild.id().get()).collect();
    expected.sort_unstable();
    assert_eq!(found, expected.iter().map(u64::to_string).collect::<Vec<_>>(), "{log}");
    for guild in &expected {
        before.remove(guild);
    }
    let crowd = Crowd {
        guilds: crowd.guilds.iter().filter(|guild| before.contains_key(&guild.id().get())).cloned().collect(),
        ..crowd
    };
    assert!(crowd.state() == before, "a sound store was touched");
    crowd.discord.assert_clean();
    (sound, damaged)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_damaged_stores_of_five_hundred_are_found_and_no_other_is_touched() {
    damaged_among(500, 10).await;
}

/// `cargo test --release --test bot ten_thousand_stores -- --ignored --nocapture`, on a machine that does nothing else: a
/// debug build does not answer within three seconds while ten thousand guilds are brought up to date.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes some minutes"]
#[expect(clippy::print_stdout, reason = "whoever asks for this test wants to know")]
async fn a_hundred_damaged_stores_of_ten_thousand_stores_hardly_slow_the_start() {
    let (sound, damaged) = damaged_among(10_000, 100).await;
    println!("without damage {sound:?}, with damage {damaged:?}");
    // Generous, for the sake of busy machines.
    assert!(damaged.ready < sound.ready * 2 + Duration::from_secs(1), "{damaged:?} after {sound:?}");
    assert!(
        damaged.first_answer < sound.first_answer * 2 + Duration::from_secs(1),
        "{damaged:?} after {sound:?}"
    );
}
