//! The disk runs full under load, with the real program: nothing that was confirmed is lost, nothing is sent that was not
//! claimed, nobody waits in vain for an answer, and everything goes on by itself once there is room.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use discord_emulator::{Channel, Emulator, Guild, Member, Message};
use muster::domain::custom_id::{Action, CustomId};
use tempfile::TempDir;

use crate::stage::{Program, assert_small, free_address, get, read, reminders, run_on_a_small_disk, within};

/// The size of the disk.
const DISK: u64 = 16 << 20;

/// How long it stays full while people go on using the bot.
const FULL_FOR: Duration = Duration::from_secs(6);

/// A write-ahead log is checkpointed at about 2 MB and cut back to 1 MB; this leaves room for one large transaction.
const LARGEST_LOG: u64 = 4 << 20;

/// Fewer than fit into one message.
const MEMBERS: usize = 60;

/// The answer of somebody who has not answered.
const NOTHING: &str = "nothing";

#[test]
fn a_disk_that_runs_full_costs_nothing_that_was_confirmed() {
    run_on_a_small_disk("full_disk::on_a_small_disk", DISK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs on a small disk, where the test before it starts it"]
async fn on_a_small_disk() {
    assert_small(&std::env::temp_dir(), DISK);
    let mut club = Club::gather().await;
    club.answer(6).await;
    club.until_reminders_go_on().await;

    let mut filler = Filler::new();
    filler.leave(DISK / 40);
    within("the disk is found to be nearly full", || async {
        get(&club.address, "/metrics").await.1.contains("muster_disk_low 1")
    })
    .await;
    club.nothing_new_is_begun().await;
    assert_eq!(club.answer(3).await, 3, "answers go on");
    club.until_reminders_go_on().await;
    assert_eq!(get(&club.address, "/readyz").await.0, 200, "it can still be written");

    let full = Instant::now();
    let mut refused = 0;
    while full.elapsed() < FULL_FOR {
        filler.leave(0);
        refused += 2 - club.answer(2).await;
        club.use_commands().await;
        club.assert_logs_are_bounded();
    }
    assert!(refused > 0, "the disk was never full");
    assert_eq!(get(&club.address, "/readyz").await.0, 503, "it cannot be written");
    assert_eq!(get(&club.address, "/livez").await.0, 200);
    club.guild.owner().reacts(&club.watched, "✅");
    club.assert_only_claims_were_sent();

    filler.remove();
    club.go_on().await;

    filler.leave(0);
    club.answer(5).await;
    club.die_on_the_full_disk();
    filler.remove();
    club.start();
    club.go_on().await;
    club.end().await;
}

/// What takes the room.
struct Filler(File);

impl Filler {
    fn new() -> Self {
        Self(File::create(std::env::temp_dir().join("filler")).unwrap())
    }

    /// Leaves so many bytes to others.
    fn leave(&mut self, bytes: u64) {
        let chunk = [1; 4096];
        loop {
            let found = rustix::fs::fstatvfs(&self.0).unwrap();
            if found.f_bavail * found.f_frsize <= bytes || self.0.write(&chunk).is_err() {
                return;
            }
        }
    }

    /// Gives all room back.
    fn remove(&mut self) {
        self.0.set_len(0).unwrap();
        self.0.rewind().unwrap();
    }
}

/// A guild that is asked three things every second, and whoever of it has not answered yet.
struct Club {
    discord: Emulator,
    guild: Guild,
    general: Channel,
    posted: Message,
    watched: Message,
    members: Vec<Member>,
    /// What may be a member's answer: what was confirmed last, and what was refused since.
    answers: BTreeMap<String, Vec<&'static str>>,
    pressed: usize,
    address: String,
    data: TempDir,
    program: Option<Program>,
}

impl Club {
    async fn gather() -> Self {
        let discord = Emulator::builder().rate_limits(false).identify_interval(Duration::ZERO);
        let discord = discord.start().await.unwrap();
        let guild = discord.add_guild("Chess club");
        let members = (0..MEMBERS).map(|number| guild.add_member(&format!("Member {number}"))).collect();
        let (general, owner) = (guild.channel("general"), guild.owner());
        let (data, address) = (tempfile::tempdir().unwrap(), free_address());
        let program = Some(Program::start(&discord, data.path(), &[("MUSTER__HTTP__LISTEN", &address)]));
        discord.wait_for_command("event").await;
        let create = owner.runs(&general, "/event create").option("title", "Match").option("interval", "1s");
        let told = create.send().await.unwrap().text();
        assert!(told.contains("is posted"), "{told}");
        let posted = general.messages().into_iter().find(|message| message.buttons().len() > 2).unwrap();
        let watched = owner.says(&general, "And who brings cake?");
        let watch = owner.runs(&general, "/event watch").option("message", watched.link());
        let told = watch.option("interval", "1s").send().await.unwrap().text();
        assert!(told.contains("watching"), "{told}");
        let (answers, pressed) = (BTreeMap::new(), 0);
        Self { discord, guild, general, posted, watched, members, answers, pressed, address, data, program }
    }

    fn store(&self) -> PathBuf {
        self.data.path().join("guilds").join(self.guild.id().to_string()).join("guild.db")
    }

    /// Lets so many members answer, each in turn and otherwise than before, and says how many answers were confirmed. The
    /// owner never answers, so there is always somebody to remind.
    async fn answer(&mut self, members: usize) -> usize {
        let mut confirmed = 0;
        for _ in 0..members {
            let member = &self.members[self.pressed % MEMBERS];
            let choice = if (self.pressed / MEMBERS).is_multiple_of(2) { "✅" } else { "❌" };
            self.pressed += 1;
            let possible = self.answers.entry(member.id().to_string()).or_insert_with(|| vec![NOTHING]);
            let told = member.presses(&self.posted, choice).await.unwrap().text();
            if told.starts_with(&format!("You answered {choice}")) {
                confirmed += 1;
                possible.clear();
            } else {
                assert!(told.starts_with("My disk is full, so I could not write everything down."), "{told}");
            }
            possible.push(choice);
        }
        confirmed
    }

    async fn tell(&self, command: &str, options: &[(&str, &str)]) -> String {
        let mut run = self.guild.owner().runs(&self.general, command);
        for (name, value) in options {
            run = run.option(name, *value);
        }
        run.send().await.unwrap_or_else(|error| panic!("{command}: {error}")).text()
    }

    async fn nothing_new_is_begun(&self) {
        let before = self.general.messages().iter().filter(|message| message.buttons().len() > 2).count();
        let message = self.guild.owner().says(&self.general, "And who washes up?");
        let menu = self.guild.owner().uses(&message, "Watch for answers").await.unwrap().text();
        let watch = self.tell("/event watch", &[("message", &message.link())]).await;
        let create = self.tell("/event create", &[("title", "Another match")]).await;
        for told in [menu, watch, create] {
            assert!(told.starts_with("My disk is nearly full, so I start nothing new for now."), "{told}");
        }
        assert!(message.reactions().is_empty());
        let after = self.general.messages().iter().filter(|message| message.buttons().len() > 2).count();
        assert_eq!(after, before, "nothing was posted");
    }

    /// Uses commands that read and commands that write; each does what it should, or says why it cannot.
    async fn use_commands(&self) {
        let event = ("event", "Match");
        for (command, options, done) in [
            ("/event list", &[][..], "Match"),
            ("/event show", &[event], "Match"),
            ("/event interval", &[event, ("interval", "1s")], "Match"),
            ("/event remind", &[event], "way"),
            ("/event create", &[("title", "Another match")], "nearly full"),
        ] {
            let told = self.tell(command, options).await;
            assert!(told.contains(done) || told.starts_with("My disk is full"), "{command}: {told}");
        }
    }

    /// Kills the program, and has it say that it cannot start on a disk without room.
    fn die_on_the_full_disk(&mut self) {
        self.program.take().unwrap().kill();
        self.start();
        let (status, log) = self.program.take().unwrap().ended();
        assert_eq!(status.code(), Some(1), "{log}");
        assert!(log.contains("cannot write to") && log.contains("No space left on device"), "{log}");
    }

    fn start(&mut self) {
        let settings = [("MUSTER__HTTP__LISTEN", self.address.as_str())];
        self.program = Some(Program::start(&self.discord, self.data.path(), &settings));
    }

    /// Waits until everything works as if nothing had been.
    async fn go_on(&mut self) {
        within("it is ready again", || async { get(&self.address, "/readyz").await.0 == 200 }).await;
        self.until_reminders_go_on().await;
        assert_eq!(self.answer(3).await, 3, "answers go on");
    }

    async fn until_reminders_go_on(&self) {
        let before = reminders(&self.general).len();
        within("reminders go on", || async { reminders(&self.general).len() > before + 3 }).await;
    }

    fn assert_logs_are_bounded(&self) {
        for database in [self.store(), self.data.path().join("system.db")] {
            let log = log_of(&database);
            let size = fs::metadata(&log).map_or(0, |found| found.len());
            assert!(size <= LARGEST_LOG, "{} has {size} bytes", log.display());
        }
    }

    /// Every reminder that Discord has was claimed before, and none was sent twice.
    fn assert_only_claims_were_sent(&self) {
        let claimed: BTreeSet<String> =
            read(&self.store(), "SELECT CAST(id AS TEXT) FROM reminder_log").into_iter().collect();
        let mut sent = BTreeSet::new();
        for message in reminders(&self.general) {
            let row = row_of(&message);
            assert!(claimed.contains(&row), "{row} was sent and never claimed");
            assert!(sent.insert(row), "{:?} was sent twice", message.text());
        }
        assert!(!sent.is_empty());
    }

    /// Ends the events and the program, and looks at what is left.
    async fn end(mut self) {
        for event in ["Match", "And who brings cake?"] {
            let told = self.tell("/event pause", &[("event", event)]).await;
            assert!(told.contains("is paused"), "{told}");
        }
        let waiting = "SELECT status FROM reminder_log WHERE status NOT IN ('sent', 'skipped')";
        within("everything due went out", || async { read(&self.store(), waiting).is_empty() }).await;
        self.assert_only_claims_were_sent();
        let noted = "SELECT value FROM reminder_log, json_each(message_ids)";
        let noted: BTreeSet<String> = read(&self.store(), noted).into_iter().collect();
        let sent = reminders(&self.general).iter().map(|message| message.id().to_string()).collect();
        assert_eq!(noted, sent, "the log has every message");
        let reactions = "SELECT CAST(user_id AS TEXT) FROM responses WHERE source = 'reaction'";
        assert_eq!(read(&self.store(), reactions), [self.guild.owner().id().to_string()]);
        let store = self.store();
        let program = self.program.take().unwrap();
        program.terminate();
        let (status, log) = program.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(!log.contains("panicked"), "{log}");
        for database in [&store, &self.data.path().join("system.db")] {
            // Before anybody else opens it.
            assert!(!log_of(database).exists(), "{} was not checkpointed", database.display());
            assert_eq!(read(database, "PRAGMA integrity_check"), ["ok"], "{}", database.display());
        }
        let kept = "SELECT user_id || ' ' || choice FROM responses WHERE source = 'button'";
        let kept = read(&store, kept);
        let kept: BTreeMap<_, _> = kept.iter().filter_map(|row| row.split_once(' ')).collect();
        for (member, possible) in &self.answers {
            let kept = kept.get(member.as_str()).copied().unwrap_or(NOTHING);
            assert!(possible.contains(&kept), "{member} answered one of {possible:?}, and {kept} was kept");
        }
        self.discord.assert_clean();
    }
}

fn log_of(database: &Path) -> PathBuf {
    database.with_extension("db-wal")
}

/// The number of the row in the reminder log that a reminder says it stands for.
fn row_of(message: &Message) -> String {
    let ids = message.buttons().into_iter().filter_map(|button| button.custom_id?.parse::<CustomId>().ok());
    let mut rows = ids.filter_map(|id| match id.action {
        Action::Missing { reminder, .. } => Some(reminder.0.to_string()),
        _ => None,
    });
    rows.next().expect("a reminder has its button")
}
