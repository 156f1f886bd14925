//! What comes back from Discord is not believed: custom ids from elsewhere, with flipped bits, or out of place.

use discord_emulator::{Channel, Guild, Injected, Member, Message, Permissions};
use serde_json::{Value, json};

use crate::stage::{Stage, assert_private};

/// What the bot says to a button that is none of its own.
const NOT_MINE: &str = "This button is not one of mine, or from a version of me that is gone. Run the command again to get a new one.";

/// The custom id of the button with this label.
fn custom_id(message: &Message, label: &str) -> String {
    message.buttons().into_iter().find(|button| button.label == label).unwrap().custom_id.unwrap()
}

/// Two guilds with an event each, and somebody who is in both.
async fn two_guilds() -> (Stage, [(Guild, Message, Member); 2]) {
    let (stage, chess) = Stage::set().await;
    let go = stage.discord.add_guild("Go club");
    let anna = chess.add_member("Anna");
    let both = [(chess, anna.clone()), (go.clone(), go.admit(&anna))];
    let mut events = Vec::new();
    for (guild, member) in both {
        let event = stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
        events.push((guild, event, member));
    }
    (stage, events.try_into().unwrap())
}

async fn assert_refused(member: &Member, message: &Message, custom_id: &str) {
    let reply = member.presses_raw(message, custom_id).await.unwrap();
    assert_private(&reply);
    assert_eq!(reply.text(), NOT_MINE, "{custom_id}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_of_another_guild_does_nothing() {
    let (stage, [(chess, here, anna), (go, there, anna_there)]) = two_guilds().await;
    let id = custom_id(&there, "Coming");
    assert_refused(&anna, &here, &id).await;
    // The same event number and choice, under the other guild's name.
    assert_refused(&anna, &here, &id.replace(&go.id().to_string(), "5")).await;
    assert_eq!((stage.answers(&chess), stage.answers(&go)), (0, 0));
    anna_there.presses_raw(&there, &id).await.unwrap();
    assert_eq!((stage.answers(&chess), stage.answers(&go)), (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custom_id_with_any_character_changed_answers_nothing_but_what_it_says() {
    let (stage, [(chess, event, anna), _]) = two_guilds().await;
    let id = custom_id(&event, "Coming");
    for position in 0..id.len() {
        let mut flipped = id.clone().into_bytes();
        flipped[position] ^= 1;
        let flipped = String::from_utf8(flipped).unwrap();
        if flipped == custom_id(&event, "Not coming") {
            continue;
        }
        assert_refused(&anna, &event, &flipped).await;
    }
    assert_eq!(stage.answers(&chess), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_of_any_kind_is_refused_politely() {
    let (stage, [(chess, event, anna), _]) = two_guilds().await;
    let guild = chess.id();
    let huge = "9".repeat(40);
    for garbage in [
        "x",
        "m1",
        "m1.",
        &format!("m1.{guild}"),
        &format!("m1.{guild}.answer.1"),
        &format!("m1.{guild}.answer.1.3"),
        &format!("m1.{guild}.answer.1.255"),
        &format!("m1.{guild}.answer.1.256"),
        &format!("m1.{guild}.answer.-1.0"),
        &format!("m1.{guild}.answer.01.0"),
        &format!("m1.{guild}.answer.{huge}.0"),
        &format!("m1.{guild}.answer.99.0"),
        &format!("m1.{guild}.missing.1.0"),
        &format!("m1.{guild}.missing.1.{huge}"),
        &format!("m1.{guild}.delete.1"),
        &format!("m1.{guild}.list.70000"),
        &format!("m2.{guild}.answer.1.0"),
        &"m1.".repeat(33),
        "'; DROP TABLE events; --",
        "\u{202E}m1",
    ] {
        assert_refused(&anna, &event, garbage).await;
    }
    assert_eq!(stage.live_titles(&chess), ["Match"]);
    assert_eq!(stage.answers(&chess), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_works_only_under_its_own_message_and_in_its_own_channel() {
    let (stage, [(chess, event, anna), _]) = two_guilds().await;
    let (owner, general, side) = (chess.owner(), chess.channel("general"), chess.add_channel("side"));
    let other = stage.create(&owner, &general, "Another").await;
    let elsewhere = stage.create(&owner, &side, "Elsewhere").await;
    assert_refused(&anna, &other, &custom_id(&event, "Coming")).await;
    assert_refused(&anna, &elsewhere, &custom_id(&event, "Coming")).await;
    assert_eq!(stage.answers(&chess), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_of_a_reminder_does_not_tell_of_an_event_that_one_may_not_see() {
    let (stage, [(chess, _, anna), _]) = two_guilds().await;
    let (owner, staff) = (chess.owner(), chess.add_channel("staff"));
    staff.overwrite(&anna, Permissions::NONE, Permissions::VIEW_CHANNEL);
    stage.create(&owner, &staff, "Salaries").await;
    stage.told(&owner, &staff, "/event remind", &[("event", "Salaries")]).await;
    let reminder = staff.wait_for_message(|message| !message.pings().is_empty()).await;
    let id = custom_id(&reminder, "Who is missing?");
    let here = chess.channel("general").last_message().unwrap();
    assert_refused(&anna, &here, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_list_comes_only_from_this_guild_and_shows_only_what_one_may_see() {
    let (stage, [(chess, event, anna), (go, ..)]) = two_guilds().await;
    let staff = chess.add_channel("staff");
    staff.overwrite(&anna, Permissions::NONE, Permissions::VIEW_CHANNEL);
    stage.create(&chess.owner(), &staff, "Salaries").await;
    assert_refused(&anna, &event, &format!("m1.{}.list.0", go.id())).await;
    let list = stage.run(&chess.owner(), &chess.channel("general"), "/event list", &[]).await;
    let reply = chess.owner().presses_raw(&list, &format!("m1.{}.list.65535", chess.id())).await.unwrap();
    assert!(reply.text().contains("2 events"), "the last page stands for those behind it: {}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_page_of_a_list_does_not_replace_an_event_that_all_see() {
    let (_stage, [(chess, event, anna), _]) = two_guilds().await;
    assert_refused(&anna, &event, &format!("m1.{}.list.0", chess.id())).await;
    assert_eq!(event.buttons().len(), 3);
}

/// An interaction that no client of today sends, as Discord would pass it on.
fn interaction(stage: &Stage, member: &Member, channel: &Channel, kind: u8, data: &Value) -> Injected {
    let guild = channel.guild().unwrap();
    let user = json!({
        "id": member.id(), "username": "anna", "discriminator": "0", "global_name": null, "avatar": null
    });
    stage.discord.inject_interaction(json!({
        "type": kind, "version": 1, "locale": "en-US", "guild_locale": "en-US", "guild_id": guild.id(),
        "channel_id": channel.id(), "channel": { "id": channel.id(), "type": 0 }, "entitlements": [],
        "authorizing_integration_owners": {}, "attachment_size_limit": 10_485_760, "context": 0,
        "app_permissions": "0", "data": data,
        "member": {
            "user": user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": false, "mute": false,
            "flags": 0, "permissions": member.permissions_in(channel).bits().to_string(),
        },
    }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_forms_of_another_version_get_an_answer() {
    let (stage, [(chess, ..), _]) = two_guilds().await;
    let (owner, general) = (chess.owner(), chess.channel("general"));
    let id = stage.discord.command(None, "event").unwrap()["id"].clone();
    let mut told = Vec::new();
    for (kind, data) in [
        (
            2,
            json!({ "id": id, "name": "event", "type": 1, "options": [{ "type": 1, "name": "cook", "options": [] }] }),
        ),
        (
            2,
            json!({ "id": id, "name": "event", "type": 1, "options": [{ "type": 1, "name": "show", "options": [] }] }),
        ),
        (2, json!({ "id": id, "name": "matches", "type": 1 })),
        (2, json!({ "id": id, "name": "Watch this", "type": 3, "target_id": "5" })),
        (5, json!({ "custom_id": "m1.form", "components": [] })),
    ] {
        let reply = interaction(&stage, &owner, &general, kind, &data).answer().await.unwrap();
        assert_private(&reply);
        told.push(reply.text());
    }
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @"
    I know this command in another form by now. Restart your Discord client so that it shows the new one, then try again.
    I have no such form any more. Run the command again.
    ");
}
