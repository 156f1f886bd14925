//! The loop that wakes when something is due.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::pass::{Ended, Pass, PassError};
use super::rests::{Rests, WITHOUT_ROOM};
use super::{Agenda, Courier};
use crate::clock::{SharedClock, Timestamp};
use crate::errors::chain;
use crate::ids::GuildId;
use crate::lifecycle::{Pulse, Shutdown};
use crate::storage::{GuildStores, Registry, StorageError};
use crate::telemetry::metric;

/// No sleep is longer: the wall clock may step, and the machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Guilds worked on at the same time. Each sends one message at a time, so this bounds what waits in the sender.
const PASSES_AT_ONCE: usize = 64;

/// Of these, at most so many with something that was due while Muster was away, so that what is fresh finds room beside them.
const BACKLOG_PASSES_AT_ONCE: usize = 16;

/// A clock that moved on by so much more than it should have between two ticks was set, or the machine slept.
const SLEPT: TimeDelta = TimeDelta::seconds(60);

/// Guilds taken from the agenda at one tick.
const GUILDS_PER_TICK: usize = 1_000;

/// Everything that the scheduler works with.
#[derive(Clone)]
pub struct Scheduler {
    /// The databases of the guilds.
    pub stores: GuildStores,
    /// The index of what is due.
    pub registry: Arc<Registry>,
    /// What is due next.
    pub agenda: Agenda,
    /// Discord.
    pub courier: Arc<dyn Courier>,
    /// The time.
    pub clock: SharedClock,
    /// How long a nonce is trusted.
    pub nonce_window: Duration,
    /// Its sign of life.
    pub pulse: Pulse,
    /// When to stop.
    pub shutdown: Shutdown,
}

/// The passes under way.
struct Passes {
    running: JoinSet<(GuildId, Ended)>,
    /// Guilds with a pass under way; with the instant of something that became due meanwhile.
    busy: HashMap<GuildId, Option<Timestamp>>,
    /// How long guilds rest in which something keeps failing.
    rests: Rests,
    room: Arc<Semaphore>,
    backlog_room: Arc<Semaphore>,
    /// Guilds with something that was missed, until all of it is done: a rest does not make it fresh.
    missed: HashSet<GuildId>,
    /// When the clock was looked at last.
    looked_at: Timestamp,
    /// What was due before this instant was missed while Muster was away.
    awake_since: Timestamp,
}

impl Scheduler {
    /// Works until a stop is asked for, and then until the passes under way have ended.
    ///
    /// # Errors
    /// If a pass panicked: its guild's reminders would rest until the next start, which nobody would notice.
    pub async fn run(self) -> Result<(), JoinError> {
        let now = self.clock.now();
        let mut passes = Passes {
            running: JoinSet::new(),
            busy: HashMap::new(),
            rests: Rests::default(),
            room: Arc::new(Semaphore::new(PASSES_AT_ONCE - BACKLOG_PASSES_AT_ONCE)),
            backlog_room: Arc::new(Semaphore::new(BACKLOG_PASSES_AT_ONCE)),
            missed: HashSet::new(),
            looked_at: now,
            awake_since: now,
        };
        while !self.shutdown.is_requested() {
            self.pulse.beat();
            self.tick(&mut passes);
            let wait = self.until_next_tick();
            tokio::select! {
                () = self.shutdown.requested() => break,
                () = self.agenda.changed() => {}
                Some(ended) = passes.running.join_next() => self.after_pass(&mut passes, ended?),
                () = self.clock.sleep(wait) => {}
            }
        }
        while let Some(ended) = passes.running.join_next().await {
            self.pulse.beat();
            self.after_pass(&mut passes, ended?);
        }
        Ok(())
    }

    fn after_pass(&self, passes: &mut Passes, (guild, ended): (GuildId, Ended)) {
        if let Some(Some(due)) = passes.busy.remove(&guild) {
            self.agenda.pull_forward(guild, due);
        }
        match ended {
            Ended::Well => {
                passes.rests.end(guild);
                passes.missed.remove(&guild);
            }
            Ended::InTrouble { error, next } => {
                let rest = match &error {
                    PassError::Storage(error) if error.is_disk_full() => WITHOUT_ROOM,
                    error => passes.rests.next(guild, error.asks_to_wait()),
                };
                // That a store is set aside was said when it was; so was that the disk is nearly full.
                if !matches!(&error, PassError::Storage(error) if is_told(error)) {
                    let rest_s = rest.num_seconds();
                    tracing::warn!(
                        guild.id = %guild, error = chain(&error), rest_s, "some reminders of a guild wait for a moment"
                    );
                }
                let again = self.clock.now() + rest;
                self.agenda.pull_forward(guild, next.map_or(again, |next| next.min(again)));
            }
        }
    }

    /// Starts a pass for each guild with something due; one that has a pass gets another when that has ended.
    fn tick(&self, passes: &mut Passes) {
        let now = self.clock.now();
        passes.look_at(now);
        let due = self.agenda.take_due(now, GUILDS_PER_TICK);
        if let Some((_, first)) = due.first().filter(|(_, first)| *first >= passes.awake_since) {
            let lateness = (now - *first).to_std().unwrap_or_default();
            metrics::histogram!(metric::TICK_LATENESS).record(lateness.as_secs_f64());
        }
        for (guild, due) in due {
            match passes.busy.entry(guild) {
                Entry::Occupied(mut busy) => {
                    busy.insert(Some(due));
                }
                Entry::Vacant(free) => {
                    free.insert(None);
                    let is_missed = due < passes.awake_since || passes.missed.contains(&guild);
                    if is_missed {
                        passes.missed.insert(guild);
                    }
                    let room = if is_missed { &passes.backlog_room } else { &passes.room };
                    let pass = Pass { scheduler: self.clone(), guild, awake_since: passes.awake_since };
                    passes.running.spawn(in_turn(Arc::clone(room), pass));
                }
            }
        }
    }

    /// How long nothing is due.
    fn until_next_tick(&self) -> Duration {
        let next = self.agenda.earliest().map_or(LONGEST_SLEEP, |due| {
            // Already due: more guilds than one tick takes.
            (due - self.clock.now()).to_std().unwrap_or(Duration::ZERO)
        });
        next.min(LONGEST_SLEEP)
    }
}

impl Passes {
    /// Notices that the machine slept: what was due meanwhile was missed, as it is by a stop.
    fn look_at(&mut self, now: Timestamp) {
        if now - self.looked_at > TimeDelta::seconds(30) + SLEPT {
            self.awake_since = now;
        } else if now < self.looked_at {
            // The clock was set back: what is due from now on is fresh.
            self.awake_since = self.awake_since.min(now);
        }
        self.looked_at = now;
    }
}

/// Whether the operator knows of this already, and not guild by guild.
fn is_told(error: &StorageError) -> bool {
    matches!(error, StorageError::Quarantined { .. }) || error.is_disk_full()
}

async fn in_turn(room: Arc<Semaphore>, pass: Pass) -> (GuildId, Ended) {
    // The semaphore is never closed; without a permit the pass would only run less politely.
    let _permit = room.acquire_owned().await;
    let ended = pass.run().await;
    (pass.guild, ended)
}
