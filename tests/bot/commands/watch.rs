//! `/event watch` and the message command: a message that is already there becomes an event.

use chrono::TimeDelta;
use discord_emulator::{Emulator, Intents};

use crate::stage::{Stage, assert_private, picture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_shows_title_numbers_interval_and_next_reminder_and_puts_the_reactions() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let general = guild.channel("general");
    let message = anna.says(&general, "Match on Friday\nWho comes?");
    ben.reacts(&message, "❌");
    ben.reacts(&message, "🎉");
    let told = stage.told(&guild.owner(), &general, "/event watch", &[("message", &message.link())]).await;
    insta::assert_snapshot!(told, @"
    I am watching **[Match on Friday](https://discord.com/channels/#/#/#)**.
    1 of 3 members has answered, 2 are missing.
    I remind every hour, next <t:F> (<t:R>).
    Answers that count: ✅ Coming · ❌ Not coming · ❓ Maybe
    The message also carries 🎉, which does not count; name it in `reactions` of `/event watch` to change that.
    ");
    insta::assert_snapshot!(picture(&message), @"
    Match on Friday
    Who comes?
    ❌ 2  🎉 1  ✅ 1  ❓ 1
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_reminder_is_one_interval_away_by_default_an_hour() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    let reply = stage.run(&guild.owner(), &general, "/event watch", &[("message", &message.link())]).await;
    let due = reply.text().split("<t:").nth(1).unwrap().split(':').next().unwrap().parse::<i64>().unwrap();
    let now = stage.now().timestamp();
    assert!((now + 3_595..=now + 3_600).contains(&due), "due at {due}, now is {now}");
    stage.pass(TimeDelta::minutes(59));
    stage.pass(TimeDelta::minutes(1));
    general.wait_for_message(|message| message.is_by_bot() && !message.is_ephemeral()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_command_does_the_same_by_right_click() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let message = guild.owner().says(&guild.channel("general"), "Who comes?");
    let reply = guild.owner().uses(&message, "Watch for answers").await.unwrap();
    assert_private(&reply);
    insta::assert_snapshot!(picture(&reply), @"
    I am watching **[Who comes?](https://discord.com/channels/#/#/#)**.
    0 of 2 members have answered, 2 are missing.
    I remind every hour, next <t:F> (<t:R>).
    Answers that count: ✅ Coming · ❌ Not coming · ❓ Maybe
    ");
    assert_eq!(stage.live_titles(&guild), ["Who comes?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_there_already_count_however_they_were_given() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben, chloe] = ["Anna", "Ben", "Chloé"].map(|name| guild.add_member(name));
    let other_bot = guild.add_bot("Other bot");
    let general = guild.channel("general");
    let message = anna.says(&general, "Who comes?");
    anna.reacts(&message, "✅");
    anna.reacts(&message, "❓");
    ben.super_reacts(&message, "✅");
    other_bot.reacts(&message, "✅");
    chloe.reacts(&message, "🎉");
    let told = stage.told(&guild.owner(), &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.contains("2 of 4 members have answered, 2 are missing."), "{told}");
    let told = stage.told(&guild.owner(), &general, "/event show", &[("event", "Who comes?")]).await;
    insta::assert_snapshot!(told, @"
    Event
    **[Who comes?](https://discord.com/channels/#/#/#)**
    2 of 4 members have answered, 2 are missing.
    I remind every hour, next <t:F> (<t:R>).

    ✅ Coming (2) @Anna @Ben
    ❌ Not coming (0)
    ❓ Maybe (1) @Anna
    Missing (2): @Owner of Chess club @Chloé
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_page_of_answers_are_read() {
    let (stage, guild) = Stage::set().await;
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    for number in 0..230 {
        guild.add_member(&format!("Member {number}")).reacts(&message, "✅");
    }
    let told = stage.told(&guild.owner(), &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.contains("230 of 231 members have answered, 1 is missing."), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_title_is_the_first_line_that_says_something_or_that_of_an_embed() {
    let (_stage, guild) = Stage::set().await;
    let general = guild.channel("general");
    let long = "x".repeat(150);
    for (text, title) in [
        ("\n \u{200B}\n  Raid   night\nmore", "Raid night"),
        (long.as_str(), &format!("{}…", "x".repeat(99))),
    ] {
        let message = guild.owner().says(&general, text);
        let reply = guild.owner().uses(&message, "Watch for answers").await.unwrap();
        assert!(reply.text().contains(&format!("**[{title}]")), "{}", reply.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_message_content_intent_the_message_command_still_reads_the_title() {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(Intents::GUILD_MEMBERS)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    guild.owner().uses(&message, "Watch for answers").await.unwrap();
    let other = guild.owner().says(&general, "And to this one?");
    let told = stage.told(&guild.owner(), &general, "/event watch", &[("message", &other.link())]).await;
    let title = "Message of Owner of Chess club in #general";
    assert!(told.contains(title), "{told}");
    assert_eq!(stage.live_titles(&guild), ["Who comes?", title]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_in_threads_and_voice_channels_can_be_watched() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let start = anna.says(&guild.channel("general"), "A thread");
    for place in [anna.starts_thread(&start, "planning"), guild.add_voice_channel("Lounge")] {
        let message = anna.says(&place, "Who comes?");
        let told = stage.told(&guild.owner(), &place, "/event watch", &[("message", &message.link())]).await;
        assert!(told.starts_with("I am watching"), "{told}");
    }
    assert_eq!(stage.live_titles(&guild).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_thread_has_to_be_opened_first() {
    let (stage, guild) = Stage::set().await;
    let owner = guild.owner();
    let start = owner.says(&guild.channel("general"), "A thread");
    let thread = owner.starts_thread(&start, "planning");
    let message = owner.says(&thread, "Who comes?");
    thread.archive();
    let watch = [("message", message.link())];
    let watch = watch.each_ref().map(|(name, value)| (*name, value.as_str()));
    insta::assert_snapshot!(stage.told(&owner, &guild.channel("general"), "/event watch", &watch).await, @"#planning is closed. Somebody has to open that thread again; then I can do it.");
    thread.unarchive();
    let told = stage.told(&owner, &thread, "/event watch", &watch).await;
    assert!(told.starts_with("I am watching"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_watching_explains_what_follows() {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(Intents::NONE)).await;
    let guild = stage.discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    stage.start().await;
    let general = guild.channel("general");
    let message = anna.says(&general, "Who comes?");
    anna.reacts(&message, "✅");
    let reply = guild.owner().uses(&message, "Watch for answers").await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"
    I am watching **[Who comes?](https://discord.com/channels/#/#/#)**.
    1 of 2 members has answered, 1 is missing.
    I remind every hour, next <t:F> (<t:R>).
    Answers that count: ✅ Coming · ❌ Not coming · ❓ Maybe
    Note: I run without the **Server Members Intent**, so Discord does not tell me who is in this server. I count and remind only members whom I have met, by an answer here or before. Whoever runs me can switch the intent on in Discord's developer portal.
    ");
    assert!(stage.log().says("Server Members Intent"), "{:?}", stage.log().lines());
}
