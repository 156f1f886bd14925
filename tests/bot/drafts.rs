//! Events whose posting a stop of the process interrupted: found again, or given up.

use chrono::TimeDelta;
use discord_emulator::{Guild, Message, Method};

use crate::stage::{Program, Stage, within};

/// A stopped bot with an event that it does not know the message of, as if it had died while Discord posted it.
async fn interrupted() -> (Stage, Guild, Message) {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let event = stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    event.wait_until(|event| event.text().contains("of **2**")).await;
    stage.stop().await.unwrap();
    stage.write_guild(&guild, "UPDATE events SET message_id = NULL", &[]);
    (stage, guild, event)
}

/// Lets time pass until the bot knows what became of the event.
async fn until_settled(stage: &Stage, guild: &Guild) {
    let settled = || async {
        stage.pass(TimeDelta::seconds(20));
        stage.drafts(guild) == 0
    };
    within("the bot knows what became of the event", settled).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_while_discord_posts_finds_its_event_at_the_next_start() {
    let mut stage = Stage::empty().await;
    let guild = stage.discord.add_guild("Chess club");
    let program = Program::start(&stage.discord, &stage.data(), &[]);
    stage.discord.gateway().wait_until_ready().await;
    stage.discord.wait_for_command("event").await;
    let posting = stage.discord.faults().on(Method::POST, "/channels/{id}/messages");
    posting.delay_answer(std::time::Duration::from_mins(1));
    let general = guild.channel("general");
    guild.owner().runs(&general, "/event create").option("title", "Match").submit_only().unwrap();
    let event = general.wait_for_message(Message::is_by_bot).await;
    program.kill();
    assert_eq!(stage.drafts(&guild), 1);

    stage.discord.faults().clear();
    stage.start().await;
    stage
        .until("the event is found", || stage.live_titles(&guild) == ["Match"] && stage.drafts(&guild) == 0)
        .await;
    guild.owner().presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("**1** of **1** answered")).await;
    assert_eq!(general.messages(), [event]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_found_event_reminds_as_if_nothing_had_happened() {
    let (mut stage, guild, event) = interrupted().await;
    stage.start().await;
    stage.until("the event is found", || stage.drafts(&guild) == 0).await;
    stage.pass(TimeDelta::hours(1));
    let reminder = event.channel().wait_for_message(|message| !message.pings().is_empty()).await;
    assert_eq!(reminder.pings().len(), 2);
    assert!(reminder.json().to_string().contains(&event.link()), "{}", reminder.json());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_was_never_posted_is_given_up_after_a_quarter_of_an_hour() {
    let (mut stage, guild, event) = interrupted().await;
    event.delete();
    let looked = |stage: &Stage| stage.discord.requests_to(&Method::GET, "/channels/{id}/messages").len();
    stage.start().await;
    stage.until("the bot looks for it", || looked(&stage) > 0).await;
    assert_eq!(stage.drafts(&guild), 1, "it may still come");
    stage.pass(TimeDelta::minutes(15));
    until_settled(&stage, &guild).await;
    stage.pass(TimeDelta::hours(1));
    let told = stage.told(&guild.owner(), &guild.channel("general"), "/event list", &[]).await;
    assert!(told.starts_with("No event runs here."), "{told}");
    assert_eq!(stage.log_rows(&guild), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_event_whose_channel_is_gone_is_given_up_at_once() {
    let (mut stage, guild, event) = interrupted().await;
    event.channel().delete();
    stage.start().await;
    stage.until("it is given up", || stage.drafts(&guild) == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_somebody_else_is_never_taken_for_the_event() {
    let (mut stage, guild, event) = interrupted().await;
    event.delete();
    let general = guild.channel("general");
    guild.add_bot("Other bot").says(&general, "Match");
    let other = stage.discord.add_guild("Go club");
    stage.start().await;
    let elsewhere = stage.create(&other.owner(), &other.channel("general"), "Match").await;
    let here = stage.create(&guild.owner(), &general, "Match").await;
    stage.pass(TimeDelta::minutes(15));
    until_settled(&stage, &guild).await;
    assert_eq!((stage.live_titles(&guild).len(), stage.live_titles(&other).len()), (1, 1));
    for message in [here, elsewhere] {
        let reply = message.channel().guild().unwrap().owner().presses(&message, "Coming").await.unwrap();
        assert!(reply.text().starts_with("You answered"), "{}", reply.text());
    }
}
