//! Everything that needs only a few lines: channels, roles, members, invites, scheduled events, bulk deletion.

use serde_json::Value;

use super::finding::{At, Findings};

const EXTERNAL: i64 = 3;

/// <https://discord.com/developers/docs/resources/guild-scheduled-event>
pub(super) fn scheduled_event(body: &Value, findings: &mut Findings) {
    let event = At::new(body, "");
    findings.length("event.name", &event, "name", 1, 100);
    findings.length("event.description", &event, "description", 1, 1000);
    if let Some(place) = event.field("entity_metadata") {
        findings.length("event.location", &place, "location", 1, 100);
    }
    if event.number("entity_type") != Some(EXTERNAL) {
        return;
    }
    if event.field("entity_metadata").is_none_or(|place| place.text("location").is_none()) {
        findings.refuse("event.location", "entity_metadata", "BASE_TYPE_REQUIRED", "This field is required");
    }
    findings.required("event.end", &event, "scheduled_end_time");
}

/// <https://discord.com/developers/docs/resources/channel>
pub(super) fn channel(body: &Value, findings: &mut Findings) {
    let channel = At::new(body, "");
    findings.length("channel.name", &channel, "name", 1, 100);
    findings.length("channel.topic", &channel, "topic", 0, 4096);
    findings.range("channel.slowmode", &channel, "rate_limit_per_user", 0, 21_600);
}

/// <https://discord.com/developers/docs/resources/channel#create-channel-invite>
pub(super) fn invite(body: &Value, findings: &mut Findings) {
    let invite = At::new(body, "");
    findings.range("invite.max_age", &invite, "max_age", 0, 604_800);
    findings.range("invite.max_uses", &invite, "max_uses", 0, 100);
}

/// <https://discord.com/developers/docs/resources/guild#create-guild-role>
pub(super) fn role(body: &Value, findings: &mut Findings) {
    findings.length("role.name", &At::new(body, ""), "name", 0, 100);
}

/// <https://discord.com/developers/docs/resources/guild#modify-guild-member>
pub(super) fn member(body: &Value, findings: &mut Findings) {
    findings.length("member.nick", &At::new(body, ""), "nick", 0, 32);
}

/// <https://discord.com/developers/docs/resources/message#bulk-delete-messages>
pub(super) fn bulk_delete(body: &Value, findings: &mut Findings) {
    let body = At::new(body, "");
    findings.count("bulk_delete.count", &body, "messages", 2, 100);
    let ids = body.items("messages");
    let ids = ids.iter().filter_map(|id| Some((id.here().to_owned(), id.value.as_str()?)));
    findings.unique("bulk_delete.unique", "SET_TYPE_ALREADY_CONTAINS_VALUE", ids);
}
