//! Allowed mentions (<https://discord.com/developers/docs/resources/message#allowed-mentions-object>).

use serde_json::Value;

use super::finding::{At, Findings};

pub(super) fn check(message: &At<'_>, findings: &mut Findings) {
    let Some(allowed) = message.field("allowed_mentions") else { return };
    let parsed: Vec<&str> = allowed
        .value
        .get("parse")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for kind in ["users", "roles"] {
        findings.count("allowed_mentions.count", &allowed, kind, 0, 100);
        let listed = allowed.items(kind);
        if !listed.is_empty() && parsed.contains(&kind) {
            let found = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            findings.refuse(
                "allowed_mentions.exclusive",
                allowed.here(),
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                found,
            );
        }
        let ids = listed.iter().filter_map(|id| Some((id.here().to_owned(), id.value.as_str()?)));
        findings.unique("allowed_mentions.unique", "SET_TYPE_ALREADY_CONTAINS_VALUE", ids);
    }
    for kind in parsed {
        if !["users", "roles", "everyone"].contains(&kind) {
            findings.refuse("allowed_mentions.parse", &allowed.path("parse"), "BASE_TYPE_CHOICES", kind);
        }
    }
}
