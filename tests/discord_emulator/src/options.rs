//! What a test may choose before its Discord starts.

use std::time::Duration;

use crate::gateway::Intents;

/// The choices, with Discord's own values as defaults wherever a test could bear them.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) token: String,
    pub(crate) intents_allowed: Intents,
    pub(crate) shards: u32,
    pub(crate) rate_limits: bool,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) resume_window: Duration,
    pub(crate) identify_interval: Duration,
    pub(crate) max_concurrency: u32,
    pub(crate) session_starts: u32,
    pub(crate) members_request_interval: Duration,
    pub(crate) compress_from_bytes: usize,
    pub(crate) guilds_per_shard: usize,
    pub(crate) check_requests: bool,
    pub(crate) check_responses: bool,
    pub(crate) nonce_window: Duration,
    pub(crate) interaction_deadline: Duration,
    pub(crate) interaction_lifetime: Duration,
    pub(crate) attachment_size_limit: u64,
    pub(crate) wait_deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            token: "MTA.emulator.token".to_owned(),
            intents_allowed: Intents::ALL,
            shards: 1,
            rate_limits: true,
            heartbeat_interval: Duration::from_millis(41_250),
            resume_window: Duration::from_mins(3),
            identify_interval: Duration::from_secs(5),
            max_concurrency: 1,
            session_starts: 1000,
            members_request_interval: Duration::from_secs(30),
            compress_from_bytes: 16 * 1024,
            guilds_per_shard: 2500,
            check_requests: true,
            check_responses: false,
            nonce_window: Duration::from_mins(3),
            interaction_deadline: Duration::from_secs(3),
            interaction_lifetime: Duration::from_mins(15),
            attachment_size_limit: 10 * 1024 * 1024,
            wait_deadline: Duration::from_secs(10),
        }
    }
}

/// Builds an [`Emulator`](crate::Emulator) that differs from the usual Discord.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    pub(crate) options: Options,
}

impl Builder {
    /// The port to listen on; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.options.port = port;
        self
    }

    /// The bot's token. Any other is refused with 401 and close code 4004.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.options.token = token.into();
        self
    }

    /// The privileged intents that the application's owner has switched on, beside all that need no switch.
    ///
    /// All are on by default; asking for one that is off closes the connection with 4014.
    pub fn intents_allowed(mut self, privileged: Intents) -> Self {
        self.options.intents_allowed = (Intents::ALL - Intents::PRIVILEGED) | privileged;
        self
    }

    /// The number of shards that `GET /gateway/bot` recommends.
    pub fn shards(mut self, shards: u32) -> Self {
        self.options.shards = shards;
        self
    }

    /// Whether there are rate limits: their headers and, for too many requests, 429. They are on by default.
    pub fn rate_limits(mut self, enforced: bool) -> Self {
        self.options.rate_limits = enforced;
        self
    }

    /// The interval of heartbeats that HELLO asks for; 41.25 s as with Discord.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.options.heartbeat_interval = interval;
        self
    }

    /// How long a session without a connection can be resumed; 3 minutes.
    pub fn resume_window(mut self, window: Duration) -> Self {
        self.options.resume_window = window;
        self
    }

    /// The time that must lie between two IDENTIFYs of one bucket; 5 s as with Discord.
    pub fn identify_interval(mut self, interval: Duration) -> Self {
        self.options.identify_interval = interval;
        self
    }

    /// How many shards may identify within one [`identify_interval`](Self::identify_interval); 1.
    pub fn max_concurrency(mut self, shards: u32) -> Self {
        self.options.max_concurrency = shards.max(1);
        self
    }

    /// How many sessions may be started in a day before the token is reset; 1000.
    pub fn session_starts(mut self, starts: u32) -> Self {
        self.options.session_starts = starts;
        self
    }

    /// How often all members of one guild may be requested over the gateway; once in 30 s.
    pub fn members_request_interval(mut self, interval: Duration) -> Self {
        self.options.members_request_interval = interval;
        self
    }

    /// Payloads of this many bytes and more are compressed for clients that asked for it.
    pub fn compress_from_bytes(mut self, bytes: usize) -> Self {
        self.options.compress_from_bytes = bytes;
        self
    }

    /// How many guilds one shard may have before it is closed with 4011; 2500 as with Discord.
    pub fn guilds_per_shard(mut self, guilds: usize) -> Self {
        self.options.guilds_per_shard = guilds;
        self
    }

    /// Whether requests are held against Discord's description and limits. It is what costs most of a request, so that a
    /// benchmark, in which this Discord shares the machine with the bot, may do without.
    pub fn check_requests(mut self, checked: bool) -> Self {
        self.options.check_requests = checked;
        self
    }

    /// Whether the emulator's own answers are held against Discord's description as well, for its own tests; what
    /// it gets wrong appears among the violations as `emulator.response`.
    pub fn check_responses(mut self, checked: bool) -> Self {
        self.options.check_responses = checked;
        self
    }

    /// How long a nonce is remembered for `enforce_nonce`; 3 minutes.
    pub fn nonce_window(mut self, window: Duration) -> Self {
        self.options.nonce_window = window;
        self
    }

    /// How long an interaction waits for its first response; 3 s as with Discord.
    pub fn interaction_deadline(mut self, deadline: Duration) -> Self {
        self.options.interaction_deadline = deadline;
        self
    }

    /// How long the token of an answered interaction lives; 15 minutes as with Discord.
    pub fn interaction_lifetime(mut self, lifetime: Duration) -> Self {
        self.options.interaction_lifetime = lifetime;
        self
    }

    /// How many bytes one uploaded file may have, as interactions say; 10 MiB as for a bot in a guild without boosts. A
    /// larger one is refused with 413.
    pub fn attachment_size_limit(mut self, bytes: u64) -> Self {
        self.options.attachment_size_limit = bytes;
        self
    }

    /// How long a test waits for what it expects before it fails; 10 s.
    pub fn wait_deadline(mut self, deadline: Duration) -> Self {
        self.options.wait_deadline = deadline;
        self
    }
}
