//! Telling Discord of the commands: what they are, and only when that changed.

use std::fmt::Write;
use std::fs;

use discord_emulator::{ActionError, Method};
use serde_json::{Value, json};

use crate::stage::Stage;

/// How often the bot has registered its commands.
fn registrations(stage: &Stage) -> usize {
    stage.discord.requests_to(&Method::PUT, "/applications/{id}/commands").len()
}

/// Commands, subcommands and options with their descriptions, one in a line.
fn outline(command: &Value, depth: usize, into: &mut String) {
    let required = if command["required"] == true { " (required)" } else { "" };
    let [name, description] = ["name", "description"].map(|key| command[key].as_str().unwrap_or_default());
    writeln!(into, "{:indent$}{name}{required}: {description}", "", indent = depth * 2).unwrap();
    for option in command["options"].as_array().into_iter().flatten() {
        outline(option, depth + 1, into);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_read_well() {
    let (stage, _) = Stage::set().await;
    let mut shown = String::new();
    for name in stage.discord.commands(None) {
        outline(&stage.discord.command(None, &name).unwrap(), 0, &mut shown);
    }
    insta::assert_snapshot!(shown, @"
    event: Ask for answers, and remind exactly those who have not answered.
      watch: Watch a message that is already there, and remind who has not answered it.
        message (required): The link of the message, or its id if it is in this channel.
        interval: How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
        reactions: The emoji that count as an answer, with spaces between them; ✅ ❌ ❓ unless you choose others.
        title: What to call it; without one, the first line of the message.
      create: Post an event with buttons, and remind who has not answered it.
        title (required): What you ask people for, in a few words.
        description: More about it: where, when, what to bring.
        interval: How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
        channel: Where to post it; without one, here.
        role: Ask only members with this role; without one, all who can see the channel.
      list: Show the events that run in this server.
      show: Show who answered an event and who is missing.
        event (required): The event: choose a suggestion, or paste its link.
      pause: Let the reminders of an event rest; answers still count.
        event (required): The event: choose a suggestion, or paste its link.
      resume: Go on with the reminders of an event.
        event (required): The event: choose a suggestion, or paste its link.
      interval: Change how often an event reminds.
        event (required): The event: choose a suggestion, or paste its link.
        interval (required): How often to remind, such as 90 (minutes), 90m, 1h30 or 2 days.
      remind: Remind now those who have not answered.
        event (required): The event: choose a suggestion, or paste its link.
      unwatch: End an event: nothing is counted or sent any more.
        event (required): The event: choose a suggestion, or paste its link.
      history: Show the reminders that were sent.
        event (required): The event: choose a suggestion, or paste its link.
    database: Look after what I keep of this server.
      status: Show what I keep of this server, and how it is doing.
      backup: Back up what I keep of this server now.
      export: Get everything I know about this server in a file that only you see.
      cleanup: Remove old reminders from my log; events and answers stay.
        days: Remove reminders older than so many days; 90 unless you choose otherwise.
      optimize: Tidy up what I keep of this server, so that it takes less room.
      delete: Delete everything I know about this server, and start afresh.
    help: What I do, and the first steps.
    about: My version, and how I am doing in this server.
    Watch for answers:
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_exist_in_guilds_only_and_those_that_manage_ask_for_the_right_permission() {
    let (stage, guild) = Stage::set().await;
    for (name, permissions) in [
        ("event", json!("8589934592")),
        ("Watch for answers", json!("8589934592")),
        ("database", json!("32")),
        ("help", Value::Null),
        ("about", Value::Null),
    ] {
        let command = stage.discord.command(None, name).unwrap();
        assert_eq!(command["contexts"], json!([0]), "{name}");
        assert_eq!(command["integration_types"], json!([0]), "{name}");
        assert_eq!(command["default_member_permissions"], permissions, "{name}");
    }
    let anna = guild.add_member("Anna");
    let refused = anna.runs(&anna.dm(), "/help").send().await.unwrap_err();
    assert_eq!(refused, ActionError::UnknownCommand("help".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_comes_from_a_direct_message_all_the_same_gets_an_answer() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let id = stage.discord.command(None, "help").unwrap()["id"].clone();
    let user = json!({
        "id": anna.id(), "username": "anna", "discriminator": "0", "global_name": null, "avatar": null
    });
    let injected = stage.discord.inject_interaction(json!({
        "type": 2, "version": 1, "locale": "en-US", "channel_id": anna.dm().id(), "user": user,
        "channel": { "id": anna.dm().id(), "type": 1 }, "entitlements": [], "context": 1,
        "authorizing_integration_owners": {}, "attachment_size_limit": 10_485_760, "app_permissions": "0",
        "data": { "id": id, "name": "help", "type": 1 },
    }));
    let reply = injected.answer().await.unwrap();
    assert_eq!(reply.text(), "I only work inside a server. Use this command there.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_or_a_new_session_registers_nothing() {
    let (mut stage, _) = Stage::set().await;
    assert_eq!(registrations(&stage), 1);
    for restart in 1..=2 {
        stage.restart().await;
        stage.until("a session began", || stage.log().count("session began") > restart).await;
    }
    let identifies = stage.discord.gateway().identifies();
    stage.discord.gateway().invalidate(false);
    stage.until("the bot identifies anew", || stage.discord.gateway().identifies() > identifies).await;
    stage.until("a session began", || stage.log().count("session began") > 3).await;
    stage.stop().await.unwrap();
    assert_eq!(registrations(&stage), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_loss_of_the_system_store_discord_is_asked_and_nothing_is_registered() {
    let (mut stage, _) = Stage::set().await;
    stage.stop().await.unwrap();
    fs::remove_file(stage.data().join("system.db")).unwrap();
    stage.start().await;
    let asked = || stage.discord.requests_to(&Method::GET, "/applications/{id}/commands").len() == 2;
    stage.until("Discord is asked which commands it has", asked).await;
    stage.stop().await.unwrap();
    assert_eq!(registrations(&stage), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_version_registered_is_replaced() {
    let (mut stage, _) = Stage::set().await;
    stage.stop().await.unwrap();
    stage.write_system("UPDATE key_values SET value = 'of another version' WHERE key LIKE '%command%'");
    stage.start_without_waiting();
    stage.until("the commands are registered", || registrations(&stage) == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_fails_is_tried_again() {
    let mut stage = Stage::empty().await;
    stage.discord.add_guild("Chess club");
    stage.discord.faults().on(Method::PUT, "/applications/{id}/commands").times(2).status(503);
    stage.start().await;
    assert_eq!(registrations(&stage), 3);
}
