//! Who may log in at the gateway, and when: one at a time, no faster than Discord allows, within the day's budget.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::core::Core;
use super::failure::chain;
use super::gateway_address::{find_gateway, logins_allowed};
use super::link::Identity;
use super::login_budget::LoginBudget;
use super::routes;
use super::sender::CallError;
use super::supervisor::GatewayFatal;
use super::wire::{WireGateway, WireId};
use crate::ids::UserId;
use crate::telemetry::metric;

/// How far apart two logins of one bucket are: five seconds, and something for the way.
///
/// Source: <https://docs.discord.com/developers/events/gateway#rate-limiting>
const GAP: Duration = Duration::from_millis(5_200);
/// A wait that is longer than this is told to the operator.
const WORTH_TELLING: Duration = Duration::from_secs(10);
/// No sleep is longer: the wall clock may step.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// What a shard asks for.
#[derive(Debug)]
struct Ask {
    shard: u32,
    /// Where the login's instant goes; `None` as long as it only asks whether to connect.
    login: Option<Arc<OnceLock<Instant>>>,
    go: oneshot::Sender<()>,
}

/// Where shards ask; a cheap clone.
#[derive(Debug, Clone)]
pub(super) struct LoginDesk(mpsc::UnboundedSender<Ask>);

impl LoginDesk {
    /// Returns once the budget has a login left, so that a connection is worth its while.
    pub(super) async fn may_log_in(&self, shard: u32) {
        // Without a granter Muster stops.
        drop(self.ask(shard, None).await);
    }

    /// Asks for a login; the receiver hears when it may be made, and `granted_at` is then set.
    pub(super) fn log_in(&self, shard: u32, granted_at: Arc<OnceLock<Instant>>) -> oneshot::Receiver<()> {
        self.ask(shard, Some(granted_at))
    }

    fn ask(&self, shard: u32, login: Option<Arc<OnceLock<Instant>>>) -> oneshot::Receiver<()> {
        let (go, may_go) = oneshot::channel();
        drop(self.0.send(Ask { shard, login, go }));
        may_go
    }
}

/// Finds out who Muster is where the gateway will not say it for long: what was sent before a stop is looked for by its author.
async fn introduce(core: &Core) {
    if core.link.identity().is_some() {
        return;
    }
    let asked = async {
        let user: WireId<UserId> = core.sender.ask(routes::own_user()).await?;
        let application: WireId<UserId> = core.sender.ask(routes::own_application()).await?;
        Ok::<_, CallError>(Identity { user: user.id, application: application.id.get() })
    };
    match asked.await {
        Ok(identity) => core.link.identify(identity),
        Err(error) => {
            tracing::warn!(%error, "Discord does not say who Muster is; what it sent cannot be looked for yet");
        }
    }
}

/// Grants logins.
pub(super) struct Logins {
    budget: LoginBudget,
    /// When each of Discord's buckets was used last.
    used: HashMap<u32, Instant>,
    asks: mpsc::UnboundedReceiver<Ask>,
    desk: LoginDesk,
}

impl Logins {
    /// Reads what earlier processes left of the budget.
    pub(super) async fn open(core: &Core) -> Self {
        let recent = core.registry.recent_logins().await.unwrap_or_else(|error| {
            tracing::warn!(error = chain(&error), "cannot read how often Muster has logged in lately");
            Vec::new()
        });
        let (sender, asks) = mpsc::unbounded_channel();
        Self { budget: LoginBudget::new(recent), used: HashMap::new(), asks, desk: LoginDesk(sender) }
    }

    /// Where shards ask.
    pub(super) fn desk(&self) -> LoginDesk {
        self.desk.clone()
    }

    /// Grants logins for so many shards, as far as Discord allows them and Muster's own budget lasts.
    ///
    /// # Errors
    /// [`GatewayFatal::Token`] if Discord, asked again how many are left, does not accept it.
    ///
    /// # Cancel safety
    /// Dropping the future refuses the login that is waited for; its shard asks again.
    pub(super) async fn grant(
        &mut self,
        core: &Core,
        found: &WireGateway,
        shards: u32,
    ) -> Result<Infallible, GatewayFatal> {
        let mut allowed = logins_allowed(found);
        let buckets = found.session_start_limit.max_concurrency.max(1);
        loop {
            let Some(ask) = self.asks.recv().await else { std::future::pending().await };
            if ask.go.is_closed() {
                continue;
            }
            self.wait_for_budget(core, shards).await;
            if allowed == 0 {
                allowed = logins_allowed(&find_gateway(core).await?);
            }
            let Some(login) = ask.login else {
                _ = ask.go.send(());
                continue;
            };
            let bucket = ask.shard % buckets;
            if let Some(used) = self.used.get(&bucket) {
                tokio::time::sleep_until(*used + GAP).await;
            }
            if ask.go.is_closed() {
                continue;
            }
            self.spend(core).await;
            metrics::counter!(metric::GATEWAY_LOGINS).increment(1);
            allowed = allowed.saturating_sub(1);
            let now = Instant::now();
            self.used.insert(bucket, now);
            _ = login.set(now);
            _ = ask.go.send(());
        }
    }

    async fn wait_for_budget(&mut self, core: &Core, shards: u32) {
        let mut is_told = false;
        loop {
            let wait = self.budget.wait(shards, core.clock.now());
            if wait.is_zero() {
                return;
            }
            if wait > WORTH_TELLING && !is_told {
                is_told = true;
                tracing::warn!(
                    wait_s = wait.as_secs(),
                    "Muster has logged in at Discord's gateway so often lately, in this process or in those before it, that it \
                     waits before it does so again: at most 200 times in 24 hours for each shard, or Discord might reset its \
                     token. Until then it hears no commands; reminders are sent all the same"
                );
                introduce(core).await;
                core.link.login_is_put_off();
            }
            core.clock.sleep(wait.min(LONGEST_SLEEP)).await;
        }
    }

    /// Takes a login from the budget, on the disk before it is made.
    async fn spend(&mut self, core: &Core) {
        self.budget.spend(core.clock.now());
        if let Err(error) = core.registry.note_logins(self.budget.recent()).await {
            let error = chain(&error);
            tracing::warn!(
                error,
                "cannot write down that Muster logs in; only this process knows how often it did"
            );
        }
    }
}
