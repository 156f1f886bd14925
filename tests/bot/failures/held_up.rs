//! Events that Discord lets nobody be reminded of: what their organisers read of it, once, and where.

use chrono::TimeDelta;
use discord_emulator::{Channel, Guild, Message, Method, Permissions};

use super::{MESSAGES, tries};
use crate::stage::{HOUR, Stage, asked, ids, pinged, watch, without_numbers};

/// Longer than notices wait for each other.
pub(super) const SOON: TimeDelta = TimeDelta::seconds(6);

/// What Muster told the organisers in a channel.
pub(super) fn notices(channel: &Channel) -> Vec<Message> {
    let is_notice = |message: &Message| {
        message.is_by_bot() && message.text().contains(" is over since ")
            || message.text().contains("⚠️")
            || message.text().contains("🗑️")
    };
    channel.messages().into_iter().filter(is_notice).collect()
}

/// A channel before all others, which organisers read.
pub(super) fn board(guild: &Guild) -> Channel {
    guild.add_channel("organisers")
}

/// Waits for the first notice and returns what it says, without numbers.
pub(super) async fn told(stage: &Stage, board: &Channel) -> String {
    stage.pass(SOON);
    stage.until("the organisers are told", || !notices(board).is_empty()).await;
    without_numbers(&notices(board)[0].text())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn organisers_read_once_which_permission_is_missing_where_and_that_it_heals() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    insta::assert_snapshot!(told(&stage, &board).await, @r"
    <@#>
    ⚠️ Reminders of **[Match on Friday, who comes?](<https://discord.com/channels/#/#/#>)** are held up since <t:R>: I am missing **Send Messages** in <##>. As soon as somebody gives me that again they go on by themselves.
    ");
    let notice = notices(&board).remove(0);
    assert_eq!(notice.pings(), [guild.owner().id()], "only who watched it");
    for _ in 0..30 {
        stage.pass(HOUR);
    }
    stage.until("it was tried again", || stage.log_rows(&guild) == ["failed", "failed"]).await;
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    stage.pass(HOUR);
    stage.until("it is sent", || pinged(&general) == ids(&[&anna])).await;
    assert_eq!(notices(&board).len(), 1);
    assert_eq!(notices(&general).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_events_that_lose_their_channel_at_once_are_one_request_and_one_notice() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    let (side, board) = (guild.add_channel("side"), guild.channel("general"));
    for number in 1..=30 {
        let message = guild.owner().says(&side, &format!("Question {number}?"));
        watch(&stage, &guild.owner(), &message).await;
    }
    side.hide_from_bot();
    stage.pass(HOUR + TimeDelta::minutes(1));
    stage.until("they are held up", || stage.log().says("reminders are suspended")).await;
    let text = told(&stage, &board).await;
    assert!(text.contains("and 20 more** are held up") || text.contains("and 20 more are held up"), "{text}");
    assert!(text.contains("I am missing **View Channel** in <##>"), "{text}");
    stage.pass(TimeDelta::minutes(5));
    assert_eq!(tries(&stage, &side), 0, "Discord said it before anything was sent");
    stage.until("there is nothing more to tell", || stage.log().count("told the organisers") == 1).await;
    side.allow_bot(Permissions::VIEW_CHANNEL);
    stage.until("all go on", || stage.log().count("reminders go on") == 30).await;
    assert_eq!(notices(&board).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_discord_does_not_take_is_told_in_its_words_and_not_tried_at_each_instant() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    let body = serde_json::json!({
        "message": "Message was blocked by automatic moderation", "code": 200_000
    });
    stage.discord.faults().on(Method::POST, MESSAGES).respond(400, body);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    insta::assert_snapshot!(told(&stage, &general).await, @r"
    <@#>
    ⚠️ Reminders of **[Match on Friday, who comes?](<https://discord.com/channels/#/#/#>)** in <##> are held up since <t:R>, because Discord does not take them: AutoMod blocks the message \(Discord answered 400 \(code 200000\): Message was blocked by automatic moderation\). I try again twice a day; once it is mended, `/event resume` goes on at once.
    ");
    for _ in 0..3 {
        stage.pass(HOUR);
    }
    let resume = [("event", message.link())];
    let resume: Vec<_> = resume.iter().map(|(name, link)| (*name, link.as_str())).collect();
    let resumed = stage.told(&guild.owner(), &general, "/event resume", &resume).await;
    assert!(resumed.contains("goes on"), "{resumed}");
    assert_eq!(stage.log_rows(&guild), ["failed"]);
    stage.pass(HOUR);
    stage.until("the next is sent", || stage.log_rows(&guild) == ["failed", "sent"]).await;
    let is_reminded = |message: &Message| message.is_by_bot() && message.notifies(&anna);
    assert_eq!(general.messages().iter().filter(|message| is_reminded(message)).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_while_muster_was_away_is_told_at_its_return() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    stage.stop().await.expect("the bot stops cleanly");
    general.hide_from_bot();
    stage.start().await;
    stage.until("it is held up", || stage.log().says("reminders are suspended")).await;
    let text = told(&stage, &board).await;
    assert!(text.contains("I am missing **View Channel** in <##>"), "{text}");
    stage.stop().await.expect("the bot stops cleanly");
    general.allow_bot(Permissions::VIEW_CHANNEL);
    stage.start().await;
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    assert_eq!(notices(&board).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_and_goes_in_a_day_is_told_once_and_the_next_day_again() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    for (count, hours) in [(1, 1), (1, 1), (2, 30)] {
        let healed = stage.log().count("reminders go on");
        let held_up = stage.log().count("reminders are suspended");
        general.deny_bot(Permissions::SEND_MESSAGES);
        for _ in 0..hours {
            stage.pass(HOUR);
        }
        stage.until("it is held up", || stage.log().count("reminders are suspended") > held_up).await;
        stage.pass(SOON);
        stage.until("they know", || notices(&board).len() == count).await;
        general.allow_bot(Permissions::SEND_MESSAGES);
        stage.until("it goes on", || stage.log().count("reminders go on") > healed).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_mended_before_it_is_told_is_not_told() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    stage.pass(HOUR);
    stage.until("the next is sent", || stage.log_rows(&guild) == ["failed", "sent"]).await;
    assert_eq!(notices(&board), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_can_be_told_it_is_logged_once_and_shown_to_who_asks() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, message) = asked(&stage, &guild).await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    stage.pass(SOON);
    stage.until("it is logged", || stage.log().says("no channel in which to tell")).await;
    stage.pass(HOUR);
    stage.pass(HOUR);
    let link = message.link();
    let shown = stage.told(&guild.owner(), &general, "/event show", &[("event", link.as_str())]).await;
    assert!(shown.contains("Reminders are held up: I am missing **Send Messages** in #general."), "{shown}");
    assert_eq!(stage.log().count("no channel in which to tell"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_and_a_clock_that_is_set_back_put_a_notice_off_and_do_not_double_it() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    general.deny_bot(Permissions::SEND_MESSAGES);
    let to_board = format!("/channels/{}/messages", board.id());
    stage.discord.faults().on(Method::POST, &to_board).times(2).status(503);
    stage.discord.faults().on(Method::POST, &to_board).status_after(502);
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    for failed in 1..=3 {
        stage.pass(TimeDelta::seconds(25));
        let cannot = || stage.log().count("cannot be told of their events yet") >= failed;
        stage.until("it cannot be told", cannot).await;
    }
    stage.pass(TimeDelta::minutes(2));
    stage.until("it is told", || stage.log().says("told the organisers")).await;
    stage.set_clock_back(TimeDelta::days(1));
    stage.pass(TimeDelta::minutes(2));
    general.allow_bot(Permissions::SEND_MESSAGES);
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    assert_eq!(notices(&board).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_was_taken_is_not_said_elsewhere_because_its_repeat_is_refused() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    let (board, other) = (board(&guild), guild.add_channel("other"));
    general.deny_bot(Permissions::SEND_MESSAGES);
    let to_board = format!("/channels/{}/messages", board.id());
    stage.discord.faults().on(Method::POST, &to_board).status_after(502);
    stage.discord.faults().on(Method::POST, &to_board).error(403, 50_013, "Missing Permissions");
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    stage.pass(SOON);
    stage.until("nobody knows", || stage.log().says("cannot be told of their events yet")).await;
    stage.pass(TimeDelta::seconds(25));
    stage.until("it is found", || stage.log().says("told the organisers")).await;
    assert_eq!((notices(&board).len(), notices(&other).len()), (1, 0));
    assert!(stage.discord.faults().are_spent());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_lets_muster_write_nowhere_is_told_later_and_few_channels_are_tried() {
    let (stage, guild) = Stage::unlimited().await;
    guild.add_member("Anna");
    asked(&stage, &guild).await;
    let others: Vec<_> = (0..9).map(|number| guild.add_channel(&format!("channel-{number}"))).collect();
    // As a bot that was timed out: no permission says so.
    stage.discord.faults().on(Method::POST, MESSAGES).always().error(403, 50_013, "Missing Permissions");
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    stage.until("it is held up", || stage.log().says("reminders are suspended")).await;
    stage.discord.forget_requests();
    stage.pass(SOON);
    stage.until("it cannot be told", || stage.log().says("cannot be told of their events yet")).await;
    let requests = |method: Method, route: &str| stage.discord.requests_to(&method, route).len();
    assert_eq!(
        (requests(Method::POST, MESSAGES), requests(Method::GET, "/guilds/{guild_id}/channels")),
        (3, 1)
    );
    stage.discord.faults().clear();
    stage.pass(TimeDelta::minutes(1));
    stage.until("it is told", || stage.log().says("told the organisers")).await;
    assert_eq!(others.iter().map(|channel| notices(channel).len()).sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_is_closed_holds_up_its_events_until_it_is_opened() {
    let (stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.discord.faults().on(Method::POST, MESSAGES).error(400, 50_083, "Thread is archived");
    stage.pass(HOUR);
    stage.until("it has failed", || stage.log_rows(&guild) == ["failed"]).await;
    stage.until("it is held up", || stage.log().says("the thread <#")).await;
    general.rename("opened again");
    stage.until("it goes on", || stage.log().says("reminders go on")).await;
    stage.pass(HOUR);
    stage.until("the next is sent", || pinged(&general) == ids(&[&anna])).await;
}
