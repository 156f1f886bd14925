//! The load: members who answer and change their minds, organisers who post, remind and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use discord_emulator::Emulator;
use tokio::task::JoinSet;

use super::dice::Dice;
use super::ledger::Answer;
use super::town::{INTERVALS, Town, Village, now};

/// How long a member sticks to an answer at least, in milliseconds: longer than the judge's doubt.
const STICKS_MS: i64 = 8_000;
/// Events that organisers keep beside those of the beginning.
const MORE_EVENTS: usize = 3;

/// Everybody at work.
pub(super) struct Crowd {
    tasks: JoinSet<()>,
    stop: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Work {
    discord: Emulator,
    village: Arc<Village>,
    stop: Arc<AtomicBool>,
}

impl Crowd {
    pub(super) fn at_work(town: &Town, dice: &Dice) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for (number, village) in (0..).zip(&town.villages) {
            let (discord, village) = (town.discord.clone(), Arc::clone(village));
            let work = Work { discord, village, stop: Arc::clone(&stop) };
            let dice = dice.fork(100 + number);
            tasks.spawn(work.clone().react(dice.fork(1)));
            tasks.spawn(work.clone().press(dice.fork(2)));
            tasks.spawn(work.organise(dice.fork(3)));
        }
        Self { tasks, stop }
    }

    /// Everybody goes home.
    pub(super) async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}

impl Work {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    fn now(&self) -> i64 {
        now(&self.discord)
    }

    /// Reactions work whether or not the program runs.
    async fn react(self, mut dice: Dice) {
        while self.goes_on() {
            tokio::time::sleep(dice.ms(100..400)).await;
            let events = self.village.events.lock().unwrap().clone();
            if events.is_empty() {
                continue;
            }
            let (event, mover) = (dice.pick(&events), dice.pick(&self.village.movers));
            let emoji = dice.pick(&["✅", "❌", "❓"]);
            let ledger = &self.village.ledger;
            let (since, answer) = ledger.latest(event, mover);
            if self.now() - since < STICKS_MS {
                continue;
            }
            ledger.note(event, mover, self.now(), Answer::Unsure);
            if answer == Answer::Given {
                for emoji in ["✅", "❌", "❓"] {
                    mover.unreacts(event, emoji);
                }
                ledger.note(event, mover, self.now(), Answer::Missing);
            } else {
                mover.reacts(event, emoji);
                ledger.note(event, mover, self.now(), Answer::Given);
            }
        }
    }

    async fn press(self, mut dice: Dice) {
        while self.goes_on() {
            tokio::time::sleep(dice.ms(500..2_000)).await;
            let events = self.village.events.lock().unwrap().clone();
            if events.is_empty() || !self.discord.gateway().is_ready() {
                continue;
            }
            let (event, presser) = (dice.pick(&events), dice.pick(&self.village.pressers));
            let choice = dice.pick(&["✅", "❌", "❓"]);
            let ledger = &self.village.ledger;
            let (_, answer) = ledger.latest(event, presser);
            // An answer by button can be changed, not taken back.
            if answer != Answer::Given {
                ledger.note(event, presser, self.now(), Answer::Unsure);
            }
            let reply = presser.presses(event, choice).await;
            if reply.is_ok_and(|reply| reply.text().contains("You answered")) {
                ledger.note(event, presser, self.now(), Answer::Given);
            }
        }
    }

    async fn organise(self, mut dice: Dice) {
        let owner = self.village.guild.owner();
        let mut mine = Vec::new();
        let mut number = 0;
        while self.goes_on() {
            tokio::time::sleep(dice.ms(700..3_000)).await;
            let what = dice.within(0..100);
            if !self.discord.gateway().is_ready() {
                continue;
            }
            let channel = dice.pick(&self.village.channels).clone();
            if what < 40 && mine.len() < MORE_EVENTS {
                let seconds = *dice.pick(&INTERVALS);
                number += 1;
                let title = format!("Extra {number} every {seconds}s");
                mine.extend(self.village.post(&channel, &title, &format!("{seconds}s")).await);
            } else if what < 60 && mine.len() == MORE_EVENTS {
                let event = mine.remove(0);
                self.village.events.lock().unwrap().retain(|known| *known != event);
                // Without an answer it may or may not be over.
                drop(owner.runs(&channel, "/event unwatch").option("event", event.link()).send().await);
            } else {
                let events = self.village.events.lock().unwrap().clone();
                let Some(event) = (!events.is_empty()).then(|| dice.pick(&events)) else { continue };
                let asked = self.now();
                let remind = owner.runs(&channel, "/event remind").option("event", event.link());
                if remind.send().await.is_ok_and(|reply| reply.text().contains("On its way")) {
                    self.village.promised.lock().unwrap().push((event.id().get(), asked, self.now()));
                }
            }
        }
    }
}
