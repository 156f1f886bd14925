//! How the connection to Discord's gateway is doing, for everybody who wants to know.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::logins::Logins;
use crate::ids::{GuildId, UserId};

/// A sign of life longer ago than this is a bad sign, unless Discord wants heartbeats so rarely that two of them take
/// longer. It usually wants one every 41.25 s.
const SILENCE_MIN: Duration = Duration::from_secs(90);
/// What counts until it is known how often Discord wants a heartbeat. serenity itself notices at the second one that the
/// first was not acknowledged, and is not connected then.
const SILENCE_AT_FIRST: Duration = Duration::from_mins(5);
/// How much later than it came an acknowledgement may be noticed.
const SLACK: Duration = Duration::from_secs(10);

/// Tells whether commands arrive and answers are seen.
#[derive(Debug, Clone)]
pub struct Readiness(Arc<Link>);

impl Readiness {
    /// Why commands do not arrive or answers are not seen, as a part of a sentence; `None` if all is well.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.0.problem()
    }
}

/// Who Muster is, as the gateway told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The bot's account.
    pub(super) user: UserId,
    /// The application that the commands belong to.
    pub(super) application: u64,
}

/// What one look at a shard showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// Whether it is connected and not in the middle of a resume.
    pub(super) connected: bool,
    /// The time from its latest acknowledged heartbeat to the acknowledgement.
    pub(super) latency: Option<Duration>,
}

/// What is known of one shard.
#[derive(Debug, Clone, Copy)]
struct Shard {
    seen: Look,
    /// The last sign of life: an event, an acknowledgement, or becoming connected; without a connection, its end.
    alive_at: Instant,
    /// The latest acknowledgement in this connection.
    acknowledged_at: Option<Instant>,
    /// The longest time between two of them.
    interval: Option<Duration>,
}

impl Shard {
    fn silence_limit(&self) -> Duration {
        self.interval.map_or(SILENCE_AT_FIRST, |interval| SILENCE_MIN.max(interval * 2 + SLACK))
    }

    fn is_silent(&self) -> bool {
        self.alive_at.elapsed() > self.silence_limit()
    }

    fn acknowledged(&mut self) {
        let now = Instant::now();
        if let Some(before) = self.acknowledged_at.replace(now) {
            self.interval = self.interval.max(Some(now - before));
        }
    }
}

/// The state of the connection.
#[derive(Debug, Default)]
pub(super) struct Link {
    identity: watch::Sender<Option<Identity>>,
    shards: Mutex<Vec<Shard>>,
    shard_count: AtomicU32,
    logins: Mutex<Logins>,
    without_members: AtomicBool,
    /// Guilds of which no events come: those in an outage, and after a READY those not announced yet.
    silent: Mutex<HashSet<GuildId>>,
}

impl Link {
    /// Who Muster is; `None` before the first READY.
    pub(super) fn identity(&self) -> Option<Identity> {
        *self.identity.borrow()
    }

    /// Remembers who Muster is.
    pub(super) fn identify(&self, identity: Identity) {
        self.identity.send_replace(Some(identity));
    }

    /// Returns when the gateway has said who Muster is.
    pub(super) async fn identified(&self) {
        // The sender lives as long as this does.
        drop(self.identity.subscribe().wait_for(Option::is_some).await);
    }

    /// Whether Discord does not tell Muster who is in a guild.
    pub(super) fn is_degraded(&self) -> bool {
        self.without_members.load(Ordering::Relaxed)
    }

    /// Goes on without the members intent.
    pub(super) fn degrade(&self) {
        self.without_members.store(true, Ordering::Relaxed);
    }

    /// A connection with `shards` shards begins, or the one there was is over.
    pub(super) fn begin(&self, shards: u32) {
        self.shard_count.store(shards, Ordering::Relaxed);
        let alive_at = Instant::now();
        let shard = Shard { seen: Look::default(), alive_at, acknowledged_at: None, interval: None };
        *self.lock() = (0..shards).map(|_| shard).collect();
    }

    /// How many shards there are; 0 before the first connection.
    pub(super) fn shard_count(&self) -> u32 {
        self.shard_count.load(Ordering::Relaxed)
    }

    /// The shard that hears of a guild.
    ///
    /// Source: <https://docs.discord.com/developers/events/gateway#sharding>
    pub(super) fn shard_of(&self, guild: GuildId) -> u32 {
        let count = u64::from(self.shard_count().max(1));
        u32::try_from((guild.get() >> 22) % count).unwrap_or_default()
    }

    /// A shard has just logged in.
    pub(super) fn logged_in(&self, shard: u32) {
        self.logins().note(shard);
        self.look(shard, Look { connected: true, latency: None });
    }

    /// How often the present client has logged in.
    pub(super) fn logins(&self) -> MutexGuard<'_, Logins> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event of a shard arrived.
    pub(super) fn heard(&self, shard: u32) {
        let Ok(index) = usize::try_from(shard) else { return };
        if let Some(known) = self.lock().get_mut(index) {
            known.alive_at = Instant::now();
        }
    }

    /// Takes down what a look at a shard showed; `true` if it has become connected.
    pub(super) fn look(&self, shard: u32, seen: Look) -> bool {
        let Ok(index) = usize::try_from(shard) else { return false };
        if let Some(known) = self.lock().get_mut(index) {
            // serenity does not say when an acknowledgement came, but each brings a latency of its own.
            let acknowledged = seen.latency.is_some() && seen.latency != known.seen.latency;
            let connected = seen.connected && !known.seen.connected;
            if acknowledged {
                known.acknowledged();
            } else if !seen.connected {
                known.acknowledged_at = None;
            }
            if acknowledged || seen.connected != known.seen.connected {
                known.alive_at = Instant::now();
            }
            known.seen = seen;
            return connected;
        }
        false
    }

    /// No events come of these guilds until they are announced.
    pub(super) fn expect(&self, guilds: impl IntoIterator<Item = GuildId>) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).extend(guilds);
    }

    /// A guild was announced, or left.
    pub(super) fn announced(&self, guild: GuildId) {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner).remove(&guild);
    }

    /// Whether what happens in a guild reaches Muster at present.
    pub(super) fn hears_of(&self, guild: GuildId) -> bool {
        if self.silent.lock().unwrap_or_else(PoisonError::into_inner).contains(&guild) {
            return false;
        }
        let Ok(index) = usize::try_from(self.shard_of(guild)) else { return false };
        self.lock().get(index).is_some_and(|shard| shard.seen.connected)
    }

    /// How long the worst shard has been without connection or sign of life; `None` while all are well.
    pub(super) fn silence(&self) -> Option<Duration> {
        let shards = self.lock();
        let ill = shards
            .iter()
            .filter(|shard| !shard.seen.connected || shard.is_silent())
            .map(|shard| shard.alive_at.elapsed());
        ill.max()
    }

    /// The latency of the slowest shard.
    pub(super) fn latency(&self) -> Option<Duration> {
        self.lock().iter().filter_map(|shard| shard.seen.latency).max()
    }

    /// Asks about this connection, now and later.
    pub(super) fn readiness(self: &Arc<Self>) -> Readiness {
        Readiness(Arc::clone(self))
    }

    fn problem(&self) -> Option<String> {
        let shards = self.lock();
        if shards.is_empty() {
            return Some("the connection to the gateway has not begun yet".into());
        }
        let connected = shards.iter().filter(|shard| shard.seen.connected).count();
        if connected < shards.len() {
            return Some(format!("{connected} of {} gateway shards are connected", shards.len()));
        }
        let silent = shards.iter().filter(|shard| shard.is_silent());
        let silence = silent.map(|shard| shard.alive_at.elapsed()).max()?;
        Some(format!("the gateway has shown no sign of life for {} s", silence.as_secs()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shard>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected(ms: u64) -> Look {
        Look { connected: true, latency: Some(Duration::from_millis(ms)) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_whose_heartbeats_are_not_acknowledged_is_not_ready_after_two_of_them() {
        for (interval, noticed_after) in [(20, 91), (41, 93), (180, 371)] {
            let link = Link::default();
            link.begin(1);
            assert!(link.problem().is_some());
            link.look(0, connected(50));
            tokio::time::advance(Duration::from_secs(interval)).await;
            assert_eq!((link.problem(), link.silence()), (None, None), "an interval of {interval} s");
            link.look(0, connected(51));
            tokio::time::advance(Duration::from_secs(noticed_after - 1)).await;
            link.look(0, connected(51));
            assert_eq!((link.problem(), link.silence()), (None, None), "an interval of {interval} s");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(link.problem().is_some(), "an interval of {interval} s");
            assert_eq!(link.silence(), Some(Duration::from_secs(noticed_after)));
            link.heard(0);
            assert_eq!((link.problem(), link.silence()), (None, None), "an event is a sign of life");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_that_lost_its_connection_has_time_to_resume() {
        let link = Link::default();
        link.begin(1);
        link.look(0, connected(50));
        tokio::time::advance(Duration::from_secs(40)).await;
        link.look(0, Look::default());
        assert!(link.problem().is_some());
        assert_eq!(link.silence(), Some(Duration::ZERO));
    }

    #[test]
    fn each_guild_belongs_to_one_shard() {
        let link = Link::default();
        link.begin(4);
        assert_eq!(link.shard_of(GuildId::new(5 << 22)), 1);
        link.look(1, connected(1));
        assert!(link.hears_of(GuildId::new(5 << 22)) && !link.hears_of(GuildId::new(6 << 22)));
    }
}
