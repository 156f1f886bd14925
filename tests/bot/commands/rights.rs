//! Who may do what, whatever Discord shows them.

use discord_emulator::{ActionError, Guild, Member, Permissions, Role};

use crate::stage::{Stage, picture};

/// A guild whose settings let everybody use the commands, with a role for organisers.
async fn open_house() -> (Stage, Guild, Role) {
    let (stage, guild) = Stage::set().await;
    for command in ["event", "Watch for answers"] {
        guild.open_command(command);
    }
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    (stage, guild, organisers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_without_manage_events_do_not_see_the_commands_that_manage() {
    let (stage, guild) = Stage::set().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    let refused = |result: Result<_, ActionError>| matches!(result, Err(ActionError::NotAllowed { .. }));
    assert!(refused(anna.runs(&general, "/event list").send().await));
    let message = anna.says(&general, "Who comes?");
    assert!(refused(anna.uses(&message, "Watch for answers").await));
    anna.add_role(&guild.add_role("organisers", Permissions::MANAGE_EVENTS));
    let told = stage.told(&anna, &general, "/event list", &[]).await;
    assert!(told.starts_with("No event runs here."), "{told}");
    let reply = anna.uses(&message, "Watch for answers").await.unwrap();
    assert!(reply.text().starts_with("I am watching"), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_discord_lets_everybody_use_the_commands_the_bot_still_says_no() {
    let (stage, guild, _) = open_house().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    let event = stage.create(&guild.owner(), &general, "Match").await;
    let message = anna.says(&general, "Who comes?");
    let mut told = Vec::new();
    told.push(stage.told(&anna, &general, "/event create", &[("title", "Mine")]).await);
    told.push(stage.told(&anna, &general, "/event watch", &[("message", &message.link())]).await);
    told.push(picture(&anna.uses(&message, "Watch for answers").await.unwrap()));
    told.push(stage.told(&anna, &general, "/event watch", &[("message", &event.link())]).await);
    for command in ["pause", "resume", "remind", "unwatch"] {
        told.push(stage.told(&anna, &general, &format!("/event {command}"), &[("event", "Match")]).await);
    }
    let interval = [("event", "Match"), ("interval", "1 day")];
    told.push(stage.told(&anna, &general, "/event interval", &interval).await);
    told.dedup();
    insta::assert_snapshot!(told.join("\n"), @"
    Only members with **Manage Events** or an organiser role can start events here. Ask one of them to do it, or to give you the permission.
    Only its author, members with an organiser role and members with **Manage Events** can do that with **Match**.
    ");
    assert_eq!(stage.live_titles(&guild), ["Match"]);
    assert!(message.reactions().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_sees_the_channel_may_look() {
    let (stage, guild, _) = open_house().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    stage.create(&guild.owner(), &general, "Match").await;
    for (command, options) in
        [("list", &[][..]), ("show", &[("event", "Match")][..]), ("history", &[("event", "Match")][..])]
    {
        let told = stage.told(&anna, &general, &format!("/event {command}"), options).await;
        assert!(told.contains("Match"), "{command}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_author_may_change_an_event_after_losing_the_role_and_start_no_new_one() {
    let (stage, guild, organisers) = open_house().await;
    let anna = guild.add_member("Anna").with_roles([&organisers]);
    let general = guild.channel("general");
    stage.create(&anna, &general, "Match").await;
    anna.remove_role(&organisers);
    let told = stage.told(&anna, &general, "/event pause", &[("event", "Match")]).await;
    assert!(told.contains("is paused."), "{told}");
    let told = stage.told(&anna, &general, "/event create", &[("title", "Another")]).await;
    assert!(told.starts_with("Only members with **Manage Events**"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manage_events_manage_server_and_ownership_each_suffice() {
    let (stage, guild, organisers) = open_house().await;
    let general = guild.channel("general");
    let administrators = guild.add_role("administrators", Permissions::ADMINISTRATOR);
    let may: [Member; 4] = [
        guild.owner(),
        guild.add_member("Anna").with_roles([&organisers]),
        guild.add_member("Ben").manager(),
        guild.add_member("Chloé").with_roles([&administrators]),
    ];
    for member in &may {
        stage.create(member, &general, &format!("By {}", member.name())).await;
    }
    assert_eq!(stage.live_titles(&guild).len(), may.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manage_events_in_one_channel_alone_does_not_open_the_others() {
    let (stage, guild, _) = open_house().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    let side = guild.add_channel("side");
    side.overwrite(&anna, Permissions::MANAGE_EVENTS, Permissions::NONE);
    stage.create(&guild.owner(), &general, "Match").await;
    let told = stage.told(&anna, &general, "/event unwatch", &[("event", "Match")]).await;
    assert!(told.starts_with("Only its author"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_left_and_came_back_keeps_neither_role_nor_rights() {
    let (stage, guild, organisers) = open_house().await;
    let (anna, general) = (guild.add_member("Anna").with_roles([&organisers]), guild.channel("general"));
    stage.create(&anna, &general, "First").await;
    anna.leave();
    anna.join();
    let told = stage.told(&anna, &general, "/event create", &[("title", "Second")]).await;
    assert!(told.starts_with("Only members with **Manage Events**"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organiser_role_suffices_without_any_permission() {
    let (mut stage, guild, _) = open_house().await;
    let helpers = guild.add_role("helpers", Permissions::NONE);
    let (anna, general) = (guild.add_member("Anna").with_roles([&helpers]), guild.channel("general"));
    stage.create(&guild.owner(), &general, "Match").await;
    stage.stop().await.unwrap();
    let settings = format!(r#"{{"organiser_roles":["{}"]}}"#, helpers.id());
    stage.write_guild(&guild, "UPDATE guild SET settings = $1", &[&settings]);
    stage.start().await;
    stage.create(&anna, &general, "Another").await;
    let told = stage.told(&anna, &general, "/event unwatch", &[("event", "Match")]).await;
    assert!(told.contains("is over"), "{told}");
    anna.remove_role(&helpers);
    let told = stage.told(&anna, &general, "/event create", &[("title", "A third")]).await;
    assert!(told.starts_with("Only members with **Manage Events**"), "{told}");
}
