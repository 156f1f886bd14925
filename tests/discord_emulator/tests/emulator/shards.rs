//! Several shards, many guilds, and the members of a large one.

use std::time::{Duration, Instant};

use discord_emulator::{Emulator, Shard};
use serenity::all::{ChunkGuildFilter, Event, GatewayIntents, GuildId};

use crate::support::Bot;

fn guild_ids(events: &[Event]) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::GuildCreate(event) => Some(event.guild.id.get()),
        _ => None,
    };
    events.iter().filter_map(id).collect()
}

#[tokio::test]
async fn each_shard_hears_of_its_own_guilds() {
    let discord = Emulator::builder().identify_interval(Duration::from_secs(1)).start().await.unwrap();
    let guilds = discord.add_guilds(6, 1);
    let bot = Bot::start_shards(&discord, GatewayIntents::non_privileged(), 2).await;
    discord.gateway().wait_for("two shards", |gateway| gateway.sessions().len() == 2).await;
    discord.gateway().wait_until_ready().await;
    bot.wait_for("GUILD_CREATE", 6).await;
    let mut heard = guild_ids(&bot.events());
    let mut made: Vec<u64> = guilds.iter().map(|guild| guild.id().get()).collect();
    heard.sort_unstable();
    made.sort_unstable();
    assert_eq!(heard, made);
    for (index, session) in discord.gateway().sessions().iter().enumerate() {
        assert_eq!(session.shard, Shard { id: u32::try_from(index).unwrap(), total: 2 });
        assert_eq!(session.sequence, 1 + 3, "READY and three guilds");
    }
    discord.assert_clean();
    bot.stop().await;
}

#[tokio::test]
async fn ten_thousand_guilds_fit_into_one_process() {
    let discord = Emulator::builder().guilds_per_shard(10_000).start().await.unwrap();
    let start = Instant::now();
    let guilds = discord.add_guilds(10_000, 10);
    assert_eq!(guilds.len(), 10_000);
    let made = start.elapsed();
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    bot.wait_for("GUILD_CREATE", 10_000).await;
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "made in {made:?}, announced after {:?}",
        start.elapsed()
    );
    let channel = guilds[9_999].channel("general");
    guilds[9_999].add_member("Anna").says(&channel, "Who comes?");
    bot.wait_for("MESSAGE_CREATE", 1).await;
    bot.stop().await;
}

#[tokio::test]
async fn too_many_guilds_for_one_shard_need_another() {
    let discord = Emulator::builder().guilds_per_shard(2).start().await.unwrap();
    drop(discord.add_guilds(3, 0));
    let bot = Bot::start(&discord, GatewayIntents::non_privileged()).await;
    discord.gateway().wait_for("4011", |gateway| gateway.counters().refused_identifies == 1).await;
    assert_eq!(bot.count("READY"), 0);
}

#[tokio::test]
async fn members_come_in_chunks_and_not_twice_in_a_row() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guilds(1, 2500).remove(0);
    let bot = Bot::start(&discord, GatewayIntents::GUILDS | GatewayIntents::GUILD_MEMBERS).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    let id = GuildId::new(guild.id().get());
    bot.chunk(id, &ChunkGuildFilter::None);
    bot.wait_for("GUILD_MEMBERS_CHUNK", 3).await;
    let members = bot
        .events()
        .iter()
        .map(|event| match event {
            Event::GuildMembersChunk(chunk) => chunk.members.len(),
            _ => 0,
        })
        .sum::<usize>();
    assert_eq!(members, 2500 + 2, "with the owner and the bot");
    bot.chunk(id, &ChunkGuildFilter::None);
    bot.wait_for("RATE_LIMITED", 1).await;
    bot.chunk(id, &ChunkGuildFilter::Query("person".to_owned()));
    bot.wait_for("GUILD_MEMBERS_CHUNK", 4).await;
    assert_eq!(bot.count("GUILD_MEMBERS_CHUNK"), 4);
    bot.stop().await;
}
