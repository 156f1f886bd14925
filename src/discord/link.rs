//! How the connection to Discord's gateway is doing, for everybody who wants to know.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::ids::{GuildId, UserId};

/// A sign of life longer ago than this is a bad sign, unless Discord wants heartbeats so rarely that two of them take
/// longer. It usually wants one every 41.25 s.
const SILENCE_MIN: Duration = Duration::from_secs(90);
/// How much later than two heartbeats silence counts.
const SLACK: Duration = Duration::from_secs(10);
/// A sign of life that is younger than this needs no proof.
const FRESH: Duration = Duration::from_secs(2);
/// How long a proof of life may take.
const PROOF_LIMIT: Duration = Duration::from_secs(3);

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

/// What a connection may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A sign of life: a heartbeat out of turn.
    ForLife,
    /// To end, since it gave none.
    ToHangUp,
}

/// Where one connection hears what it is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Sensors {
    life: Arc<Notify>,
    end: Arc<Notify>,
}

impl Sensors {
    /// Returns what is asked for.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(super) async fn asked(&self) -> Asked {
        tokio::select! {
            biased;
            () = self.end.notified() => Asked::ToHangUp,
            () = self.life.notified() => Asked::ForLife,
        }
    }
}

/// What is known of one shard.
#[derive(Debug)]
struct Shard {
    /// Whether it has a session and all that was missed before it was taken in.
    is_live: bool,
    /// Which connection this is, of all there ever were.
    epoch: u64,
    /// The last sign of life; without a connection, its end.
    alive_at: Instant,
    /// How often Discord wants a heartbeat.
    interval: Duration,
    /// The time from its latest acknowledged heartbeat to the acknowledgement.
    latency: Option<Duration>,
    /// How many heartbeats were acknowledged.
    acknowledged: watch::Sender<u64>,
    sensors: Sensors,
}

impl Shard {
    fn new() -> Self {
        Self {
            is_live: false,
            epoch: 0,
            alive_at: Instant::now(),
            interval: Duration::ZERO,
            latency: None,
            acknowledged: watch::Sender::new(0),
            sensors: Sensors::default(),
        }
    }

    fn is_silent(&self) -> bool {
        self.alive_at.elapsed() > SILENCE_MIN.max(self.interval.saturating_mul(2).saturating_add(SLACK))
    }
}

/// The state of the connection.
#[derive(Debug, Default)]
pub(super) struct Link {
    identity: watch::Sender<Option<Identity>>,
    /// The first login of this process waits until the day's budget has one left.
    is_put_off: watch::Sender<bool>,
    shards: Mutex<Vec<Shard>>,
    shard_count: AtomicU32,
    epochs: AtomicU64,
    has_served: AtomicBool,
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

    /// A login waits for long: who waits for the gateway need not wait for that.
    pub(super) fn login_is_put_off(&self) {
        self.is_put_off.send_replace(true);
    }

    /// Returns when the gateway has said who Muster is, or it is known that it will not for long.
    pub(super) async fn identified_or_put_off(&self) {
        let mut is_put_off = self.is_put_off.subscribe();
        tokio::select! {
            () = self.identified() => {}
            // The sender lives as long as this does.
            _ = is_put_off.wait_for(|is| *is) => {}
        }
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
        self.has_served.store(false, Ordering::Relaxed);
        *self.lock() = (0..shards).map(|_| Shard::new()).collect();
    }

    /// How many shards there are; 0 before the first connection.
    pub(super) fn shard_count(&self) -> u32 {
        self.shard_count.load(Ordering::Relaxed)
    }

    /// Whether a session began on any of them.
    pub(super) fn has_served(&self) -> bool {
        self.has_served.load(Ordering::Relaxed)
    }

    /// The shard that hears of a guild.
    ///
    /// Source: <https://docs.discord.com/developers/events/gateway#sharding>
    pub(super) fn shard_of(&self, guild: GuildId) -> u32 {
        let count = u64::from(self.shard_count().max(1));
        u32::try_from((guild.get() >> 22) % count).unwrap_or_default()
    }

    /// A shard begins another connection, which gets this number.
    pub(super) fn connecting(&self, shard: u32) -> u64 {
        let epoch = self.epochs.fetch_add(1, Ordering::Relaxed) + 1;
        self.with(shard, |shard| {
            (shard.is_live, shard.epoch, shard.latency) = (false, epoch, None);
            shard.sensors = Sensors::default();
        });
        epoch
    }

    /// Where the present connection of a shard hears what it is asked for.
    pub(super) fn sensors(&self, shard: u32) -> Sensors {
        self.with(shard, |shard| shard.sensors.clone()).unwrap_or_default()
    }

    /// A shard has lost its connection: from now on nothing is heard of its guilds.
    pub(super) fn lost(&self, shard: u32) {
        let epoch = self.epochs.fetch_add(1, Ordering::Relaxed) + 1;
        self.with(shard, |shard| {
            if shard.is_live {
                shard.alive_at = Instant::now();
            }
            (shard.is_live, shard.epoch) = (false, epoch);
        });
    }

    /// Whatever a connection of a shard had to tell of the time before it was taken in; `true` if it is still there.
    pub(super) fn live(&self, shard: u32, epoch: u64) -> bool {
        self.has_served.store(true, Ordering::Relaxed);
        let live = self.with(shard, |shard| {
            shard.is_live |= shard.epoch == epoch;
            shard.is_live
        });
        live.unwrap_or(false)
    }

    /// A shard was told how often Discord wants a heartbeat.
    pub(super) fn greeted(&self, shard: u32, interval: Duration) {
        self.with(shard, |shard| shard.interval = interval);
    }

    /// Something of a shard arrived.
    pub(super) fn heard(&self, shard: u32) {
        self.with(shard, |shard| shard.alive_at = Instant::now());
    }

    /// A heartbeat of a shard was acknowledged.
    pub(super) fn acknowledged(&self, shard: u32, latency: Option<Duration>) {
        self.with(shard, |shard| {
            shard.latency = latency.or(shard.latency);
            shard.acknowledged.send_modify(|count| *count = count.wrapping_add(1));
        });
    }

    /// Makes sure that what had happened on a shard until now has arrived, by a heartbeat out of turn: its acknowledgement
    /// comes behind all of it. A connection that shows no life then is left, and no longer counts. Costs nothing
    /// where the last sign of life is younger than two seconds.
    pub(super) async fn prove(&self, shard: u32) {
        let asked = self.with(shard, |shard| {
            let needed = shard.is_live && shard.alive_at.elapsed() >= FRESH;
            // The count of this very moment: an acknowledgement that comes right after it is an answer.
            needed.then(|| {
                let mut acknowledged = shard.acknowledged.subscribe();
                let before = *acknowledged.borrow_and_update();
                (acknowledged, before, shard.sensors.clone(), shard.epoch, Instant::now())
            })
        });
        let Some((mut acknowledged, before, sensors, epoch, asked_at)) = asked.flatten() else { return };
        sensors.life.notify_one();
        let answered = acknowledged.wait_for(|count| *count != before);
        if tokio::time::timeout(PROOF_LIMIT, answered).await.is_ok() {
            return;
        }
        let is_dead = self.with(shard, |shard| {
            let is_dead = shard.epoch == epoch && shard.alive_at < asked_at;
            shard.is_live &= !is_dead;
            is_dead
        });
        if is_dead == Some(true) {
            sensors.end.notify_one();
        }
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
        self.with(self.shard_of(guild), |shard| shard.is_live).unwrap_or(false)
    }

    /// The latency of the slowest shard.
    pub(super) fn latency(&self) -> Option<Duration> {
        self.lock().iter().filter_map(|shard| shard.latency).max()
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
        let connected = shards.iter().filter(|shard| shard.is_live).count();
        if connected < shards.len() {
            return Some(format!("{connected} of {} gateway shards are connected", shards.len()));
        }
        let silent = shards.iter().filter(|shard| shard.is_silent());
        let silence = silent.map(|shard| shard.alive_at.elapsed()).max()?;
        Some(format!("the gateway has shown no sign of life for {} s", silence.as_secs()))
    }

    fn with<T>(&self, shard: u32, look: impl FnOnce(&mut Shard) -> T) -> Option<T> {
        let index = usize::try_from(shard).ok()?;
        self.lock().get_mut(index).map(look)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shard>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live_link() -> Link {
        let link = Link::default();
        link.begin(1);
        let epoch = link.connecting(0);
        assert!(link.live(0, epoch));
        link
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_that_shows_no_life_for_two_heartbeats_is_not_ready() {
        for (interval, noticed_after) in [(20, 91), (41, 93), (180, 371)] {
            let link = live_link();
            link.greeted(0, Duration::from_secs(interval));
            tokio::time::advance(Duration::from_secs(noticed_after - 1)).await;
            assert_eq!(link.problem(), None, "an interval of {interval} s");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(link.problem().is_some(), "an interval of {interval} s");
            link.heard(0);
            assert_eq!(link.problem(), None, "an event is a sign of life");
        }
    }

    #[test]
    fn a_connection_that_was_lost_meanwhile_does_not_become_live() {
        let link = Link::default();
        link.begin(1);
        let (guild, before) = (GuildId::new(5 << 22), link.connecting(0));
        link.lost(0);
        let after = link.connecting(0);
        assert!(!link.live(0, before) && !link.hears_of(guild));
        assert!(link.live(0, after) && link.hears_of(guild));
        link.lost(0);
        assert!(!link.hears_of(guild) && link.problem().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_that_gives_no_proof_of_life_is_left_and_one_that_gives_it_is_kept() {
        let (link, guild) = (live_link(), GuildId::new(1));
        let sensors = link.sensors(0);
        link.prove(0).await;
        tokio::time::advance(FRESH).await;
        let answering = async {
            assert_eq!(sensors.asked().await, Asked::ForLife);
            link.acknowledged(0, None);
        };
        tokio::join!(link.prove(0), answering);
        assert!(link.hears_of(guild));
        link.prove(0).await;
        assert!(!link.hears_of(guild));
        assert_eq!(sensors.asked().await, Asked::ToHangUp);
    }

    #[test]
    fn each_guild_belongs_to_one_shard() {
        let link = Link::default();
        link.begin(4);
        assert_eq!(link.shard_of(GuildId::new(5 << 22)), 1);
        link.live(1, link.connecting(1));
        assert!(link.hears_of(GuildId::new(5 << 22)) && !link.hears_of(GuildId::new(6 << 22)));
    }
}
