//! Without the members intent: who is met, and where nobody can be.

use discord_emulator::{Emulator, Guild, Intents, Method, Permissions};
use serde_json::json;

use crate::stage::{HOUR, Stage, asked, ids, pinged, watch};

async fn degraded() -> (Stage, Guild) {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(Intents::NONE)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    (stage, guild)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_those_who_had_reacted_and_who_asked_are_known() {
    let (stage, guild) = degraded().await;
    let [anna, _ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    anna.reacts(&message, "✅");
    let reply = watch(&stage, &guild.owner(), &message).await;
    assert!(reply.text().contains("1 of 2 members has answered, 1 is missing."), "{}", reply.text());
    anna.unreacts(&message, "✅");
    stage.until("the answer is taken back", || stage.answers(&guild) == 0).await;
    stage.pass(HOUR);
    stage.until("they are reminded", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna, &guild.owner()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_a_private_thread_suspends_nothing_and_pulls_nobody_in() {
    let (stage, guild) = degraded().await;
    let general = guild.channel("general");
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let other = guild.owner().says(&general, "Who comes?");
    anna.reacts(&other, "✅");
    ben.reacts(&other, "✅");
    watch(&stage, &guild.owner(), &other).await;
    guild.set_bot_permissions(Permissions::ADMINISTRATOR);
    let thread = anna.starts_private_thread(&general, "surprise");
    let secret = anna.says(&thread, "A present for Ben?");
    let listing = stage.discord.faults().on(Method::GET, "/channels/{id}/thread-members");
    listing.always().error(403, 50_001, "Missing Access");
    watch(&stage, &guild.owner(), &secret).await;
    stage.pass(HOUR);
    stage.until("both had their turn", || stage.log_rows(&guild).len() == 2).await;
    assert!(!stage.log().says("reminders are suspended"), "{:?}", stage.log().lines());
    assert!(!pinged(&thread).contains(&ben.id().get()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_without_what_serenity_wants_counts_and_costs_no_reading() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("all that was missed is read", || stage.log_rows(&guild) == ["sent"]).await;
    let before = stage.discord.requests().len();
    stage.discord.dispatch_raw(
        "MESSAGE_REACTION_ADD",
        json!({
            "user_id": anna.id(), "channel_id": general.id(), "guild_id": guild.id(), "message_id": message.id(),
            "emoji": { "id": null, "name": "❌" },
            "member": { "user": { "id": anna.id(), "username": "anna" }, "roles": [] },
        }),
    );
    stage.until("it counts", || stage.answers(&guild) == 2).await;
    assert_eq!(stage.discord.requests().len(), before);
}
