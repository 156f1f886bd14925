//! How long commands stay away, measured: `cargo test --test bot recovery_times -- --ignored --nocapture`.

use std::io::Write;
use std::time::{Duration, Instant};

use discord_emulator::{Emulator, Gateway};

use crate::stage::Stage;

/// What is done to the gateway.
type Upset = fn(&Gateway);

/// The time from an upset until a command is answered again, and how many logins and resumptions it took.
async fn away(heartbeat: Duration, upset: impl Fn(&Gateway)) -> (Duration, u64, u64) {
    let emulator = Emulator::builder().heartbeat_interval(heartbeat).wait_deadline(Duration::from_mins(3));
    let mut stage = Stage::with(emulator).await;
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let (anna, general) = (guild.add_member("Anna"), guild.channel("general"));
    let gateway = stage.discord.gateway();
    let (identifies, resumes) = (gateway.identifies(), gateway.resumes());
    let began = Instant::now();
    upset(&gateway);
    let is_back = |gateway: &Gateway| (gateway.identifies(), gateway.resumes()) != (identifies, resumes);
    gateway.wait_for("another session", |gateway| is_back(gateway) && gateway.is_ready()).await;
    anna.runs(&general, "/help").send().await.expect("commands are answered");
    (began.elapsed(), gateway.identifies() - identifies, gateway.resumes() - resumes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures, which takes minutes"]
async fn recovery_times() {
    let (usual, short) = (Duration::from_millis(41_250), Duration::from_secs(5));
    let upsets: [(&str, Duration, Upset); 9] = [
        ("a request to reconnect", usual, Gateway::reconnect_all),
        ("an invalid session that can be resumed", usual, |gateway| gateway.invalidate(true)),
        ("an invalid session that cannot", usual, |gateway| gateway.invalidate(false)),
        ("a close without a code", usual, |gateway| gateway.close(None)),
        ("a close with 4011", usual, |gateway| gateway.close(Some(4011))),
        ("a cut connection", usual, Gateway::drop_connections),
        ("8 s of refused connections", usual, |gateway| {
            gateway.refuse_connections(Duration::from_secs(8));
            gateway.drop_connections();
        }),
        ("60 s of refused connections", usual, |gateway| {
            gateway.refuse_connections(Duration::from_mins(1));
            gateway.drop_connections();
        }),
        ("no acknowledgements, a heartbeat each 5 s", short, Gateway::stop_acks),
    ];
    for (name, heartbeat, upset) in upsets {
        let (time, logins, resumptions) = away(heartbeat, upset).await;
        let line = format!("{name}: {:.1} s, {logins} logins, {resumptions} resumptions", time.as_secs_f64());
        writeln!(std::io::stderr(), "{line}").unwrap();
    }
}
