//! Suggestions of events while somebody types.

use discord_emulator::{Channel, Choice, Member, Permissions};

use crate::stage::Stage;

/// What is suggested to a member who types this behind `/event show`.
async fn suggested(member: &Member, channel: &Channel, typed: &str) -> Vec<String> {
    let choices = member.completes(channel, "/event show").option("event", typed).await.unwrap();
    choices.into_iter().map(|choice: Choice| choice.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_events_are_suggested_by_any_part_of_their_title_newest_first() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    assert_eq!(suggested(&owner, &general, "").await, Vec::<String>::new());
    assert!(!stage.guild_dir(&guild).exists(), "typing made a database");
    for title in ["École d'été", "100% sure", "Board games", "Over"] {
        stage.create(&owner, &general, title).await;
    }
    stage.told(&owner, &general, "/event unwatch", &[("event", "Over")]).await;
    stage.told(&owner, &general, "/event pause", &[("event", "Board games")]).await;
    for (typed, expected) in [
        ("", vec!["Board games · paused", "100% sure", "École d'été"]),
        ("GAMES", vec!["Board games · paused"]),
        ("éco", vec!["École d'été"]),
        ("%", vec!["100% sure"]),
        ("over", vec![]),
        ("_", vec![]),
    ] {
        assert_eq!(suggested(&owner, &general, typed).await, expected, "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_the_same_title_are_told_apart_by_their_number() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let first = stage.create(&owner, &general, "Training").await;
    stage.create(&owner, &general, "Training").await;
    let choices = owner.completes(&general, "/event show").option("event", "train").await.unwrap();
    let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
    assert_eq!(names, ["Training · no. 2", "Training · no. 1"]);
    let reply = stage.run(&owner, &general, "/event show", &[("event", &choices[1].input())]).await;
    assert!(reply.text().contains(&first.link()), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_twenty_five_are_suggested_each_within_discords_limit() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    for _ in 0..26 {
        stage.create(&owner, &general, &"🦑".repeat(50)).await;
    }
    let message = owner.says(&general, &"🦑".repeat(150));
    stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert_eq!(suggested(&owner, &general, "").await.len(), 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_takes_an_event_suggests_only_this_guilds() {
    let (stage, guild) = Stage::set().await;
    let other = stage.discord.add_guild("Go club");
    let anna =
        guild.add_member("Anna").with_roles([&guild.add_role("organisers", Permissions::MANAGE_EVENTS)]);
    let there = other.admit(&anna).with_roles([&other.add_role("organisers", Permissions::MANAGE_EVENTS)]);
    stage.create(&guild.owner(), &guild.channel("general"), "Chess match").await;
    stage.create(&other.owner(), &other.channel("general"), "Go match").await;
    for command in ["show", "pause", "resume", "interval", "remind", "unwatch", "history"] {
        for (member, guild, expected) in [(&anna, &guild, "Chess match"), (&there, &other, "Go match")] {
            let completion = member.completes(&guild.channel("general"), &format!("/event {command}"));
            let choices = completion.option("event", "match").await.unwrap();
            let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
            assert_eq!(names, [expected], "{command}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_of_another_guilds_event_leads_to_nothing() {
    let (stage, guild) = Stage::set().await;
    let other = stage.discord.add_guild("Go club");
    let (here, there) = (guild.channel("general"), other.channel("general"));
    stage.create(&guild.owner(), &here, "Chess match").await;
    for title in ["Go match", "Secret match"] {
        stage.create(&other.owner(), &there, title).await;
    }
    let told = stage.told(&guild.owner(), &here, "/event unwatch", &[("event", "2")]).await;
    assert!(told.starts_with("I know no such event here."), "{told}");
    assert_eq!(stage.live_titles(&other), ["Go match", "Secret match"]);
}
