//! What a clock that is set, or a machine that was suspended, does to reminders.
//!
//! By then the instants of an event and the time that passes are two things. What must hold is a chain: each reminder is
//! for the instant that the one before it left as the next, it leaves as soon as the clock has got there, and the next is
//! the first of the grid after it.

use super::audit::only_one_message_each;
use super::courier::{Request, Weather};
use super::dice::Dice;
use super::model::on_grid;
use super::script::{Act, BEGIN, Club, DAY, HOUR, MINUTE, SECOND, Script, What, due_after};
use super::seed;
use super::world::{World, message};

/// The scheduler looks at the clock at least this often.
const NOTICED_AFTER: i64 = 30 * SECOND;

/// Guilds whose members never answer, on a clock that is set.
struct Steps {
    world: World,
    script: Script,
    /// From when on the clock ran undisturbed: how much time had passed, and what it said.
    marks: Vec<(i64, i64)>,
}

impl Steps {
    /// So many guilds, each with one event.
    async fn of(guilds: u64, dice: &mut Dice) -> Self {
        let mut club = |number: u64| {
            let id = 1_000_000_000_000_000_000 + (number << 22);
            let interval = dice.pick(&[5, 30, 45, 60, 75, 240]) * MINUTE + dice.between(0, 100) * 10;
            let acts = vec![Act { at: BEGIN, what: What::Begin(0, interval) }];
            Club { id, members: vec![id + 1_000, id + 1_001], channels: vec![id + 1], acts }
        };
        let guilds = (1..=guilds).map(&mut club).collect();
        let script = Script { end: i64::MAX, guilds, downtimes: Vec::new() };
        let world = World::new(Weather::Fair).await;
        world.populate(&script).await;
        for club in &script.guilds {
            world.act(club, &club.acts[0].what).await;
        }
        Self { world, script, marks: vec![(0, BEGIN)] }
    }

    async fn pass(&self, ms: i64) {
        self.world.pass_all(ms).await;
    }

    /// Sets the clock.
    fn step(&mut self, ms: i64) {
        let clock = &self.world.clock;
        clock.set_by(ms);
        self.marks.push((clock.passed_ms(), clock.now_ms()));
    }

    /// What was sent for each guild, in its order.
    fn sent(&self) -> Vec<Vec<Request>> {
        let requests = self.world.courier.requests();
        only_one_message_each(&requests).unwrap();
        let of = |club: &Club| {
            requests.iter().filter(|request| request.guild.get() == club.id).cloned().collect::<Vec<_>>()
        };
        self.script.guilds.iter().map(of).collect()
    }

    /// Checks the chain of each event, and that its rows say the same.
    async fn check(&self) {
        for (club, sent) in self.script.guilds.iter().zip(self.sent()) {
            self.check_chain(club, &sent).unwrap_or_else(|why| {
                panic!(
                    "with MUSTER_SIMULATION_SEED={}, guild {}: {why}\nthe clock: {:?}",
                    seed(),
                    club.id,
                    self.marks
                )
            });
            let contents = self.world.contents(club.id).await;
            let rows: Vec<_> =
                contents.reminders.iter().map(|row| row.row.scheduled_at.timestamp_millis()).collect();
            assert!(rows.iter().copied().eq(sent.iter().map(|request| request.scheduled_ms)));
            assert_eq!(contents.events[0].row.event.message_id, Some(message(club, 0)));
        }
    }

    fn check_chain(&self, club: &Club, sent: &[Request]) -> Result<(), String> {
        let What::Begin(_, interval) = club.acts[0].what else { return Err("it never begins".to_owned()) };
        let (mut due, mut since) = (due_after(BEGIN, interval), 0);
        for request in sent {
            if request.scheduled_ms != due || request.at_ms < due {
                return Err(format!("{due} was due, and there is {request:?}"));
            }
            if request.says_late != (request.at_ms - due > 2 * MINUTE) {
                return Err(format!("late or not late: {request:?}"));
            }
            let seen = self.reached(due, since, request.passed_ms);
            let Some(reached) = seen else { return Err(format!("{due} has not come at {request:?}")) };
            let waited = request.passed_ms - reached;
            let is_disturbed =
                self.marks[1..].iter().any(|(set, _)| (reached - NOTICED_AFTER..=reached).contains(set));
            if waited > if is_disturbed { NOTICED_AFTER } else { 0 } {
                return Err(format!("{waited} ms after its time: {request:?}"));
            }
            (due, since) = (on_grid(due, interval, request.at_ms), request.passed_ms);
        }
        match self.reached(due, since, self.world.clock.passed_ms()) {
            Some(reached) if self.world.clock.passed_ms() - reached > NOTICED_AFTER => {
                Err(format!("{due} has come and was forgotten"))
            }
            _ => Ok(()),
        }
    }

    /// When the clock got to an instant so that it was noticed by `until`; all in time that has passed.
    fn reached(&self, due: i64, since: i64, until: i64) -> Option<i64> {
        let ends = self.marks.iter().skip(1).map(|(passed, _)| *passed).chain([i64::MAX]);
        for ((begin, wall), end) in self.marks.iter().zip(ends) {
            let from = (*begin).max(since);
            let at = from + (due - (wall + from - begin)).max(0);
            // Set back before anybody looked, it has not been there.
            let was_noticed = until < end || end - at > NOTICED_AFTER;
            if from < end && at < end && at <= until && was_noticed {
                return Some(at);
            }
        }
        None
    }
}

#[tokio::test]
async fn a_clock_that_is_set_at_random_doubles_and_forgets_nothing() {
    let mut dice = Dice::new(seed());
    let mut steps = Steps::of(20, &mut dice).await;
    for _ in 0..40 {
        steps.pass(dice.between(0, 3 * HOUR)).await;
        let by = *dice.pick(&[SECOND, HOUR, DAY]);
        steps.step(if dice.says(50) { by } else { -by });
    }
    steps.pass(DAY * 2).await;
    steps.check().await;
}

#[tokio::test]
async fn a_machine_that_was_suspended_sends_one_late_reminder_of_each_event_and_goes_on_with_the_grid() {
    let mut dice = Dice::new(seed());
    for asleep in [SECOND, HOUR, DAY, 30 * DAY] {
        let mut steps = Steps::of(10, &mut dice).await;
        steps.pass(5 * HOUR + 5).await;
        let before: Vec<_> = steps.sent().iter().map(Vec::len).collect();
        steps.step(asleep);
        steps.pass(NOTICED_AFTER).await;
        for (sent, before) in steps.sent().iter().zip(before) {
            let late = sent[before..].iter().filter(|request| request.says_late).count();
            assert!(late <= 1 && (late == 1 || asleep < DAY), "after {asleep} ms: {:?}", &sent[before..]);
        }
        steps.pass(5 * HOUR).await;
        steps.check().await;
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_sends_nothing_again_and_goes_on_where_the_grid_does() {
    let mut dice = Dice::new(seed());
    for back in [SECOND, HOUR, DAY] {
        let mut steps = Steps::of(10, &mut dice).await;
        steps.pass(9 * HOUR + 5).await;
        let before: Vec<_> = steps.sent().iter().map(Vec::len).collect();
        steps.step(-back);
        steps.pass(back).await;
        let during: Vec<_> = steps.sent().iter().map(Vec::len).collect();
        assert_eq!(during, before, "the clock was at all these instants before");
        steps.pass(5 * HOUR).await;
        assert!(steps.sent().iter().zip(before).all(|(sent, before)| sent.len() > before));
        steps.check().await;
    }
}
