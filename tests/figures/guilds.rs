//! What the program takes of the machine with few guilds and with many: memory, threads, descriptors, the time of a start,
//! and the processor while nothing happens.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use discord_emulator::{Emulator, Guild, Method, RecordedRequest};
use muster::clock::{Clock, SystemClock};
use tokio::time::sleep;

use crate::Size;
use crate::ground::{Ground, Seed};
use crate::places::Places;
use crate::program::{PATIENCE, Program};
use crate::report::{Amount, Table, Target};

const MEMBERS: usize = 100;
/// Guilds that Discord gives to one shard at most.
const PER_SHARD: usize = 2_500;
const LOOK: Duration = Duration::from_millis(20);
/// How long nothing may be asked of Discord until the program counts as idle.
const QUIET: Duration = Duration::from_secs(3);
/// How long the processor is watched.
const WATCH: Duration = Duration::from_secs(30);

const MOST_MEMORY: u64 = 80 * 1_024;

/// Without limits on either side: how soon the members are read is not what is measured.
const SETTINGS: &[(&str, &str)] = &[("MUSTER__DISCORD__LIMITER", "false")];

/// How soon after its start the program could do something.
struct Ready {
    agenda: Duration,
    command: Duration,
    all_guilds: Duration,
}

/// With these numbers of guilds.
pub(crate) async fn measure(places: &Places, size: Size, counts: &[usize]) -> Result<Table> {
    let mut table = Table::new(
        "Few guilds and many",
        format!(
            "Each guild has {MEMBERS} members and a live event. The program is started on data that it knows; the start is over for a guild \
             when its command is answered, and for the reminders when the agenda is filled from its index. It then reads all members and \
             answers again, for this figure without a rate limit, and looks through every store once. When it is quiet, its \
             memory is measured, with as many stores open as there may be (256), and the processor time that it takes \
             in {} s without any event. Then it is killed, and started again. Data in memory, so that no disk slows the start.",
            WATCH.as_secs()
        ),
    );
    for count in counts {
        add(&mut table, places, size.of(*count)).await?;
    }
    Ok(table)
}

async fn add(table: &mut Table, places: &Places, count: usize) -> Result<()> {
    let of = if count == 1 { "1 guild".to_owned() } else { format!("{count} guilds") };
    let shards = u32::try_from(count.div_ceil(PER_SHARD))?;
    let discord = Emulator::builder().rate_limits(false).shards(shards);
    let ground = Ground::new(places.quickest(), discord).await?;
    let guilds = ground.discord.add_guilds(count, MEMBERS);
    let due = SystemClock.now() + TimeDelta::days(7);
    let title = "Chess on Friday".to_owned();
    let seeds: Vec<_> = guilds
        .iter()
        .map(|guild| Seed { channel: guild.channel("general"), title: title.clone(), due })
        .collect();
    ground.sow(&seeds).await?;
    // The first start of all registers the commands, which is not what is measured.
    let first = ground.start(SETTINGS).await?;
    ground.discord.wait_for_command("event").await;
    first.stop().await?;

    let (mut program, ready) = started(&ground, &guilds).await?;
    add_start(table, &format!("{of}: start"), &ready);
    program.until_said("looked through all stores").await?;
    until_quiet(&ground, &mut program, count).await?;
    let print = program.process().footprint()?;
    let open = program.metric("muster_open_stores").await?;
    let most = Target::AtMost(Amount::Kibibytes(MOST_MEMORY));
    table.add(format!("{of}: resident memory, {open} stores open"), Amount::Kibibytes(print.resident), most);
    table.add(format!("{of}: of it allocated"), Amount::Kibibytes(print.anonymous), Target::Nothing);
    table.add(format!("{of}: proportional"), Amount::Kibibytes(print.proportional), Target::Nothing);
    table.add(format!("{of}: the most it ever was"), Amount::Kibibytes(print.peak), Target::Nothing);
    table.add(format!("{of}: threads"), Amount::Pieces(print.threads), Target::Nothing);
    table.add(format!("{of}: descriptors"), Amount::Pieces(print.descriptors), Target::Nothing);
    let before = program.process().processor_time()?;
    sleep(WATCH).await;
    let taken = program.process().processor_time()?.saturating_sub(before);
    let a_minute = taken.mul_f64(60.0 / WATCH.as_secs_f64());
    table.add(format!("{of}: processor a minute, idle"), Amount::Time(a_minute), Target::Nothing);
    drop(program);

    let (program, ready) = started(&ground, &guilds).await?;
    add_start(table, &format!("{of}: start after a kill"), &ready);
    let took = program.stop().await?;
    table.add(
        format!("{of}: stop"),
        Amount::Time(took),
        Target::AtMost(Amount::Time(Duration::from_secs(8))),
    );
    Ok(())
}

fn add_start(table: &mut Table, what: &str, ready: &Ready) {
    let most = Target::AtMost(Amount::Time(Duration::from_secs(5)));
    table.add(format!("{what} until the agenda is filled"), Amount::Time(ready.agenda), most);
    table.add(format!("{what} until a command is answered"), Amount::Time(ready.command), most);
    table.add(format!("{what} until all guilds are told"), Amount::Time(ready.all_guilds), Target::Nothing);
}

/// Starts the program and sees how soon it can do what.
async fn started(ground: &Ground, guilds: &[Guild]) -> Result<(Program, Ready)> {
    let begun = Instant::now();
    let program = ground.start(SETTINGS).await?;
    let agenda = async {
        let wanted = f64::from(u32::try_from(guilds.len())?);
        while program.metric("muster_agenda_guilds").await? < wanted {
            ensure!(begun.elapsed() < PATIENCE, "the agenda is never complete");
            sleep(LOOK).await;
        }
        anyhow::Ok(begun.elapsed())
    };
    let command = async {
        answered(ground, guilds).await?;
        anyhow::Ok(begun.elapsed())
    };
    let all_guilds = async {
        ground.discord.gateway().wait_until_ready().await;
        anyhow::Ok(begun.elapsed())
    };
    let (agenda, command, all_guilds) = tokio::try_join!(agenda, command, all_guilds)?;
    Ok((program, Ready { agenda, command, all_guilds }))
}

/// Waits until somebody gets an answer in the first shard's first guild.
async fn answered(ground: &Ground, guilds: &[Guild]) -> Result<()> {
    let gateway = ground.discord.gateway();
    gateway.wait_for("a session", |gateway| gateway.sessions().iter().any(|session| session.connected)).await;
    let sessions = gateway.sessions();
    let here = |guild: &&Guild| {
        sessions.iter().any(|session| session.connected && session.shard.has(Some(guild.id())))
    };
    let guild = guilds.iter().find(here).context("no guild is in a shard that is connected")?;
    let asked = guild.owner().runs(&guild.channel("general"), "/event list").send().await;
    asked.map_err(|error| anyhow::anyhow!("the first command is not answered: {error}"))?;
    Ok(())
}

/// Waits until the members and answers of all guilds were read, and nothing more is asked of Discord.
async fn until_quiet(ground: &Ground, program: &mut Program, guilds: usize) -> Result<()> {
    let begun = Instant::now();
    let started = program.started;
    let is_members = |request: &RecordedRequest| {
        request.method == Method::GET
            && request.template == Some("/guilds/{guild_id}/members")
            && request.at >= started
    };
    let (mut known, mut since) = (0, Instant::now());
    while ground.discord.count_requests(is_members) < guilds || since.elapsed() < QUIET {
        ensure!(begun.elapsed() < 2 * PATIENCE, "the program does not come to rest");
        let requests = ground.discord.count_requests(|_| true);
        if requests != known {
            (known, since) = (requests, Instant::now());
        }
        sleep(5 * LOOK).await;
    }
    program.ensure_running()
}
