//! Who may look after the data: those who manage the server, and nobody else however they try.

use discord_emulator::{ActionError, Permissions};

use super::{NOT_YOURS, deletion, named, with_event};
use crate::stage::Stage;

const SUBCOMMANDS: [&str; 6] = ["status", "backup", "export", "cleanup", "optimize", "delete"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_manage_the_server_does_not_see_the_command() {
    let (_stage, guild) = Stage::set().await;
    let general = guild.channel("general");
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    for member in [guild.add_member("Anna"), guild.add_member("Ben").with_roles([&organisers])] {
        let refused = member.runs(&general, "/database status").send().await;
        assert!(matches!(refused, Err(ActionError::NotAllowed { .. })), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_discord_lets_everybody_use_the_command_the_bot_still_says_no() {
    let (stage, guild) = with_event().await;
    guild.open_command("database");
    let general = guild.channel("general");
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    for member in [guild.add_member("Ben"), guild.add_member("Chloé").with_roles([&organisers])] {
        for subcommand in SUBCOMMANDS {
            let told = stage.told(&member, &general, &format!("/database {subcommand}"), &[]).await;
            assert_eq!(told, NOT_YOURS, "{subcommand}");
        }
    }
    assert_eq!(stage.live_titles(&guild), ["Match"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manage_server_administrator_and_ownership_each_suffice() {
    let (stage, guild) = with_event().await;
    let administrators = guild.add_role("administrators", Permissions::ADMINISTRATOR);
    let managers = guild.add_role("managers", Permissions::MANAGE_GUILD);
    for member in [
        guild.owner(),
        guild.add_member("Ben").with_roles([&administrators]),
        guild.add_member("Chloé").with_roles([&managers]),
    ] {
        let told = stage.told(&member, &guild.channel("general"), "/database status", &[]).await;
        assert!(told.contains("Events: 1 running"), "{}: {told}", member.name());
        deletion(&guild, &member).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_deletes_nothing_for_somebody_who_may_not_manage_the_server_any_more() {
    let (stage, guild) = with_event().await;
    let managers = guild.add_role("managers", Permissions::MANAGE_GUILD);
    let ben = guild.add_member("Ben").with_roles([&managers]);
    let form = deletion(&guild, &ben).await;
    ben.remove_role(&managers);
    assert_eq!(named(&ben, &form, "Chess club").await, NOT_YOURS);
    assert_eq!(named(&guild.add_member("Chloé"), &form, "Chess club").await, NOT_YOURS);
    assert_eq!(stage.live_titles(&guild), ["Match"]);
}
