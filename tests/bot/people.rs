//! Who is asked: members come, go and change, and sometimes Discord does not say who is there.

use discord_emulator::{Channel, Emulator, Guild, Intents, Member, Message, Permissions, Role};

use crate::stage::{HOUR, Stage, asked, ids, last_pinged, pinged, reminders};

/// An event of Muster's own in `general` that asks only the members with a role.
async fn created_for(stage: &Stage, guild: &Guild, role: &Role) -> (Channel, Message) {
    let general = guild.channel("general");
    let create = guild.owner().runs(&general, "/event create").option("title", "Training");
    let reply = create.option("interval", "1h").option("role", role).send().await.unwrap();
    assert!(reply.is_ephemeral(), "{}", reply.text());
    stage.until("the event is live", || stage.live_titles(guild) == ["Training"]).await;
    (general.clone(), general.wait_for_message(|message| !message.buttons().is_empty()).await)
}

/// Lets an hour pass and waits until it is logged.
async fn next_hour(stage: &Stage, guild: &Guild) {
    let before = stage.log_rows(guild).len();
    stage.pass(HOUR);
    let is_over = || stage.log_rows(guild).get(before).is_some_and(|row| row != "pending");
    stage.until("this hour's reminder is sent or skipped", is_over).await;
}

/// Waits until the store says of a member that they are there, or gone.
async fn until_known(stage: &Stage, guild: &Guild, member: &Member, present: bool) {
    let id = member.id().to_string();
    stage.until("the member is known or gone", || stage.members(guild).contains(&id) == present).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_is_asked_and_who_leaves_is_not() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna]));
    let ben = guild.add_member("Ben");
    until_known(&stage, &guild, &ben, true).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna, &ben]));
    anna.leave();
    until_known(&stage, &guild, &anna, false).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&ben]));
    guild.ban(&ben);
    until_known(&stage, &guild, &ben, false).await;
    next_hour(&stage, &guild).await;
    assert_eq!(stage.log_rows(&guild), ["sent", "sent", "sent", "skipped"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joined_or_left_while_the_bot_was_offline_is_known_at_the_reminder() {
    let (mut stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    anna.leave();
    let dora = guild.add_member("Dora");
    stage.pass(HOUR);
    stage.start().await;
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&ben, &dora]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_survives_leaving_and_coming_back() {
    let (stage, guild) = Stage::set().await;
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, message) = asked(&stage, &guild).await;
    anna.reacts(&message, "✅");
    stage.until("Anna's answer is known", || stage.answers(&guild) == 2).await;
    anna.leave();
    until_known(&stage, &guild, &anna, false).await;
    next_hour(&stage, &guild).await;
    assert!(reminders(&general)[0].text().contains("1 of 2 answered"), "{}", reminders(&general)[0].text());
    anna.join();
    until_known(&stage, &guild, &anna, true).await;
    next_hour(&stage, &guild).await;
    assert_eq!(pinged(&general), ids(&[&ben, &ben]));
    assert!(reminders(&general)[1].text().contains("2 of 3 answered"), "{}", reminders(&general)[1].text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_hold_the_role_at_that_moment_are_asked() {
    let (stage, guild) = Stage::set().await;
    let players = guild.add_role("players", Permissions::NONE);
    let [anna, ben, dora] = ["Anna", "Ben", "Dora"].map(|name| guild.add_member(name));
    anna.add_role(&players);
    ben.add_role(&players);
    let (general, message) = created_for(&stage, &guild, &players).await;
    ben.presses(&message, "Coming").await.unwrap();
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna]));
    assert!(reminders(&general)[0].text().contains("1 of 2 answered"), "{}", reminders(&general)[0].text());
    dora.add_role(&players);
    let role = players.id().to_string();
    stage.until("Dora's role is known", || stage.roles(&guild, &dora).contains(&role)).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna, &dora]));
    anna.remove_role(&players);
    stage.until("Anna's role is known", || !stage.roles(&guild, &anna).contains(&role)).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&dora]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_role_leaves_nobody_to_ask() {
    let (stage, guild) = Stage::set().await;
    let players = guild.add_role("players", Permissions::NONE);
    let anna = guild.add_member("Anna").with_roles([&players]);
    let (general, _) = created_for(&stage, &guild, &players).await;
    for _ in 0..2 {
        next_hour(&stage, &guild).await;
    }
    players.delete();
    next_hour(&stage, &guild).await;
    assert_eq!(stage.log_rows(&guild), ["sent", "sent", "skipped"]);
    assert_eq!(pinged(&general), ids(&[&anna, &anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_see_the_channel_changes_with_roles_and_exceptions() {
    let (stage, guild) = Stage::set().await;
    let insiders = guild.add_role("insiders", Permissions::NONE);
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name));
    let (general, _) = asked(&stage, &guild).await;
    general.allow_bot(Permissions::VIEW_CHANNEL);
    general.overwrite(&insiders, Permissions::VIEW_CHANNEL, Permissions::NONE);
    general.overwrite(&guild.everyone(), Permissions::NONE, Permissions::VIEW_CHANNEL);
    anna.add_role(&insiders);
    let role = insiders.id().to_string();
    stage.until("Anna's role is known", || stage.roles(&guild, &anna).contains(&role)).await;
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna]));
    insiders.set_permissions(Permissions::ADMINISTRATOR);
    general.overwrite(&ben, Permissions::VIEW_CHANNEL, Permissions::NONE);
    let reads = || stage.discord.requests_to(&discord_emulator::Method::GET, "/channels/{channel_id}").len();
    let before = reads();
    next_hour(&stage, &guild).await;
    assert_eq!(last_pinged(&general), ids(&[&anna, &ben]));
    assert!(reads() > before, "the change was heard of and looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_only_those_are_reminded_whom_muster_has_met() {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(Intents::NONE)).await;
    let guild = stage.discord.add_guild("Chess club");
    let [anna, ben, dora] = ["Anna", "Ben", "Dora"].map(|name| guild.add_member(name));
    stage.start().await;
    let general = guild.channel("general");
    let message = guild.owner().says(&general, "Match on Friday, who comes?");
    dora.reacts(&message, "❓");
    let reply = crate::stage::watch(&stage, &guild.owner(), &message).await;
    assert!(reply.text().contains("Server Members Intent"), "{}", reply.text());
    anna.reacts(&message, "✅");
    stage.until("both answers are known", || stage.answers(&guild) == 2).await;
    anna.unreacts(&message, "✅");
    stage.until("the answer is taken back", || stage.answers(&guild) == 1).await;
    next_hour(&stage, &guild).await;
    assert!(pinged(&general).contains(&anna.id().get()));
    assert!(!reminders(&general)[0].notifies(&ben) && !reminders(&general)[0].notifies(&dora));
    assert!(stage.log().says("Server Members Intent"));
}
