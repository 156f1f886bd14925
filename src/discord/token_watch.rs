//! A token that Discord does not accept any more: nothing that is sent will work, so the process ends with a sentence.
//!
//! The gateway says so by close code 4004, but only when it is connected anew. A single refusal proves nothing: whatever stands
//! in front of Discord may make one.

use std::time::Duration;

use super::core::Core;
use super::routes;
use super::supervisor::GatewayFatal;
use super::wire::WireGateway;
use crate::lifecycle::Shutdown;

/// How often Discord has to say it again before it is believed.
const CONFIRMATIONS: usize = 2;
/// The time between them.
const BETWEEN: Duration = Duration::from_secs(1);
/// How long a doubt rests that was not confirmed.
const REST: Duration = Duration::from_mins(1);

/// Looks into every refusal of the token until a stop is asked for.
///
/// # Errors
/// [`GatewayFatal::Token`] once Discord has confirmed it.
pub(super) async fn run(core: &Core, shutdown: &Shutdown) -> Result<(), GatewayFatal> {
    loop {
        tokio::select! {
            () = shutdown.requested() => return Ok(()),
            () = core.sender.token_rejected() => {}
        }
        if is_confirmed(core).await {
            return Err(GatewayFatal::Token);
        }
        tracing::warn!(
            "Discord refused the token once and then took it again; something in front of it may have done that"
        );
        tokio::select! {
            () = shutdown.requested() => return Ok(()),
            () = tokio::time::sleep(REST) => {}
        }
    }
}

async fn is_confirmed(core: &Core) -> bool {
    for _ in 0..CONFIRMATIONS {
        match core.sender.ask::<WireGateway>(routes::gateway_bot()).await {
            Err(error) if error.rejects_token() => tokio::time::sleep(BETWEEN).await,
            _ => return false,
        }
    }
    true
}
