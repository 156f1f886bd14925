//! What is done without being asked: each store is looked through once after the start, and backed up now and then.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::Upkeep;
use crate::clock::Timestamp;
use crate::errors::chain;
use crate::ids::GuildId;
use crate::lifecycle::Shutdown;
use crate::storage::{StorageError, Verdict};
use crate::telemetry::metric;

/// How often it is looked for backups that are due, unless they are due more often.
const LOOK: Duration = Duration::from_mins(1);
/// How soon a guild without any backup gets its first one: a store that was just made holds nothing yet.
const FIRST: TimeDelta = TimeDelta::minutes(10);
/// How soon a backup that failed is tried again.
const AGAIN: TimeDelta = TimeDelta::minutes(15);

/// Looks through every store once, one at a time: what is damaged is found although nobody uses it.
pub async fn look_through(upkeep: Upkeep, shutdown: Shutdown) {
    let guilds = match upkeep.data_dir.guilds_on_disk() {
        Ok(guilds) => guilds,
        Err(error) => {
            tracing::error!(error = chain(&error), "the guilds' stores cannot be looked through");
            return;
        }
    };
    let (mut looked_at, mut damaged) = (0_usize, 0_usize);
    for guild in guilds {
        if shutdown.is_requested() {
            return;
        }
        match upkeep.stores.verify(guild).await {
            Ok(Some(Verdict::Sound) | None) => {}
            Ok(Some(Verdict::Restored { .. } | Verdict::SetAside { .. })) => damaged += 1,
            Err(StorageError::Closed { .. }) => return,
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(guild.id = %guild, error, "the store of a guild could not be looked through");
            }
        }
        looked_at += 1;
    }
    tracing::info!(stores = looked_at, damaged, "looked through all stores");
}

/// Takes a backup of each guild's store as often as the operator wants, until a stop is asked for.
pub async fn back_up_regularly(upkeep: Upkeep, every: Duration, shutdown: Shutdown) {
    let Some(mut rounds) = Rounds::new(upkeep, every) else { return };
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = rounds.upkeep.clock.sleep(LOOK.min(every / 4)) => {}
        }
        if let Err(error) = rounds.back_up_what_is_due(&shutdown).await {
            tracing::error!(error = chain(&error), "no backup can be taken");
        }
    }
}

/// The guilds, and when each is backed up next.
pub(super) struct Rounds {
    upkeep: Upkeep,
    every: TimeDelta,
    next: HashMap<GuildId, Timestamp>,
    latest: HashMap<GuildId, Timestamp>,
}

impl Rounds {
    /// `None` if there is nothing to do, ever.
    pub(super) fn new(upkeep: Upkeep, every: Duration) -> Option<Self> {
        let every = TimeDelta::from_std(every).ok().filter(|every| !every.is_zero())?;
        Some(Self { upkeep, every, next: HashMap::new(), latest: HashMap::new() })
    }

    pub(super) async fn back_up_what_is_due(&mut self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let guilds = self.meet_new_ones().await?;
        self.back_up_those_due(&guilds, shutdown).await;
        // Backups that rest grow old as well, and that is when somebody has to hear of it.
        self.forget_others(&guilds);
        self.tell_age();
        Ok(())
    }

    async fn back_up_those_due(&mut self, guilds: &[GuildId], shutdown: &Shutdown) {
        for &guild in guilds {
            let now = self.upkeep.clock.now();
            let Some(&next) = self.next.get(&guild) else { continue };
            // A clock that was set back must not put a backup off for longer than they are apart.
            if next > now && next <= now + self.every {
                continue;
            }
            // A backup must not take the room that answers and reminders need.
            if shutdown.is_requested() || self.upkeep.stores.disk().is_low() {
                return;
            }
            self.back_up(guild).await;
        }
    }

    /// All guilds that have a store. Those of which this process has not heard yet get an instant for their next backup.
    async fn meet_new_ones(&mut self) -> Result<Vec<GuildId>, StorageError> {
        let dir = Arc::clone(&self.upkeep.data_dir);
        let known: HashSet<GuildId> = self.next.keys().copied().collect();
        // On a thread that may be blocked: the first time it looks into a directory of every guild.
        let look = move || {
            let guilds = dir.guilds_on_disk()?;
            let new = guilds.iter().filter(|guild| !known.contains(guild));
            let new: Vec<_> = new.map(|guild| (*guild, dir.backups(*guild))).collect();
            Ok::<_, StorageError>((guilds, new))
        };
        let (guilds, new) = match tokio::task::spawn_blocking(look).await {
            Ok(found) => found?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Only a runtime that shuts down cancels it.
            Err(_) => return Ok(Vec::new()),
        };
        let now = self.upkeep.clock.now();
        for (guild, backups) in new {
            // What is wrong with one guild's backups is no reason to take none of the others.
            let latest = backups.unwrap_or_else(|error| {
                let error = chain(&error);
                tracing::warn!(guild.id = %guild, error, "the backups of a guild cannot be read");
                Vec::new()
            });
            let latest = latest.first().map(|backup| backup.taken_at);
            // One without a backup counts as well, from now on: it may never get one.
            self.latest.insert(guild, latest.unwrap_or(now));
            self.next.insert(guild, latest.map_or(now + FIRST.min(self.every), |latest| latest + self.every));
        }
        Ok(guilds)
    }

    async fn back_up(&mut self, guild: GuildId) {
        let again = match self.upkeep.stores.back_up(guild).await {
            Ok(Some(backup)) => {
                self.latest.insert(guild, backup.taken_at);
                self.every
            }
            Ok(None) => self.every,
            Err(error) => {
                // That a store is set aside was said when it was.
                if !matches!(error, StorageError::Quarantined { .. } | StorageError::Deleted { .. }) {
                    tracing::warn!(guild.id = %guild, error = chain(&error), "no backup of a guild's store could be taken");
                }
                AGAIN.min(self.every)
            }
        };
        self.next.insert(guild, self.upkeep.clock.now() + again);
    }

    fn forget_others(&mut self, guilds: &[GuildId]) {
        let is_here = |guild: &GuildId| guilds.binary_search(guild).is_ok();
        self.next.retain(|guild, _| is_here(guild));
        self.latest.retain(|guild, _| is_here(guild));
    }

    fn tell_age(&self) {
        let oldest = self.latest.values().min().map(|oldest| self.upkeep.clock.now() - *oldest);
        let age_s = oldest.unwrap_or_default().as_seconds_f64();
        metrics::gauge!(metric::BACKUP_AGE).set(age_s);
    }
}
