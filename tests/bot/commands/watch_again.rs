//! Watching a message again, and choosing the reactions that count.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Member, Message};

use crate::stage::{Stage, picture, within};

/// The owner has a message watched with these options, and is told how it stands.
async fn watch(stage: &Stage, message: &Message, options: &[(&str, &str)]) -> String {
    let (owner, link) = (message.channel().guild().unwrap().owner(), message.link());
    let options: Vec<_> = [("message", link.as_str())].iter().chain(options).copied().collect();
    stage.told(&owner, &message.channel(), "/event watch", &options).await
}

fn asked(guild: &Guild) -> (Channel, Message, [Member; 2]) {
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    (general, message, ["Anna", "Ben"].map(|name| guild.add_member(name)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_again_changes_the_interval_and_keeps_what_was_not_named() {
    let (stage, guild) = Stage::set().await;
    let (_, message, [anna, _]) = asked(&guild);
    watch(&stage, &message, &[("interval", "2h"), ("reactions", "👍 👎")]).await;
    anna.reacts(&message, "👍");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 1).await;
    insta::assert_snapshot!(watch(&stage, &message, &[]).await, @"
    I go on watching **[Who comes?](https://discord.com/channels/#/#/#)**.
    1 of 3 members has answered, 2 are missing.
    I remind every 2 hours, next <t:F> (<t:R>).
    Answers that count: 👍 · 👎
    ");
    let told = watch(&stage, &message, &[("interval", "3h")]).await;
    assert!(told.contains("every 3 hours") && told.contains("1 of 3") && told.contains("👍 · 👎"), "{told}");
    assert_eq!(stage.live_titles(&guild), ["Who comes?"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_reactions_count_from_then_on_and_the_old_ones_no_longer() {
    let (stage, guild) = Stage::set().await;
    let (general, message, [anna, ben]) = asked(&guild);
    watch(&stage, &message, &[]).await;
    anna.reacts(&message, "✅");
    ben.reacts(&message, "🎉");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 1).await;
    insta::assert_snapshot!(watch(&stage, &message, &[("reactions", "🎉 🛑")]).await, @"
    I go on watching **[Who comes?](https://discord.com/channels/#/#/#)**.
    1 of 3 members has answered, 2 are missing.
    I remind every hour, next <t:F> (<t:R>).
    Answers that count: 🎉 · 🛑
    The message also carries ✅, which does not count; name it in `reactions` of `/event watch` to change that.
    ");
    insta::assert_snapshot!(picture(&message), @"
    Who comes?
    ✅ 1  🎉 2  🛑 1
    ");

    anna.reacts(&message, "❌");
    guild.owner().reacts(&message, "🛑");
    within("both answers are known", || async {
        let told = stage.told(&guild.owner(), &general, "/event show", &[("event", "Who comes?")]).await;
        told.contains("2 of 3 members have answered")
    })
    .await;
    stage.pass(TimeDelta::hours(1));
    let reminder = general.wait_for_message(Message::is_by_bot).await;
    assert_eq!(reminder.pings(), [anna.id()], "{}", reminder.text());
    assert!(reminder.text().contains("2 of 3 answered"), "{}", reminder.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_unwatched_goes_on_with_the_reactions_that_are_named() {
    let (stage, guild) = Stage::set().await;
    let (general, message, [anna, ben]) = asked(&guild);
    watch(&stage, &message, &[]).await;
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 1).await;
    stage.told(&guild.owner(), &general, "/event unwatch", &[("event", "Who comes?")]).await;
    ben.reacts(&message, "🎉");
    let told = watch(&stage, &message, &[("reactions", "🎉"), ("interval", "30m")]).await;
    assert!(told.contains("1 of 3 members has answered") && told.contains("every 30 minutes"), "{told}");
    stage.pass(TimeDelta::minutes(30));
    let reminder = general.wait_for_message(Message::is_by_bot).await;
    let mut pinged = reminder.pings();
    pinged.sort_unstable();
    let mut missing = [anna.id(), guild.owner().id()];
    missing.sort_unstable();
    assert_eq!(pinged, missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_posted_event_takes_other_reactions_as_buttons() {
    let (stage, guild) = Stage::set().await;
    let (general, _, [anna, ben]) = asked(&guild);
    let event = stage.create(&guild.owner(), &general, "Board games").await;
    anna.presses(&event, "Coming").await.unwrap();
    watch(&stage, &event, &[("reactions", "🍕 🍝")]).await;
    event.wait_until(|event| event.buttons().len() == 2 && event.text().contains("**0** of **3**")).await;
    ben.presses(&event, "🍕").await.unwrap();
    event.wait_until(|event| event.text().contains("**1** of **3**")).await;
    // Anna's answer counts again as soon as there is such an answer.
    watch(&stage, &event, &[("reactions", "🍕 🍝 ✅")]).await;
    event.wait_until(|event| event.text().contains("**2** of **3**")).await;
    insta::assert_snapshot!(picture(&event), @"
    Board games
    **2** of **3** answered, **1** missing
    Reminds every hour.
    🍕 (1)
    @Ben
    🍝 (0)
    –
    ✅ Coming (1)
    @Anna
    [🍕] [🍝] [✅ Coming]
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reactions_that_cannot_be_are_refused_in_a_sentence_and_nothing_changes() {
    let (stage, guild) = Stage::set().await;
    let (_, message, _) = asked(&guild);
    watch(&stage, &message, &[]).await;
    let foreign = stage.discord.add_guild("Go club").add_emoji("go");
    stage.discord.guild(guild.id()).add_emoji("chess");
    let mut told = Vec::new();
    for reactions in ["yes no", " ", "<:gone:1234567890123456789>"] {
        told.push(watch(&stage, &message, &[("reactions", reactions)]).await);
    }
    let many: Vec<_> = ('🍇'..).take(21).map(String::from).collect();
    told.push(watch(&stage, &message, &[("reactions", &many.join(" "))]).await);
    insta::assert_snapshot!(told.join("\n"), @"
    `yes` is not an emoji. Write the emoji that count, with a space between them: `✅ ❌ ❓`.
    Name at least one emoji that counts as an answer, such as `✅ ❌ ❓`.
    I cannot react with <:gone:#>. Discord does not know it, or it belongs to a server that I am not in. Choose emoji of this server, or Discord's own.
    A message can carry at most 20 reactions that count; you named 21.
    ");
    let told = watch(&stage, &message, &[("reactions", &format!("<:{foreign}>"))]).await;
    assert!(told.starts_with("I am watching") || told.starts_with("I go on watching"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_can_carry_no_more_reactions_is_refused_with_what_helps() {
    let (stage, guild) = Stage::set().await;
    let (_, message, [anna, _]) = asked(&guild);
    for emoji in ('🍇'..).take(20) {
        anna.reacts(&message, &emoji.to_string());
    }
    insta::assert_snapshot!(watch(&stage, &message, &[]).await, @"That message carries 20 different reactions, and Discord allows no more. Name some of those in `reactions` of `/event watch`, or have others taken away first.");
    assert_eq!(stage.live_titles(&guild), Vec::<String>::new());
    let told = watch(&stage, &message, &[("reactions", "🍇 🍈")]).await;
    assert!(told.contains("1 of 3 members has answered"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_who_blocked_the_bot_is_the_reason_given() {
    let (stage, guild) = Stage::set().await;
    let (_, message, _) = asked(&guild);
    let route = "/channels/{id}/messages/{id}/reactions/{emoji}/@me";
    let faults = stage.discord.faults();
    faults.on(discord_emulator::Method::PUT, route).always().error(403, 90_001, "Reaction was blocked");
    insta::assert_snapshot!(watch(&stage, &message, &[]).await, @"Whoever wrote that message has blocked me, so I cannot react to it.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_watch_the_same_message_at_once_make_one_event() {
    let (stage, guild) = Stage::set().await;
    let (general, message, _) = asked(&guild);
    let (owner, link) = (guild.owner(), message.link());
    let watch = |interval| {
        let (owner, general, stage, link) = (&owner, &general, &stage, link.as_str());
        async move {
            stage.told(owner, general, "/event watch", &[("message", link), ("interval", interval)]).await
        }
    };
    let told = futures::join!(watch("1h"), watch("1h"), watch("1h"));
    let begun = [told.0, told.1, told.2].iter().filter(|told| told.starts_with("I am watching")).count();
    assert_eq!((begun, stage.live_titles(&guild).len()), (1, 1));
    stage.pass(TimeDelta::hours(1));
    stage.until("one reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
}
