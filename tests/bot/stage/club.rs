//! A guild that the real program watches, by the real clock.

use std::path::Path;
use std::time::Duration;

use discord_emulator::{Channel, Emulator, FaultBuilder, Guild, Member, Message, Method, RecordedRequest};
use tempfile::TempDir;

use super::{Program, log_rows, within};

const MESSAGES: &str = "/channels/{channel_id}/messages";

/// How long Discord and the program remember a nonce.
#[derive(Clone, Copy)]
pub(crate) enum NonceWindow {
    /// For minutes: every restart comes in time.
    Usual,
    /// For [`SHORT_WINDOW`]: every restart comes too late.
    Short,
}

/// Shorter than the wait before a second attempt.
pub(crate) const SHORT_WINDOW: Duration = Duration::from_secs(1);
const SHORT_FOR_MUSTER: &[(&str, &str)] = &[("MUSTER__REMINDERS__NONCE_WINDOW", "1s")];

/// A guild whose owner has asked something that Anna and Ben have not answered, and the program that watches it.
pub(crate) struct Club {
    pub(crate) discord: Emulator,
    pub(crate) guild: Guild,
    pub(crate) general: Channel,
    pub(crate) message: Message,
    pub(crate) anna: Member,
    pub(crate) ben: Member,
    data: TempDir,
    settings: &'static [(&'static str, &'static str)],
    program: Option<Program>,
}

impl Club {
    /// A club of Anna, Ben and so many others, asked at an interval of an hour.
    pub(crate) async fn of(others: usize, window: NonceWindow) -> Self {
        let (discord, settings) = match window {
            NonceWindow::Usual => (Emulator::builder(), Default::default()),
            NonceWindow::Short => (Emulator::builder().nonce_window(SHORT_WINDOW), SHORT_FOR_MUSTER),
        };
        let discord = discord.identify_interval(Duration::ZERO).start().await.unwrap();
        let guild = discord.add_guild("Chess club");
        let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
        for number in 0..others {
            guild.add_member(&format!("Member {number}"));
        }
        let general = guild.channel("general");
        let message = guild.owner().says(&general, "Match on Friday, who comes?");
        guild.owner().reacts(&message, "✅");
        let data = tempfile::tempdir().unwrap();
        let mut club = Self { discord, data, guild, general, message, anna, ben, settings, program: None };
        club.start();
        club.discord.wait_for_command("event").await;
        let owner = club.guild.owner();
        let watch = owner.runs(&club.general, "/event watch").option("message", club.message.link());
        let reply = watch.option("interval", "1h").send().await.unwrap();
        assert!(reply.text().contains("watching"), "{}", reply.text());
        club
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Starts the program.
    pub(crate) fn start(&mut self) {
        self.program = Some(Program::start(&self.discord, self.data.path(), self.settings));
    }

    /// Waits until the program answers commands again, after the connection of an earlier run has ended.
    pub(crate) async fn until_ready(&self) {
        self.discord.gateway().wait_until_ready().await;
    }

    /// Kills the program: it gets no chance to finish anything.
    pub(crate) fn kill(&mut self) {
        self.take_program().kill();
    }

    /// The running program, for a test that ends it otherwise.
    pub(crate) fn take_program(&mut self) -> Program {
        self.program.take().expect("it runs")
    }

    /// Sets the interval of the event.
    pub(crate) async fn ask_every(&self, interval: &str) {
        let owner = self.guild.owner();
        let command = owner.runs(&self.general, "/event interval").option("event", self.message.link());
        command.option("interval", interval).send().await.unwrap();
    }

    /// Has everybody reminded now.
    pub(crate) async fn remind(&self) {
        let owner = self.guild.owner();
        let command = owner.runs(&self.general, "/event remind").option("event", self.message.link());
        let reply = command.send().await.unwrap();
        assert!(reply.text().contains("On its way"), "{}", reply.text());
    }

    /// Begins a fault for messages that the program sends.
    pub(crate) fn on_sending(&self) -> FaultBuilder {
        self.discord.faults().on(Method::POST, MESSAGES)
    }

    /// The messages that the program sent, whatever became of them.
    pub(crate) fn sends(&self) -> Vec<RecordedRequest> {
        self.discord.requests_to(&Method::POST, MESSAGES)
    }

    /// The statuses in the reminder log, oldest first.
    pub(crate) fn log_rows(&self) -> Vec<String> {
        log_rows(self.data.path(), &self.guild)
    }

    /// Waits until so many reminders are on their way or were.
    pub(crate) async fn until_sends(&self, count: usize) {
        self.discord.wait_until("a message is on its way", || self.sends().len() >= count).await;
    }

    /// Waits until the reminder log says that so many reminders were sent, and nothing else.
    pub(crate) async fn until_sent(&self, reminders: usize) {
        within("all reminders are sent", || async { self.log_rows() == vec!["sent"; reminders] }).await;
    }
}

impl Drop for Club {
    fn drop(&mut self) {
        drop(self.program.take());
        if !std::thread::panicking() {
            self.discord.assert_clean();
        }
    }
}
