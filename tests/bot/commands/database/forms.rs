//! The form of the deletion: what it asks for, and that only it, filled in rightly, deletes anything.

use std::time::Duration;

use discord_emulator::Method;

use super::{deletion, named, told, with_event};
use crate::stage::{Stage, assert_private};

const NO_SUCH_FORM: &str = "I have no such form any more. Run the command again.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_asks_for_the_name_of_the_server_and_takes_no_other() {
    let (stage, guild) = with_event().await;
    let form = deletion(&guild, &guild.owner()).await;
    insta::assert_snapshot!(form.screen(), @"
    Delete everything I know here
    Type the name of this server: [Chess club]
    ");
    let mut refusals = Vec::new();
    for other in ["chess club", "Chess", "Chess  club", "Go club", "   "] {
        refusals.push(named(&guild.owner(), &form, other).await);
    }
    refusals.dedup();
    insta::assert_snapshot!(refusals.join("\n"), @"That is not the name of this server, so I have deleted nothing. It is called **Chess club**. If you mean it, run `/database delete` again and type the name just like that.");
    assert_eq!(stage.live_titles(&guild), ["Match"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_as_long_and_odd_as_discord_allows_can_be_typed() {
    let (stage, guild) = with_event().await;
    let name = format!("**{}** @everyone", "♟️ ".repeat(28).trim_end());
    guild.rename(&name);
    let form = deletion(&guild, &guild.owner()).await;
    let refused = named(&guild.owner(), &form, "Chess club").await;
    assert!(refused.starts_with("That is not the name of this server"), "{refused}");
    // As it is copied from that refusal, which keeps it from looking like a mention.
    let copied = name.replace('@', "@\u{200B}");
    let done = named(&guild.owner(), &form, &format!("  {copied} ")).await;
    assert!(done.starts_with("It is done"), "{done}");
    assert!(!stage.guild_dir(&guild).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_sees_in_a_name_turns_nothing_round_and_is_not_all_that_has_to_be_typed() {
    let (_stage, guild) = with_event().await;
    guild.rename("\u{202E}Chess\u{202C} club");
    let form = deletion(&guild, &guild.owner()).await;
    assert!(form.screen().ends_with("[Chess club]"), "{:?}", form.screen());
    let refused = named(&guild.owner(), &form, "Go club").await;
    assert!(refused.contains("**Chess club**"), "{refused:?}");
    guild.rename("\u{3164}");
    for other in ["  ", "\u{200B}", "Chess club"] {
        let refused = named(&guild.owner(), &form, other).await;
        assert!(refused.starts_with("That is not the name of this server"), "{refused}");
    }
    assert!(named(&guild.owner(), &form, "\u{3164}").await.starts_with("It is done"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_guild_or_none_of_the_bots_does_nothing() {
    let (stage, guild) = with_event().await;
    let other = stage.discord.add_guild("Go club");
    stage.create(&other.owner(), &other.channel("general"), "Tea").await;
    let form = deletion(&guild, &guild.owner()).await;
    let (here, there) = (guild.id(), other.id());
    for forged in [
        format!("m1.{there}.delete"),
        format!("m1.0{here}.delete"),
        format!("m1.{here}.delete.1"),
        format!("m1.{here}.list.0"),
        format!("m1.{here}.answer.1.0"),
        format!("m2.{here}.delete"),
        "delete".to_owned(),
        "'; DROP TABLE events; --".to_owned(),
    ] {
        for name in ["Chess club", "Go club"] {
            let submitted = guild.owner().fills(&form).field("name", name).forged(&forged).submit().await;
            let reply = submitted.unwrap();
            assert_private(&reply);
            assert_eq!(reply.text(), NO_SUCH_FORM, "{forged}");
        }
    }
    assert_eq!((stage.live_titles(&guild).len(), stage.live_titles(&other).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_that_carries_the_id_of_the_form_deletes_nothing() {
    let (stage, guild) = with_event().await;
    let event = guild.channel("general").last_message().unwrap();
    let reply = guild.owner().presses_raw(&event, &format!("m1.{}.delete", guild.id())).await.unwrap();
    assert!(reply.text().starts_with("This button is not one of mine"), "{}", reply.text());
    assert_eq!(stage.live_titles(&guild), ["Match"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_kept_no_form_opens() {
    let (stage, guild) = Stage::set().await;
    insta::assert_snapshot!(told(&stage, &guild, "delete").await, @"I keep nothing about this server, so there is nothing to delete.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_stood_open_when_everything_was_deleted_finds_nothing() {
    let (_stage, guild) = with_event().await;
    let forms = [deletion(&guild, &guild.owner()).await, deletion(&guild, &guild.owner()).await];
    named(&guild.owner(), &forms[0], "Chess club").await;
    let told = named(&guild.owner(), &forms[1], "Chess club").await;
    assert_eq!(told, "I keep nothing about this server, so there is nothing to delete.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_opens_in_time_although_discord_is_slow_to_say_what_the_server_is_called() {
    let (mut stage, guild) = with_event().await;
    guild.rename("Chess and go club");
    stage.until("the new name is heard", || stage.names(&guild) == ["Chess and go club"]).await;
    stage.stop().await.unwrap();
    let slow = stage.discord.faults().on(Method::GET, "/guilds/{id}").always();
    slow.delay(Duration::from_millis(3_500));
    stage.start().await;
    let form = deletion(&guild, &guild.owner()).await;
    assert_eq!(form.fields()[0].placeholder.as_deref(), Some("Chess and go club"));
    stage.discord.faults().clear();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_was_open_during_a_restart_still_works() {
    let (mut stage, guild) = with_event().await;
    let form = deletion(&guild, &guild.owner()).await;
    stage.restart().await;
    let told = named(&guild.owner(), &form, "Chess club").await;
    assert!(told.starts_with("It is done"), "{told}");
    assert!(!stage.guild_dir(&guild).exists());
}
