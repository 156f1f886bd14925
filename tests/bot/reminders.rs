//! Reminders: to whom, when, and how often.

use chrono::TimeDelta;
use discord_emulator::Member;

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders, watch};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_mentions_exactly_those_who_have_not_answered() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben, dora] = ["Anna", "Ben", "Dora"].map(|name| guild.add_member(name));
    guild.add_bot("Other bot");
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "✅");
    stage.pass(HOUR);
    let reminder = general.wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert_eq!(pinged(&general), ids(&[&ben, &dora]));
    assert!(!reminder.pings_everyone() && reminder.role_pings().is_empty());
    let text = reminder.text();
    assert!(text.contains("Match on Friday"), "{text}");
    assert!(text.contains("2 of 4"), "{text}");
    assert!(text.contains(":R>"), "it does not say when the next one comes: {text}");
    assert!(reminder.json().to_string().contains(&message.link()), "it does not lead to the event");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_is_left_alone_from_then_on() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    general.wait_for_messages(2).await;
    anna.reacts(&message, "❌");
    stage.pass(HOUR);
    general.wait_for_messages(3).await;
    assert_eq!(pinged(&general), ids(&[&anna, &ben, &ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_reminded_once_everybody_has_answered() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "❓");
    stage.pass(HOUR);
    stage.until("the reminder is skipped", || stage.log_rows(&guild) == ["skipped"]).await;
    assert_eq!(reminders(&general), []);
    anna.unreacts(&message, "❓");
    stage.until("the answer is taken back", || stage.answers(&guild) == 1).await;
    stage.pass(HOUR);
    general.wait_for_messages(2).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_silent_members_are_each_mentioned_exactly_once() {
    let (stage, guild) = Stage::set().await;
    let silent: Vec<Member> = (0..300).map(|number| guild.add_member(&format!("Member {number}"))).collect();
    let (general, _) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&silent.iter().collect::<Vec<_>>()));
    assert!(
        reminders(&general)
            .iter()
            .all(|part| part.pings().len() <= 80 && part.text().chars().count() <= 2000)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_title_with_everyone_in_it_pings_nobody() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let general = guild.channel("general");
    let role = guild.add_role("players", discord_emulator::Permissions::default()).mentionable();
    let text = format!("@everyone @here {} <@{}> come!", role.mention(), guild.owner().id());
    let message = anna.says(&general, &text);
    watch(&stage, &guild.owner(), &message).await;
    guild.owner().reacts(&message, "✅");
    stage.pass(HOUR);
    let reminder = general.wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert_eq!(reminder.pings(), [anna.id()]);
    assert!(!reminder.pings_everyone() && reminder.role_pings().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_who_cannot_see_the_channel_are_not_asked() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let side = guild.add_channel("side");
    let none = discord_emulator::Permissions::default();
    side.overwrite(&guild.everyone(), none, discord_emulator::Permissions::VIEW_CHANNEL);
    side.allow_bot(discord_emulator::Permissions::VIEW_CHANNEL);
    side.overwrite(&anna, discord_emulator::Permissions::VIEW_CHANNEL, none);
    let message = guild.owner().says(&side, "For Anna only");
    watch(&stage, &guild.owner(), &message).await;
    guild.owner().reacts(&message, "✅");
    stage.pass(HOUR);
    side.wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert_eq!(pinged(&side), ids(&[&anna]));
    drop(ben);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_downtime_there_is_one_late_reminder_and_then_the_grid_goes_on() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.pass(HOUR * 5 + TimeDelta::minutes(30));
    stage.start().await;
    let late = general.wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert!(late.text().contains("late"), "{}", late.text());
    stage.pass(TimeDelta::minutes(31));
    general.wait_for_messages(3).await;
    assert_eq!(pinged(&general), ids(&[&anna, &anna]));
    assert!(!general.last_message().unwrap().text().contains("late"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_that_changed_while_the_bot_was_offline_counts() {
    let (mut stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    ben.reacts(&message, "✅");
    stage.until("Ben's answer is known", || stage.answers(&guild) == 2).await;
    stage.stop().await.expect("the bot stops cleanly");
    anna.reacts(&message, "✅");
    ben.unreacts(&message, "✅");
    stage.pass(HOUR);
    stage.start().await;
    general.wait_for_message(discord_emulator::Message::is_by_bot).await;
    assert_eq!(pinged(&general), ids(&[&ben]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_steady_reminder_costs_one_request() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.pass(HOUR);
    general.wait_for_messages(2).await;
    stage.until("the reminder is marked", || stage.log_rows(&guild) == ["sent"]).await;
    let before = stage.discord.requests().len();
    stage.pass(HOUR);
    general.wait_for_messages(3).await;
    stage.until("the reminder is marked", || stage.log_rows(&guild) == ["sent", "sent"]).await;
    let requests = stage.discord.requests().split_off(before);
    assert_eq!(requests.len(), 1, "{requests:?}");
}
