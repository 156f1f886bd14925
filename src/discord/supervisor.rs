//! Keeps Muster connected to the gateway, and ends it with a sentence where that is hopeless.
//!
//! The shards come back from every loss by themselves. What is left to do here is to ask Discord where its gateway is, to
//! grant logins, and to begin anew where Discord refuses what a shard asked for.

use std::sync::Arc;
use std::time::Duration;

use twilight_gateway::Intents;

use super::connection::{Address, Connection, End, Plan};
use super::core::Core;
use super::gateway_address::find_gateway;
use super::logins::Logins;
use super::wire::WireGateway;
use crate::config::{MembersIntent, Token};
use crate::lifecycle::Shutdown;

/// How often the latency is noted.
const LOOK: Duration = Duration::from_secs(1);
/// How long a connection that was told to stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait before shards begin anew that Discord refused.
const AGAIN: Duration = Duration::from_secs(1);

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
    /// Discord refuses the other intents, or this version of its gateway.
    #[error(
        "Discord's gateway does not accept what Muster asks for (close code {0}); this version of Muster may be too old: look \
         for a newer one."
    )]
    Version(u16),
    /// The shards' thread ended.
    #[error("The gateway connection ended unexpectedly; the log above says why.")]
    Died,
    /// The system gives no thread.
    #[error("The gateway connection cannot be started: {0}.")]
    Thread(#[from] std::io::Error),
}

/// Connects and stays connected until a stop is asked for.
///
/// # Errors
/// [`GatewayFatal`], a sentence for the operator.
pub(super) async fn run(core: &Core, token: &Token, shutdown: &Shutdown) -> Result<(), GatewayFatal> {
    if core.config.discord.members_intent == MembersIntent::Off {
        core.link.degrade();
    }
    let mut logins = Logins::open(core).await;
    // More shards than Discord names, where it refuses as few as that.
    let mut at_least = 1;
    loop {
        let found = tokio::select! {
            () = shutdown.requested() => return Ok(()),
            found = find_gateway(core) => found?,
        };
        let shards = found.shards.max(at_least);
        begin(core, &found, shards);
        let address = Arc::new(Address::new(&found.url));
        let mut connection = Connection::start(Plan {
            shards,
            intents: intents(core),
            address: Arc::clone(&address),
            desk: logins.desk(),
            token: token.clone(),
            inbox: core.inbox.clone(),
            link: Arc::clone(&core.link),
        })?;
        let end = tokio::select! {
            () = shutdown.requested() => {
                connection.stop();
                drop(tokio::time::timeout(STOP_LIMIT, connection.ended()).await);
                return Ok(());
            }
            end = connection.ended() => end,
            never = logins.grant(core, &found, shards) => match never? {},
            never = look_after(core, &address) => match never? {},
        };
        consider(core, end)?;
        if end == End::Refused(4011) && !core.link.has_served() {
            at_least = shards.saturating_add(1);
        }
        core.link.begin(shards);
        tokio::select! {
            () = shutdown.requested() => return Ok(()),
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

fn begin(core: &Core, found: &WireGateway, shards: u32) {
    let shards_before = core.link.shard_count();
    if shards_before != 0 && shards_before != shards {
        tracing::warn!(shards_before, shards, "there is another number of shards than before");
    }
    core.link.begin(shards);
    let logins_left = found.session_start_limit.remaining;
    tracing::info!(shards, logins_left, "connecting to Discord");
}

fn intents(core: &Core) -> Intents {
    let basic = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_MESSAGE_REACTIONS;
    if core.link.is_degraded() { basic } else { basic | Intents::GUILD_MEMBERS }
}

/// Notes the latency, and asks Discord again where its gateway is when nobody is there.
async fn look_after(core: &Core, address: &Address) -> Result<std::convert::Infallible, GatewayFatal> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {
                if let Some(latency) = core.link.latency() {
                    metrics::gauge!("muster_gateway_latency_seconds").set(latency.as_secs_f64());
                }
            }
            () = address.doubted() => address.set(&find_gateway(core).await?.url),
        }
    }
}

/// Decides whether Muster may connect again after this end.
fn consider(core: &Core, end: End) -> Result<(), GatewayFatal> {
    match end {
        End::Stopped => Ok(()),
        End::Died => Err(GatewayFatal::Died),
        End::Refused(4004) => Err(GatewayFatal::Token),
        End::Refused(refusal @ (4010 | 4011)) => {
            tracing::warn!(
                close_code = refusal,
                "Discord wants another number of shards; it is asked how many, and all begin anew"
            );
            Ok(())
        }
        End::Refused(4014) => {
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
        End::Refused(refusal) => Err(GatewayFatal::Version(refusal)),
    }
}
