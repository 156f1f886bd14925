//! Ten thousand damaged events, the same ones in every run.

use serde_json::{Value, json};

use super::super::{Update, read};

const ROUNDS: usize = 10_000;

/// A source of chance that repeats itself (<https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }
}

/// Real events of each kind that Muster reads.
fn originals() -> Vec<(&'static str, Value)> {
    let user = json!({ "id": "4", "username": "anna", "global_name": "Anna", "discriminator": "0", "avatar": null, "bot": false });
    let member = json!({
        "user": user, "nick": null, "roles": ["7", "8"], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": false, "mute": false,
        "flags": 0, "permissions": "1024", "premium_since": null, "pending": false, "communication_disabled_until": null,
    });
    let message = json!({
        "id": "6", "channel_id": "5", "author": user, "content": "Who comes?", "timestamp": "2024-01-01T00:00:00+00:00",
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [],
        "embeds": [{ "title": "Match", "fields": [{ "name": "a", "value": "b" }] }], "pinned": false, "type": 0, "flags": 0,
        "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "label": "Coming", "custom_id": "m1.1.answer.1.0" }] }],
    });
    let interaction = |kind: u8, data: Value| {
        json!({
            "id": "900", "application_id": "800", "type": kind, "token": "abc", "version": 1, "guild_id": "1", "channel_id": "5",
            "channel": { "id": "5", "type": 0 }, "member": member, "locale": "en-US", "guild_locale": "en-US",
            "app_permissions": "1024", "entitlements": [], "authorizing_integration_owners": { "0": "1" }, "context": 0,
            "attachment_size_limit": 10_485_760, "message": if kind == 3 { message.clone() } else { Value::Null }, "data": data,
        })
    };
    let options = json!([{ "name": "watch", "type": 1, "options": [
        { "name": "message", "type": 3, "value": "link" }, { "name": "role", "type": 8, "value": "7" },
        { "name": "days", "type": 4, "value": 3 },
    ] }]);
    let command = json!({ "id": "30", "name": "event", "type": 1, "options": options, "resolved": { "users": { "4": user } } });
    let typing = json!({ "id": "30", "name": "event", "type": 1, "options": [
        { "name": "show", "type": 1, "options": [{ "name": "event", "type": 3, "value": "Ma", "focused": true }] },
    ] });
    let target = json!({ "id": "31", "name": "Watch", "type": 3, "target_id": "6", "resolved": { "messages": { "6": message } } });
    let press = json!({ "custom_id": "m1.1.answer.1.0", "component_type": 2 });
    let form = json!({ "custom_id": "m1.1.delete", "components": [
        { "type": 1, "components": [{ "type": 4, "custom_id": "name", "value": "Chess club" }] },
    ] });
    let reaction = json!({
        "user_id": "4", "channel_id": "5", "guild_id": "1", "message_id": "6", "emoji": { "id": null, "name": "✅" },
        "member": member, "burst": false, "type": 0, "message_author_id": "4",
    });
    let guild = json!({
        "id": "1", "name": "Chess club", "owner_id": "4", "unavailable": false, "large": false, "member_count": 2, "members": [member],
        "channels": [{ "id": "5", "type": 0, "name": "general" }], "roles": [{ "id": "7", "name": "r", "permissions": "1024" }],
    });
    let ready = json!({
        "v": 10, "user": user, "session_id": "s", "resume_gateway_url": "wss://g.test", "guilds": [{ "id": "1", "unavailable": true }],
        "application": { "id": "800", "flags": 0 }, "shard": [0, 1],
    });
    let mut person = member.clone();
    person["guild_id"] = json!("1");
    let channel =
        json!({ "id": "5", "guild_id": "1", "type": 0, "name": "general", "permission_overwrites": [] });
    vec![
        ("INTERACTION_CREATE", interaction(2, command)),
        ("INTERACTION_CREATE", interaction(2, target)),
        ("INTERACTION_CREATE", interaction(4, typing)),
        ("INTERACTION_CREATE", interaction(3, press)),
        ("INTERACTION_CREATE", interaction(5, form)),
        ("MESSAGE_REACTION_ADD", reaction.clone()),
        ("MESSAGE_REACTION_REMOVE", reaction.clone()),
        ("MESSAGE_REACTION_REMOVE_ALL", reaction.clone()),
        ("MESSAGE_REACTION_REMOVE_EMOJI", reaction),
        ("READY", ready),
        ("GUILD_CREATE", guild.clone()),
        ("GUILD_UPDATE", guild.clone()),
        ("GUILD_DELETE", guild),
        ("GUILD_ROLE_UPDATE", json!({ "guild_id": "1", "role": { "id": "7", "permissions": "0" } })),
        ("GUILD_MEMBER_UPDATE", person.clone()),
        ("GUILD_MEMBER_REMOVE", person),
        ("CHANNEL_UPDATE", channel.clone()),
        ("THREAD_DELETE", channel),
        ("MESSAGE_DELETE_BULK", json!({ "ids": ["6", "7"], "channel_id": "5", "guild_id": "1" })),
    ]
}

/// Something that does not belong there.
fn strange(dice: &mut Dice) -> Value {
    match dice.roll(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!("0"),
        4 => json!(-1),
        5 => json!(u64::MAX),
        6 => json!(1e300),
        7 => json!("99999999999999999999999999"),
        8 => json!("\u{0}\u{202e}✅".repeat(20)),
        9 => json!("x".repeat(70_000)),
        10 => json!([]),
        11 => json!({}),
        12 => (0..100).fold(json!(1), |inner, _| json!([inner])),
        _ => (0..20).fold(json!("a"), |inner, _| json!({ "id": inner })),
    }
}

/// All places in a value, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                places(inner, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn damage(value: &mut Value, dice: &mut Dice) {
    let mut found = Vec::new();
    places(value, "", &mut found);
    let at = &found[dice.roll(found.len())];
    let (above, name) = at.rsplit_once('/').unwrap_or_default();
    match (dice.roll(3), value.pointer_mut(above)) {
        (0, Some(Value::Object(fields))) => _ = fields.remove(name),
        _ => {
            if let Some(place) = value.pointer_mut(at) {
                *place = strange(dice);
            }
        }
    }
}

/// Damage to the text itself: cut off, an escape that means nothing, brackets without end.
fn damage_text(text: &mut String, dice: &mut Dice) {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = places[dice.roll(places.len())];
    match dice.roll(5) {
        0 => text.truncate(at),
        1 => text.insert_str(at, "\\ud800"),
        2 => text.insert_str(at, &"[".repeat(5_000)),
        3 => text.insert(at, '"'),
        _ => text.insert_str(at, "\\u12"),
    }
}

#[test]
fn no_damage_to_an_event_is_more_than_an_event_that_is_not_understood() {
    let (originals, mut dice) = (originals(), Dice(7));
    for (kind, data) in &originals {
        let whole = read(kind, &data.to_string());
        assert!(
            !matches!(&whole, None | Some(Update::Unreadable { .. } | Update::UnreadableInteraction { .. })),
            "{kind}"
        );
    }
    let (mut understood, mut not) = (0, 0);
    for _ in 0..ROUNDS {
        let (kind, data) = &originals[dice.roll(originals.len())];
        let mut data = data.clone();
        for _ in 0..=dice.roll(3) {
            damage(&mut data, &mut dice);
        }
        let mut text = data.to_string();
        if dice.roll(4) == 0 {
            damage_text(&mut text, &mut dice);
        }
        // Not through what catches panics: there are to be none.
        match super::super::understand(kind, &text) {
            Some(Update::Unreadable { .. } | Update::UnreadableInteraction { .. }) => not += 1,
            _ => understood += 1,
        }
    }
    assert!(understood > ROUNDS / 5 && not > ROUNDS / 5, "{understood} understood, {not} not");
}
