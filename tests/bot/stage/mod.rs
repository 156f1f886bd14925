//! The stage on which every test plays: an emulator of Discord, a data directory, a clock, and the real bot.
//!
//! **Invariants**
//! - Each test has its own; nothing is shared.
//! - A test waits for facts with a deadline, never for time.
//! - When a stage is dropped it fails its test for requests to which Discord would object, and for errors in the log
//!   that the test did not announce with [`Stage::expect_error`].

mod asking;
mod clock;
mod club;
mod database;
mod log;
mod port;
mod program;
mod small_disk;
mod telling;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use discord_emulator::{Builder, Emulator, Guild, Member, Message, Method, Reply};
use muster::clock::{Clock, SharedClock, Timestamp};
use muster::config::{Config, Token};
use muster::lifecycle::{Lifecycle, Pulse, Shutdown};
use muster::run::Bot;
use tempfile::TempDir;

pub(crate) use self::asking::{HOUR, asked, ids, last_pinged, pinged, reminders, until_steady};
use self::clock::TestClock;
pub(crate) use self::club::{Club, NonceWindow, SHORT_WINDOW};
pub(crate) use self::database::{change, log_rows, read};
use self::log::Log;
pub(crate) use self::port::{free_address, get};
pub(crate) use self::program::Program;
pub(crate) use self::small_disk::{NAMESPACES, assert_small, run_on_a_small_disk, skipped};
pub(crate) use self::telling::{assert_private, picture, without_numbers};

/// How long a test waits for what it expects.
const DEADLINE: Duration = Duration::from_secs(20);

/// Everything that one test needs.
pub(crate) struct Stage {
    /// Discord.
    pub(crate) discord: Emulator,
    data: TempDir,
    clock: Arc<TestClock>,
    log: Log,
    settings: Vec<(String, String)>,
    bot: Option<RunningBot>,
    expected_errors: Mutex<Vec<&'static str>>,
}

struct RunningBot {
    shutdown: Shutdown,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Stage {
    /// A stage with an empty data directory and no bot yet.
    pub(crate) async fn empty() -> Self {
        Self::with(Emulator::builder()).await
    }

    /// A stage with a Discord of the test's choice and no bot yet.
    pub(crate) async fn with(discord: Builder) -> Self {
        // A second bot of the same token may not identify within 5 s; tests restart theirs at once.
        let discord = discord.identify_interval(Duration::ZERO).start().await.expect("the emulator starts");
        Self {
            discord,
            data: tempfile::tempdir().expect("a temporary directory"),
            clock: Arc::default(),
            log: Log::default(),
            settings: vec![
                ("MUSTER__HTTP__LISTEN".into(), String::new()),
                ("MUSTER__REMINDERS__MIN_INTERVAL".into(), "1s".into()),
            ],
            bot: None,
            expected_errors: Mutex::default(),
        }
    }

    /// A stage with a bot that is connected and has registered its commands, in one guild with a channel `general`.
    pub(crate) async fn set() -> (Self, Guild) {
        let mut stage = Self::empty().await;
        let guild = stage.discord.add_guild("Chess club");
        stage.start().await;
        (stage, guild)
    }

    /// An empty stage with a Discord that limits no rates.
    pub(crate) async fn unlimited_empty() -> Self {
        let mut stage = Self::with(Emulator::builder().rate_limits(false)).await;
        stage.configure("MUSTER__DISCORD__LIMITER", "false");
        stage
    }

    /// The same with a Discord that limits no rates, for tests that use commands faster than people do.
    pub(crate) async fn unlimited() -> (Self, Guild) {
        let mut stage = Self::with(Emulator::builder().rate_limits(false)).await;
        let guild = stage.discord.add_guild("Chess club");
        stage.start().await;
        (stage, guild)
    }

    /// Sets a key of the configuration, by its name in the environment, for the next start.
    pub(crate) fn configure(&mut self, key: &str, value: &str) {
        self.settings.push((key.to_owned(), value.to_owned()));
    }

    /// Starts the bot and waits until its commands can be used.
    pub(crate) async fn start(&mut self) {
        self.start_without_waiting();
        self.discord.gateway().wait_until_ready().await;
        self.discord.wait_for_command("event").await;
    }

    /// Starts the bot.
    pub(crate) fn start_without_waiting(&mut self) {
        assert!(self.bot.is_none(), "the bot runs already");
        let mut settings: std::collections::HashMap<_, _> = self.settings.iter().cloned().collect();
        settings.insert("MUSTER__DISCORD__API_URL".into(), self.discord.api_url());
        settings.insert("MUSTER__STORAGE__DATA_DIR".into(), self.data.path().to_str().unwrap().into());
        let config = Config::load_from(None, settings).expect("the test's configuration is valid");
        let clock: SharedClock = Arc::<TestClock>::clone(&self.clock);
        let token = Token::parse(self.discord.token(), "the emulator").unwrap();
        let shutdown = Shutdown::default();
        let (stop, log) = (shutdown.clone(), self.log.clone());
        let thread = thread::spawn(move || {
            let (on_worker, dispatch) = (log.dispatch(), log.dispatch());
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&on_worker)))
                .enable_all()
                .build()?;
            let _log = tracing::dispatcher::set_default(&dispatch);
            let (lifecycle, failures) = Lifecycle::new(stop);
            let bot = Bot { config, token, clock, pulse: Pulse::default() };
            let outcome = runtime.block_on(bot.run(lifecycle, failures));
            runtime.shutdown_timeout(Duration::from_secs(1));
            outcome
        });
        self.bot = Some(RunningBot { shutdown, thread });
    }

    /// Stops the bot as SIGTERM does, and returns what it ended with.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let bot = self.bot.take().expect("the bot runs");
        bot.shutdown.request();
        self.joined(bot).await
    }

    /// Waits until the bot ends by itself, and returns what it ended with.
    pub(crate) async fn ended(&mut self) -> anyhow::Result<()> {
        let bot = self.bot.take().expect("the bot runs");
        self.joined(bot).await
    }

    async fn joined(&self, bot: RunningBot) -> anyhow::Result<()> {
        self.until("the bot has ended", || bot.thread.is_finished()).await;
        bot.thread.join().expect("the bot does not panic")
    }

    /// Stops and starts the bot.
    pub(crate) async fn restart(&mut self) {
        self.stop().await.expect("the bot stops cleanly");
        self.start().await;
    }

    /// From now on the bot cannot read a message, so that it knows only what the gateway tells.
    pub(crate) fn only_the_gateway_tells(&self) {
        self.discord.faults().on(Method::GET, "/channels/{id}/messages/{id}").always().status(503);
    }

    /// Turns the bot's clock and Discord's forward.
    pub(crate) fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
        self.discord.advance(time.to_std().expect("time passes forward"));
    }

    /// What time the bot takes it to be.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the bot's clock back, as an operator does or a machine that asks for the time.
    pub(crate) fn set_clock_back(&self, by: TimeDelta) {
        self.clock.advance(-by);
    }

    /// The bot's log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// The directory of a guild's database.
    pub(crate) fn guild_dir(&self, guild: &Guild) -> PathBuf {
        self.data.path().join("guilds").join(guild.id().to_string())
    }

    /// Announces that errors with this text belong to the test.
    pub(crate) fn expect_error(&self, text: &'static str) {
        self.expected_errors.lock().unwrap().push(text);
    }

    /// Waits until `fact` holds; fails the test, with the log, if it does not in time.
    pub(crate) async fn until(&self, what: &str, fact: impl Fn() -> bool) {
        let started = Instant::now();
        while !fact() {
            let log = || self.log.lines().join("\n  ");
            assert!(started.elapsed() < DEADLINE, "waited in vain until {what}; the log:\n  {}", log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits until an asynchronous `fact` holds; fails the test if it does not in time.
pub(crate) async fn within<F: Future<Output = bool>>(what: &str, fact: impl Fn() -> F) {
    let started = Instant::now();
    while !fact().await {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Has `member` watch a message at an interval of an hour, and waits for the confirmation.
pub(crate) async fn watch(stage: &Stage, member: &Member, message: &Message) -> Reply {
    let command = member.runs(&message.channel(), "/event watch");
    let reply = command.option("message", message.link()).option("interval", "1h").send().await;
    let reply =
        reply.unwrap_or_else(|error| panic!("{error}; the log:\n  {}", stage.log().lines().join("\n  ")));
    assert!(reply.is_ephemeral() && reply.text().contains("watching"), "{}", reply.text());
    reply
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bot) = self.bot.take() {
            bot.shutdown.request();
            let outcome = bot.thread.join();
            if !thread::panicking() {
                outcome.expect("the bot does not panic").expect("the bot stops cleanly");
            }
        }
        if thread::panicking() {
            return;
        }
        self.discord.assert_clean();
        let expected = self.expected_errors.lock().unwrap();
        let unexpected: Vec<_> = self
            .log
            .errors()
            .into_iter()
            .filter(|line| !expected.iter().any(|text| line.contains(text)))
            .collect();
        assert!(unexpected.is_empty(), "the bot logged errors:\n  {}", unexpected.join("\n  "));
    }
}
