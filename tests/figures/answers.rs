//! How soon commands and buttons are acknowledged.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use discord_emulator::{Channel, Emulator, Guild, Member, Message};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::Size;
use crate::ground::Ground;
use crate::places::Places;
use crate::report::{Amount, Table, Target, Times};

const GUILDS: usize = 100;
const MEMBERS: usize = 20;
/// How long commands keep coming.
const SECONDS: usize = 15;
/// Discord's own limit, after which nobody sees the answer.
const LIMIT: Duration = Duration::from_secs(3);

/// An event on the screen of a guild's members.
struct Desk {
    owner: Member,
    members: Vec<Member>,
    channel: Channel,
    event: Message,
    buttons: Vec<String>,
}

pub(crate) async fn measure(places: &Places, size: Size) -> Result<Table> {
    let mut table = Table::new(
        "Acknowledgement of commands and buttons",
        format!(
            "`/event list`, `/event show` and presses of a button in turns, in {GUILDS} guilds of {MEMBERS} members, for {SECONDS} s at each \
             rate. The time runs from INTERACTION_CREATE to the arrival of the first answer; Discord allows 3 s."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(size.of(GUILDS), MEMBERS);
    let program = ground.start(&[]).await?;
    ground.discord.wait_for_command("event").await;
    ground.discord.gateway().wait_until_ready().await;
    let desks: Vec<Desk> = stream::iter(&guilds).map(desk).buffer_unordered(8).try_collect().await?;
    for rate in [100, 500] {
        let since = Instant::now();
        let sent = ask(&desks, size.of(rate * SECONDS), rate).await?;
        let rate_reached = f64::from(u32::try_from(sent)?) / since.elapsed().as_secs_f64();
        sleep(LIMIT + Duration::from_secs(1)).await;
        let waited = ground.discord.acknowledgements(since);
        ensure!(waited.len() >= sent, "Discord forgot interactions");
        let answered: Times = waited.iter().flatten().copied().collect();
        let unanswered = waited.iter().filter(|waited| waited.is_none_or(|waited| waited > LIMIT)).count();
        table.add(format!("{rate} a second: asked for"), Amount::PerSecond(rate_reached), Target::Nothing);
        let most = Target::AtMost(Amount::Time(Duration::from_millis(200)));
        table.add_times(&format!("{rate} a second: acknowledged"), &answered, most);
        let what = format!("{rate} a second: later than 3 s, or never");
        table.add(what, Amount::Pieces(unanswered), Target::AtMost(Amount::Pieces(0)));
    }
    let processor = program.process().processor_time()?;
    table.add("processor time in all", Amount::Time(processor), Target::Nothing);
    program.stop().await?;
    Ok(table)
}

/// Has the owner of a guild post an event.
async fn desk(guild: &Guild) -> Result<Desk> {
    let channel = guild.channel("general");
    let created =
        guild.owner().runs(&channel, "/event create").option("title", "Chess on Friday").send().await;
    created.map_err(|error| anyhow::anyhow!("an event is not created: {error}"))?;
    let event = channel.wait_for_message(|message| message.buttons().len() > 2).await;
    let buttons = event.buttons().into_iter().filter_map(|button| button.custom_id).collect();
    let mut members = guild.members();
    members.retain(|member| member.id() != guild.bot().id());
    Ok(Desk { owner: guild.owner(), members, channel, event, buttons })
}

/// Has so many members ask something, at this rate, and waits for no answer.
async fn ask(desks: &[Desk], count: usize, rate: usize) -> Result<usize> {
    let mut pace = interval(Duration::from_secs(1) / u32::try_from(rate)?);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..count {
        pace.tick().await;
        let desk = desks.get(number % desks.len()).context("there are no guilds")?;
        let round = number / desks.len();
        match (number + round) % 3 {
            0 => desk.owner.runs(&desk.channel, "/event list").submit_only()?,
            1 => {
                let show = desk.owner.runs(&desk.channel, "/event show");
                show.option("event", desk.event.link()).submit_only()?;
            }
            _ => {
                let member = desk.members.iter().cycle().nth(round).context("a guild has no members")?;
                let button = desk.buttons.iter().cycle().nth(round).context("the event has no button")?;
                member.presses_only(&desk.event, button)?;
            }
        }
    }
    Ok(count)
}
