//! Telling Discord which commands there are, but only when that changed: there is a daily limit.

use serde_json::Value;

use super::core::Core;
use super::failure::EdgeError;
use super::failure::chain;
use super::routes;
use crate::commands;

/// Registers the commands unless Discord has exactly these.
pub(super) async fn register(core: &Core, application: u64) {
    match try_register(core, application).await {
        Ok(true) => tracing::info!("registered the commands"),
        Ok(false) => {}
        Err(error) => {
            let error = chain(&error);
            tracing::error!(error, "cannot register the commands; the next session tries again");
        }
    }
}

async fn try_register(core: &Core, application: u64) -> Result<bool, EdgeError> {
    let wanted = commands::registrations();
    let fingerprint = fingerprint(application, &wanted);
    let known = core.registry.command_fingerprint().await?;
    if known.as_deref() == Some(fingerprint.as_str()) {
        return Ok(false);
    }
    // After the loss of the system store Discord may still have them, and registering counts.
    let present = if known.is_none() {
        core.sender.ask::<Value>(routes::commands(application)).await.is_ok_and(|found| same(&wanted, &found))
    } else {
        false
    };
    if !present {
        core.sender.tell(routes::replace_commands(application, &wanted)).await?;
    }
    core.registry.set_command_fingerprint(&fingerprint).await?;
    Ok(!present)
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
    fn a_fingerprint_changes_with_application_and_commands() {
        let commands = json!([{ "name": "help" }]);
        assert_eq!(fingerprint(1, &commands), fingerprint(1, &commands));
        assert_ne!(fingerprint(1, &commands), fingerprint(2, &commands));
        assert_ne!(fingerprint(1, &commands), fingerprint(1, &json!([{ "name": "helq" }])));
    }
}
