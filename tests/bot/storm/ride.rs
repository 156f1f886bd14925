//! The storm itself: the program is started and ended again and again while everything else goes on.

use std::fmt::Write;
use std::time::{Duration, Instant};

use discord_emulator::{Member, Message, Method};

use super::crowd::Crowd;
use super::dice::Dice;
use super::plan::{Ending, Plan, Round};
use super::town::Town;
use crate::stage::{Program, read};

/// How long a stop may take.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// How long what is still on its way may take in the end.
const SETTLED_WITHIN: Duration = Duration::from_mins(2);
/// How often the program may surely log in before it has to wait; nobody restarts it as often in a day as a storm does.
const STARTS_ALLOWED: usize = 10;
/// How long it may take in the end until an event is known that was being posted.
const KNOWN_WITHIN: Duration = Duration::from_secs(40);
const SENDING: &str = "/channels/{channel_id}/messages";
const READING: [&str; 2] =
    ["/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"];

/// What happened, for the judge and for whoever looks for a cause.
#[derive(Default)]
pub(super) struct Diary {
    /// When the program was started and when it had ended, in Unix milliseconds.
    pub(super) runs: Vec<(i64, i64)>,
    /// What each run wrote.
    pub(super) logs: Vec<String>,
    /// How long each stop took.
    pub(super) stops: Vec<Duration>,
    /// How many requests met bad weather.
    pub(super) faults: u32,
    /// When the events were given intervals so long that nothing more was due.
    pub(super) slowed_at: i64,
    /// What went wrong with the program itself.
    pub(super) findings: Vec<String>,
}

impl Diary {
    /// Lets the storm pass, and waits until all that was due is out; the program has stopped then.
    pub(super) async fn of(town: &Town, plan: &Plan) -> Self {
        let mut diary = Self::default();
        let dice = Dice::of(plan.seed).fork(2);
        spoil(town, &mut dice.fork(1));
        let crowd = Crowd::at_work(town, &dice.fork(2));
        for (number, round) in plan.rounds.iter().enumerate() {
            diary.live_through(town, number, *round).await;
        }
        crowd.stop().await;
        diary.faults = town.discord.faults().hits();
        town.discord.faults().clear();
        diary.calm_down(town).await;
        diary
    }

    async fn live_through(&mut self, town: &Town, number: usize, round: Round) {
        let started = town.now();
        let mut program = town.program(round.is_wary);
        if round.ending == Ending::Terminate {
            until(&format!("run {number} hears signals"), || program.hears_signals()).await;
        }
        tokio::time::sleep(round.runs_for).await;
        if !program.still_runs() {
            self.findings.push(format!("run {number} ended by itself"));
        }
        let log = match round.ending {
            Ending::Kill => tokio::task::block_in_place(|| program.kill()),
            Ending::Terminate => self.stop(number, program),
        };
        self.runs.push((started, town.now()));
        self.note_log(number, log);
        tokio::time::sleep(round.down_for).await;
        if number % STARTS_ALLOWED == STARTS_ALLOWED - 1 {
            town.renew_logins();
        }
        if round.forgets {
            // Whatever was on its way is older than the program's window by now.
            town.discord.forget_nonces();
        }
    }

    fn stop(&mut self, number: usize, program: Program) -> String {
        let asked = Instant::now();
        program.terminate();
        let (status, log) = tokio::task::block_in_place(|| program.ended());
        let took = asked.elapsed();
        if status.code() != Some(0) || took > STOP_WITHIN {
            self.findings.push(format!("run {number} took {took:?} to stop and ended with {status}"));
        }
        self.stops.push(took);
        log
    }

    fn note_log(&mut self, number: usize, log: String) {
        // Nobody takes a permission away here, either.
        let is_wrong =
            |line: &&str| ["panicked", " ERROR ", "are suspended"].iter().any(|sign| line.contains(sign));
        for line in log.lines().filter(is_wrong) {
            self.findings.push(format!("run {number} wrote: {line}"));
        }
        self.logs.push(log);
    }

    /// Gives every event a long interval, and waits until nothing is on its way any more.
    async fn calm_down(&mut self, town: &Town) {
        town.end_waits();
        let started = town.now();
        let program = town.program(true);
        until("the program is connected", || town.discord.gateway().is_ready()).await;
        self.slowed_at = town.now();
        for village in &town.villages {
            for event in village.posted() {
                self.findings.extend(slowed(&village.guild.owner(), &event).await.err());
            }
        }
        let pending = "SELECT CAST(count(*) AS TEXT) FROM reminder_log WHERE status = 'pending'";
        let is_settled = || town.villages.iter().all(|village| read(&town.store(village), pending) == ["0"]);
        let asked = Instant::now();
        while !is_settled() && asked.elapsed() < SETTLED_WITHIN {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let log = self.stop(self.runs.len(), program);
        self.runs.push((started, town.now()));
        self.note_log(self.runs.len(), log);
    }

    /// The lines of all runs that speak of a reminder, or of the waits of its guild.
    pub(super) fn lines_about(&self, guild: u64, reminder: i64) -> String {
        let mut found = String::new();
        for (number, log) in self.logs.iter().enumerate() {
            let about = log.lines().filter(|line| {
                line.contains(&format!("guild.id={guild}"))
                    && line.contains(&format!("reminder.id={reminder} "))
            });
            for line in about {
                writeln!(found, "      run {number}: {line}").expect("writing to a string");
            }
        }
        found
    }
}

/// The weather: lost connections, errors and slow answers, by the seed.
fn spoil(town: &Town, dice: &mut Dice) {
    let faults = town.discord.faults();
    let sending =
        |percent, dice: &mut Dice| faults.on(Method::POST, SENDING).probability(dice.throw(), percent);
    sending(8, dice).delay_answer(Duration::from_millis(400));
    sending(8, dice).delay(Duration::from_millis(300));
    sending(10, dice).drop_after();
    sending(3, dice).status(500);
    sending(2, dice).status_after(502);
    sending(2, dice).drop_before();
    for route in READING {
        faults.on(Method::GET, route).probability(dice.throw(), 5).delay_answer(Duration::from_millis(300));
        faults.on(Method::GET, route).probability(dice.throw(), 1).status(500);
    }
}

/// Gives an event a long interval. One that was being posted when the program ended is known a little later.
async fn slowed(owner: &Member, event: &Message) -> Result<(), String> {
    let began = Instant::now();
    loop {
        let slow = owner.runs(&event.channel(), "/event interval").option("event", event.link());
        let reply = slow.option("interval", "30d").send().await;
        let text = reply.map_or_else(|error| error.to_string(), |reply| reply.text());
        if text.contains("new interval") || text.contains("is over") {
            return Ok(());
        }
        if began.elapsed() > KNOWN_WITHIN {
            return Err(format!("{} cannot be slowed: {text}", event.link()));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn until(what: &str, fact: impl Fn() -> bool) {
    let started = Instant::now();
    while !fact() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
