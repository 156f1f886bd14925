//! serenity's gateway client, on a thread and a runtime of its own.
//!
//! It can stall its runtime for as long as a heartbeat takes (a WebSocket that was closed without a code is asked again and
//! again without a pause), so nothing else may live there, and whoever watches it sees the [`Client::beats`] stop. On a runtime of one thread
//! the tasks that serenity spawns for events run in the order in which they were spawned, and each puts its event into
//! one channel before it first waits: so their order is kept.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use serenity::all::{
    ConnectionStage, Context, Event, GatewayIntents, HttpBuilder, RawEventHandler, ShardId, ShardManager,
    ShardManagerOptions, ShardRunnerInfo,
};
use serenity::gateway::GatewayError;
use serenity::prelude::{RwLock, TypeMap};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Mutex, oneshot};
use tokio_util::sync::CancellationToken;

use super::gateway::{Arrival, Update, translate};
use super::link::{Link, Look};
use crate::config::Token;

/// How long a client that was told to stop may say good-bye to Discord.
const GOODBYE: Duration = Duration::from_secs(2);
/// How often a client shows that its runtime runs.
const BEAT: Duration = Duration::from_millis(500);

/// What a client needs to connect.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The gateway's URL.
    pub(super) url: String,
    /// How many shards.
    pub(super) shards: u32,
    /// What Discord should tell.
    pub(super) intents: GatewayIntents,
}

/// Why a client ended.
#[derive(Debug)]
pub(super) enum End {
    /// It was told to stop.
    Stopped,
    /// Discord closed the connection for good.
    Refused(GatewayError),
    /// Its thread panicked or could not begin; the log says why.
    Died,
}

/// The shards whose session began although serenity could not read that: for serenity they never become connected.
type Salvaged = Arc<std::sync::Mutex<HashSet<u32>>>;

type Runners = Arc<Mutex<HashMap<ShardId, ShardRunnerInfo>>>;

/// A running client.
#[derive(Debug)]
pub(super) struct Client {
    runners: Runners,
    beats: Arc<AtomicU64>,
    salvaged: Salvaged,
    muted: Arc<AtomicBool>,
    stop: CancellationToken,
    end: oneshot::Receiver<End>,
}

impl Client {
    /// Starts a client on a thread of its own; what it hears goes to `inbox`.
    ///
    /// # Errors
    /// If the system gives no thread or no runtime.
    pub(super) async fn start(
        plan: Plan,
        token: &Token,
        inbox: UnboundedSender<Arrival>,
        link: Arc<Link>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (tell_end, end) = oneshot::channel();
        let (tell_runners, runners) = oneshot::channel();
        let stop = CancellationToken::new();
        let (beats, muted) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let (stopped, token) = (stop.clone(), token.clone());
        let (beating, is_muted) = (Arc::clone(&beats), Arc::clone(&muted));
        let salvaged = Salvaged::default();
        let ear = Ear { inbox, link, muted: Arc::clone(&muted), salvaged: Arc::clone(&salvaged) };
        thread::Builder::new().name("gateway".into()).spawn(move || {
            let end = runtime.block_on(async {
                let (manager, fatal) = manager(&plan, &token, ear);
                drop(tell_runners.send(Arc::clone(&manager.runners)));
                tokio::select! {
                    end = drive(&manager, fatal, stopped, &is_muted) => end,
                    never = beat(&beating) => never,
                }
            });
            runtime.shutdown_background();
            // Nobody waits for it any more when the process is ending.
            drop(tell_end.send(end));
        })?;
        let runners = runners.await.unwrap_or_default();
        Ok(Self { runners, beats, salvaged, muted, stop, end })
    }

    /// What a look at every shard shows.
    pub(super) async fn look(&self) -> HashMap<u32, Look> {
        let runners = self.runners.lock().await;
        let mut salvaged = self.salvaged.lock().unwrap_or_else(PoisonError::into_inner);
        // A shard that is begun anew has no runner for a moment.
        salvaged.retain(|shard| runners.contains_key(&ShardId(*shard)));
        let look = |id: u32, info: &ShardRunnerInfo| Look {
            connected: info.stage == ConnectionStage::Connected || salvaged.contains(&id),
            latency: info.latency,
        };
        runners.iter().map(|(id, info)| (id.0, look(id.0, info))).collect()
    }

    /// Returns when the client has ended.
    ///
    /// # Cancel safety
    /// The end is not lost when the future is dropped, as long as it was not returned.
    pub(super) async fn ended(&mut self) -> End {
        (&mut self.end).await.unwrap_or(End::Died)
    }

    /// How often the client has shown that its runtime runs: about twice a second, unless it is stalled.
    pub(super) fn beats(&self) -> u64 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Tells the client to stop and to say good-bye to Discord.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Leaves the client alone: nothing that it hears counts any more, so that another may take its place, and its thread
    /// ends without a word as soon as it can.
    pub(super) fn abandon(&self) {
        self.muted.store(true, Ordering::Relaxed);
        self.stop.cancel();
    }
}

type Fatal = UnboundedReceiver<Result<(), GatewayError>>;

/// serenity's shards, not yet connected. Its HTTP client is only there to hold the token.
fn manager(plan: &Plan, token: &Token, ear: Ear) -> (Arc<ShardManager>, Fatal) {
    let http = HttpBuilder::new(token.expose()).ratelimiter_disabled(true).build();
    ShardManager::new(ShardManagerOptions {
        data: Arc::new(RwLock::new(TypeMap::new())),
        event_handlers: Vec::new(),
        raw_event_handlers: vec![Arc::new(ear)],
        shard_index: 0,
        shard_init: plan.shards,
        shard_total: plan.shards,
        ws_url: Arc::new(Mutex::new(plan.url.clone())),
        http: Arc::new(http),
        intents: plan.intents,
        presence: None,
    })
}

async fn beat(beats: &AtomicU64) -> End {
    loop {
        beats.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(BEAT).await;
    }
}

async fn drive(manager: &ShardManager, mut fatal: Fatal, stop: CancellationToken, muted: &AtomicBool) -> End {
    if let Err(error) = manager.initialize() {
        tracing::error!(%error, "serenity does not start its shards");
        return End::Died;
    }
    tokio::select! {
        end = fatal.next() => match end {
            Some(Err(error)) => End::Refused(error),
            Some(Ok(())) | None => End::Stopped,
        },
        () = stop.cancelled() => {
            if !muted.load(Ordering::Relaxed) {
                // It may wait for ever for a shard that is gone already.
                drop(tokio::time::timeout(GOODBYE, manager.shutdown_all()).await);
            }
            End::Stopped
        }
    }
}

/// Hears every gateway event.
struct Ear {
    inbox: UnboundedSender<Arrival>,
    link: Arc<Link>,
    /// Another client listens by now.
    muted: Arc<AtomicBool>,
    salvaged: Salvaged,
}

#[async_trait]
impl RawEventHandler for Ear {
    async fn raw_event(&self, context: Context, event: Event) {
        if self.muted.load(Ordering::Relaxed) {
            return;
        }
        let shard = context.shard_id.0;
        self.link.heard(shard);
        let is_unknown = matches!(event, Event::Unknown(_));
        if let Some(update) = translate(event) {
            if is_unknown && matches!(update, Update::Ready { .. }) {
                self.salvaged.lock().unwrap_or_else(PoisonError::into_inner).insert(shard);
            }
            // The other end is gone only while Muster stops.
            drop(self.inbox.send(Arrival { shard, update }));
        }
    }
}
