//! One guild with very much due, and others with a single reminder.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use discord_emulator::Emulator;
use tokio::time::sleep;

use crate::Size;
use crate::due::Dues;
use crate::ground::Ground;
use crate::places::Places;
use crate::report::{Amount, Table, Target, Times};

/// Channels of the guild with very much due: as many as Discord allows.
const CHANNELS: usize = 500;
/// Guilds with a single reminder.
const SINGLES: usize = 10;
/// The first of them falls due so much later, the next so much later again.
const APART: TimeDelta = TimeDelta::seconds(2);

pub(crate) async fn measure(places: &Places, size: Size) -> Result<Table> {
    let flood = size.of(10_000);
    let mut table = Table::new(
        "Fairness between guilds",
        format!(
            "One guild has {flood} reminders due at the same instant, in {CHANNELS} channels. Meanwhile {SINGLES} other guilds have \
             one each, two seconds apart. The lateness is that of these."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(1 + SINGLES, 3);
    let (large, small) = guilds.split_at(1);
    let channels: Vec<_> = large
        .iter()
        .flat_map(|guild| (0..CHANNELS).map(|number| guild.add_channel(&format!("raid-{number}"))))
        .collect();
    let flood_of_it =
        channels.iter().cloned().cycle().take(flood).map(|channel| (channel, TimeDelta::zero()));
    let singles = (1_i32..).zip(small).map(|(number, guild)| (guild.channel("general"), APART * number));
    let dues = Dues::new(guilds.len(), flood_of_it.chain(singles));
    let running = dues.begin(&ground, &[]).await?;
    // The last single one, and time for it to be much too late.
    sleep(Duration::from_secs(2) * u32::try_from(SINGLES)? + Duration::from_secs(20)).await;
    let arrived = running.arrived();
    let singles = arrived.lateness.iter().filter(|(number, _)| **number >= flood);
    let late: Times = singles.filter_map(|(_, times)| times.first().copied()).collect();
    let reminded = arrived.lateness.keys().filter(|number| **number >= flood).count();
    let (most, all) = (Duration::from_secs(3), Amount::Pieces(SINGLES));
    table.add("single reminders that arrived", Amount::Pieces(reminded), Target::AtLeast(all));
    table.add("their lateness, p50", Amount::Time(late.quantile(0.5)), Target::Nothing);
    table.add("their lateness, worst", Amount::Time(late.quantile(1.0)), Target::AtMost(Amount::Time(most)));
    table.add("answers 429", Amount::Pieces(arrived.refused), Target::AtMost(Amount::Pieces(0)));
    Ok(table)
}
