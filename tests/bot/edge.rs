//! The edge: what comes in by gateway, and what goes out whatever happens to Discord.

use std::time::Duration;

use discord_emulator::{Channel, Emulator, Guild, Message, Method, Permissions};

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders, watch};

/// An event that Muster posted in `general`.
async fn posted(guild: &Guild) -> (Channel, Message) {
    let general = guild.channel("general");
    let create = guild.owner().runs(&general, "/event create").option("title", "Match on Friday");
    let reply = create.send().await.expect("the command is answered");
    assert!(reply.is_ephemeral(), "{}", reply.text());
    let message =
        general.wait_for_message(|message| message.is_by_bot() && !message.buttons().is_empty()).await;
    (general, message)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_of_an_event_shows_the_latest_answers_with_few_edits() {
    let (stage, guild) = Stage::set().await;
    let members: Vec<_> = (0..20).map(|n| guild.add_member(&format!("Member {n}"))).collect();
    let (_, message) = posted(&guild).await;
    for member in &members {
        member.presses(&message, "Coming").await.unwrap();
    }
    let shows = |text: &str| message.text().contains(text);
    stage.until("all answers are shown", || shows("Coming (20)") && shows("**20** of **21**")).await;
    let edit = "/channels/{channel_id}/messages/{message_id}";
    let edits = stage.discord.requests().iter().filter(|r| r.is(&Method::PATCH, edit)).count();
    assert!(edits <= 8, "{edits} edits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_to_take_an_answer_back_counts() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben, dora, emil] = ["Anna", "Ben", "Dora", "Emil"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "✅");
    anna.unreacts(&message, "✅");
    ben.reacts(&message, "❌");
    message.clear_emoji("❌");
    dora.super_reacts(&message, "❓");
    emil.reacts(&message, "🎉");
    stage.pass(HOUR);
    general.wait_for_messages(2).await;
    stage.until("the reminder is there", || !reminders(&general).is_empty()).await;
    assert_eq!(pinged(&general), ids(&[&anna, &ben, &emil]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_message_or_channel_ends_its_event() {
    let (stage, guild) = Stage::set().await;
    let side = guild.add_channel("side");
    let general = guild.channel("general");
    let owner = guild.owner();
    let [one, two, three] = ["One", "Two", "Three"].map(|text| owner.says(&general, text));
    let four = owner.says(&side, "Four");
    for message in [&one, &two, &three, &four] {
        watch(&stage, &owner, message).await;
    }
    stage.until("all are live", || stage.live_titles(&guild).len() == 4).await;
    one.delete();
    general.delete_messages(&[two, three]);
    side.delete();
    stage.until("none is live", || stage.live_titles(&guild).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_takes_its_time_is_answered_all_the_same() {
    let (stage, guild) = Stage::set().await;
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    stage
        .discord
        .faults()
        .on(Method::GET, "/guilds/{guild_id}/members")
        .always()
        .delay(Duration::from_secs(2));
    let (_, posted) = posted(&guild).await;
    watch(&stage, &guild.owner(), &message).await;
    stage.discord.faults().clear();
    let reply = guild.owner().presses(&posted, "Coming").await.unwrap();
    assert!(reply.is_ephemeral(), "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_closed_without_a_code_stalls_nothing() {
    let emulator = Emulator::builder().heartbeat_interval(Duration::from_secs(3));
    let mut stage = Stage::with(emulator).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.discord.gateway().close(None);
    stage.pass(HOUR);
    stage.until("the reminder is there", || !reminders(&general).is_empty()).await;
    assert_eq!(reminders(&general)[0].pings(), [anna.id()]);
    stage.discord.gateway().wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reminders_at_once_keep_to_discords_limits() {
    let mut stage = Stage::with(Emulator::builder().rate_limits(true)).await;
    let guilds: Vec<Guild> = (0..10).map(|n| stage.discord.add_guild(&format!("Club {n}"))).collect();
    stage.start().await;
    let mut channels = Vec::new();
    for guild in &guilds {
        guild.add_member("Anna");
        for number in 0..2 {
            let channel = guild.add_channel(&format!("channel-{number}"));
            let message = guild.owner().says(&channel, "Who comes?");
            watch(&stage, &guild.owner(), &message).await;
            channels.push(channel);
        }
    }
    stage.pass(HOUR);
    for channel in &channels {
        stage.until("the reminder is there", || !reminders(channel).is_empty()).await;
    }
    assert!(channels.iter().all(|channel| reminders(channel).len() == 1));
    let limited = stage.discord.requests().iter().filter(|r| r.status() == Some(429)).count();
    assert_eq!(limited, 0, "{limited} requests were one too many");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_of_a_private_thread_is_asked_and_others_are_not() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let general = guild.channel("general");
    guild.set_bot_permissions(Permissions::ADMINISTRATOR);
    let thread = anna.starts_private_thread(&general, "Board");
    let message = guild.owner().says(&thread, "Who comes?");
    watch(&stage, &guild.owner(), &message).await;
    stage.pass(HOUR);
    stage.until("the reminder is there", || !reminders(&thread).is_empty()).await;
    let pinged: Vec<u64> = reminders(&thread)[0].pings().iter().map(|user| user.get()).collect();
    assert!(pinged.contains(&anna.id().get()) && !pinged.contains(&ben.id().get()), "{pinged:?}");
}
