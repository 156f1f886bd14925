//! A short afternoon in one server: the real bot on an emulator of Discord, and what its members see.
//!
//! `cargo run --release --example demo` — no token, no network, nothing left behind.

mod markup;
mod screen;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use discord_emulator::{Channel, Emulator, Guild, Member, Message};
use muster::clock::SystemClock;
use muster::config::{Config, Token};
use muster::lifecycle::{Lifecycle, Pulse, Shutdown};
use muster::run::Bot;
use tempfile::TempDir;

use screen::Screen;

/// The demo's "hour" between two reminders, so that nobody has to wait for one.
const INTERVAL: &str = "3s";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let screen = Screen::default();
    screen.title("Muster: an afternoon in one server");
    screen.note("The bot is the real one, on an emulator of Discord. A reminder comes every 3 seconds here.");

    let discord = Emulator::start().await.context("the emulator does not start")?;
    let data = tempfile::tempdir().context("no temporary directory")?;
    let guild = discord.add_guild("Chess club");
    let people = ["Anna", "Ben", "Chloé", "Dora"].map(|name| guild.add_member(name));
    let bot = start(&discord, &data)?;
    discord.wait_for_command("event").await;

    afternoon(&screen, &guild, people).await?;
    farewell(&screen, &guild, &data).await?;

    bot.stop()?;
    screen.note("The bot has stopped. That was all; nothing was sent anywhere.");
    Ok(())
}

/// An event is posted; two answer, two are reminded, one of them answers, the last is reminded once more.
async fn afternoon(screen: &Screen, guild: &Guild, people: [Member; 4]) -> anyhow::Result<()> {
    let [anna, ben, chloe, dora] = people;
    let general = guild.channel("general");
    let owner = guild.owner();

    screen.scene("The owner asks");
    let command = owner.runs(&general, "/event create").option("title", "Match on Friday, 8 pm");
    let reply = command.option("description", "At the usual place. Who comes?").option("interval", INTERVAL);
    screen.types(&owner, "/event create title:Match on Friday, 8 pm interval:3s");
    screen.whisper(&owner, &reply.send().await?.text());
    let event = general.wait_for_message(Message::is_by_bot).await;
    event.wait_until(|event| event.text().contains("missing")).await;
    screen.message(&event);

    screen.scene("Two members answer at once");
    let reply = anna.presses(&event, "Coming").await?;
    screen.action(&anna, "presses ✅ Coming");
    screen.whisper(&anna, &reply.text());
    owner.reacts(&event, "✅");
    screen.action(&owner, "reacts with ✅");
    ben.reacts(&event, "❌");
    screen.action(&ben, "reacts with ❌");

    screen.scene("The others hear from Muster");
    let first = reminder(&general, 1).await;
    screen.message(&first);
    ensure!(names(&first, &[&chloe, &dora]), "the first reminder should name Chloé and Dora only");
    let reply = chloe.presses(&event, "Maybe").await?;
    screen.action(&chloe, "presses ❓ Maybe");
    screen.whisper(&chloe, &reply.text());

    let second = reminder(&general, 2).await;
    screen.message(&second);
    ensure!(names(&second, &[&dora]), "the second reminder should name Dora only");
    dora.presses(&event, "Not coming").await?;
    screen.action(&dora, "presses ❌ Not coming");

    screen.scene("Everybody has answered: Muster is silent, and the event shows who said what");
    event.wait_until(|event| event.text().contains(&dora.mention()) || event.text().contains("5 of 5")).await;
    screen.message(&event);
    Ok(())
}

/// The bot is removed, and takes all it knew along.
async fn farewell(screen: &Screen, guild: &Guild, data: &TempDir) -> anyhow::Result<()> {
    screen.scene("The owner removes the bot");
    let directory = data.path().join("guilds").join(guild.id().to_string());
    ensure!(directory.exists(), "the guild's directory should be there");
    screen.note(&format!("before: guilds/{}/guild.db is there", guild.id()));
    guild.remove_bot();
    for _ in 0..1000 {
        if !directory.exists() {
            screen.note(&format!(
                "after:  guilds/{} is gone, and with it all that was known of this server",
                guild.id()
            ));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("the guild's directory should be gone")
}

/// The reminder with this number, counted from one.
async fn reminder(channel: &Channel, number: usize) -> Message {
    let reminders = || channel.messages().into_iter().filter(|message| !message.pings().is_empty());
    channel.wait_for_message(|_| reminders().count() >= number).await;
    reminders().nth(number - 1).expect("counted just before")
}

fn names(message: &Message, members: &[&Member]) -> bool {
    let pings = message.pings();
    pings.len() == members.len() && members.iter().all(|member| pings.contains(&member.id()))
}

struct Running {
    shutdown: Shutdown,
    thread: thread::JoinHandle<anyhow::Result<()>>,
}

impl Running {
    fn stop(self) -> anyhow::Result<()> {
        self.shutdown.request();
        self.thread.join().map_err(|_| anyhow::anyhow!("the bot panicked"))?
    }
}

/// Starts the bot on a thread of its own, as its program would.
fn start(discord: &Emulator, data: &TempDir) -> anyhow::Result<Running> {
    let settings = [
        ("MUSTER__DISCORD__API_URL", discord.api_url()),
        ("MUSTER__STORAGE__DATA_DIR", data.path().display().to_string()),
        ("MUSTER__REMINDERS__MIN_INTERVAL", "1s".to_owned()),
        ("MUSTER__HTTP__LISTEN", String::new()),
    ];
    let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let config = Config::load_from(None, settings)?;
    let token = Token::parse(discord.token(), "the emulator")?;
    let shutdown = Shutdown::default();
    let (lifecycle, failures) = Lifecycle::new(shutdown.clone());
    let bot = Bot { config, token, clock: Arc::new(SystemClock), pulse: Pulse::default() };
    let thread = thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new()?;
        let outcome = runtime.block_on(bot.run(lifecycle, failures));
        runtime.shutdown_background();
        outcome
    });
    Ok(Running { shutdown, thread })
}
