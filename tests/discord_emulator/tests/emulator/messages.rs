//! Messages, mentions, reactions and direct messages, as Discord treats them.

use discord_emulator::{Emulator, Intents, Permissions};
use serenity::all::{
    ChannelId, CreateActionRow, CreateAllowedMentions, CreateButton, CreateEmbed, CreateMessage,
    CreateThread, EditMessage, GetMessages, GuildId, HttpError, MessageId, Nonce, ReactionType, UserId,
};
use serenity::http::Http;

use crate::support::http;

async fn club() -> (Emulator, discord_emulator::Guild, Http) {
    let discord = Emulator::builder().check_responses(true).rate_limits(false).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let http = http(&discord);
    (discord, guild, http)
}

fn channel_id(channel: &discord_emulator::Channel) -> ChannelId {
    ChannelId::new(channel.id().get())
}

fn text(text: &str) -> CreateMessage {
    CreateMessage::new().content(text)
}

/// Status and code of a refusal.
fn refusal<T: std::fmt::Debug>(result: serenity::Result<T>) -> (u16, isize) {
    match result {
        Err(serenity::Error::Http(HttpError::UnsuccessfulRequest(response))) => {
            (response.status_code.as_u16(), response.error.code)
        }
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn mentions_ping_whom_allowed_mentions_and_permissions_let_them() {
    let (_discord, guild, http) = club().await;
    let general = guild.channel("general");
    let (anna, ben, team) =
        (guild.add_member("Anna"), guild.add_member("Ben"), guild.add_role("team", Permissions::NONE));
    ben.add_role(&team);
    let words = format!("{} {} @everyone", anna.mention(), team.mention());
    let say = async |message: CreateMessage| {
        channel_id(&general).send_message(&http, message).await.unwrap();
        general.last_message().unwrap()
    };

    let all = say(text(&words)).await;
    assert!(
        all.notifies(&anna) && all.notifies(&ben) && all.notifies(&guild.owner()) && all.pings_everyone()
    );

    let some = say(
        text(&words).allowed_mentions(CreateAllowedMentions::new().users([UserId::new(anna.id().get())]))
    )
    .await;
    assert_eq!((some.pings(), some.notified()), (vec![anna.id()], vec![anna.id()]));

    let quiet = say(text(&words).allowed_mentions(CreateAllowedMentions::new())).await;
    assert_eq!(quiet.notified(), []);

    let in_code = say(text(&format!("`{}`", anna.mention()))).await;
    assert_eq!(in_code.notified(), []);

    // Without the permission only a mentionable role can be pinged.
    guild.deny_bot(Permissions::MENTION_EVERYONE);
    let weak = say(text(&words)).await;
    assert_eq!((weak.notified(), weak.role_pings()), (vec![anna.id()], vec![]));
    team.make_mentionable();
    let stronger = say(text(&words)).await;
    assert!(stronger.notifies(&ben) && !stronger.pings_everyone());

    // An edit notifies nobody.
    let plain = say(text("later")).await;
    let id = MessageId::new(plain.id().get());
    channel_id(&general).edit_message(&http, id, EditMessage::new().content(words)).await.unwrap();
    assert_eq!(plain.notified(), []);
    assert!(plain.is_edited());
}

#[tokio::test]
async fn somebody_who_does_not_see_the_channel_is_not_notified() {
    let (_discord, guild, http) = club().await;
    let secret = guild.add_channel("secret");
    let anna = guild.add_member("Anna");
    secret.overwrite(&anna, Permissions::NONE, Permissions::VIEW_CHANNEL);
    channel_id(&secret).send_message(&http, text(&anna.mention())).await.unwrap();
    assert!(!secret.last_message().unwrap().notifies(&anna));
    assert_eq!(secret.messages_for(&anna), []);
}

#[tokio::test]
async fn a_nonce_that_is_enforced_makes_one_message() {
    let (discord, guild, http) = club().await;
    let general = guild.channel("general");
    let send = |nonce: &str| {
        let message = text("Who comes?").nonce(Nonce::String(nonce.to_owned())).enforce_nonce(true);
        channel_id(&general).send_message(&http, message)
    };
    let first = send("a").await.unwrap();
    assert_eq!(send("a").await.unwrap().id, first.id);
    assert_ne!(send("b").await.unwrap().id, first.id);
    assert_eq!(general.messages().len(), 2);
    general.last_message().unwrap().delete();
    assert_eq!(refusal(send("b").await), (404, 10008));
    discord.advance(std::time::Duration::from_mins(4));
    assert_ne!(send("a").await.unwrap().id, first.id);
    discord.assert_clean();
}

#[tokio::test]
async fn missing_permissions_are_told_apart() {
    let (_discord, guild, http) = club().await;
    let general = guild.channel("general");
    let id = channel_id(&general);
    let anna = guild.add_member("Anna");
    let foreign = MessageId::new(anna.says(&general, "hello").id().get());
    assert_eq!(refusal(id.edit_message(&http, foreign, EditMessage::new().content("x")).await), (403, 50005));
    assert_eq!(refusal(id.delete_message(&http, foreign).await), (403, 50013));
    assert_eq!(refusal(id.message(&http, MessageId::new(5)).await), (404, 10008));
    assert_eq!(refusal(ChannelId::new(5).send_message(&http, text("x")).await), (404, 10003));
    assert_eq!(refusal(id.send_message(&http, text(" ")).await), (400, 50006));

    general.deny_bot(Permissions::EMBED_LINKS);
    let embed = CreateMessage::new().embed(CreateEmbed::new().title("x"));
    assert_eq!(refusal(id.send_message(&http, embed).await), (403, 50013));
    general.deny_bot(Permissions::SEND_MESSAGES);
    assert_eq!(refusal(id.send_message(&http, text("x")).await), (403, 50013));
    general.deny_bot(Permissions::READ_MESSAGE_HISTORY);
    assert_eq!(id.messages(&http, GetMessages::new()).await.unwrap().len(), 0);
    general.hide_from_bot();
    assert_eq!(refusal(id.send_message(&http, text("x")).await), (403, 50001));
    guild.remove_bot();
    assert_eq!(refusal(id.messages(&http, GetMessages::new()).await), (403, 50001));
    assert_eq!(refusal(GuildId::new(guild.id().get()).to_partial_guild(&http).await), (404, 10004));
    general.delete();
    assert_eq!(refusal(id.messages(&http, GetMessages::new()).await), (404, 10003));
}

#[tokio::test]
async fn without_the_intent_foreign_words_are_missing() {
    let discord = Emulator::builder().intents_allowed(Intents::NONE).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let (http, general, anna) = (http(&discord), guild.channel("general"), guild.add_member("Anna"));
    let id = channel_id(&general);
    id.send_message(&http, text("mine")).await.unwrap();
    anna.says(&general, "not yours");
    anna.says(&general, &format!("for {}", guild.bot().mention()));
    let contents: Vec<String> = id
        .messages(&http, GetMessages::new())
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.content)
        .collect();
    assert_eq!(contents, [format!("for {}", guild.bot().mention()).as_str(), "", "mine"]);
    let members = GuildId::new(guild.id().get()).members(&http, None, None).await;
    assert_eq!(refusal(members), (403, 50001));
}

#[tokio::test]
async fn reactions_are_paged_and_super_reactions_listed_apart() {
    let (discord, guild, http) = club().await;
    let general = guild.channel("general");
    let id = channel_id(&general);
    let anna = guild.add_member("Anna");
    let message = anna.says(&general, "Who comes?");
    let people: Vec<_> = (0..130).map(|number| guild.add_member(&format!("Person {number}"))).collect();
    for person in &people {
        person.reacts(&message, "✅");
    }
    anna.super_reacts(&message, "✅");
    let custom = guild.add_emoji("yes");
    anna.reacts(&message, &custom);
    let tick = ReactionType::Unicode("✅".to_owned());
    let message_id = MessageId::new(message.id().get());
    let page = id.reaction_users(&http, message_id, tick.clone(), Some(100), None).await.unwrap();
    let rest = id
        .reaction_users(&http, message_id, tick.clone(), Some(100), page.last().map(|user| user.id))
        .await
        .unwrap();
    assert_eq!((page.len(), rest.len()), (100, 30));
    let reactions = message.reactions();
    assert_eq!((reactions[0].count(), reactions[0].super_users.clone()), (131, vec![anna.id()]));
    assert!(reactions[1].is(&custom));
    people[0].unreacts(&message, "✅");
    anna.unreacts(&message, "✅");
    assert_eq!(message.reactions()[0].count(), 129);
    message.clear_emoji("✅");
    id.create_reaction(&http, message_id, tick).await.unwrap();
    assert_eq!(message.reactions()[1].users, [discord.bot_id()]);
    discord.assert_clean();
}

#[tokio::test]
async fn direct_messages_can_be_closed() {
    let (discord, guild, http) = club().await;
    let anna = guild.add_member("Anna");
    let user = UserId::new(anna.id().get());
    let dm = user.create_dm_channel(&http).await.unwrap();
    dm.send_message(&http, text("Hello")).await.unwrap();
    let first = anna.dm().last_message().unwrap();
    assert!(first.notifies(&anna));
    anna.says(&anna.dm(), "Hello bot");
    assert_eq!(anna.dm().messages().len(), 2);
    anna.accept_direct_messages(false);
    assert_eq!(refusal(dm.send_message(&http, text("Hello?")).await), (403, 50007));
    anna.accept_direct_messages(true);
    anna.leave();
    assert_eq!(refusal(dm.send_message(&http, text("Hello?")).await), (403, 50278));
    discord.assert_clean();
}

#[tokio::test]
async fn threads_need_their_own_permission_and_wake_when_written_in() {
    let (discord, guild, http) = club().await;
    let general = guild.channel("general");
    let anna = guild.add_member("Anna");
    let message = anna.says(&general, "Match on Friday");
    let id = MessageId::new(message.id().get());
    let thread = channel_id(&general)
        .create_thread_from_message(&http, id, CreateThread::new("Friday"))
        .await
        .unwrap();
    thread.id.send_message(&http, text("Who comes?")).await.unwrap();
    let again = channel_id(&general).create_thread_from_message(&http, id, CreateThread::new("Friday")).await;
    assert_eq!(refusal(again), (400, 160_004));
    let handle = discord.channel(thread.id.get());
    handle.archive();
    thread.id.send_message(&http, text("Still?")).await.unwrap();
    assert!(!handle.is_archived());
    handle.lock();
    assert_eq!(refusal(thread.id.send_message(&http, text("Still?")).await), (400, 160_005));
    handle.unarchive();
    general.deny_bot(Permissions::SEND_MESSAGES_IN_THREADS);
    assert_eq!(refusal(thread.id.send_message(&http, text("x")).await), (403, 50013));
    let hidden = anna.starts_private_thread(&general, "secret");
    assert_eq!(refusal(channel_id(&hidden).send_message(&http, text("x")).await), (403, 50001));
    discord.assert_clean();
}

#[tokio::test]
async fn buttons_alone_make_a_message_and_are_numbered() {
    let (discord, guild, http) = club().await;
    let general = guild.channel("general");
    let row =
        CreateActionRow::Buttons(vec![CreateButton::new("a").label("A"), CreateButton::new("b").label("B")]);
    channel_id(&general).send_message(&http, CreateMessage::new().components(vec![row])).await.unwrap();
    let message = general.last_message().unwrap();
    let labels: Vec<String> = message.buttons().into_iter().map(|button| button.label).collect();
    assert_eq!(labels, ["A", "B"]);
    discord.assert_clean();
}
