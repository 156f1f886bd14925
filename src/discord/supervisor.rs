//! Keeps Muster connected to the gateway, and ends it with a sentence where that is hopeless.
//!
//! serenity comes back from most losses by itself. Where it does not, it is left and a new client is begun: never before
//! Discord was asked whether there is a login left, and the later, the sooner the last one was lost.

use std::sync::Arc;
use std::time::Duration;

use serenity::all::GatewayIntents;
use serenity::gateway::GatewayError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::client::{Client, End, Plan};
use super::core::Core;
use super::gateway::Arrival;
use super::login_budget::{find_gateway, logins_allowed};
use crate::config::{MembersIntent, Token};
use crate::lifecycle::Shutdown;

/// How often the shards are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A connection that has not come up or shown life for this long is begun anew; more for each shard, which start one
/// every five seconds. serenity logs in every five seconds meanwhile, if Discord ends each session at once.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);
const SILENCE_PER_SHARD: Duration = Duration::from_secs(10);
/// After so many looks without a beat a client counts as stalled. Looks are counted, not seconds: a machine that slept has
/// stalled nothing.
const STALLED_LOOKS: u32 = 3;
/// How long a client that was told to stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(3);
/// Discord refuses a second login of a shard within five seconds.
const LOGIN_GAP: Duration = Duration::from_millis(5_500);
/// The longest wait before another client is begun, where one after the other is lost.
const LOGIN_GAP_MAX: Duration = Duration::from_mins(5);
/// A client that served for this long was a good one.
const STEADY: Duration = Duration::from_mins(10);

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
    let mut gap = LOGIN_GAP / 2;
    loop {
        let found = tokio::select! {
            () = shutdown.requested() => return Ok(()),
            found = find_gateway(core) => found?,
        };
        let plan = Plan { url: found.url.clone(), shards: found.shards.max(1), intents: intents(core) };
        let shards_before = core.link.shard_count();
        if shards_before != 0 && shards_before != plan.shards {
            tracing::warn!(
                shards_before,
                shards = plan.shards,
                "Discord wants another number of shards than before"
            );
        }
        core.link.begin(plan.shards);
        core.link.logins().begin(logins_allowed(&found));
        let logins_left = found.session_start_limit.remaining;
        tracing::info!(shards = plan.shards, logins_left, "connecting to Discord");
        let began = Instant::now();
        let mut client = Client::start(plan, token, inbox.clone(), Arc::clone(&core.link)).await?;
        let outcome = watch(core, &mut client, shutdown).await;
        core.link.begin(core.link.shard_count());
        if shutdown.is_requested() {
            return Ok(());
        }
        let lost = match outcome {
            Outcome::Ended(end) => consider(core, end)?,
            Outcome::Lost(loss) => Some(loss),
        };
        gap = next_gap(gap, began.elapsed(), lost);
        tokio::select! {
            () = shutdown.requested() => return Ok(()),
            () = tokio::time::sleep(gap) => {}
        }
    }
}

fn intents(core: &Core) -> GatewayIntents {
    let basic =
        GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::GUILD_MESSAGE_REACTIONS;
    if core.link.is_degraded() { basic } else { basic | GatewayIntents::GUILD_MEMBERS }
}

/// How long to wait before the next client, after one that lived for `lived`.
fn next_gap(gap: Duration, lived: Duration, lost: Option<Loss>) -> Duration {
    match lost {
        None => LOGIN_GAP,
        Some(Loss::Stalled | Loss::Silent) if lived > STEADY => LOGIN_GAP,
        Some(_) => (gap * 2).min(LOGIN_GAP_MAX),
    }
}

/// How a client came to its end.
enum Outcome {
    /// By itself, or because Muster stops.
    Ended(End),
    /// It had to be left.
    Lost(Loss),
}

/// Why a client had to be left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    /// Its runtime stands still.
    Stalled,
    /// No shard of it shows life, or one does not connect.
    Silent,
    /// It logs in again and again.
    Restless,
}

/// Looks at the shards until the client ends, or has to be left.
async fn watch(core: &Core, client: &mut Client, shutdown: &Shutdown) -> Outcome {
    let (mut beats, mut looks_without) = (client.beats(), 0);
    loop {
        tokio::select! {
            end = client.ended() => return Outcome::Ended(end),
            () = shutdown.requested() => {
                client.stop();
                drop(tokio::time::timeout(STOP_LIMIT, client.ended()).await);
                return Outcome::Ended(End::Stopped);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
        let beaten = client.beats();
        looks_without = if beaten == beats { looks_without + 1 } else { 0 };
        beats = beaten;
        if look(core, client).await {
            core.stale.notify_one();
        }
        if let Some(loss) = loss(core, looks_without) {
            metrics::counter!("muster_gateway_restarts_total").increment(1);
            if loss != Loss::Stalled {
                client.stop();
                tokio::select! {
                    // An end that Discord explains says more than the loss.
                    end = client.ended() => if let End::Refused(_) = end { return Outcome::Ended(end) },
                    () = shutdown.requested() => {}
                    () = tokio::time::sleep(STOP_LIMIT) => {}
                }
            }
            client.abandon();
            return Outcome::Lost(loss);
        }
    }
}

/// Why the client has to be left, if it has to.
fn loss(core: &Core, looks_without_beat: u32) -> Option<Loss> {
    if looks_without_beat >= STALLED_LOOKS {
        tracing::warn!(
            "the gateway client stands still, as it does when Discord closes the connection without a reason; another \
             takes its place"
        );
        return Some(Loss::Stalled);
    }
    if core.link.logins().are_too_many() {
        tracing::warn!(
            "the gateway client logs in again and again; it is stopped for a while, or the logins of a day would be used up"
        );
        return Some(Loss::Restless);
    }
    let limit = SILENCE_LIMIT + SILENCE_PER_SHARD * core.link.shard_count();
    let silence = core.link.silence().filter(|silence| *silence > limit)?;
    tracing::warn!(silence_s = silence.as_secs(), "the gateway connection shows no life; it is begun anew");
    Some(Loss::Silent)
}

/// Takes down how the shards are doing; `true` if one has become connected.
async fn look(core: &Core, client: &Client) -> bool {
    let mut connected = false;
    // A client that stands still may hold the lock.
    let Ok(seen) = tokio::time::timeout(LOOK, client.look()).await else { return false };
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

/// Decides whether Muster may connect again after this end, and whether it counts as a loss.
fn consider(core: &Core, end: End) -> Result<Option<Loss>, GatewayFatal> {
    match end {
        End::Stopped => Ok(Some(Loss::Silent)),
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
            Ok(None)
        }
        End::Refused(error) => Err(GatewayFatal::Intents(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_are_lost_one_after_the_other_follow_each_other_ever_more_slowly() {
        let (short, long) = (Duration::from_secs(3), Duration::from_hours(1));
        let once = next_gap(LOGIN_GAP, short, Some(Loss::Stalled));
        assert_eq!(next_gap(once, short, Some(Loss::Silent)), LOGIN_GAP * 4);
        assert_eq!(next_gap(LOGIN_GAP_MAX, long, Some(Loss::Restless)), LOGIN_GAP_MAX);
        assert_eq!(next_gap(LOGIN_GAP_MAX, long, Some(Loss::Stalled)), LOGIN_GAP);
    }
}
