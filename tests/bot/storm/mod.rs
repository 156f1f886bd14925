//! The real program is killed and stopped at random moments under load, on bad connections: nothing is lost, nothing is
//! doubled.
//!
//! A [town](town) of guilds has events with intervals of a few seconds; a [crowd](crowd) answers and changes its mind, posts
//! more events, asks for reminders out of turn. Of the program's messages, one in ten takes effect without an answer; others
//! are refused or slow. The program is [ended](ride) again and again, and started again, in the second half of the storm
//! sometimes later than Discord remembers a nonce. When all that was due is out, a [judge](judge) compares what stands in the
//! channels with the reminder logs and with what the members know of themselves.
//!
//! Everything by chance follows from a seed, which is printed: the same seed ends the program at the same moments of its
//! runs, with the same weather and the same members doing the same things. How the threads of the program and of the emulator
//! meet is the machine's, so a finding may need more than one replay.
//!
//! ```sh
//! cargo test --test bot storm -- --nocapture                                       # the short one
//! MUSTER_STORM_SEED=42 MUSTER_STORM_ROUNDS=50 cargo test --test bot storm          # a replay, and how many of each ending
//! cargo test --test bot storm::two_hundred -- --ignored --nocapture --test-threads 1   # the long ones
//! ```

mod ahead;
mod apart;
mod crowd;
mod dice;
mod judge;
mod ledger;
mod plan;
mod records;
mod ride;
mod town;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write;
use std::time::Instant;

use self::plan::Plan;
use self::ride::Diary;
use self::town::{Limits, Town};

/// What to expect.
struct Forecast {
    guilds: usize,
    limits: Limits,
    kills: usize,
    stops: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_storm_of_kills_and_stops_loses_and_doubles_nothing() {
    weather(Forecast { guilds: 5, limits: Limits::Lifted, kills: 4, stops: 3 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes"]
async fn two_hundred_kills_lose_and_double_nothing() {
    weather(Forecast { guilds: 8, limits: Limits::Lifted, kills: 200, stops: 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes"]
async fn two_hundred_stops_lose_and_double_nothing() {
    weather(Forecast { guilds: 8, limits: Limits::Lifted, kills: 0, stops: 200 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn kills_and_stops_under_discords_limits_lose_and_double_nothing() {
    weather(Forecast { guilds: 3, limits: Limits::Kept, kills: 30, stops: 20 }).await;
}

/// Lets a storm pass, with as many kills and stops as the environment asks for, or as expected.
async fn weather(forecast: Forecast) {
    let Forecast { guilds, limits, kills, stops } = forecast;
    let seed =
        setting("MUSTER_STORM_SEED").unwrap_or_else(|| RandomState::new().hash_one("storm") % 1_000_000);
    let rounds = setting("MUSTER_STORM_ROUNDS").map(|rounds| usize::try_from(rounds).expect("it fits"));
    let [kills, stops] = [kills, stops].map(|usual| rounds.filter(|_| usual > 0).unwrap_or(usual));
    let plan = Plan::new(seed, kills, stops);
    say(&format!("storm: {kills} kills, {stops} stops; replay with MUSTER_STORM_SEED={seed}"));
    let began = Instant::now();
    let town = Town::founded(guilds, limits).await;
    let diary = Diary::of(&town, &plan).await;
    let (tally, findings) = judge::judge(&town, &diary);
    let longest = diary.stops.iter().max().copied().unwrap_or_default();
    let (took, runs, faults) = (began.elapsed(), diary.runs.len(), diary.faults);
    say(&format!(
        "storm {seed}: {took:?}, {runs} runs, {faults} faults; longest stop {longest:?}; {tally:?}"
    ));
    if !findings.is_empty() {
        let logs = std::env::temp_dir().join(format!("storm-{seed}.log"));
        std::fs::write(&logs, diary.logs.join("\n== the next run\n")).unwrap();
        let shown = findings.iter().take(20).cloned().collect::<Vec<_>>().join("\n  ");
        let (count, logs, data) = (findings.len(), logs.display(), town.keep());
        let data = data.display();
        panic!(
            "MUSTER_STORM_SEED={seed}: {count} findings, the logs are in {logs}, the data in {data}:\n  {shown}"
        );
    }
    town.discord.assert_clean();
}

#[expect(clippy::disallowed_methods, reason = "it is the test that is configured, not the program")]
fn setting(key: &str) -> Option<u64> {
    std::env::var(key).ok()?.parse().ok()
}

/// Past the harness, which would keep it to itself where a test passes.
fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
