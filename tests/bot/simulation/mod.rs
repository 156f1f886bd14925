//! A day of many guilds in some seconds: the scheduler on real stores, with a clock that jumps and a Discord that fails by
//! lot, checked against a model that knows nothing of how it works.
//!
//! What happens depends on a seed alone. `MUSTER_SIMULATION_SEED=7 cargo test --test bot simulation` plays another one.

mod audit;
mod clock;
mod courier;
mod dice;
mod model;
mod script;
mod steps;
mod world;

use std::time::Instant;

use audit::{Tally, audit};
use courier::Weather;
use script::{BEGIN, DAY, HOUR, MINUTE, Script, Size};
use world::World;

/// The seed that was asked for, or the usual one.
#[expect(clippy::disallowed_methods, reason = "it is about the test, not about Muster")]
fn seed() -> u64 {
    std::env::var("MUSTER_SIMULATION_SEED").ok().map_or(1, |seed| seed.parse().expect("a seed is a number"))
}

/// Plays what a seed makes happen, and checks it.
#[expect(
    clippy::print_stderr,
    reason = "whoever looks on wants to know how much was played, and how to play it again"
)]
async fn play(size: &Size, weather: Weather) -> Tally {
    let (seed, begun) = (seed(), Instant::now());
    let script = Script::of(seed, size);
    let mut world = World::new(weather).await;
    world.populate(&script).await;
    world.play(&script).await;
    match audit(&world, &script).await {
        Ok(tally) => {
            eprintln!("MUSTER_SIMULATION_SEED={seed}: {tally:?} in {:?}", begun.elapsed());
            tally
        }
        Err(why) => panic!("with MUSTER_SIMULATION_SEED={seed}: {why}"),
    }
}

const INTERVALS: &[i64] = &[5, 20, 30, 40, 60, 90, 120];

/// A day with two stops in it, after one of which the index is not believed.
fn day_of(guilds: u64, intervals: &'static [i64]) -> Size {
    let (first, second) = (BEGIN + 7 * HOUR + 5, BEGIN + 15 * HOUR + 5);
    let downtimes = vec![(first, first - 5 + MINUTE), (second, second - 5 + 10 * MINUTE)];
    Size { guilds, length: DAY, intervals, downtimes }
}

#[tokio::test]
async fn a_day_of_many_guilds_is_as_it_should_be() {
    let tally = play(&day_of(40, INTERVALS), Weather::Changing(seed())).await;
    assert!(tally.sent > 2_000 && tally.late > 0 && tally.skipped > 0 && tally.failed > 0, "{tally:?}");
}

/// `cargo test --release --test bot simulation -- --ignored --nocapture`: too long where nothing is optimised.
#[tokio::test]
#[ignore = "a minute of optimised code"]
async fn a_day_of_a_thousand_guilds_is_as_it_should_be() {
    let tally = play(&day_of(1_000, &[20, 30, 40, 60, 90]), Weather::Changing(seed())).await;
    assert!(tally.sent >= 50_000, "{tally:?}");
}

#[tokio::test]
async fn after_a_downtime_each_event_has_one_late_reminder_and_goes_on_with_the_grid() {
    for down in [MINUTE, HOUR, DAY, 30 * DAY] {
        for weather in [Weather::Fair, Weather::Changing(seed())] {
            let from = BEGIN + 8 * HOUR + 5;
            let downtimes = vec![(from, from - 5 + down)];
            let size = Size { guilds: 10, length: 16 * HOUR, intervals: INTERVALS, downtimes };
            let tally = play(&size, weather).await;
            if matches!(weather, Weather::Fair) {
                assert_eq!(tally.late > 0, down > 2 * MINUTE, "{tally:?}");
            }
        }
    }
}
