//! Where the gateway is, and how many logins Discord leaves for today.
//!
//! Source: <https://docs.discord.com/developers/events/gateway#get-gateway-bot>

use std::time::Duration;

use super::core::Core;
use super::routes;
use super::supervisor::GatewayFatal;
use super::wire::WireGateway;

/// Logins that are left to the operator: below them, Muster waits until Discord fills up the budget. At zero Discord
/// resets the bot's token.
const LOGINS_KEPT: u32 = 20;
const BACKOFF_MIN: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Asks where the gateway is until Discord says so and allows a login.
///
/// # Errors
/// [`GatewayFatal::Token`] if Discord says in its own words that it does not accept it; a bare refusal may be of something in
/// front of it.
pub(super) async fn find_gateway(core: &Core) -> Result<WireGateway, GatewayFatal> {
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
            Err(error) if error.rejects_token() => return Err(GatewayFatal::Token),
            Err(error) if error.is_unauthorised() => {
                tracing::warn!(%error, wait_s = backoff.as_secs(), "something in front of Discord refuses the token; trying again");
                backoff
            }
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
    let wait = Duration::from_millis(limit.reset_after).clamp(BACKOFF_MIN, Duration::from_mins(10));
    (limit.remaining < logins_kept(gateway)).then_some(wait)
}

fn logins_kept(gateway: &WireGateway) -> u32 {
    // Small budgets exist only in tests and for bots in verification; those may be used up to the shards needed.
    LOGINS_KEPT.min(gateway.session_start_limit.total / 10).max(gateway.shards)
}

/// How often Muster may log in before it asks again.
pub(super) fn logins_allowed(gateway: &WireGateway) -> u32 {
    gateway.session_start_limit.remaining.saturating_sub(logins_kept(gateway)).max(gateway.shards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::wire::WireSessionLimit;

    fn gateway(total: u32, remaining: u32) -> WireGateway {
        let session_start_limit =
            WireSessionLimit { total, remaining, reset_after: 3_600_000, max_concurrency: 1 };
        WireGateway { url: "wss://gateway.discord.gg".into(), shards: 1, session_start_limit }
    }

    #[test]
    fn a_gateway_that_tells_no_budget_is_used_all_the_same() {
        let gateway: WireGateway = serde_json::from_str(r#"{"url":"wss://d.test"}"#).unwrap();
        assert_eq!((gateway.shards, budget_wait(&gateway)), (1, None));
        let gateway: WireGateway = serde_json::from_str(
            r#"{"url":"wss://d.test","shards":2,"session_start_limit":{"remaining":1}}"#,
        )
        .unwrap();
        assert!(budget_wait(&gateway).is_some());
    }

    #[test]
    fn the_last_logins_of_a_day_are_not_used_up() {
        assert_eq!(budget_wait(&gateway(1_000, 999)), None);
        assert_eq!(budget_wait(&gateway(1_000, 19)), Some(Duration::from_mins(10)));
        assert_eq!(budget_wait(&gateway(10, 1)), None);
        assert_eq!(budget_wait(&gateway(10, 0)), Some(Duration::from_mins(10)));
    }
}
