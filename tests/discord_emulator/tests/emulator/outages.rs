//! A gateway that does not answer.

use std::time::Duration;

use discord_emulator::Emulator;
use serenity::all::GatewayIntents;

use crate::support::Bot;

#[tokio::test]
async fn refused_connections_are_tried_until_they_are_not() {
    let discord = Emulator::builder().identify_interval(Duration::ZERO).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    discord.gateway().refuse_connections(Duration::from_secs(3));
    discord.gateway().drop_connections();
    guild.add_member("Anna").says(&guild.channel("general"), "Is anybody there?");
    // serenity gives the session up and identifies anew: what happened meanwhile is lost.
    bot.wait_for("READY", 2).await;
    assert_eq!(bot.count("MESSAGE_CREATE"), 0);
    bot.stop().await;
}

#[tokio::test]
async fn silence_ends_with_a_new_connection() {
    let discord = Emulator::builder()
        .heartbeat_interval(Duration::from_millis(500))
        .identify_interval(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("READY", 1).await;
    discord.gateway().go_silent();
    let heartbeats = discord.gateway().counters().heartbeats;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(discord.gateway().counters().heartbeats, heartbeats, "nothing is read");
    discord.gateway().come_back();
    bot.wait_for("READY", 2).await;
    bot.stop().await;
}
