//! Events whose channel or message was deleted: over, and their organisers read it once.

use discord_emulator::Permissions;

use super::held_up::{SOON, board, notices, told};
use crate::stage::{HOUR, Stage, asked, watch};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_channel_is_told_elsewhere_in_one_message_for_all_its_events() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let side = guild.add_channel("side");
    for title in ["Who comes?", "Who goes?"] {
        let message = guild.owner().says(&side, title);
        watch(&stage, &guild.owner(), &message).await;
    }
    side.delete();
    stage.until("they are over", || stage.live_titles(&guild).is_empty()).await;
    let general = guild.channel("general");
    insta::assert_snapshot!(told(&stage, &general).await, @r"
    <@#>
    🗑️ **[Who comes?](<https://discord.com/channels/#/#/#>)** and **[Who goes?](<https://discord.com/channels/#/#/#>)** are over since <t:R>, because their channel was deleted. Nobody is reminded of them any more; `/event create` posts a new one.
    ");
    stage.pass(HOUR);
    assert_eq!(notices(&general).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_message_is_told_and_an_event_that_somebody_ended_is_not() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    let ended = guild.owner().says(&general, "And who goes?");
    watch(&stage, &guild.owner(), &ended).await;
    let link = ended.link();
    stage.told(&guild.owner(), &general, "/event unwatch", &[("event", link.as_str())]).await;
    message.delete();
    stage.until("both are over", || stage.live_titles(&guild).is_empty()).await;
    let text = told(&stage, &general).await;
    insta::assert_snapshot!(text, @r"
    <@#>
    🗑️ **[Match on Friday, who comes?](<https://discord.com/channels/#/#/#>)** is over since <t:R>, because its message was deleted. Nobody is reminded of it any more; `/event create` posts a new one.
    ");
    assert!(!text.contains("who goes"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_held_up_and_is_deleted_is_told_as_over() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    general.delete();
    stage.until("it is over", || stage.live_titles(&guild).is_empty()).await;
    let text = told(&stage, &board).await;
    assert!(text.contains("is over since") && !text.contains("held up"), "{text}");
    stage.pass(SOON);
}
