//! What a session is told depends on what it asked for.

use discord_emulator::Emulator;
use serenity::all::{Event, GatewayIntents};

use crate::support::Bot;

fn contents(bot: &Bot) -> Vec<String> {
    let content = |event: &Event| match event {
        Event::MessageCreate(event) => Some(event.message.content.clone()),
        _ => None,
    };
    bot.events().iter().filter_map(content).collect()
}

#[tokio::test]
async fn without_the_intent_a_message_has_no_content_unless_it_mentions_the_bot() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    anna.says(&general, "Match on Friday");
    anna.says(&general, &format!("<@{}> watch this", discord.bot_id()));
    bot.wait_for("MESSAGE_CREATE", 2).await;
    assert_eq!(contents(&bot), ["", &format!("<@{}> watch this", discord.bot_id())]);
    bot.stop().await;
}

#[tokio::test]
async fn with_the_intent_a_message_has_its_content() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let bot = Bot::start(&discord, GatewayIntents::GUILD_MESSAGES | GatewayIntents::MESSAGE_CONTENT).await;
    bot.wait_for("READY", 1).await;
    guild.add_member("Anna").says(&guild.channel("general"), "Match on Friday");
    bot.wait_for("MESSAGE_CREATE", 1).await;
    assert_eq!(contents(&bot), ["Match on Friday"]);
    assert_eq!(bot.count("GUILD_CREATE"), 0, "the guilds intent was not asked for");
    bot.stop().await;
}

#[tokio::test]
async fn reactions_are_told_only_to_who_asked() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    let bot = Bot::start(&discord, GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    let message = anna.says(&guild.channel("general"), "Match on Friday");
    anna.reacts(&message, "✅");
    anna.says(&guild.channel("general"), "and again");
    bot.wait_for("MESSAGE_CREATE", 2).await;
    assert_eq!(bot.count("MESSAGE_REACTION_ADD"), 0);
    bot.stop().await;
}

#[tokio::test]
async fn an_outage_of_a_guild_is_not_a_removal() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    guild.goes_unavailable();
    bot.wait_for("GUILD_DELETE", 1).await;
    guild.returns();
    bot.wait_for("GUILD_CREATE", 2).await;
    guild.remove_bot();
    bot.wait_for("GUILD_DELETE", 2).await;
    let removals: Vec<bool> = bot
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::GuildDelete(event) => Some(event.guild.unavailable),
            _ => None,
        })
        .collect();
    assert_eq!(removals, [true, false]);
    bot.stop().await;
}

#[tokio::test]
async fn a_guild_that_comes_later_is_announced() {
    let discord = Emulator::start().await.unwrap();
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("READY", 1).await;
    let guild = discord.add_guild("Chess club");
    bot.wait_for("GUILD_CREATE", 1).await;
    guild.add_member("Anna").says(&guild.channel("general"), "Hello");
    bot.wait_for("MESSAGE_CREATE", 1).await;
    bot.stop().await;
}
