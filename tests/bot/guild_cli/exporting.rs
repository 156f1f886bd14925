//! `muster guild export`: one document with everything known about a guild.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use super::{Bot, Club};
use crate::stage::{HOUR, reminders};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_tells_everything_and_the_same_whoever_reads_the_store() {
    let mut club = Club::with(Bot::Runs).await;
    let anna = club.guild.add_member("Anna");
    club.stage
        .until("Anna is known", || club.stage.members(&club.guild).contains(&anna.id().to_string()))
        .await;
    club.stage.pass(HOUR);
    club.stage.until("a reminder is sent", || club.stage.log_rows(&club.guild) == ["sent"]).await;
    let posted = club.stage.create(&club.guild.owner(), &club.general, "Barbecue").await;

    let export = club.says(&["export", "ID"]).json();
    assert_eq!((&export["format"], &export["version"]), (&json!("muster.guild"), &json!(1)));
    assert_eq!((&export["guild"]["id"], &export["guild"]["name"]), (&json!(club.id()), &json!("Chess club")));
    let names: Vec<_> = export["members"].as_array().unwrap().iter().map(|member| &member["name"]).collect();
    assert!(names.contains(&&json!("Anna")), "{names:?}");
    let [watched, barbecue] = export["events"].as_array().unwrap().as_slice() else { panic!("{export}") };
    let owner = club.guild.owner().id().to_string();
    assert_eq!(
        json!([
            watched["title"],
            watched["origin"],
            watched["state"],
            watched["interval_ms"],
            watched["message_id"]
        ]),
        json!(["Match on Friday, who comes?", "watched", "active", 3_600_000, club.message.id().to_string()])
    );
    let answer = &watched["responses"][0];
    assert_eq!(
        json!([answer["user_id"], answer["source"], answer["choice"]]),
        json!([owner, "reaction", "✅"])
    );
    let sent = &watched["reminders"][0];
    let message = reminders(&club.general)[0].id().to_string();
    assert_eq!(json!([sent["status"], sent["message_ids"]]), json!(["sent", [message]]));
    assert_eq!(
        json!([barbecue["title"], barbecue["origin"], barbecue["message_id"]]),
        json!(["Barbecue", "posted", posted.id().to_string()])
    );
    assert_eq!(barbecue["choices"][0], json!({ "emoji": "✅", "label": "Coming" }));
    assert_every_field_is_documented(&export);

    club.stage.stop().await.unwrap();
    let offline = club.says(&["export", "ID"]).json();
    for part in ["guild", "members", "events"] {
        assert_eq!(offline[part], export[part], "{part}");
    }
}

/// Each field that stands in an export stands in its description.
fn assert_every_field_is_documented(export: &Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/export.md");
    let description = fs::read_to_string(file).unwrap();
    let mut fields = BTreeSet::new();
    collect_fields(export, &mut fields);
    assert!(fields.len() > 50, "{fields:?}");
    for field in fields {
        let named =
            description.contains(&format!("`{field}`")) || description.contains(&format!(".{field}`"));
        assert!(named || field == "settings", "docs/export.md does not tell of {field}");
    }
}

fn collect_fields<'a>(value: &'a Value, fields: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                fields.insert(name);
                collect_fields(value, fields);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect_fields(entry, fields)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_goes_into_a_private_file_that_is_not_overwritten_by_accident() {
    for bot in [Bot::Rests, Bot::Runs] {
        let club = Club::with(bot).await;
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("chess.json");
        let path = file.to_str().unwrap();
        assert!(club.says(&["export", "ID", "--output", path]).done().contains(path));
        let written: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(written["guild"]["id"], json!(club.id()));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        fs::write(&file, "precious").unwrap();
        let sentence = club.says(&["export", "ID", "--output", path]).failed();
        assert!(sentence.contains("--force"), "{sentence}");
        assert_eq!(fs::read(&file).unwrap(), b"precious");
        let said = club.says(&["export", "ID", "--output", path, "--force", "--json"]).json();
        let size = fs::metadata(&file).unwrap().len();
        assert_eq!(said, json!({ "guild_id": club.id(), "file": path, "size_bytes": size }));
    }
}
