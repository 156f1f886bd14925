//! Rate limits: per route and resource, for everything together, and for requests that should not have been made.
//!
//! Discord does not publish the limits of routes; those in [`ROUTES`] are what bots meet in practice. The global
//! limit and the one for invalid requests are documented:
//! <https://discord.com/developers/docs/topics/rate-limits>.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::api::{ApiRequest, ApiResponse};
use crate::faults::RateLimitScope;

/// Requests per second over all routes.
const GLOBAL_PER_SECOND: u32 = 50;

/// Responses of 401, 403 and 429 in [`INVALID_WINDOW`] after which an address is banned for a while.
const INVALID_REQUESTS: u32 = 10_000;
const INVALID_WINDOW: Duration = Duration::from_mins(10);

/// Buckets and their counters.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    counters: Mutex<Counters>,
}

#[derive(Debug, Default)]
struct Counters {
    buckets: HashMap<String, Window>,
    global: Option<Window>,
    invalid: Option<Window>,
    /// What a test chose instead of the usual limit of a route.
    chosen: HashMap<(Method, String), Limit>,
}

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) requests: u32,
    pub(crate) per: Duration,
}

/// One running window of a limit.
#[derive(Clone, Copy, Debug)]
struct Window {
    since: Instant,
    used: u32,
}

impl Window {
    /// The window that is open now: this one, or a new one.
    fn current(window: Option<Self>, now: Instant, per: Duration) -> Self {
        window.filter(|window| now.duration_since(window.since) < per).unwrap_or(Self { since: now, used: 0 })
    }

    fn left(self, now: Instant, per: Duration) -> Duration {
        (self.since + per).saturating_duration_since(now)
    }
}

/// What a request may do.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It may go on, and its answer carries these headers.
    Pass(Vec<(&'static str, String)>),
    /// It may not.
    Refuse(ApiResponse),
}

impl RateLimits {
    /// Counts a request.
    pub(crate) fn take(&self, request: &ApiRequest) -> Verdict {
        let Some(template) = request.template else { return Verdict::Pass(Vec::new()) };
        let now = Instant::now();
        let mut counters = self.counters();
        let banned = Window::current(counters.invalid, now, INVALID_WINDOW);
        if banned.used >= INVALID_REQUESTS {
            return Verdict::Refuse(banned_for(banned.left(now, INVALID_WINDOW)));
        }
        if !is_interaction(template) {
            let mut global = Window::current(counters.global, now, Duration::from_secs(1));
            if global.used >= GLOBAL_PER_SECOND {
                let wait = global.left(now, Duration::from_secs(1));
                return Verdict::Refuse(too_many(RateLimitScope::Global, wait));
            }
            global.used += 1;
            counters.global = Some(global);
        }
        let chosen = counters.chosen.get(&(request.method.clone(), template.to_owned())).copied();
        let Some(limit) = chosen.or_else(|| route_limit(&request.method, template)) else {
            return Verdict::Pass(Vec::new());
        };
        let bucket = bucket(request, template);
        let mut window = Window::current(counters.buckets.get(&bucket).copied(), now, limit.per);
        let is_over = window.used >= limit.requests;
        window.used += u32::from(!is_over);
        counters.buckets.insert(bucket, window);
        let headers = headers(request, template, limit, window, now);
        if !is_over {
            return Verdict::Pass(headers);
        }
        let refusal = too_many(RateLimitScope::User, window.left(now, limit.per));
        Verdict::Refuse(headers.iter().fold(refusal, |refusal, (name, value)| refusal.header(name, value)))
    }

    /// Counts an answer that counts against the address, whoever made it.
    pub(crate) fn note(&self, response: &ApiResponse) {
        let is_shared = response.headers.get("x-ratelimit-scope").is_some_and(|scope| scope == "shared");
        if !matches!(response.status.as_u16(), 401 | 403 | 429) || is_shared {
            return;
        }
        let mut counters = self.counters();
        let mut window = Window::current(counters.invalid, Instant::now(), INVALID_WINDOW);
        window.used += 1;
        counters.invalid = Some(window);
    }

    /// How many answers of 401, 403 and 429 count against the address now.
    pub(crate) fn invalid_requests(&self) -> u32 {
        let window = self.counters().invalid;
        Window::current(window, Instant::now(), INVALID_WINDOW).used
    }

    /// Sets the limit of a route.
    pub(crate) fn choose(&self, method: Method, template: &str, limit: Limit) {
        self.counters().chosen.insert((method, template.to_owned()), limit);
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A 429 as Discord words it.
pub(crate) fn too_many(scope: RateLimitScope, wait: Duration) -> ApiResponse {
    let is_global = scope == RateLimitScope::Global;
    let scope_name = match scope {
        RateLimitScope::User => "user",
        RateLimitScope::Global => "global",
        RateLimitScope::Shared => "shared",
    };
    // Discord rounds to milliseconds; a wait of nothing would invite the same refusal.
    let seconds = f64::max((wait.as_secs_f64() * 1000.0).ceil() / 1000.0, 0.001);
    let body = json!({
        "message": if scope == RateLimitScope::Shared { "The resource is being rate limited." } else { "You are being rate limited." },
        "retry_after": seconds,
        "global": is_global,
    });
    let response = ApiResponse::with_status(StatusCode::TOO_MANY_REQUESTS, body)
        .header("retry-after", &(wait + Duration::from_millis(999)).as_secs().max(1).to_string())
        .header("x-ratelimit-scope", scope_name);
    if is_global { response.header("x-ratelimit-global", "true") } else { response }
}

fn banned_for(wait: Duration) -> ApiResponse {
    ApiResponse::with_status(StatusCode::TOO_MANY_REQUESTS, json!("error code: 1015"))
        .header("retry-after", &wait.as_secs().max(1).to_string())
}

/// Interaction endpoints do not count against the global limit.
fn is_interaction(template: &str) -> bool {
    template.starts_with("/interactions/") || template.starts_with("/webhooks/{webhook_id}/{webhook_token}")
}

/// A bucket is a route and, in it, one channel, guild or webhook
/// (<https://discord.com/developers/docs/topics/rate-limits>).
fn bucket(request: &ApiRequest, template: &str) -> String {
    let major = ["channel_id", "guild_id", "webhook_id", "webhook_token"]
        .map(|name| request.param(name).unwrap_or_default());
    format!("{} {template} {}", request.method, major.join(" "))
}

fn headers(
    request: &ApiRequest,
    template: &str,
    limit: Limit,
    window: Window,
    now: Instant,
) -> Vec<(&'static str, String)> {
    let left = window.left(now, limit.per);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    vec![
        ("x-ratelimit-limit", limit.requests.to_string()),
        ("x-ratelimit-remaining", limit.requests.saturating_sub(window.used).to_string()),
        ("x-ratelimit-reset", format!("{:.3}", (since_1970 + left).as_secs_f64())),
        ("x-ratelimit-reset-after", format!("{:.3}", left.as_secs_f64())),
        ("x-ratelimit-bucket", bucket_name(&request.method, template)),
    ]
}

/// The same route has the same opaque name, whatever it is called on.
fn bucket_name(method: &Method, template: &str) -> String {
    let fold = |seed: u64| {
        let bytes = method.as_str().bytes().chain(template.bytes());
        bytes.fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    format!("{:016x}{:016x}", fold(0xcbf2_9ce4_8422_2325), fold(0x8422_2325_cbf2_9ce4))
}

/// Methods (none for all), a part of the route, and how many requests in how many milliseconds. The first that fits
/// counts; what is in none of them comes last.
const ROUTES: &[(&[&str], &str, u32, u64)] = &[
    (&[], "/webhooks/{webhook_id}/{webhook_token}", 5, 2000),
    (&["PUT", "DELETE"], "/reactions", 1, 250),
    (&["GET"], "/reactions", 5, 1000),
    (&["POST", "PATCH"], "/channels/{channel_id}/messages", 5, 5000),
    (&["DELETE"], "/channels/{channel_id}/messages/{message_id}", 5, 1000),
    (&["PUT"], "/commands", 2, 20_000),
    (&["POST"], "/commands", 5, 20_000),
    (&["PATCH"], "/channels/{channel_id}", 5, 15_000),
    (&[], "/users/@me/channels", 10, 10_000),
    (&["GET"], "/guilds/{guild_id}/members/{user_id}", 5, 2000),
    (&["GET"], "/guilds/{guild_id}/members", 10, 10_000),
    (&[], "/scheduled-events", 5, 5000),
    (&["GET"], "/", 10, 1000),
    (&[], "/", 10, 10_000),
];

/// The usual limit of a route.
fn route_limit(method: &Method, template: &str) -> Option<Limit> {
    if template.starts_with("/gateway") || template.starts_with("/interactions/") {
        return None;
    }
    let fits = |methods: &[&str], part: &str| {
        (methods.is_empty() || methods.contains(&method.as_str())) && template.contains(part)
    };
    let (_, _, requests, millis) = *ROUTES.iter().find(|(methods, part, ..)| fits(methods, part))?;
    Some(Limit { requests, per: Duration::from_millis(millis) })
}
