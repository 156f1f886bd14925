//! Very many guilds and few open stores: what the program takes of the machine.

use std::time::Duration;

use discord_emulator::{Emulator, Guild};
use futures::{StreamExt, stream};
use tempfile::TempDir;

use crate::stage::Program;

/// Commands that are under way at the same time.
const AT_ONCE: usize = 40;

/// How often each guild is used: first to post an event.
const ROUNDS: usize = 2;

const SETTINGS: &[(&str, &str)] = &[
    ("MUSTER__STORAGE__MAX_OPEN", "128"),
    // What is looked at here is neither how sure a disk is, nor how much Discord takes.
    ("MUSTER__DISCORD__LIMITER", "false"),
    ("MUSTER__STORAGE__SYNCHRONOUS", "normal"),
];

/// What the program took at most.
#[derive(Debug, Clone, Copy, Default)]
struct Peak {
    descriptors: usize,
    threads: usize,
}

impl Peak {
    fn look(&mut self, program: &Program) {
        self.descriptors = self.descriptors.max(program.descriptors());
        self.threads = self.threads.max(program.threads());
    }
}

/// Has the guild's owner post an event, or ask for those there are.
async fn touch(guild: &Guild, visit: usize) {
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let reply = match visit {
        0 => owner.runs(&general, "/event create").option("title", "Chess").send().await,
        _ => owner.runs(&general, "/event list").send().await,
    };
    let text = reply.unwrap_or_else(|error| panic!("{}: {error}", guild.name())).text();
    assert!(text.contains("Chess") || text.contains("posted"), "{}: {text}", guild.name());
}

/// The numbers below `count` in an order that no cache likes, another one for each `round`.
fn shuffled(count: usize, round: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    let mut state = 1 + round;
    for place in (1..count).rev() {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7FFF_FFFF;
        numbers.swap(place, (state >> 8) % (place + 1));
    }
    numbers
}

/// So many guilds, each used in every round.
async fn touched(count: usize) -> Peak {
    let shards = u32::try_from(count.div_ceil(1_000)).unwrap();
    let discord = Emulator::builder().identify_interval(Duration::ZERO).rate_limits(false).shards(shards);
    // Ten thousand guilds take longer to be told than any other test's.
    let discord = discord.wait_deadline(Duration::from_mins(2)).start().await.unwrap();
    let guilds = discord.add_guilds(count, 1);
    let data: TempDir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let program = Program::start(&discord, data.path(), SETTINGS);
    discord.wait_for_command("event").await;
    let mut peak = Peak::default();
    for round in 0..ROUNDS {
        let visits = shuffled(count, round).into_iter().map(|number| touch(&guilds[number], round));
        let mut visits = std::pin::pin!(stream::iter(visits).buffer_unordered(AT_ONCE));
        while visits.next().await.is_some() {
            peak.look(&program);
        }
    }
    for guild in &guilds {
        assert!(data.path().join(format!("guilds/{}/guild.db", guild.id())).is_file());
    }
    program.terminate();
    let (status, log) = program.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("ERROR"), "{log}");
    discord.assert_clean();
    peak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_guilds_used_at_random_need_few_descriptors_and_threads() {
    let peak = touched(1_000).await;
    assert!(peak.descriptors < 600 && peak.threads < 200, "{peak:?}");
    assert!(peak.descriptors > 200, "as many stores were open as may be: {peak:?}");
}

/// `cargo test --release --test bot ten_thousand_guilds_used -- --ignored`, which takes some minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes some minutes"]
async fn ten_thousand_guilds_used_at_random_need_no_more() {
    let peak = touched(10_000).await;
    assert!(peak.descriptors < 600 && peak.threads < 200, "{peak:?}");
}
