//! The scheduler on real guild stores, in a time that jumps from one instant at which something happens to the next.
//!
//! Time stands while anything is done: the simulation goes on only when every pass has ended and the scheduler sleeps. So
//! a run depends on its seed alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use muster::domain::audience::Member;
use muster::domain::choice::Choices;
use muster::domain::emoji::Emoji;
use muster::domain::event::{EndReason, EventId, Origin, State};
use muster::domain::interval::Interval;
use muster::ids::{ChannelId, GuildId, MessageId, UserId};
use muster::lifecycle::{Pulse, Shutdown};
use muster::scheduler::{Agenda, Scheduler, load_agenda, sweep, sync_due};
use muster::storage::{
    DataDir, GuildContents, GuildStores, Lease, NewEvent, Registry, StoreOptions, Synchronous,
};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::clock::{SimulatedClock, instant};
use super::courier::{FakeCourier, Weather};
use super::model::on_grid;
use super::script::{Act, BEGIN, Club, SECOND, Script, What, due_after};

/// How long an instant may take; a scheduler that never comes to rest fails the test.
const DEADLINE: Duration = Duration::from_mins(1);

/// How a bot is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Clean,
    /// The next start does not believe the index.
    Unclean,
}

/// A bot without Discord, and everything around it.
pub(super) struct World {
    pub(super) clock: Arc<SimulatedClock>,
    pub(super) courier: Arc<FakeCourier>,
    data: TempDir,
    bot: Option<Bot>,
}

/// What goes when the bot stops.
struct Bot {
    stores: GuildStores,
    registry: Arc<Registry>,
    agenda: Agenda,
    shutdown: Shutdown,
    running: JoinSet<()>,
}

impl World {
    /// A world in which the bot runs and nobody is.
    pub(super) async fn new(weather: Weather) -> Self {
        let clock = Arc::new(SimulatedClock::at(BEGIN));
        let courier = Arc::new(FakeCourier::new(Arc::clone(&clock), weather));
        let data = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let mut world = Self { clock, courier, data, bot: None };
        world.start().await;
        world
    }

    /// Starts the bot on what is on the disk.
    pub(super) async fn start(&mut self) {
        let dir = Arc::new(DataDir::open(self.data.path()).unwrap());
        let registry = Arc::new(Registry::open(&dir, self.clock.clone()).await.unwrap());
        let options = StoreOptions {
            max_open: 1_100,
            synchronous: Synchronous::Normal,
            slow_statement: Duration::ZERO,
            ..StoreOptions::default()
        };
        let max_open =
            muster::storage::reserve_descriptors(options.max_open).map_or(100, |_| options.max_open);
        let stores = GuildStores::new(dir, StoreOptions { max_open, ..options }, self.clock.clone());
        for guild in registry.joined_guilds() {
            stores.admit(guild);
        }
        let (agenda, shutdown) = (Agenda::default(), Shutdown::default());
        load_agenda(&registry, &agenda);
        let scheduler = Scheduler {
            stores: stores.clone(),
            registry: Arc::clone(&registry),
            agenda: agenda.clone(),
            courier: self.courier.clone(),
            clock: self.clock.clone(),
            nonce_window: Duration::from_mins(2),
            pulse: Pulse::default(),
            shutdown: shutdown.clone(),
        };
        let mut running = JoinSet::new();
        running.spawn(async move { scheduler.run().await.unwrap() });
        if !registry.was_clean_stop() {
            sweep(stores.clone(), &registry, &agenda, shutdown.clone()).await;
        }
        self.bot = Some(Bot { stores, registry, agenda, shutdown, running });
        self.settle().await;
    }

    /// Stops the bot.
    pub(super) async fn stop(&mut self, how: Stop) {
        let mut bot = self.bot.take().unwrap();
        bot.shutdown.request();
        bot.running.join_next().await.unwrap().unwrap();
        bot.stores.close(tokio::time::Instant::now() + DEADLINE).await;
        bot.registry.close(how == Stop::Clean).await.unwrap();
    }

    /// Lets everybody of a script come in.
    pub(super) async fn populate(&self, script: &Script) {
        let bot = self.bot();
        for club in &script.guilds {
            let guild = GuildId::new(club.id);
            bot.registry.note_joined(guild, instant(BEGIN)).await.unwrap();
            bot.stores.admit(guild);
            let members: Vec<Member> = club.members.iter().copied().map(member).collect();
            let store = bot.stores.open_or_create(guild).await.unwrap();
            store.members().replace_all(&members, instant(BEGIN)).await.unwrap();
        }
    }

    /// Plays a script from where the clock stands to its end.
    pub(super) async fn play(&mut self, script: &Script) {
        let mut acts: Vec<(&Club, &Act)> =
            script.guilds.iter().flat_map(|club| club.acts.iter().map(move |act| (club, act))).collect();
        acts.sort_by_key(|(_, act)| act.at);
        let mut acts = acts.into_iter().peekable();
        let mut downtimes = script.downtimes.iter().peekable();
        let mut stop = Stop::Unclean;
        while self.clock.now_ms() < script.end {
            let now = self.clock.now_ms();
            if let Some((_, to)) = downtimes.next_if(|(from, _)| *from <= now) {
                self.stop(stop).await;
                stop = if stop == Stop::Clean { Stop::Unclean } else { Stop::Clean };
                self.clock.pass(to - now);
                self.start().await;
                continue;
            }
            let next_act = acts.peek().map_or(script.end, |(_, act)| act.at);
            let next_stop = downtimes.peek().map_or(script.end, |(from, _)| *from);
            self.pass((next_act.min(next_stop).min(script.end) - now).max(0)).await;
            while let Some((club, act)) = acts.next_if(|(_, act)| act.at <= self.clock.now_ms()) {
                self.act(club, &act.what).await;
            }
            self.settle().await;
        }
    }

    /// Lets time pass until somebody wakes, but no longer than this, and waits until everything is done.
    async fn pass(&self, at_most: i64) {
        let wakes = self.clock.until_first_wakes().unwrap_or(30 * SECOND);
        self.clock.pass(wakes.min(at_most));
        self.settle().await;
    }

    /// Lets so much time pass.
    pub(super) async fn pass_all(&self, ms: i64) {
        let until = self.clock.now_ms() + ms;
        while self.clock.now_ms() < until {
            self.pass(until - self.clock.now_ms()).await;
        }
    }

    /// Waits until every pass has ended and the scheduler sleeps.
    async fn settle(&self) {
        /// This world and the scheduler; each pass has one more.
        const AT_REST: usize = 2;
        let begun = Instant::now();
        loop {
            let sleeps = self.clock.sleeps();
            // Everything that is ready has its turn, several times.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            if Arc::strong_count(&self.courier) == AT_REST && self.clock.sleeps() == sleeps {
                return;
            }
            let waited = begun.elapsed();
            assert!(waited < DEADLINE, "the scheduler does not come to rest at {}", self.clock.now_ms());
            if self.clock.sleeps() == sleeps {
                // The scheduler sleeps again after each pass that ends.
                drop(tokio::time::timeout(Duration::from_millis(100), self.clock.slept()).await);
            }
        }
    }

    /// What stands in the store of a guild.
    pub(super) async fn contents(&self, guild: u64) -> GuildContents {
        self.store(GuildId::new(guild)).await.contents().await.unwrap()
    }

    async fn store(&self, guild: GuildId) -> Lease {
        self.bot().stores.open(guild).await.unwrap().unwrap()
    }

    fn bot(&self) -> &Bot {
        self.bot.as_ref().unwrap()
    }

    /// Does what the commands and the gateway events do that somebody causes.
    pub(super) async fn act(&self, club: &Club, what: &What) {
        let (guild, now_ms) = (GuildId::new(club.id), self.clock.now_ms());
        let (store, now) = (self.store(guild).await, instant(now_ms));
        let (events, yes) = (store.events(), Emoji::Unicode("✅".into()));
        match what {
            What::Begin(event, interval) => {
                let new = new_event(club, *event, *interval, now_ms);
                self.expect(guild, due_after(now_ms, *interval)).await;
                let watched = events.watch(&new, now).await.unwrap().into_event();
                assert_eq!(watched.interval.as_millis(), *interval);
            }
            What::Answer(event, user) => {
                if let Some(event) = self.event(club, &store, *event).await {
                    store.responses().add_reaction(event, UserId::new(*user), &yes, now).await.unwrap();
                }
            }
            What::TakeBack(event, user) => {
                if let Some(event) = self.event(club, &store, *event).await {
                    store.responses().remove_reaction(event, UserId::new(*user), &yes).await.unwrap();
                }
            }
            What::Join(user) => drop(store.members().upsert(&member(*user), now).await.unwrap()),
            What::Leave(user) => drop(store.members().remove(UserId::new(*user)).await.unwrap()),
            What::Pause(event) => {
                if let Some(event) = self.event(club, &store, *event).await {
                    events.pause(event, now).await.unwrap();
                }
            }
            What::Resume(event) => {
                let Some(id) = self.event(club, &store, *event).await else { return };
                let event = events.find(id).await.unwrap().unwrap();
                if event.state == State::Paused {
                    let next = on_grid(event.grid_at.timestamp_millis(), event.interval.as_millis(), now_ms);
                    self.expect(guild, next).await;
                    events.resume(id, instant(next), now).await.unwrap();
                }
            }
            What::SetInterval(event, interval) => {
                if let Some(event) = self.event(club, &store, *event).await {
                    let next = due_after(now_ms, *interval);
                    self.expect(guild, next).await;
                    let interval = Interval::from_millis(*interval).unwrap();
                    events.set_interval(event, interval, Some(instant(next)), now).await.unwrap();
                }
            }
            What::End(event) => {
                if let Some(event) = self.event(club, &store, *event).await {
                    events.end(event, EndReason::Unwatched, now).await.unwrap();
                }
            }
        }
        sync_due(&store, &self.bot().registry, &self.bot().agenda).await.unwrap();
    }

    /// Announces an instant, as every command does before it writes what will be due then.
    async fn expect(&self, guild: GuildId, at_ms: i64) {
        let (bot, at) = (self.bot(), instant(at_ms));
        bot.registry.set_live(guild, true).await.unwrap();
        let known = bot.registry.find(guild).and_then(|record| record.next_due_at);
        if known.is_none_or(|known| at < known) {
            bot.registry.set_next_due(guild, Some(at)).await.unwrap();
        }
        bot.agenda.pull_forward(guild, at);
    }

    async fn event(&self, club: &Club, store: &Lease, event: usize) -> Option<EventId> {
        let found = store.events().find_by_message(message(club, event)).await.unwrap();
        found.map(|event| event.id)
    }
}

/// The message of an event.
pub(super) fn message(club: &Club, event: usize) -> MessageId {
    MessageId::new(club.id + 100 + u64::try_from(event).unwrap())
}

fn new_event(club: &Club, event: usize, interval: i64, now_ms: i64) -> NewEvent {
    NewEvent {
        channel_id: ChannelId::new(club.channels[event]),
        message_id: Some(message(club, event)),
        origin: Origin::Watched,
        title: format!("Event {event}"),
        description: String::new(),
        interval: Interval::from_millis(interval).unwrap(),
        next_due_at: instant(due_after(now_ms, interval)),
        choices: Choices::default(),
        role: None,
        author_id: UserId::new(1),
    }
}

fn member(user: u64) -> Member {
    Member { user_id: UserId::new(user), name: format!("member {user}"), is_bot: false, roles: Vec::new() }
}
