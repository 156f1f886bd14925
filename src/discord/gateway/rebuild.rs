//! Interactions that serenity cannot read, built anew from what Muster needs of them and nothing else.
//!
//! serenity wants some thirty fields of which Muster uses ten, and of every role, user and message that an option names
//! the whole object. One that Discord leaves out or changes would silence every command.

use serde_json::{Value, json};
use serenity::all::Interaction;

/// Bytes that a file may have where Discord does not say, in a guild without boosts.
///
/// Source: <https://docs.discord.com/developers/reference#uploading-files>
const ATTACHMENT_MAX: u64 = 10 << 20;

/// Kinds of components, from <https://docs.discord.com/developers/components/reference#component-object-component-types>.
const ACTION_ROW: u8 = 1;
const TEXT_INPUT: u8 = 4;

/// What stands for an instant that nobody looks at.
const SOME_INSTANT: &str = "2020-01-01T00:00:00Z";

/// The interaction, if all is there that answering it takes.
pub(super) fn interaction(raw: &Value) -> Option<Interaction> {
    let mut built = json!({
        "id": raw["id"],
        "application_id": raw["application_id"],
        "type": raw["type"],
        "token": raw["token"],
        "version": 1,
        "channel_id": first(&[&raw["channel_id"], &raw["channel"]["id"]]),
        "locale": raw["locale"].as_str().unwrap_or("en-US"),
        "entitlements": [],
        "attachment_size_limit": raw["attachment_size_limit"].as_u64().unwrap_or(ATTACHMENT_MAX),
        "data": data(&raw["data"]),
    });
    for (name, value) in [("guild_id", raw["guild_id"].clone()), ("member", member(&raw["member"]))] {
        if !value.is_null() {
            built[name] = value;
        }
    }
    if raw["user"].is_object() {
        built["user"] = user(&raw["user"]);
    }
    if raw["message"].is_object() {
        built["message"] = message(&raw["message"]);
    }
    serde_json::from_value(built).ok()
}

fn data(raw: &Value) -> Value {
    let mut built = json!({
        "id": first(&[&raw["id"], &json!("1")]),
        "name": raw["name"].as_str().unwrap_or_default(),
        "type": first(&[&raw["type"], &json!(1)]),
        "options": first(&[&raw["options"], &json!([])]),
        "custom_id": raw["custom_id"].as_str().unwrap_or_default(),
        "component_type": 2,
        "components": fields(&raw["components"]),
    });
    if !raw["target_id"].is_null() {
        built["target_id"] = raw["target_id"].clone();
    }
    let messages = raw["resolved"]["messages"].as_object().into_iter().flatten();
    let messages = messages.map(|(id, found)| (id.clone(), message(found))).collect();
    built["resolved"] = json!({ "messages": Value::Object(messages) });
    built
}

/// The text fields of a form, each in a row of its own, however Discord nests them.
fn fields(raw: &Value) -> Value {
    let rows = raw.as_array().into_iter().flatten();
    let inputs = rows.flat_map(|row| {
        let nested = row["components"].as_array().into_iter().flatten();
        nested.chain(row.get("component"))
    });
    let texts = inputs.filter(|input| input["type"] == TEXT_INPUT && input["custom_id"].is_string());
    let row = |input: &Value| {
        let value = input["value"].as_str().unwrap_or_default();
        let input = json!({ "type": TEXT_INPUT, "custom_id": input["custom_id"], "value": value });
        json!({ "type": ACTION_ROW, "components": [input] })
    };
    texts.map(row).collect()
}

fn member(raw: &Value) -> Value {
    if raw.is_null() {
        return Value::Null;
    }
    json!({
        "user": user(&raw["user"]),
        "nick": raw["nick"].as_str(),
        "roles": first(&[&raw["roles"], &json!([])]),
        "permissions": raw["permissions"],
        "joined_at": null,
        "deaf": false,
        "mute": false,
        "flags": 0,
    })
}

fn user(raw: &Value) -> Value {
    json!({
        "id": raw["id"],
        "username": raw["username"].as_str().unwrap_or_default(),
        "global_name": raw["global_name"].as_str(),
        "bot": raw["bot"] == true,
        "avatar": null,
    })
}

fn message(raw: &Value) -> Value {
    json!({
        "id": raw["id"],
        "channel_id": first(&[&raw["channel_id"], &json!("1")]),
        // Whose it is, is asked where it matters.
        "author": user(&json!({ "id": first(&[&raw["author"]["id"], &json!("1")]) })),
        "content": raw["content"].as_str().unwrap_or_default(),
        "timestamp": SOME_INSTANT,
        "edited_timestamp": null,
        "tts": false,
        "mention_everyone": false,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": false,
        "type": 0,
    })
}

/// The first of these that is there.
fn first(values: &[&Value]) -> Value {
    values.iter().find(|value| !value.is_null()).map_or(Value::Null, |value| (*value).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serenity::all::{MessageId, UserId};

    fn raw(kind: u8, data: &Value) -> Value {
        json!({
            "id": "9", "application_id": "8", "type": kind, "token": "abc", "channel": { "id": "5" }, "guild_id": "1",
            "member": { "user": { "id": "7", "username": "anna" }, "roles": ["3"], "permissions": "1024" },
            "data": data,
        })
    }

    #[test]
    fn a_command_is_read_without_any_field_that_muster_does_not_need() {
        let options = json!([{ "name": "watch", "type": 1, "options": [
            { "name": "message", "type": 3, "value": "link" }, { "name": "role", "type": 8, "value": "4" },
        ] }]);
        let data = json!({ "name": "event", "options": options, "resolved": { "roles": { "4": { "colors": [] } } } });
        let Some(Interaction::Command(command)) = interaction(&raw(2, &data)) else {
            panic!("it is not read")
        };
        let member = command.member.unwrap();
        assert_eq!((command.channel_id.get(), member.user.id), (5, UserId::new(7)));
        assert_eq!((member.permissions.unwrap().bits(), member.roles.len()), (1024, 1));
        assert_eq!((command.data.name.as_str(), command.data.options.len()), ("event", 1));
        let Some(Interaction::Autocomplete(_)) = interaction(&raw(4, &data)) else {
            panic!("it is not read")
        };
    }

    #[test]
    fn the_message_of_a_message_command_keeps_its_words() {
        let messages = json!({ "6": { "id": "6", "content": "Who comes?", "embeds": "?" } });
        let data =
            json!({ "name": "Watch", "type": 3, "target_id": "6", "resolved": { "messages": messages } });
        let Some(Interaction::Command(command)) = interaction(&raw(2, &data)) else {
            panic!("it is not read")
        };
        assert_eq!(command.data.resolved.messages[&MessageId::new(6)].content, "Who comes?");
        assert_eq!(command.data.target_id.unwrap().get(), 6);
    }

    #[test]
    fn a_button_is_read_under_any_message() {
        let mut raw = raw(3, &json!({ "custom_id": "m1.1.answer.1.0", "component_type": "?" }));
        raw["message"] = json!({ "id": "6", "type": "?", "components": [{ "type": 99 }] });
        let Some(Interaction::Component(press)) = interaction(&raw) else { panic!("it is not read") };
        assert_eq!((press.data.custom_id.as_str(), press.message.id.get()), ("m1.1.answer.1.0", 6));
    }

    #[test]
    fn a_form_keeps_what_was_typed_however_its_fields_are_nested() {
        let input = |name: &str| json!({ "type": 4, "custom_id": name, "value": "Chess club", "new": {} });
        let data = json!({ "custom_id": "m1.1.delete", "components": [
            { "type": 1, "components": [input("row"), { "type": 99 }] },
            { "type": 18, "component": input("label") },
            { "type": 10, "content": "words" },
        ] });
        let Some(Interaction::Modal(form)) = interaction(&raw(5, &data)) else { panic!("it is not read") };
        assert_eq!((form.data.custom_id.as_str(), form.attachment_size_limit), ("m1.1.delete", 10 << 20));
        let kept = form.data.components.iter().flat_map(|row| &row.components);
        let kept: Vec<_> = kept.map(|input| serde_json::to_value(input).unwrap()).collect();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|input| input["value"] == "Chess club"), "{kept:?}");
    }

    #[test]
    fn what_cannot_be_answered_is_not_invented() {
        assert!(interaction(&json!({ "id": "9", "token": "abc", "type": 2 })).is_none());
        assert!(interaction(&json!("?")).is_none());
    }
}
