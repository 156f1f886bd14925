//! Where the gateway is: what Discord said last, and whether it should be asked again.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The gateway's URL, shared by all shards.
#[derive(Debug)]
pub(in crate::discord) struct Address {
    url: Mutex<String>,
    doubted: Notify,
}

impl Address {
    /// What Discord said.
    pub(in crate::discord) fn new(url: &str) -> Self {
        Self { url: Mutex::new(base(url)), doubted: Notify::new() }
    }

    /// Where to connect to.
    pub(super) fn url(&self) -> String {
        self.url.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Discord said something else.
    pub(in crate::discord) fn set(&self, url: &str) {
        *self.url.lock().unwrap_or_else(PoisonError::into_inner) = base(url);
    }

    /// Nobody is there: whoever can should ask Discord again.
    pub(super) fn doubt(&self) {
        self.doubted.notify_one();
    }

    /// Returns when somebody doubts the address.
    ///
    /// # Cancel safety
    /// A doubt is not lost when the future is dropped, as long as it was not returned.
    pub(in crate::discord) async fn doubted(&self) {
        self.doubted.notified().await;
    }
}

/// A URL without the end that twilight adds by itself.
fn base(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned()
}

/// A URL that READY gives for resuming, if it can be one; twilight panics at others.
pub(super) fn resume_url(url: &str) -> Option<String> {
    let parsed = reqwest::Url::parse(url).ok()?;
    (matches!(parsed.scheme(), "ws" | "wss") && parsed.has_host()).then(|| base(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_twilight_appends_to_an_address_is_not_there_twice() {
        assert_eq!(Address::new("wss://gateway.discord.gg/?v=9").url(), "wss://gateway.discord.gg");
        assert_eq!(resume_url("wss://g.discord.gg/").as_deref(), Some("wss://g.discord.gg"));
        for bad in ["", "?", "gateway", "https://discord.com", "wss://", "wss://a b"] {
            assert_eq!(resume_url(bad), None, "{bad}");
        }
    }
}
