//! What Discord refuses for good or for a while: permissions, channels, messages.

use chrono::TimeDelta;
use discord_emulator::{Channel, Emulator, Guild, Method, Permissions};
use serde_json::json;

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders};

const MESSAGES: &str = "/channels/{channel_id}/messages";

/// How many reminders were sent in a channel, whatever became of them.
fn tries(stage: &Stage, channel: &Channel) -> usize {
    let route = format!("/channels/{}/messages", channel.id());
    stage.discord.requests_to(&Method::POST, &route).len()
}

/// Another guild with a reminder at each hour: when it has its own, this hour's work is under way everywhere.
async fn metronome(stage: &Stage) -> Guild {
    let guild = stage.discord.add_guild("Metronomes");
    guild.add_member("Maelzel");
    asked(stage, &guild).await;
    guild
}

async fn pass_hours(stage: &Stage, metronome: &Guild, hours: usize) {
    for _ in 0..hours {
        let before = stage.log_rows(metronome).len();
        stage.pass(HOUR);
        let is_done = || stage.log_rows(metronome).get(before).is_some_and(|row| row == "sent");
        stage.until("the metronome has ticked", is_done).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_suspends_the_event_and_heals_by_itself() {
    let mut stage = Stage::with(Emulator::builder().rate_limits(false)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let anna = guild.add_member("Anna");
    let metronome = metronome(&stage).await;
    let (general, message) = asked(&stage, &guild).await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    pass_hours(&stage, &metronome, 1).await;
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    let show = guild.owner().runs(&general, "/event show").option("event", message.link()).send().await;
    let text = show.unwrap().text();
    assert!(text.contains("held up") && text.contains("Send Messages"), "{text}");
    for half_days in 1..=2 {
        pass_hours(&stage, &metronome, 10).await;
        assert_eq!(tries(&stage, &general), half_days, "it was tried again too soon");
        pass_hours(&stage, &metronome, 2).await;
        let failed = || stage.log_rows(&guild).iter().filter(|row| *row == "failed").count();
        stage.until("it has failed again", || failed() == half_days + 1).await;
    }
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    pass_hours(&stage, &metronome, 1).await;
    stage.until("it is sent", || stage.log_rows(&guild).iter().any(|row| row == "sent")).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_event_can_be_resumed_where_no_permission_is_missing() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.discord.faults().on(Method::POST, MESSAGES).times(1).error(403, 20_028, "Slow down");
    stage.pass(HOUR + TimeDelta::minutes(20));
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    let resume = guild.owner().runs(&general, "/event resume").option("event", message.link()).send();
    let text = resume.await.unwrap().text();
    assert!(text.contains("goes on"), "{text}");
    stage.pass(TimeDelta::minutes(41));
    stage.until("it goes on with its grid", || stage.log_rows(&guild) == ["failed", "sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
    assert!(!reminders(&general)[0].text().contains("late"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_gives_the_permission_back_lets_reminders_go_on_at_once() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    guild.set_bot_permissions(Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY);
    guild.everyone().set_permissions(Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY);
    stage.pass(HOUR + TimeDelta::minutes(20));
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    guild.set_bot_permissions(Permissions::ADMINISTRATOR);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    stage.pass(TimeDelta::minutes(41));
    stage.until("it goes on with its grid", || stage.log_rows(&guild) == ["failed", "sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_muster_may_not_see_suspends_its_events_and_no_others() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let side = guild.add_channel("side");
    let message = guild.owner().says(&side, "And who comes here?");
    crate::stage::watch(&stage, &guild.owner(), &message).await;
    side.hide_from_bot();
    stage.pass(HOUR);
    stage.until("the others are reminded", || pinged(&general) == ids(&[&anna])).await;
    stage.until("its reminders rest", || stage.log().says("reminders are suspended")).await;
    assert_eq!(stage.live_titles(&guild).len(), 2, "nothing is over");
    side.allow_bot(Permissions::VIEW_CHANNEL);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    stage.pass(HOUR);
    stage.until("it is reminded again", || !reminders(&side).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_deleted_while_the_bot_was_offline_ends_its_events() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let side = guild.add_channel("side");
    let message = guild.owner().says(&side, "And who comes here?");
    crate::stage::watch(&stage, &guild.owner(), &message).await;
    stage.stop().await.expect("the bot stops cleanly");
    side.delete();
    stage.pass(HOUR);
    stage.start().await;
    stage.until("the other event goes on", || pinged(&general) == ids(&[&anna])).await;
    assert_eq!(stage.live_titles(&guild), ["Match on Friday, who comes?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_deleted_while_the_bot_was_offline_ends_its_event_without_a_reminder() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    message.delete();
    stage.pass(HOUR);
    stage.start().await;
    stage.until("the event is over", || stage.live_titles(&guild).is_empty()).await;
    assert_eq!(reminders(&general), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_discord_does_not_know_any_more_ends_its_event_at_the_reminder() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    asked(&stage, &guild).await;
    stage.discord.faults().on(Method::POST, MESSAGES).error(404, 10_003, "Unknown Channel");
    stage.pass(HOUR);
    stage.until("the event is over", || stage.live_titles(&guild).is_empty()).await;
    stage.until("the reminder is dropped", || stage.log_rows(&guild) == ["skipped"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_is_not_discords_own_ends_and_suspends_nothing() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    for status in [403, 404, 401] {
        stage.discord.faults().on(Method::POST, MESSAGES).respond(status, json!("blocked by a proxy"));
    }
    stage.pass(HOUR);
    for refused in 1..=3 {
        let waits = || stage.log().count("a reminder waits for its next attempt") == refused;
        stage.until("it waits", waits).await;
        stage.pass(TimeDelta::minutes(1));
    }
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_will_never_take_fails_once_and_the_grid_goes_on() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.discord.faults().on(Method::POST, MESSAGES).error(400, 50_035, "Invalid Form Body");
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    stage.pass(HOUR);
    stage.until("the next is sent", || stage.log_rows(&guild) == ["failed", "sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
    assert_eq!(tries(&stage, &general), 2);
}
