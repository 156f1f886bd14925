//! Telling Discord which commands there are, but only when that changed: there is a daily limit.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::core::Core;
use super::failure::EdgeError;
use super::failure::chain;
use super::link::Identity;
use super::routes;
use super::sender::CallError;
use crate::commands;
use crate::lifecycle::Shutdown;

/// How soon a registration that failed is tried again, at first and at last.
const AGAIN_MIN: Duration = Duration::from_secs(5);
const AGAIN_MAX: Duration = Duration::from_mins(10);

/// How long a registration that is under way may take when Muster stops, so that it is remembered.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Registers the commands unless Discord has exactly these; once per start, and until it is done or a stop is asked for.
pub(super) async fn run(core: Arc<Core>, shutdown: Shutdown) {
    let work = async {
        tokio::select! {
            () = shutdown.requested() => return,
            () = core.link.identified() => {}
        }
        let mut again = AGAIN_MIN;
        while let Err(error) = register(&core).await {
            let error = chain(&error);
            if again == AGAIN_MIN {
                tracing::error!(error, "cannot register the commands; it is tried again until they are");
            } else {
                tracing::warn!(error, wait_s = again.as_secs(), "cannot register the commands yet");
            }
            tokio::select! {
                () = shutdown.requested() => return,
                () = tokio::time::sleep(again) => {}
            }
            again = (again * 2).min(AGAIN_MAX);
        }
    };
    let stopped = async {
        shutdown.requested().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        () = stopped => {}
        () = work => {}
    }
}

async fn register(core: &Core) -> Result<(), EdgeError> {
    let Some(Identity { application, .. }) = core.link.identity() else { return Ok(()) };
    let wanted = commands::registrations();
    let fingerprint = fingerprint(application, &wanted);
    let known = core.registry.command_fingerprint().await?;
    let unchanged = known.as_deref() == Some(fingerprint.as_str());
    // Somebody may have deleted them, or the memory of them may be lost; registering what is there already counts.
    let present = match core.sender.ask::<Value>(routes::commands(application)).await {
        // What Discord made of them is not compared again: it may write something otherwise than it was registered.
        Ok(found) if unchanged => names(&wanted) == names(&found),
        Ok(found) => known.is_none() && same(&wanted, &found),
        Err(CallError::Unreadable(_)) => unchanged,
        Err(error) => return Err(error.into()),
    };
    if !present {
        core.sender.tell(routes::replace_commands(application, &wanted)).await?;
        tracing::info!("registered the commands");
    }
    if !unchanged {
        core.registry.set_command_fingerprint(&fingerprint).await?;
    }
    Ok(())
}

/// A short text that differs when the application or any command does; stable over restarts and versions of Rust.
fn fingerprint(application: u64, commands: &Value) -> String {
    // FNV-1a with 64 bits: nobody gains anything by a collision.
    let text = format!("{application} {commands}");
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// The names of commands with their kinds, in order.
fn names(commands: &Value) -> Vec<(&str, u64)> {
    let all = commands.as_array().into_iter().flatten();
    // A command without a kind is a slash command.
    let mut names: Vec<_> = all
        .map(|command| (command["name"].as_str().unwrap_or_default(), command["type"].as_u64().unwrap_or(1)))
        .collect();
    names.sort_unstable();
    names
}

/// Whether Discord's list holds exactly the commands wanted. It adds fields of its own, so only what is wanted counts.
fn same(wanted: &Value, found: &Value) -> bool {
    let (Value::Array(wanted), Value::Array(found)) = (wanted, found) else { return false };
    wanted.len() == found.len()
        && wanted.iter().all(|command| found.iter().any(|other| agrees(command, other)))
}

/// Whether `found` says all that `wanted` says; what is empty, false or null may be left out.
fn agrees(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted
            .iter()
            .all(|(key, value)| found.get(key).map_or_else(|| is_void(value), |other| agrees(value, other))),
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(a, b)| agrees(a, b))
        }
        (wanted, found) => wanted == found || (is_void(wanted) && is_void(found)),
    }
}

fn is_void(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn discords_own_fields_make_no_difference_and_ours_do() {
        let wanted = json!([{ "name": "help", "description": "x", "options": [], "name_localizations": {} }]);
        let found = json!([{ "id": "7", "version": "9", "name": "help", "description": "x", "nsfw": false }]);
        assert!(same(&wanted, &found));
        let changed = json!([{ "id": "7", "name": "help", "description": "y" }]);
        assert!(!same(&wanted, &changed));
        assert!(!same(&wanted, &json!([])));
    }

    #[test]
    fn a_command_that_was_deleted_is_missed_whatever_order_the_others_have() {
        let wanted = json!([{ "name": "help" }, { "name": "Watch", "type": 3 }]);
        let found =
            json!([{ "name": "Watch", "type": 3, "id": "7" }, { "name": "help", "type": 1, "id": "8" }]);
        assert_eq!(names(&wanted), names(&found));
        assert_ne!(names(&wanted), names(&json!([{ "name": "help", "type": 1 }])));
    }

    #[test]
    fn a_fingerprint_changes_with_application_and_commands() {
        let commands = json!([{ "name": "help" }]);
        assert_eq!(fingerprint(1, &commands), fingerprint(1, &commands));
        assert_ne!(fingerprint(1, &commands), fingerprint(2, &commands));
        assert_ne!(fingerprint(1, &commands), fingerprint(1, &json!([{ "name": "helq" }])));
    }
}
