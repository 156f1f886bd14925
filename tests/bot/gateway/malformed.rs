//! Hundreds of damaged events, through the gateway into the running bot.

use serde_json::{Value, json};

use crate::stage::{HOUR, Stage, asked, ids, pinged};

/// Things that do not belong where they are put.
fn strange() -> Vec<Value> {
    let nested = (0..60).fold(json!("a"), |inner, _| json!({ "id": inner }));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!("0"),
        json!(""),
        json!("\u{0}✅".repeat(50)),
        json!("x".repeat(20_000)),
        json!([]),
        json!({}),
        json!([[[[]]]]),
        nested,
    ]
}

/// Each field of an event replaced by each strange thing, or left out.
fn damaged(whole: &Value) -> Vec<Value> {
    let names: Vec<String> = whole.as_object().unwrap().keys().cloned().collect();
    let mut all = Vec::new();
    for name in names {
        for thing in strange() {
            let mut event = whole.clone();
            event[&name] = thing;
            all.push(event);
        }
        let mut event = whole.clone();
        event.as_object_mut().unwrap().remove(&name);
        all.push(event);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_damaged_events_end_no_session_and_are_named_once_for_each_kind() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    let user = json!({ "id": "4", "username": "nobody" });
    let reaction = json!({
        "user_id": "4", "channel_id": general.id(), "guild_id": guild.id(), "message_id": "6",
        "emoji": { "id": null, "name": "✅" }, "member": { "user": user, "roles": [] },
    });
    // The ids mean nothing to this Discord, so no answer is awaited.
    let press = json!({
        "id": "900", "application_id": "800", "type": 9, "token": "nobody's", "version": 1, "guild_id": guild.id(),
        "channel_id": general.id(), "member": { "user": user, "roles": [], "permissions": "0" }, "data": { "custom_id": "?" },
    });
    let mut events = 0;
    for (kind, whole) in [
        ("MESSAGE_REACTION_ADD", &reaction),
        ("MESSAGE_REACTION_REMOVE", &reaction),
        ("MESSAGE_REACTION_REMOVE_EMOJI", &reaction),
        ("INTERACTION_CREATE", &press),
    ] {
        for event in damaged(whole) {
            // Where an answer goes is a part of its address, and this Discord knows no other than its own.
            if event["token"] != whole["token"] {
                continue;
            }
            stage.discord.dispatch_raw(kind, event);
            events += 1;
        }
    }
    assert!(events > 300, "{events}");
    let help = anna.runs(&general, "/help").send().await.expect("commands are still answered");
    assert!(help.is_ephemeral());
    let gateway = stage.discord.gateway();
    assert_eq!((gateway.identifies(), gateway.resumes()), (1, 0), "the session lived on");
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&ben]));
    for kind in ["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE", "MESSAGE_REACTION_REMOVE_EMOJI"] {
        let named = stage.log().count(&format!("kind=\"{kind}\""));
        assert_eq!(named, 1, "{kind}\n{}", stage.log().lines().join("\n"));
    }
    // The answers to them went to nobody.
    drop(stage.discord.take_violations());
}
