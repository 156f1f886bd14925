//! The port for health and metrics, as a probe or Prometheus asks it.

use std::net::TcpListener;

/// A free address of this machine.
pub(crate) fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Asks for a page: status and text; status 0 if nobody answers.
pub(crate) async fn get(address: &str, path: &str) -> (u16, String) {
    match reqwest::get(format!("http://{address}{path}")).await {
        Ok(response) => (response.status().as_u16(), response.text().await.unwrap()),
        Err(_) => (0, String::new()),
    }
}
