//! What people do with a bot, and what they see.

use discord_emulator::{ActionError, Emulator, Intents, Permissions};

use crate::clerk::Clerk;

async fn discord_with_clerk() -> (Emulator, Clerk) {
    let discord =
        Emulator::builder().intents_allowed(Intents::NONE).check_responses(true).start().await.unwrap();
    let clerk = Clerk::start(&discord).await;
    (discord, clerk)
}

#[tokio::test]
async fn a_command_with_options_is_answered_for_its_author_alone() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna, ben) = (guild.channel("general"), guild.add_member("Anna"), guild.add_member("Ben"));
    let team = guild.add_role("team", Permissions::NONE);
    let message = anna.says(&general, "Match on Friday, who comes?");
    let reply = anna
        .runs(&general, "/event watch")
        .option("message", message.link())
        .option("interval", 90)
        .option("role", &team)
        .send()
        .await
        .unwrap();
    assert_eq!(reply.text(), format!("watch message={} interval=90 role=team", message.link()));
    assert!(reply.is_ephemeral());
    assert_eq!(general.messages(), std::slice::from_ref(&message));
    assert_eq!(general.messages_for(&anna).len(), 2);
    assert_eq!(general.messages_for(&ben).len(), 1);
    discord.assert_clean();
}

#[tokio::test]
async fn the_client_refuses_what_the_command_does_not_take() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let too_short = anna.runs(&general, "/event watch").option("message", "x").option("interval", 4).await;
    assert!(matches!(too_short.unwrap_err(), ActionError::Refused { field, .. } if field == "interval"));
    let missing = anna.runs(&general, "/event watch").await.unwrap_err();
    assert!(matches!(missing, ActionError::MissingOption { option, .. } if option == "message"));
    let unknown = anna.runs(&general, "/event watch").option("colour", "red").await.unwrap_err();
    assert!(matches!(unknown, ActionError::UnknownOption { .. }));
    assert!(matches!(anna.runs(&general, "/event").await.unwrap_err(), ActionError::UnknownCommand(_)));
    assert!(matches!(anna.runs(&general, "/nothing").await.unwrap_err(), ActionError::UnknownCommand(_)));
    assert!(matches!(anna.runs(&general, "/admin").await.unwrap_err(), ActionError::NotAllowed { .. }));
    let boss = guild.add_member("Boss").manager();
    assert_eq!(boss.runs(&general, "/admin").await.unwrap().text(), "At your service");
    guild.remove_bot();
    assert!(matches!(boss.runs(&general, "/admin").await.unwrap_err(), ActionError::UnknownCommand(_)));
}

#[tokio::test]
async fn a_deferred_answer_is_waited_for_and_a_missing_one_is_not() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let reply = anna.runs(&general, "/slow").await.unwrap();
    assert_eq!(reply.text(), "Done at last");
    assert!(reply.is_ephemeral());
    assert!(!reply.message().unwrap().is_edited());
    assert_eq!(anna.runs(&general, "/mute").await.unwrap_err(), ActionError::DidNotRespond);
    discord.assert_clean();
}

#[tokio::test]
async fn choices_are_offered_while_somebody_types() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let choices = anna.completes(&general, "/event show").option("event", "Mat").await.unwrap();
    let names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
    assert_eq!(names, ["Match on Friday", "Match on Monday"]);
    let reply = anna.runs(&general, "/event show").option("event", choices[1].input()).await.unwrap();
    assert_eq!(reply.text(), "show event=match on monday");
    discord.assert_clean();
}

#[tokio::test]
async fn a_message_command_reads_the_message_without_the_intent() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let message = anna.says(&general, "Match on Friday");
    let reply = anna.uses(&message, "Quote").await.unwrap();
    assert_eq!(reply.text(), "> Match on Friday");
    assert!(!reply.is_ephemeral());
    discord.assert_clean();
}

#[tokio::test]
async fn buttons_update_acknowledge_and_open_forms() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let panel = anna.runs(&general, "/panel").await.unwrap();
    assert_eq!(panel.text(), "Who comes?\nSay it");
    assert_eq!(
        panel.screen(),
        "Who comes?\nSay it\n[✅ Coming] [Later] [Why] (Closed) [Site]\n{Which days?: Friday | Monday}"
    );

    let later = anna.presses(&panel, "Later").await.unwrap();
    assert!(later.is_update());
    let note = later.follow_up().await;
    assert_eq!((note.text().as_str(), note.is_ephemeral()), ("Noted", true));
    assert_eq!(later.edited().await.text(), "Later it is\nWho comes?\nSay it");

    let form = anna.presses(&panel, "why").await.unwrap().modal().unwrap();
    assert_eq!(form.screen(), "A form\nTitle: [Chess]");
    assert_eq!((form.title().as_str(), form.fields()[0].value.as_str()), ("A form", "Chess"));
    let too_long = anna.fills(&form).field("Title", &"x".repeat(21)).submit().await.unwrap_err();
    assert!(matches!(too_long, ActionError::Refused { .. }));
    let reply = anna.fills(&form).field("Title", "Go").submit().await.unwrap();
    assert_eq!(reply.text(), "title: Go");
    assert_eq!(anna.fills(&form).submit().await.unwrap().text(), "title: Chess");

    let chosen = anna.selects(&panel, "Which days?", ["Friday", "monday"]).await.unwrap();
    assert_eq!(chosen.text(), "chosen: friday+monday");
    assert!(matches!(
        anna.selects(&panel, "days", ["Sunday"]).await.unwrap_err(),
        ActionError::Refused { .. }
    ));

    assert!(matches!(anna.presses(&panel, "Closed").await.unwrap_err(), ActionError::NotPressable(_)));
    assert!(matches!(anna.presses(&panel, "Site").await.unwrap_err(), ActionError::NotPressable(_)));
    assert!(matches!(anna.presses(&panel, "No").await.unwrap_err(), ActionError::NoSuchComponent { .. }));
    assert_eq!(anna.presses_raw(&panel, "forged").await.unwrap().text(), "unknown forged");

    let update = anna.presses(&panel, "✅ Coming").await.unwrap();
    assert!(update.is_update());
    assert_eq!(panel.text(), "Somebody comes\nWho comes?\nSay it");
    assert_eq!(panel.buttons(), []);
    discord.assert_clean();
}

#[tokio::test]
async fn an_ephemeral_answer_cannot_be_pressed_by_others() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let (general, anna, ben) = (guild.channel("general"), guild.add_member("Anna"), guild.add_member("Ben"));
    let reply = anna.runs(&general, "/slow").await.unwrap();
    assert_eq!(ben.presses(&reply, "x").await.unwrap_err(), ActionError::MessageGone);
}

#[tokio::test]
async fn commands_work_in_direct_messages() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    let panel = anna.runs(&anna.dm(), "/panel").await.unwrap();
    assert_eq!(anna.presses(&panel, "Coming").await.unwrap().text(), "Somebody comes\nWho comes?\nSay it");
    discord.assert_clean();
}

#[tokio::test]
async fn commands_go_by_their_names_in_the_persons_language() {
    let (discord, _clerk) = discord_with_clerk().await;
    let guild = discord.add_guild("Schachklub");
    let general = guild.channel("general");
    let boss = guild.add_member("Boss").manager().with_locale("de");
    assert_eq!(boss.runs(&general, "/leitung").await.unwrap().text(), "At your service");
    let english = guild.add_member("Chief").manager();
    assert!(matches!(english.runs(&general, "/leitung").await.unwrap_err(), ActionError::UnknownCommand(_)));
    discord.assert_clean();
}

#[tokio::test]
async fn a_screen_shows_names_in_place_of_ids() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let (general, anna, team) =
        (guild.channel("general"), guild.add_member("Anna"), guild.add_role("team", Permissions::NONE));
    let words = format!("{} of {} in {} <t:5:R> 1 < 2", anna.mention(), team.mention(), general.mention());
    let message = anna.says(&general, &words);
    anna.reacts(&message, "✅");
    assert_eq!(message.json()["content"], words);
    assert_eq!(message.screen(), "@Anna of @team in #general <t:5:R> 1 < 2\n✅ 1");
}
