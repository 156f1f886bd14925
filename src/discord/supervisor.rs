//! Keeps Muster connected to the gateway, and ends it with a sentence where that is hopeless.

use std::time::Duration;

use serenity::all::GatewayIntents;
use serenity::gateway::GatewayError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::client::{Client, End, Plan};
use super::core::Core;
use super::gateway::Arrival;
use super::routes;
use super::wire::WireGateway;
use crate::config::{MembersIntent, Token};
use crate::lifecycle::Shutdown;

/// How often the shards are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A connection that has not come up or shown life for this long is begun anew; more for each shard, which start one
/// every five seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(90);
const SILENCE_PER_SHARD: Duration = Duration::from_secs(10);
/// How long a client that was told to stop may take. It may be stalled for as long as a heartbeat.
const STOP_LIMIT: Duration = Duration::from_mins(1);
/// How long it may take when Muster itself stops.
const STOP_LIMIT_AT_END: Duration = Duration::from_secs(3);
/// Logins that are left to the operator: below them, Muster waits until Discord fills up the budget. At zero Discord
/// resets the bot's token.
const LOGINS_KEPT: u32 = 20;
/// Discord refuses a second login of a shard within five seconds.
const LOGIN_GAP: Duration = Duration::from_millis(5_500);
const BACKOFF_MIN: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_mins(1);

/// Why Muster cannot be connected until the operator does something; a sentence that says what.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFatal {
    /// The token is wrong.
    #[error(
        "Discord does not accept the token. Copy it again from the page \"Bot\" of your application at \
         https://discord.com/developers/applications; an old one stops working when a new one is made."
    )]
    Token,
    /// The members intent is off, and the operator insists on it.
    #[error(
        "Discord does not grant the privileged \"Server Members Intent\". Switch it on at \
         https://discord.com/developers/applications (your application, page \"Bot\", \"Privileged Gateway Intents\"), \
         or set discord.members_intent = \"auto\" to go on without it."
    )]
    MembersIntent,
    /// Discord refuses the other intents.
    #[error(
        "Discord does not accept the gateway intents that Muster asks for; this version of Muster may be too old: {0}."
    )]
    Intents(GatewayError),
    /// The client's thread ended.
    #[error("The gateway client ended unexpectedly; the log above says why.")]
    Died,
    /// The client's thread does not end.
    #[error("The gateway client hangs and cannot be begun anew within this process.")]
    Hangs,
    /// The system gives no thread.
    #[error("The gateway client cannot be started: {0}.")]
    Thread(#[from] std::io::Error),
}

/// Connects and stays connected until a stop is asked for.
///
/// # Errors
/// [`GatewayFatal`], a sentence for the operator.
pub(super) async fn run(
    core: &Core,
    token: &Token,
    inbox: UnboundedSender<Arrival>,
    shutdown: &Shutdown,
) -> Result<(), GatewayFatal> {
    if core.config.discord.members_intent == MembersIntent::Off {
        core.link.degrade();
    }
    loop {
        let found = tokio::select! {
            () = shutdown.requested() => return Ok(()),
            found = find_gateway(core) => found?,
        };
        let plan = Plan { url: found.url, shards: found.shards.max(1), intents: intents(core) };
        core.link.begin(plan.shards);
        tracing::info!(
            shards = plan.shards,
            logins_left = found.session_start_limit.remaining,
            "connecting to Discord"
        );
        let mut client = Client::start(plan, token, inbox.clone()).await?;
        let end = watch(core, &mut client, shutdown).await;
        core.link.begin(core.link.shard_count());
        if shutdown.is_requested() {
            return Ok(());
        }
        consider(core, end?)?;
        tokio::time::sleep(LOGIN_GAP).await;
    }
}

fn intents(core: &Core) -> GatewayIntents {
    let basic =
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::GUILD_MESSAGE_REACTIONS;
    if core.link.is_degraded() { basic } else { basic | GatewayIntents::GUILD_MEMBERS }
}

/// Asks where the gateway is until Discord says so and allows a login.
async fn find_gateway(core: &Core) -> Result<WireGateway, GatewayFatal> {
    let mut backoff = BACKOFF_MIN;
    loop {
        let wait = match core.sender.ask::<WireGateway>(routes::gateway_bot()).await {
            Ok(gateway) => match budget_wait(&gateway) {
                None => return Ok(gateway),
                Some(wait) => {
                    let limit = &gateway.session_start_limit;
                    tracing::error!(
                        logins_left = limit.remaining,
                        logins_a_day = limit.total,
                        wait_s = wait.as_secs(),
                        "Muster has logged in too often today; it waits, or Discord would reset its token"
                    );
                    wait
                }
            },
            Err(error) if error.is_unauthorised() => return Err(GatewayFatal::Token),
            Err(error) => {
                tracing::warn!(%error, wait_s = backoff.as_secs(), "cannot ask Discord where its gateway is; trying again");
                backoff
            }
        };
        tokio::time::sleep(wait).await;
        backoff = (backoff * 2).min(BACKOFF_MAX);
    }
}

/// How long to wait before Muster may log in again; `None`: not at all.
fn budget_wait(gateway: &WireGateway) -> Option<Duration> {
    let limit = &gateway.session_start_limit;
    // Small budgets exist only in tests and for bots in verification; those may be used up to the shards needed.
    let kept = LOGINS_KEPT.min(limit.total / 10).max(gateway.shards);
    let wait = Duration::from_millis(limit.reset_after).clamp(BACKOFF_MIN, Duration::from_mins(10));
    (limit.remaining < kept).then_some(wait)
}

/// Looks at the shards until the client ends, or has to be ended.
async fn watch(core: &Core, client: &mut Client, shutdown: &Shutdown) -> Result<End, GatewayFatal> {
    loop {
        tokio::select! {
            end = client.ended() => return Ok(end),
            () = shutdown.requested() => {
                client.stop();
                drop(tokio::time::timeout(STOP_LIMIT_AT_END, client.ended()).await);
                return Ok(End::Stopped);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        if look(core, client).await {
            core.stale.notify_one();
        }
        let limit = SILENCE_LIMIT + SILENCE_PER_SHARD * core.link.shard_count();
        if let Some(silence) = core.link.silence().filter(|silence| *silence > limit) {
            tracing::warn!(
                silence_s = silence.as_secs(),
                "the gateway connection shows no life; it is begun anew"
            );
            metrics::counter!("muster_gateway_restarts_total").increment(1);
            client.stop();
            let ended = tokio::time::timeout_at(Instant::now() + STOP_LIMIT, client.ended()).await;
            return ended.map_err(|_| GatewayFatal::Hangs);
        }
    }
}

/// Takes down how the shards are doing; `true` if one has become connected.
async fn look(core: &Core, client: &Client) -> bool {
    let mut connected = false;
    let seen = client.look().await;
    for shard in 0..core.link.shard_count() {
        // serenity forgets a shard while it begins it anew.
        let seen = seen.get(&shard).copied().unwrap_or_default();
        connected |= core.link.look(shard, seen);
    }
    if let Some(latency) = core.link.latency() {
        metrics::gauge!("muster_gateway_latency_seconds").set(latency.as_secs_f64());
    }
    connected
}

/// Decides whether Muster may connect again after this end.
fn consider(core: &Core, end: End) -> Result<(), GatewayFatal> {
    match end {
        End::Stopped => Ok(()),
        End::Died => Err(GatewayFatal::Died),
        End::Refused(GatewayError::InvalidAuthentication) => Err(GatewayFatal::Token),
        End::Refused(GatewayError::DisallowedGatewayIntents) => {
            if core.config.discord.members_intent == MembersIntent::On || core.link.is_degraded() {
                return Err(GatewayFatal::MembersIntent);
            }
            tracing::warn!(
                "Discord does not grant the privileged \"Server Members Intent\", so Muster does not know who is in a \
                 server: it goes on with those it meets, and reminds only them. Switch the intent on at \
                 https://discord.com/developers/applications (page \"Bot\") and start Muster again to remind everybody"
            );
            core.link.degrade();
            Ok(())
        }
        End::Refused(error) => Err(GatewayFatal::Intents(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::wire::WireSessionLimit;

    fn gateway(total: u32, remaining: u32) -> WireGateway {
        let session_start_limit = WireSessionLimit { total, remaining, reset_after: 3_600_000 };
        WireGateway { url: "wss://gateway.discord.gg".into(), shards: 1, session_start_limit }
    }

    #[test]
    fn the_last_logins_of_a_day_are_not_used_up() {
        assert_eq!(budget_wait(&gateway(1_000, 999)), None);
        assert_eq!(budget_wait(&gateway(1_000, 19)), Some(Duration::from_mins(10)));
        assert_eq!(budget_wait(&gateway(10, 1)), None);
        assert_eq!(budget_wait(&gateway(10, 0)), Some(Duration::from_mins(10)));
    }
}
