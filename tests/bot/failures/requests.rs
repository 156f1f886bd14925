//! What an event costs that is held up: as good as nothing.

use discord_emulator::{Channel, Emulator, Method, Permissions};

use super::held_up::{SOON, board, notices};
use super::{metronome, pass_hours};
use crate::stage::{Stage, asked};

/// The requests of a day about a channel in which a permission is missing, as method and path.
async fn of_a_day(lose: impl Fn(&Channel)) -> Vec<String> {
    let mut stage = Stage::with(Emulator::builder().rate_limits(false)).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    guild.add_member("Anna");
    let metronome = metronome(&stage).await;
    let (general, _) = asked(&stage, &guild).await;
    let board = board(&guild);
    pass_hours(&stage, &metronome, 1).await;
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    lose(&general);
    pass_hours(&stage, &metronome, 1).await;
    stage.until("it is held up", || stage.log().says("reminders are suspended")).await;
    stage.pass(SOON);
    stage.until("it is told", || notices(&board).len() == 1).await;
    // The first try, and a full day that neither begins nor ends near another: the metronome's hour may be over before it comes.
    pass_hours(&stage, &metronome, 15).await;
    stage.discord.forget_requests();
    pass_hours(&stage, &metronome, 24).await;
    let (channel, guild) = (general.id().to_string(), guild.id().to_string());
    let is_about = |path: &str| path.contains(&channel) || path.contains(&guild);
    let requests = stage.discord.requests().into_iter().filter(|request| is_about(&request.path));
    let requests = requests.map(|request| format!("{} {}", request.method, request.path));
    assert_eq!(notices(&board).len(), 1);
    requests.map(|request| request.replace(&channel, "CHANNEL").replace(&guild, "GUILD")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_in_which_muster_may_not_write_costs_two_requests_in_a_day() {
    let requests = of_a_day(|channel| channel.deny_bot(Permissions::SEND_MESSAGES)).await;
    assert_eq!(requests, ["POST /channels/CHANNEL/messages"; 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_muster_may_not_see_costs_two_requests_in_a_day() {
    let requests = of_a_day(Channel::hide_from_bot).await;
    let reads = requests.iter().filter(|request| request.starts_with(&Method::GET.to_string())).count();
    assert_eq!((requests.len(), reads), (2, 2), "{requests:?}");
}
