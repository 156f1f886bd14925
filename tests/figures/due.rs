//! Events that fall due, and what arrives of them at Discord.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use discord_emulator::{Channel, Emulator, Method, RecordedRequest};
use muster::clock::{Clock, SystemClock, Timestamp};
use tokio::time::sleep;

use crate::ground::{Ground, Seed};
use crate::program::Program;
use crate::report::{Amount, Table, Target, Times};

/// What Muster sends in a second at most, by default: `discord.requests_per_second`.
pub(crate) const RATE: u32 = 45;

const MESSAGES: &str = "/channels/{channel_id}/messages";
const LOOK: Duration = Duration::from_millis(100);

/// A program that has asked nothing for this long has read everything.
const QUIET: Duration = Duration::from_millis(500);

/// How long it is waited for a reminder too many after the last one.
const LINGER: Duration = Duration::from_secs(2);

/// Events that fall due during a measurement.
pub(crate) struct Dues {
    seeds: Vec<Seed>,
}

/// An instant, by both clocks.
#[derive(Debug, Clone, Copy)]
struct Epoch {
    instant: Instant,
    wall: Timestamp,
}

impl Epoch {
    fn now() -> Self {
        Self { instant: Instant::now(), wall: SystemClock.now() }
    }

    /// How much later than `wall` it was at `instant`.
    fn lateness(self, instant: Instant, wall: Timestamp) -> Duration {
        let by_wall = self.wall + TimeDelta::from_std(instant - self.instant).unwrap_or_default();
        (by_wall - wall).to_std().unwrap_or_default()
    }
}

impl Dues {
    /// One event in each of these channels for each of the offsets, which are counted from the moment when the program has
    /// read everything that it reads after a start.
    pub(crate) fn new(guilds: usize, due: impl IntoIterator<Item = (Channel, TimeDelta)>) -> Self {
        let due: Vec<_> = due.into_iter().collect();
        let begin = SystemClock.now() + time_to_read(guilds, due.len());
        let seeds = due.into_iter().enumerate().map(|(number, (channel, after))| Seed {
            channel,
            title: title(number),
            due: begin + after,
        });
        Self { seeds: seeds.collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.seeds.len()
    }

    /// Writes the events down, starts the program, and waits until all is read and the first one is about to fall due.
    pub(crate) async fn begin<'a>(
        &'a self,
        ground: &'a Ground,
        settings: &[(&str, &str)],
    ) -> Result<Running<'a>> {
        ground.sow(&self.seeds).await?;
        let mut program = ground.start(settings).await?;
        let first = self.seeds.iter().map(|seed| seed.due).min().context("nothing falls due")?;
        while SystemClock.now() < first - TimeDelta::milliseconds(500) {
            program.ensure_running()?;
            sleep(LOOK).await;
        }
        // While it reads, requests leave many times a second.
        let is_fresh = |request: &RecordedRequest| request.at.elapsed() < QUIET;
        ensure!(
            ground.discord.count_requests(is_fresh) == 0,
            "the events were not read again in the time left for it; the log:\n{}",
            program.complaints()?.join("\n")
        );
        Ok(Running { dues: self, discord: &ground.discord, program, epoch: Epoch::now() })
    }
}

/// How long the program needs after a start to read again what it may have missed: the members and roles of each guild, and
/// each message, if none can be read together with others.
fn time_to_read(guilds: usize, events: usize) -> TimeDelta {
    let requests = i64::try_from(2 * guilds + events).unwrap_or(i64::MAX);
    // Writing it down, the start, and a twentieth for luck.
    TimeDelta::seconds(15) + TimeDelta::milliseconds(requests * 1_050 / i64::from(RATE) + requests / 2)
}

/// A program with events that fall due.
pub(crate) struct Running<'a> {
    dues: &'a Dues,
    discord: &'a Emulator,
    pub(crate) program: Program,
    epoch: Epoch,
}

/// What arrived.
pub(crate) struct Arrived {
    /// How late each event was reminded of, by its number; as often as it was.
    pub(crate) lateness: HashMap<usize, Vec<Duration>>,
    pub(crate) messages: usize,
    pub(crate) refused: usize,
    pub(crate) requests: usize,
    /// From the first request to the last message.
    pub(crate) span: Duration,
    due: usize,
}

impl Running<'_> {
    /// Waits until the program has marked so many reminders as sent, or ought to have long ago.
    pub(crate) async fn until_sent(&mut self, reminders: usize) -> Result<()> {
        let count = u32::try_from(reminders)?;
        // Twice as long as the limiter needs, with a look at each channel before; whatever is missing then is lost.
        let deadline = Instant::now() + Duration::from_mins(1) + Duration::from_secs(4) * (count / RATE);
        while self.sent().await? < f64::from(count) && Instant::now() < deadline {
            self.program.ensure_running()?;
            sleep(LOOK).await;
        }
        sleep(LINGER).await;
        Ok(())
    }

    async fn sent(&self) -> Result<f64> {
        self.program.metric("muster_reminders_total{status=\"sent\"}").await
    }

    /// How many messages have been answered, with or without success.
    pub(crate) fn answered(&self) -> usize {
        self.discord.count_requests(|request| is_message(request) && request.answer.is_some())
    }

    /// Everything that has arrived until now.
    pub(crate) fn arrived(&self) -> Arrived {
        let begun = self.epoch.instant;
        let requests: Vec<_> =
            self.discord.requests().into_iter().filter(|request| request.at >= begun).collect();
        let messages: Vec<_> = requests.iter().filter(|request| is_message(request)).collect();
        let taken: Vec<_> = messages.iter().filter(|message| message.status() == Some(200)).collect();
        let mut lateness: HashMap<usize, Vec<Duration>> = HashMap::new();
        for message in &taken {
            for number in titles_in(&message.body.to_string()) {
                let Some(seed) = self.dues.seeds.get(number) else { continue };
                lateness.entry(number).or_default().push(self.epoch.lateness(message.at, seed.due));
            }
        }
        let ends = requests.first().zip(taken.last());
        Arrived {
            lateness,
            messages: taken.len(),
            refused: requests.iter().filter(|request| request.status() == Some(429)).count(),
            requests: requests.len(),
            span: ends.map(|(first, last)| last.at - first.at).unwrap_or_default(),
            due: self.dues.len(),
        }
    }
}

impl Arrived {
    /// How late each event was reminded of for the first time.
    pub(crate) fn first(&self) -> Times {
        self.lateness.values().filter_map(|times| times.first().copied()).collect()
    }

    /// That each event was reminded of once, and Discord refused nothing.
    pub(crate) fn add_exactness(&self, table: &mut Table) {
        let none = Target::AtMost(Amount::Pieces(0));
        let doubled = self.lateness.values().filter(|times| times.len() > 1).count();
        table.add("reminders lost", Amount::Pieces(self.due - self.lateness.len()), none);
        table.add("reminders doubled", Amount::Pieces(doubled), none);
        table.add("answers 429", Amount::Pieces(self.refused), none);
    }

    /// How many messages left, how many requests that took, and at what rate.
    pub(crate) fn add_rate(&self, table: &mut Table) {
        let per_second = |count: usize| {
            let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            Amount::PerSecond(count / self.span.as_secs_f64().max(0.001))
        };
        table.add("messages", Amount::Pieces(self.messages), Target::Nothing);
        table.add("requests in all", Amount::Pieces(self.requests), Target::Nothing);
        table.add("requests leave at", per_second(self.requests), Target::Nothing);
        table.add("reminders leave at", per_second(self.lateness.len()), Target::Nothing);
    }
}

fn is(request: &RecordedRequest, method: &Method, route: &str) -> bool {
    request.method == *method && request.template == Some(route)
}

fn is_message(request: &RecordedRequest) -> bool {
    is(request, &Method::POST, MESSAGES)
}

fn title(number: usize) -> String {
    format!("Due {number:06}")
}

/// The numbers of all titles in a text.
fn titles_in(text: &str) -> Vec<usize> {
    let mut numbers: Vec<usize> =
        text.split("Due ").skip(1).filter_map(|rest| rest.get(..6)?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
