//! What watching needs: the member must be able to read the message, and the bot to read, react and send there.

use discord_emulator::{Guild, Permissions, Role};

use crate::stage::Stage;

/// A role by which a member may start events.
fn organisers(guild: &Guild) -> Role {
    guild.add_role("organisers", Permissions::MANAGE_EVENTS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_permission_that_the_bot_is_missing_is_named() {
    let (stage, guild) = Stage::set().await;
    let owner = guild.owner();
    let here = guild.channel("general");
    for (permission, name) in [
        (Permissions::VIEW_CHANNEL, "View Channel"),
        (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
        (Permissions::ADD_REACTIONS, "Add Reactions"),
        (Permissions::SEND_MESSAGES, "Send Messages"),
    ] {
        let place = guild.add_channel("place");
        let message = owner.says(&place, "Who comes?");
        place.deny_bot(permission);
        let told = stage.told(&owner, &here, "/event watch", &[("message", &message.link())]).await;
        assert!(told.contains(&format!("**{name}**")), "{told}");
        let alone = permission != Permissions::VIEW_CHANNEL;
        assert!(!alone || told.matches("**").count() == 2, "{told}");
        place.allow_bot(permission);
        let told = stage.told(&owner, &here, "/event watch", &[("message", &message.link())]).await;
        assert!(told.starts_with("I am watching"), "the permission is there again, yet: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_missing_is_named_at_once() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    guild.set_bot_permissions(Permissions::VIEW_CHANNEL);
    insta::assert_snapshot!(
        stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await,
        @"I am missing **Read Message History**, **Send Messages** and **Add Reactions** in #general. Somebody who manages this server can give me that in the channel's settings; then try again."
    );
    let thread = owner.starts_thread(&message, "planning");
    let message = owner.says(&thread, "And here?");
    let told = stage.told(&owner, &thread, "/event watch", &[("message", &message.link())]).await;
    assert!(told.contains("**Send Messages in Threads**"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_the_bot_does_not_see_is_named_with_what_helps() {
    let (stage, guild) = Stage::set().await;
    let (owner, side) = (guild.owner(), guild.add_channel("side"));
    let message = owner.says(&side, "Who comes?");
    side.hide_from_bot();
    let (general, link) = (guild.channel("general"), message.link());
    let told = stage.told(&owner, &general, "/event watch", &[("message", &link)]).await;
    insta::assert_snapshot!(told, @"I cannot see #side. If it is a channel of this server, give me **View Channel**, **Read Message History**, **Send Messages** and **Add Reactions** there, then try again.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_cannot_watch_what_they_cannot_read() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let anna = guild.add_member("Anna").with_roles([&organisers(&guild)]);
    for (denied, name) in [
        (Permissions::VIEW_CHANNEL, "**View Channel**"),
        (Permissions::READ_MESSAGE_HISTORY, "**Read Message History**"),
    ] {
        let side = guild.add_channel("side");
        let secret = owner.says(&side, "A secret");
        side.overwrite(&anna, Permissions::NONE, denied);
        let told = stage.told(&anna, &general, "/event watch", &[("message", &secret.link())]).await;
        assert!(told.starts_with("For that you need") && told.contains(name), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
    assert!(!stage.guild_dir(&guild).exists(), "a refusal made a database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_thread_is_closed_to_those_outside_and_so_is_what_is_asked_there() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name).with_roles([&organisers(&guild)]));
    let thread = anna.starts_private_thread(&general, "surprise");
    anna.says(&thread, &format!("Come in, {}", guild.bot().mention()));
    let secret = anna.says(&thread, "A present for Ben?");
    let told = stage.told(&ben, &general, "/event watch", &[("message", &secret.link())]).await;
    assert!(told.starts_with("For that you need **View Channel**"), "{told}");

    let told = stage.told(&anna, &thread, "/event watch", &[("message", &secret.link())]).await;
    assert!(told.starts_with("I am watching") && told.contains("0 of 2 members"), "{told}");
    let seen = ben.completes(&general, "/event show").option("event", "").await.unwrap();
    assert_eq!(seen, []);
    let told = stage.told(&ben, &general, "/event list", &[]).await;
    assert!(told.starts_with("No event runs here."), "{told}");
    let told = stage.told(&owner, &general, "/event list", &[]).await;
    assert!(told.contains("A present for Ben?"), "who manages threads sees all of them: {told}");
}
