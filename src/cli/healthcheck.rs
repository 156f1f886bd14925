//! `muster healthcheck`: asks the running bot, through its HTTP port, whether it is ready.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::{Failure, output, small_runtime};
use crate::config::Config;

/// Docker gives a check 30 seconds by default; an answer that takes longer than this is none.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn healthcheck(config: &Config) -> Result<(), Failure> {
    let Some(address) = config.http.listen else {
        return Err(anyhow!("http.listen is empty, so there is no port to ask").into());
    };
    let url = format!("http://{}/readyz", reachable(address));
    let (status, text) = small_runtime()?.block_on(ask(&url))?;
    if status.is_success() {
        output::say("ready")?;
        Ok(())
    } else {
        Err(anyhow!("not ready: {}", text.trim()).into())
    }
}

async fn ask(url: &str) -> anyhow::Result<(reqwest::StatusCode, String)> {
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
    let response = client.get(url).send().await.with_context(|| format!("nobody answers at {url}"))?;
    Ok((response.status(), response.text().await?))
}

/// The address at which this machine reaches a listener that may listen everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
