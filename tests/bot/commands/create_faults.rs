//! Creating an event while Discord fails: no half event stays behind, and the member is told.

use std::time::Duration;

use chrono::TimeDelta;
use discord_emulator::{Channel, FaultBuilder, Guild, Message, Method, Permissions};

use crate::stage::{Stage, picture, within};

/// A fault for the posting of messages.
fn posting(stage: &Stage) -> FaultBuilder {
    stage.discord.faults().on(Method::POST, "/channels/{id}/messages")
}

async fn create(stage: &Stage, guild: &Guild) -> (Channel, String) {
    let general = guild.channel("general");
    let told = stage.told(&guild.owner(), &general, "/event create", &[("title", "Match")]).await;
    (general, told)
}

/// There is exactly one event, its message is the only one, and its buttons work.
async fn assert_whole(stage: &Stage, guild: &Guild, general: &Channel) {
    let events: Vec<Message> = general.messages().into_iter().filter(Message::is_by_bot).collect();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(stage.live_titles(guild), ["Match"]);
    let reply = guild.owner().presses(&events[0], "Coming").await.unwrap();
    assert!(reply.text().starts_with("You answered ✅ Coming."), "{}", reply.text());
    events[0].wait_until(|event| event.text().contains("Coming (1)")).await;
}

/// Nothing was posted and nothing is kept; a second try succeeds.
async fn assert_nothing(stage: &Stage, guild: &Guild, general: &Channel) {
    assert!(general.messages().iter().all(|message| !message.is_by_bot()), "{:?}", general.messages());
    assert_eq!(stage.drafts(guild), 0);
    assert_eq!(stage.live_titles(guild), Vec::<String>::new());
    stage.discord.faults().clear();
    create(stage, guild).await;
    assert_whole(stage, guild, general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_few_server_errors_delay_an_event_and_do_not_double_it() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).status(502);
    posting(&stage).times(1).status_after(503);
    let (general, told) = create(&stage, &guild).await;
    assert!(told.contains("is posted"), "{told}");
    assert_whole(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_dropped_before_or_after_makes_one_event() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).drop_before();
    posting(&stage).times(1).drop_after();
    let (general, told) = create(&stage, &guild).await;
    assert!(told.contains("is posted"), "{told}");
    assert_whole(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_discord_took_without_ever_saying_so_is_found_in_the_channel() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).drop_after();
    posting(&stage).always().status(503);
    let (general, told) = create(&stage, &guild).await;
    assert!(told.contains("is posted"), "{told}");
    stage.discord.faults().clear();
    assert_whole(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_cannot_be_read_does_not_lose_the_event() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).status_after(200);
    let (general, told) = create(&stage, &guild).await;
    assert!(told.contains("is posted"), "{told}");
    assert_whole(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_discord_takes_no_messages_the_member_is_told_and_nothing_stays() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).always().status(500);
    let (general, told) = create(&stage, &guild).await;
    insta::assert_snapshot!(told, @"Discord does not answer me at the moment. Nothing was lost; please try again in a minute.");
    assert_nothing(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_that_goes_missing_meanwhile_is_named_and_nothing_stays() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).delay(Duration::from_millis(400));
    let run = guild.owner().runs(&guild.channel("general"), "/event create").option("title", "Match");
    let posts = || !stage.discord.requests_to(&Method::POST, "/channels/{id}/messages").is_empty();
    let (reply, ()) = tokio::join!(run.send(), async {
        stage.until("the bot posts", posts).await;
        guild.channel("general").deny_bot(Permissions::SEND_MESSAGES);
    });
    let told = picture(&reply.unwrap());
    assert!(told.starts_with("I am missing **Send Messages** in #general."), "{told}");
    guild.channel("general").allow_bot(Permissions::SEND_MESSAGES);
    assert_nothing(&stage, &guild, &guild.channel("general")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_with_all_permissions_there_says_where_to_look_and_nothing_stays() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).always().error(403, 50_013, "Missing Permissions");
    let (general, told) = create(&stage, &guild).await;
    insta::assert_snapshot!(told, @"Discord does not let me do that in #general, although I seem to have what it takes. Somebody who manages this server can look at what the channel's settings say of me.");
    assert_nothing(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_nobody_foresaw_shows_a_number_for_the_operator_and_nothing_stays() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).always().error(400, 240_000, "Message blocked by harmful links filter");
    let (general, told) = create(&stage, &guild).await;
    let (sentence, number) = told.split_once('`').unwrap();
    insta::assert_snapshot!(sentence, @"Discord refused that. If it stays, tell whoever runs me this number:");
    assert!(stage.log().says(number.trim_end_matches(['`', '.'])), "{told} {:?}", stage.log().lines());
    assert!(stage.log().says("harmful links"), "the log does not say why");
    assert_nothing(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_can_tell_the_member_hears_it_and_the_event_is_found_later() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).times(1).drop_after();
    posting(&stage).always().status(503);
    stage.discord.faults().on(Method::GET, "/channels/{id}/messages").always().status(503);
    let (general, told) = create(&stage, &guild).await;
    insta::assert_snapshot!(told, @"Discord does not tell me whether it took your event. If it appears within a quarter of an hour, it counts; if not, please create it again.");
    assert_eq!(stage.drafts(&guild), 1);
    let list = stage.told(&guild.owner(), &general, "/event list", &[]).await;
    assert!(list.starts_with("No event runs here."), "{list}");
    stage.discord.faults().clear();
    within("the event is found", || async {
        stage.pass(TimeDelta::seconds(20));
        stage.drafts(&guild) == 0
    })
    .await;
    assert_whole(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nobody_can_tell_and_it_was_not_posted_the_event_is_given_up() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).always().status(503);
    stage.discord.faults().on(Method::GET, "/channels/{id}/messages").always().status(503);
    let (general, told) = create(&stage, &guild).await;
    assert!(told.starts_with("Discord does not tell me whether it took your event."), "{told}");
    stage.discord.faults().clear();
    let looked = || {
        let requests = stage.discord.requests_to(&Method::GET, "/channels/{id}/messages");
        requests.iter().any(|request| request.status() == Some(200))
    };
    within("the bot looks for it", || async {
        stage.pass(TimeDelta::seconds(20));
        looked()
    })
    .await;
    assert_eq!(stage.drafts(&guild), 1, "it was given up too early");
    stage.pass(TimeDelta::minutes(15));
    within("the event is given up", || async {
        stage.pass(TimeDelta::seconds(20));
        stage.drafts(&guild) == 0
    })
    .await;
    assert_nothing(&stage, &guild, &general).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_message_is_deleted_at_once_is_over() {
    let (stage, guild) = Stage::set().await;
    posting(&stage).delay_answer(Duration::from_millis(400));
    let general = guild.channel("general");
    let run = guild.owner().runs(&general, "/event create").option("title", "Match");
    let (reply, ()) = tokio::join!(run.send(), async {
        general.wait_for_message(Message::is_by_bot).await.delete();
    });
    let told = picture(&reply.unwrap());
    assert!(told.contains("is posted"), "{told}");
    stage.until("the event is over", || stage.live_titles(&guild).is_empty()).await;
}
