//! The handle that tests hold.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::http::Method;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::faults::Faults;
use crate::gateway::{Gateway, Hub};
use crate::inner::Inner;
use crate::options::Builder;
use crate::ratelimit::{Limit, RateLimits};
use crate::recorder::{RecordedRequest, Recorder, Violation};
use crate::server;
use crate::world::World;

/// One Discord of its own. Clones are handles to the same one; it ends with the last of them.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) inner: Arc<Inner>,
    /// Ends the server when the last handle is gone; the server itself holds only `inner`.
    _server: Arc<Server>,
}

struct Server(CancellationToken);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Emulator {
    /// Starts a Discord with the usual choices on a free port.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn start() -> std::io::Result<Self> {
        Self::builder().start().await
    }

    /// Chooses how this Discord differs from the usual one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What replaces `https://discord.com` in a client: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.inner.port)
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.inner.options.token
    }

    /// The gateway: its sessions, and what can be done to them.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        Gateway { inner: Arc::clone(&self.inner) }
    }

    /// What is scripted to go wrong with requests.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.inner.faults.clone()
    }

    /// Every request to the HTTP API so far, in order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.inner.recorder.requests()
    }

    /// The requests of one method to one route, `/channels/{}/messages`: a segment in braces stands for anything.
    #[must_use]
    pub fn requests_to(&self, method: &Method, route: &str) -> Vec<RecordedRequest> {
        self.requests().into_iter().filter(|request| request.is(method, route)).collect()
    }

    /// How many of the requests so far are such ones; for long runs, since nothing is copied.
    #[must_use]
    pub fn count_requests(&self, is_such: impl Fn(&RecordedRequest) -> bool) -> usize {
        self.inner.recorder.count(is_such)
    }

    /// How long each interaction since this instant waited for the request that acknowledged it, in no order; `None` while
    /// it waits. Those whose token died long ago are forgotten.
    #[must_use]
    pub fn acknowledgements(&self, since: Instant) -> Vec<Option<Duration>> {
        let world = self.inner.world();
        let meant = world.interactions.values().filter(|interaction| interaction.told >= since);
        meant.map(|interaction| interaction.acknowledged_after).collect()
    }

    /// The requests to routes that this Discord does not have.
    #[must_use]
    pub fn unknown_routes(&self) -> Vec<RecordedRequest> {
        self.inner.recorder.unknown_routes()
    }

    /// Forgets the requests so far, for tests that run long; later ones keep their numbers, violations stay.
    pub fn forget_requests(&self) {
        self.inner.recorder.forget_requests();
    }

    /// Everything so far that Discord forbids or its description does not know.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.inner.recorder.violations()
    }

    /// Takes the violations out, for a test that provokes them.
    #[must_use]
    pub fn take_violations(&self) -> Vec<Violation> {
        self.inner.recorder.take_violations()
    }

    /// How many answers of 401, 403 and 429 count towards a ban of the address.
    #[must_use]
    pub fn invalid_requests(&self) -> u32 {
        self.inner.limits.invalid_requests()
    }

    /// Sets the rate limit of one route, given by its template as in
    /// [`RecordedRequest::template`](crate::RecordedRequest::template).
    pub fn limit_route(&self, method: Method, template: &str, requests: u32, per: Duration) {
        self.inner.limits.choose(method, template, Limit { requests, per });
    }

    /// Fails the test if any request broke a rule or went to a route that does not exist.
    ///
    /// # Panics
    ///
    /// With a list of what was wrong.
    #[track_caller]
    pub fn assert_clean(&self) {
        let violations = self.violations().iter().map(ToString::to_string).collect::<Vec<_>>();
        let unknown = self
            .unknown_routes()
            .iter()
            .map(|request| format!("{request}: unknown route"))
            .collect::<Vec<_>>();
        let list = [violations, unknown].concat();
        assert!(list.is_empty(), "Discord would object:\n  {}", list.join("\n  "));
    }
}

impl Builder {
    /// Starts the emulator.
    ///
    /// # Errors
    ///
    /// When the port cannot be bound.
    pub async fn start(self) -> std::io::Result<Emulator> {
        let listener = TcpListener::bind(("127.0.0.1", self.options.port)).await?;
        let shutdown = CancellationToken::new();
        let inner = Arc::new(Inner {
            world: Mutex::new(World::new(&self.options)),
            hub: Hub::default(),
            recorder: Recorder::default(),
            faults: Faults::default(),
            limits: RateLimits::default(),
            port: listener.local_addr()?.port(),
            options: self.options,
            changed: watch::Sender::new(0),
            shutdown: shutdown.clone(),
        });
        tokio::spawn(server::run(Arc::clone(&inner), listener));
        Ok(Emulator { inner, _server: Arc::new(Server(shutdown)) })
    }
}
