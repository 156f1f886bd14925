//! Commands that take long are acknowledged at once, and answered whatever becomes of the acknowledgement.

use std::time::Duration;

use discord_emulator::Method;

use crate::stage::Stage;

const CALLBACK: &str = "/interactions/{id}/{token}/callback";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_arrives_although_discord_never_said_that_it_heard_the_deferral() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.discord.faults().on(Method::POST, CALLBACK).times(1).delay_answer(Duration::from_secs(4));
    let told = stage.told(&owner, &general, "/event create", &[("title", "Match")]).await;
    assert!(told.contains("is posted"), "{told}");
    assert!(!stage.log().says("a member got no answer"), "{:?}", stage.log().lines());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_asks_discord_a_lot_is_acknowledged_before_it_asks() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    // Holds up every request of the command, but not its acknowledgement.
    stage.discord.faults().on(Method::GET, "/channels/{id}").times(1).delay(Duration::from_millis(250));
    let told = stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    assert!(told.starts_with("I am watching"), "{told}");
    let requests = stage.discord.requests();
    let first = |what: &str| requests.iter().position(|request| request.path.contains(what)).unwrap();
    assert!(first("/callback") < first(&format!("/channels/{}/messages/{}", general.id(), message.id())));
}
