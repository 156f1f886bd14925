//! The routes as serenity calls them, and the answers held against Discord's description.

use std::time::Duration;

use discord_emulator::{Emulator, Method};
use serenity::all::{
    ButtonStyle, ChannelId, Command, CommandOptionType, CreateAllowedMentions, CreateButton, CreateChannel,
    CreateCommand, CreateCommandOption, CreateEmbed, CreateInvite, CreateMessage, CreateScheduledEvent,
    CreateThread, EditMessage, EditRole, GatewayIntents, GetMessages, GuildId, Nonce, ReactionType,
    ScheduledEventType, Timestamp, UserId,
};

use crate::support::{Bot, http};

async fn strict() -> Emulator {
    Emulator::builder().check_responses(true).rate_limits(false).start().await.unwrap()
}

#[tokio::test]
async fn messages_are_written_read_changed_and_deleted() {
    let discord = strict().await;
    let guild = discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    let http = http(&discord);
    guild.set_bot_permissions(discord_emulator::Permissions::ALL);
    let channel = ChannelId::new(guild.channel("general").id().get());
    let draft = CreateMessage::new()
        .content(format!("Who comes, {}?", anna.mention()))
        .embed(CreateEmbed::new().title("Match").description("Friday").field("Where", "Club", true))
        .allowed_mentions(CreateAllowedMentions::new().users([UserId::new(anna.id().get())]))
        .nonce(Nonce::String("match-1".to_owned()))
        .enforce_nonce(true)
        .button(CreateButton::new("coming").label("Coming").style(ButtonStyle::Success));
    let message = channel.send_message(&http, draft.clone()).await.unwrap();
    let again = channel.send_message(&http, draft).await.unwrap();
    assert_eq!(message.id, again.id, "the same nonce makes no second message");
    assert_eq!(channel.messages(&http, GetMessages::new().limit(10)).await.unwrap().len(), 1);
    channel.message(&http, message.id).await.unwrap();
    channel.edit_message(&http, message.id, EditMessage::new().content("Who comes?")).await.unwrap();
    channel.create_reaction(&http, message.id, ReactionType::Unicode("✅".to_owned())).await.unwrap();
    let emoji = ReactionType::Unicode("✅".to_owned());
    assert_eq!(channel.reaction_users(&http, message.id, emoji, None, None).await.unwrap().len(), 1);
    channel.pin(&http, message.id).await.unwrap();
    channel.pins(&http).await.unwrap();
    channel.unpin(&http, message.id).await.unwrap();
    channel.delete_reactions(&http, message.id).await.unwrap();
    channel.delete_message(&http, message.id).await.unwrap();
    discord.assert_clean();
}

#[tokio::test]
async fn guilds_and_what_is_in_them_are_read() {
    let discord = strict().await;
    let guild = discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    guild.set_bot_permissions(discord_emulator::Permissions::ALL);
    let http = http(&discord);
    let id = GuildId::new(guild.id().get());
    let (anna, bot) = (UserId::new(anna.id().get()), UserId::new(discord.bot_id().get()));
    http.get_current_user().await.unwrap();
    http.get_current_application_info().await.unwrap();
    http.get_user(anna).await.unwrap();
    http.get_guild(id).await.unwrap();
    http.get_guild_with_counts(id).await.unwrap();
    http.get_channels(id).await.unwrap();
    http.get_guild_roles(id).await.unwrap();
    http.get_member(id, anna).await.unwrap();
    http.get_member(id, bot).await.unwrap();
    assert_eq!(id.members(&http, Some(1000), None).await.unwrap().len(), 3);
    id.search_members(&http, "An", None).await.unwrap();
    http.get_guilds(None, None).await.unwrap();
    http.get_guild_active_threads(id).await.unwrap();
    http.get_scheduled_events(id, true).await.unwrap();
    http.get_guild_invites(id).await.unwrap();
    discord.assert_clean();
}

#[tokio::test]
async fn guilds_are_changed() {
    let discord = strict().await;
    let guild = discord.add_guild("Chess club");
    let anna = UserId::new(guild.add_member("Anna").id().get());
    guild.set_bot_permissions(discord_emulator::Permissions::ALL);
    let http = http(&discord);
    let id = GuildId::new(guild.id().get());
    let role = id.create_role(&http, EditRole::new().name("team")).await.unwrap();
    http.add_member_role(id, anna, role.id, Some("joined the team")).await.unwrap();
    http.remove_member_role(id, anna, role.id, None).await.unwrap();
    let channel = id.create_channel(&http, CreateChannel::new("matches")).await.unwrap();
    channel.id.create_invite(&http, CreateInvite::new().max_age(3600)).await.unwrap();
    let message = channel.id.say(&http, "Who comes?").await.unwrap();
    channel.id.create_thread_from_message(&http, message.id, CreateThread::new("Lifts")).await.unwrap();
    let start = Timestamp::from_unix_timestamp(1_900_000_000).unwrap();
    let end = Timestamp::from_unix_timestamp(1_900_003_600).unwrap();
    let event = CreateScheduledEvent::new(ScheduledEventType::External, "Match", start)
        .end_time(end)
        .location("Club")
        .description("Board two");
    let event = id.create_scheduled_event(&http, event).await.unwrap();
    id.scheduled_event(&http, event.id, true).await.unwrap();
    id.delete_scheduled_event(&http, event.id).await.unwrap();
    channel.id.delete(&http).await.unwrap();
    let dm = anna.create_dm_channel(&http).await.unwrap();
    dm.id.say(&http, "Are you coming?").await.unwrap();
    discord.assert_clean();
}

#[tokio::test]
async fn commands_are_registered() {
    let discord = strict().await;
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("READY", 1).await;
    let option =
        CreateCommandOption::new(CommandOptionType::String, "event", "Which one").set_autocomplete(true);
    let sub = CreateCommandOption::new(CommandOptionType::SubCommand, "show", "Shows an event")
        .add_sub_option(option);
    let commands = vec![
        CreateCommand::new("event")
            .description("Events")
            .add_option(sub)
            .default_member_permissions(serenity::all::Permissions::MANAGE_GUILD),
        CreateCommand::new("Watch for answers").kind(serenity::all::CommandType::Message),
    ];
    Command::set_global_commands(&bot.http, commands.clone()).await.unwrap();
    assert_eq!(Command::get_global_commands(&bot.http).await.unwrap().len(), 2);
    let guild = discord.add_guild("Chess club");
    let id = GuildId::new(guild.id().get());
    id.set_commands(&bot.http, commands).await.unwrap();
    discord.assert_clean();
    bot.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_and_noted() {
    let discord = strict().await;
    let guild = discord.add_guild("Chess club");
    let url = format!("{}/api/v10/channels/{}/messages", discord.api_url(), guild.channel("general").id());
    let response = reqwest::Client::new()
        .post(url)
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)")
        .json(&serde_json::json!({ "content": "x".repeat(2001) }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["code"], 50035);
    assert_eq!(body["errors"]["content"]["_errors"][0]["code"], "BASE_TYPE_MAX_LENGTH");
    assert_eq!(guild.channel("general").messages().len(), 0);
    let rules: Vec<_> = discord.take_violations().iter().map(|violation| violation.rule).collect();
    assert_eq!(rules, ["content.length"]);
}

#[tokio::test]
async fn what_took_effect_before_the_cut_can_be_told_by_its_nonce() {
    let discord = strict().await;
    let guild = discord.add_guild("Chess club");
    let general = guild.channel("general");
    let http = http(&discord);
    let channel = ChannelId::new(general.id().get());
    discord.faults().on(Method::POST, "/channels/{}/messages").drop_after();
    let draft =
        || CreateMessage::new().content("Once").nonce(Nonce::String("once".to_owned())).enforce_nonce(true);
    channel.send_message(&http, draft()).await.unwrap_err();
    channel.send_message(&http, draft()).await.unwrap();
    assert_eq!(general.messages().len(), 1);
    discord.faults().on_any().times(1).delay(Duration::from_millis(10));
    discord.assert_clean();
}
