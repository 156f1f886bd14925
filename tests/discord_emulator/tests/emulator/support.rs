//! A real bot, reduced to a log of what it was told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use discord_emulator::Emulator;
use serenity::all::{
    ChunkGuildFilter, Client, Context, Event, GatewayIntents, GuildId, HttpBuilder, RawEventHandler,
    ShardManager,
};
use serenity::async_trait;
use serenity::http::Http;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a test waits for what it expects.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running serenity client.
pub(crate) struct Bot {
    pub(crate) http: Arc<Http>,
    log: Arc<Log>,
    shards: Arc<ShardManager>,
    task: JoinHandle<serenity::Result<()>>,
}

#[derive(Default)]
struct Log {
    events: Mutex<Vec<Event>>,
    counts: Mutex<BTreeMap<String, usize>>,
    changed: watch::Sender<usize>,
}

#[async_trait]
impl RawEventHandler for Log {
    async fn raw_event(&self, _context: Context, event: Event) {
        *self.counts.lock().unwrap().entry(name(&event)).or_default() += 1;
        self.events.lock().unwrap().push(event);
        self.changed.send_modify(|count| *count += 1);
    }
}

/// A client of the HTTP API alone.
pub(crate) fn http(discord: &Emulator) -> Http {
    HttpBuilder::new(discord.token()).proxy(discord.api_url()).ratelimiter_disabled(true).build()
}

impl Bot {
    /// Connects with one shard.
    pub(crate) async fn start(discord: &Emulator, intents: GatewayIntents) -> Self {
        Self::start_shards(discord, intents, 1).await
    }

    /// Connects with several shards, one after the other as serenity does it.
    pub(crate) async fn start_shards(discord: &Emulator, intents: GatewayIntents, shards: u32) -> Self {
        let log = Arc::new(Log::default());
        let mut client = serenity::client::ClientBuilder::new_with_http(http(discord), intents)
            .raw_event_handler(ByArc(Arc::clone(&log)))
            .await
            .unwrap();
        let (http, manager) = (Arc::clone(&client.http), Arc::clone(&client.shard_manager));
        let task = tokio::spawn(async move { run(&mut client, shards).await });
        Self { http, log, shards: manager, task }
    }

    /// Waits until an event with this name has arrived so many times in all.
    #[track_caller]
    pub(crate) fn wait_for(&self, name: &'static str, times: usize) -> impl Future<Output = ()> {
        let mut changed = self.log.changed.subscribe();
        let log = Arc::clone(&self.log);
        let caller = std::panic::Location::caller();
        async move {
            let arrived = async {
                while log.count(name) < times {
                    changed.changed().await.unwrap();
                }
            };
            let is_late = tokio::time::timeout(DEADLINE, arrived).await.is_err();
            assert!(
                !is_late,
                "{caller}: waited in vain for {times} × {name}, got {:?}",
                log.counts.lock().unwrap()
            );
        }
    }

    /// How often an event has arrived.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.log.count(name)
    }

    /// The names of all events in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.log.events.lock().unwrap().iter().map(name).collect()
    }

    /// All events in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.log.events.lock().unwrap().clone()
    }

    /// Asks for members over the gateway.
    pub(crate) fn chunk(&self, guild: GuildId, filter: &ChunkGuildFilter) {
        let runners = self.shards.runners.try_lock().unwrap();
        for runner in runners.values() {
            runner.runner_tx.chunk_guild(guild, None, false, filter.clone(), None);
        }
    }

    /// Waits for the client to give up by itself.
    pub(crate) async fn end(self) -> serenity::Result<()> {
        tokio::time::timeout(DEADLINE, self.task).await.expect("the client goes on").unwrap()
    }

    /// Logs off.
    pub(crate) async fn stop(self) {
        self.shards.shutdown_all().await;
        self.task.abort();
    }
}

async fn run(client: &mut Client, shards: u32) -> serenity::Result<()> {
    if shards == 1 { client.start().await } else { client.start_shards(shards).await }
}

impl Log {
    fn count(&self, name: &str) -> usize {
        self.counts.lock().unwrap().get(name).copied().unwrap_or(0)
    }
}

fn name(event: &Event) -> String {
    match event {
        Event::Unknown(event) => event.kind.clone(),
        event => event.name().unwrap_or_default(),
    }
}

struct ByArc(Arc<Log>);

#[async_trait]
impl RawEventHandler for ByArc {
    async fn raw_event(&self, context: Context, event: Event) {
        self.0.raw_event(context, event).await;
    }
}
