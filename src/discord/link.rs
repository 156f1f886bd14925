//! How the connection to Discord's gateway is doing, for everybody who wants to know.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::ids::{GuildId, UserId};

/// A heartbeat that was acknowledged longer ago than this is a bad sign. Discord wants one every 41.25 s.
const HEARTBEAT_LIMIT: Duration = Duration::from_mins(2);

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
    /// The last sign of life: an acknowledgement, or becoming connected.
    alive_at: Instant,
}

/// The state of the connection.
#[derive(Debug, Default)]
pub(super) struct Link {
    identity: watch::Sender<Option<Identity>>,
    shards: Mutex<Vec<Shard>>,
    shard_count: AtomicU32,
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

    /// A connection with `shards` shards begins.
    pub(super) fn begin(&self, shards: u32) {
        self.shard_count.store(shards, Ordering::Relaxed);
        let shard = Shard { seen: Look::default(), alive_at: Instant::now() };
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

    /// A shard has just become connected.
    pub(super) fn connected(&self, shard: u32) {
        self.look(shard, Look { connected: true, latency: None });
    }

    /// Takes down what a look at a shard showed; `true` if it has become connected.
    pub(super) fn look(&self, shard: u32, seen: Look) -> bool {
        let Ok(index) = usize::try_from(shard) else { return false };
        if let Some(known) = self.lock().get_mut(index) {
            // serenity does not say when an acknowledgement came, but each brings a latency of its own.
            let acknowledged = seen.latency.is_some() && seen.latency != known.seen.latency;
            let connected = seen.connected && !known.seen.connected;
            if acknowledged || connected {
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
            .filter(|shard| !shard.seen.connected || shard.alive_at.elapsed() > HEARTBEAT_LIMIT)
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
        let silence = shards.iter().map(|shard| shard.alive_at.elapsed()).max()?;
        let silent = silence > HEARTBEAT_LIMIT;
        silent.then(|| format!("no gateway heartbeat was acknowledged for {} s", silence.as_secs()))
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
    async fn a_gateway_whose_heartbeats_are_not_acknowledged_is_not_ready() {
        let link = Link::default();
        link.begin(1);
        assert!(link.problem().is_some());
        link.look(0, connected(50));
        assert_eq!(link.problem(), None);
        tokio::time::advance(Duration::from_secs(100)).await;
        link.look(0, connected(51));
        tokio::time::advance(Duration::from_secs(100)).await;
        link.look(0, connected(51));
        assert_eq!((link.problem(), link.silence()), (None, None));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(link.problem().is_some());
        assert_eq!(link.silence(), Some(Duration::from_secs(130)));
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
