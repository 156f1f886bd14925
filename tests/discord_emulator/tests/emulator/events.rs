//! Everything that people do arrives as an event that a real client can read.

use std::time::Duration;

use discord_emulator::{Emulator, Permissions};
use serenity::all::{Event, GatewayIntents};

use crate::support::Bot;

#[tokio::test]
async fn each_event_is_one_that_serenity_can_read() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let bot = Bot::start(&discord, GatewayIntents::all()).await;
    bot.wait_for("GUILD_CREATE", 1).await;
    let (anna, ben) = (guild.add_member("Anna"), guild.add_member("Ben"));
    let team = guild.add_role("team", Permissions::MENTION_EVERYONE).mentionable();
    anna.add_role(&team);
    anna.set_nick("Ann");
    anna.remove_role(&team);
    team.rename("players");
    team.delete();
    let side = guild.add_channel("side");
    side.rename("matches");
    let message = anna.says(&side, "Match on Friday, who comes?");
    ben.replies(&message, "I do");
    anna.edits(&message, "Match on Saturday, who comes?");
    ben.reacts(&message, "✅");
    ben.super_reacts(&message, "🔥");
    ben.unreacts(&message, "✅");
    let own = guild.add_emoji("chess");
    ben.reacts(&message, &own);
    message.clear_reactions();
    let thread = anna.starts_thread(&message, "Lifts");
    anna.says(&thread, "I drive");
    thread.archive();
    let event = guild.add_scheduled_event("Match", Duration::from_hours(1));
    ben.is_interested_in(&event);
    ben.loses_interest_in(&event);
    event.rename("The match");
    event.delete();
    anna.makes_invite(&side);
    message.delete();
    let [first, second] = [anna.says(&side, "one"), anna.says(&side, "two")];
    side.delete_messages(&[first, second]);
    side.delete();
    guild.rename("Chess and go club");
    ben.leave();
    anna.says(&anna.dm(), "Can you hear me?");
    guild.delete();
    bot.wait_for("GUILD_DELETE", 1).await;
    let unreadable: Vec<_> =
        bot.events().iter().filter(|event| matches!(event, Event::Unknown(_))).cloned().collect();
    assert!(unreadable.is_empty(), "serenity cannot read {unreadable:?}");
    for name in [
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_UPDATE",
        "GUILD_MEMBER_REMOVE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_UPDATE",
        "GUILD_ROLE_DELETE",
        "CHANNEL_CREATE",
        "CHANNEL_UPDATE",
        "CHANNEL_DELETE",
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "MESSAGE_DELETE",
        "MESSAGE_DELETE_BULK",
        "MESSAGE_REACTION_ADD",
        "MESSAGE_REACTION_REMOVE",
        "MESSAGE_REACTION_REMOVE_ALL",
        "THREAD_CREATE",
        "THREAD_UPDATE",
        "GUILD_SCHEDULED_EVENT_CREATE",
        "GUILD_SCHEDULED_EVENT_UPDATE",
        "GUILD_SCHEDULED_EVENT_DELETE",
        "GUILD_SCHEDULED_EVENT_USER_ADD",
        "GUILD_SCHEDULED_EVENT_USER_REMOVE",
        "INVITE_CREATE",
        "GUILD_UPDATE",
        "GUILD_EMOJIS_UPDATE",
    ] {
        assert!(bot.count(name) > 0, "no {name} among {:?}", bot.names());
    }
    bot.stop().await;
}
