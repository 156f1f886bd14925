//! `/about`: the version, and how Muster is doing in this guild.

use super::call::Call;
use super::error::CommandError;
use super::reply::Reply;
use crate::app::MembersMode;
use crate::domain::text;
use crate::storage::StoreHealth;

/// Shows version, latency, and the health of the guild's store.
pub(super) async fn run(call: Call<'_>) -> Result<Reply, CommandError> {
    let latency = match call.discord().gateway_latency() {
        Some(latency) => format!("{} ms", latency.as_millis()),
        None => "not measured yet".to_owned(),
    };
    let members = match call.discord().members_mode() {
        MembersMode::Complete => "I know them all",
        MembersMode::Degraded => "I know only those I have met, for want of the Server Members Intent",
    };
    let health = health(call).await?;
    let lines = [
        format!("Version: {}", env!("CARGO_PKG_VERSION")),
        format!("Latency to Discord: {latency}"),
        format!("Members: {members}"),
        format!("Data of this server: {health}"),
        "`/help` shows the first steps.".to_owned(),
    ];
    Ok(Reply::page("About Muster", &lines.join("\n")))
}

/// How the guild's store is doing, in words.
async fn health(call: Call<'_>) -> Result<String, CommandError> {
    let store = match call.store().await {
        Ok(Some(store)) => store,
        Ok(None) => return Ok("none yet; it begins with the first event".to_owned()),
        Err(CommandError::Quarantined) => {
            return Ok(
                "set aside, because it cannot be read; whoever runs me finds the reason in my log".to_owned()
            );
        }
        Err(error) => return Err(error),
    };
    Ok(in_words(&store.guild().check().await?))
}

fn in_words(health: &StoreHealth) -> String {
    let state = if health.integrity == "ok" { "sound" } else { "damaged; whoever runs me should look at it" };
    let events = text::count(health.live_events, "running event", "running events");
    let log = text::count(health.log_rows, "reminder in the log", "reminders in the log");
    format!("{state}, {} KiB, {events}, {log}", health.size_bytes.div_ceil(1024))
}
