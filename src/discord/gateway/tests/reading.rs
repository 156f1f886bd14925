//! What is understood of gateway events, whole and damaged.

#[path = "mutations.rs"]
mod mutations;

use serde_json::json;

use super::*;
use crate::domain::emoji::Emoji;
use crate::ids::MessageId;

fn read(kind: &str, data: &Value) -> Option<Update> {
    super::read(kind, &data.to_string())
}

fn one_in_guild(kind: &str, data: &Value) -> GuildUpdate {
    match read(kind, data) {
        Some(Update::Guild(guild, update)) if guild == GuildId::new(1) => update,
        other => panic!("{kind} {data}: {other:?}"),
    }
}

#[test]
fn an_unavailable_guild_is_an_outage_and_nothing_else_is() {
    use GuildUpdate as G;
    let of = |kind: &str, data: Value| one_in_guild(kind, &data);
    assert!(matches!(of("GUILD_DELETE", json!({ "id": "1", "unavailable": true })), G::Outage));
    assert!(matches!(of("GUILD_DELETE", json!({ "id": "1" })), G::Removed));
    assert!(matches!(of("GUILD_CREATE", json!({ "id": "1", "unavailable": true })), G::Outage));
    assert!(matches!(of("GUILD_CREATE", json!({ "id": "1", "unavailable": "?", "roles": 5 })), G::Present));
    let odd = read("GUILD_DELETE", &json!({ "id": "1", "unavailable": null }));
    assert!(matches!(odd, Some(Update::Unreadable { guild: Some(_), .. })), "nobody was removed for sure");
}

#[test]
fn a_session_begins_with_as_little_as_who_muster_is_and_where() {
    let data =
        |guilds: Value| json!({ "user": { "id": "7" }, "application": { "id": "8" }, "guilds": guilds });
    let whole = data(json!([{ "id": "1", "unavailable": "?" }, { "id": "2" }]));
    let Some(Update::Ready { identity, guilds }) = read("READY", &whole) else { panic!("it was not read") };
    assert_eq!((identity.user.get(), identity.application), (7, 8));
    assert_eq!(guilds, [GuildId::new(1), GuildId::new(2)]);
    let short = read("READY", &data(json!([{ "id": "1" }, {}])));
    assert!(matches!(short, Some(Update::Unreadable { kind, .. }) if kind == "READY"));
}

#[test]
fn a_reaction_is_understood_without_what_nobody_needs_of_it() {
    let data = json!({
        "user_id": "4", "channel_id": "5", "guild_id": "1", "message_id": "6", "emoji": { "id": null, "name": "✅" },
        "member": { "user": { "id": "4", "username": "anna", "bot": true }, "roles": ["7"] },
    });
    let GuildUpdate::Reactions(message, change) = one_in_guild("MESSAGE_REACTION_ADD", &data) else {
        panic!("it was not understood")
    };
    assert_eq!(message, MessageId::new(6));
    let ReactionChange::Added { user, emoji, member: Some(member) } = change else { panic!("{change:?}") };
    assert_eq!((user.get(), emoji), (4, Emoji::Unicode("✅".into())));
    assert!(member.is_bot && member.roles.len() == 1);
    let removed = one_in_guild("MESSAGE_REACTION_REMOVE", &data);
    assert!(matches!(removed, GuildUpdate::Reactions(_, ReactionChange::Removed { .. })));
    let cleared = one_in_guild("MESSAGE_REACTION_REMOVE_EMOJI", &data);
    assert!(matches!(cleared, GuildUpdate::Reactions(_, ReactionChange::EmojiCleared(_))));
    let direct = json!({ "user_id": "4", "channel_id": "5", "message_id": "6", "emoji": { "name": "✅" } });
    assert!(read("MESSAGE_REACTION_ADD", &direct).is_none());
}

#[test]
fn a_member_is_called_as_the_guild_calls_them() {
    let of = |nick: Value, global: Value| {
        let user = json!({ "id": "4", "username": "anna", "global_name": global });
        let data = json!({ "guild_id": "1", "nick": nick, "user": user, "roles": [] });
        match one_in_guild("GUILD_MEMBER_UPDATE", &data) {
            GuildUpdate::Member(MemberChange::Present(member)) => member.name,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of(json!("Queen"), json!("Anna")), "Queen");
    assert_eq!(of(Value::Null, json!("Anna")), "Anna");
    assert_eq!(of(json!(5), Value::Null), "anna");
}

#[test]
fn what_cannot_be_read_is_named_if_it_is_needed() {
    let update = read("MESSAGE_REACTION_ADD", &json!({ "guild_id": "1", "message_id": "2", "emoji": 5 }));
    assert!(
        matches!(update, Some(Update::Unreadable { kind, guild: Some(_) }) if kind == "MESSAGE_REACTION_ADD")
    );
    let update = read("INTERACTION_CREATE", &json!({ "id": "9", "token": "abc", "type": 2 }));
    assert!(matches!(update, Some(Update::UnreadableInteraction { id: 9, .. })));
    let half =
        super::read("INTERACTION_CREATE", r#"{"id":"9","token":"abc","type":4,"data":{"name":"\ud800"}}"#);
    let Some(Update::UnreadableInteraction { kind, .. }) = half else { panic!("{half:?}") };
    assert_eq!(kind, InteractionType::Autocomplete);
    assert!(read("SOMETHING_NEW", &json!({ "guild_id": "1" })).is_none());
}
