//! Answers by reaction.

use discord_emulator::{Channel, Guild, Member, Message};

use crate::stage::{Stage, watch, within};

/// Anna and Ben, and a message of the owner that is watched for these reactions.
async fn asked(stage: &Stage, guild: &Guild, reactions: &str) -> (Message, [Member; 2]) {
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Who comes?");
    let options = [("message", message.link()), ("reactions", reactions.to_owned())];
    let options = options.each_ref().map(|(name, value)| (*name, value.as_str()));
    let told = stage.told(&guild.owner(), &general, "/event watch", &options).await;
    assert!(told.starts_with("I am watching"), "{told}");
    stage.only_the_gateway_tells();
    (message, ["Anna", "Ben"].map(|name| guild.add_member(name)))
}

/// How many have answered, as `/event show` says.
async fn answered(stage: &Stage, channel: &Channel) -> String {
    let owner = channel.guild().unwrap().owner();
    let told = stage.told(&owner, channel, "/event show", &[("event", "Who comes?")]).await;
    told.lines().nth(2).unwrap().to_owned()
}

async fn until_answered(stage: &Stage, message: &Message, said: &str) {
    let channel = message.channel();
    within(said, || async { answered(stage, &channel).await.contains(said) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_counts_until_it_is_taken_back() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, ben]) = asked(&stage, &guild, "✅ ❌ ❓").await;
    anna.reacts(&message, "✅");
    anna.reacts(&message, "❓");
    ben.reacts(&message, "❌");
    until_answered(&stage, &message, "2 of 3 members").await;
    anna.unreacts(&message, "✅");
    ben.unreacts(&message, "❌");
    until_answered(&stage, &message, "1 of 3 members").await;
    anna.unreacts(&message, "❓");
    until_answered(&stage, &message, "0 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_the_same_with_and_without_its_variation_selector() {
    let (stage, guild) = Stage::set().await;
    // Named without the selector, reacted with it; and the other way round.
    let (message, [anna, ben]) = asked(&stage, &guild, "❤ ☀\u{FE0F}").await;
    anna.reacts(&message, "❤\u{FE0F}");
    ben.reacts(&message, "☀");
    until_answered(&stage, &message, "2 of 3 members").await;
    anna.unreacts(&message, "❤");
    ben.unreacts(&message, "☀\u{FE0F}");
    until_answered(&stage, &message, "0 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn custom_and_animated_emoji_count_also_after_they_were_renamed() {
    let (stage, guild) = Stage::set().await;
    let (yes, dance) = (guild.add_emoji("yes"), guild.add_animated_emoji("dance"));
    let (message, [anna, ben]) = asked(&stage, &guild, &format!("<:{yes}> <a:{dance}>")).await;
    let names: Vec<_> = message.reactions().iter().map(|reaction| reaction.emoji.clone()).collect();
    assert_eq!(names, ["yes", "dance"]);
    anna.reacts(&message, &yes);
    ben.reacts(&message, &dance.replace("dance", "party"));
    until_answered(&stage, &message, "2 of 3 members").await;
    ben.unreacts(&message, &dance);
    until_answered(&stage, &message, "1 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn super_reactions_count_as_well() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, _]) = asked(&stage, &guild, "✅").await;
    anna.super_reacts(&message, "✅");
    until_answered(&stage, &message, "1 of 3 members").await;
    anna.unreacts(&message, "✅");
    until_answered(&stage, &message, "0 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_super_reaction_taken_back_beside_a_plain_one_leaves_an_answer() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, _]) = asked(&stage, &guild, "✅").await;
    anna.reacts(&message, "✅");
    anna.super_reacts(&message, "✅");
    until_answered(&stage, &message, "1 of 3 members").await;
    stage.discord.faults().clear();
    stage.discord.gateway().drop_connections();
    stage.discord.gateway().wait_until_ready().await;
    until_answered(&stage, &message, "1 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleared_reactions_do_not_count_all_at_once_or_those_of_one_emoji() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, ben]) = asked(&stage, &guild, "✅ ❌").await;
    anna.reacts(&message, "✅");
    ben.reacts(&message, "❌");
    until_answered(&stage, &message, "2 of 3 members").await;
    message.clear_emoji("✅");
    until_answered(&stage, &message, "1 of 3 members").await;
    anna.reacts(&message, "✅");
    until_answered(&stage, &message, "2 of 3 members").await;
    message.clear_reactions();
    until_answered(&stage, &message, "0 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_and_emoji_that_do_not_count_are_ignored() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, ben]) = asked(&stage, &guild, "✅").await;
    guild.add_bot("Other bot").reacts(&message, "✅");
    anna.reacts(&message, "🎉");
    ben.reacts(&message, "✅");
    until_answered(&stage, &message, "1 of 3 members").await;
    assert_eq!(stage.answers(&guild), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_under_another_message_answers_nothing() {
    let (stage, guild) = Stage::set().await;
    let (message, [anna, ben]) = asked(&stage, &guild, "✅").await;
    let other = anna.says(&message.channel(), "Something else");
    anna.reacts(&other, "✅");
    ben.reacts(&message, "✅");
    until_answered(&stage, &message, "1 of 3 members").await;
    assert_eq!(stage.answers(&guild), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_two_guilds_count_their_own_answers() {
    let (stage, guild) = Stage::set().await;
    let other = stage.discord.add_guild("Go club");
    let there = other.owner().says(&other.channel("general"), "Who comes?");
    watch(&stage, &other.owner(), &there).await;
    let (message, [anna, _]) = asked(&stage, &guild, "✅").await;
    other.admit(&anna).reacts(&there, "✅");
    until_answered(&stage, &there, "1 of 2 members").await;
    until_answered(&stage, &message, "0 of 3 members").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_changes_ends_as_discord_has_it() {
    let (stage, guild) = Stage::set().await;
    let (message, _) = asked(&stage, &guild, "✅ ❌").await;
    let crowd: Vec<_> = (0..40).map(|number| guild.add_member(&format!("Member {number}"))).collect();
    for round in 0..3 {
        for (number, member) in crowd.iter().enumerate() {
            if (number + round) % 3 == 0 {
                member.unreacts(&message, "✅");
            } else {
                member.reacts(&message, "✅");
            }
        }
    }
    let reaction = message.reactions().into_iter().find(|reaction| reaction.is("✅")).unwrap();
    let people = reaction.users.iter().filter(|user| **user != stage.discord.bot_id()).count();
    until_answered(&stage, &message, &format!("{people} of 43 members")).await;
}
