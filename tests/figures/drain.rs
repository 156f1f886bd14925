//! Ten thousand reminders that fall due at the same instant.

use anyhow::Result;
use chrono::TimeDelta;
use discord_emulator::{Channel, Emulator, Guild};

use crate::Size;
use crate::due::Dues;
use crate::ground::Ground;
use crate::lateness::bound;
use crate::places::Places;
use crate::report::{Amount, Table, Target};

/// Events of one guild.
const EACH: usize = 10;

/// All events of a guild in the same channel.
pub(crate) async fn shared(places: &Places, size: Size) -> Result<Table> {
    let meaning = "fall due at the same instant in 1,000 guilds, the ten of each guild in one channel, so that they can share \
                   messages.";
    let channels = |guild: &Guild| vec![guild.channel("general"); EACH];
    drained(places, size, "Ten thousand due at once, ten to a channel", meaning, channels).await
}

/// Each event in a channel of its own.
pub(crate) async fn separate(places: &Places, size: Size) -> Result<Table> {
    let meaning = "fall due at the same instant in 1,000 guilds, each in a channel of its own, so that each needs a message.";
    let channels =
        |guild: &Guild| (0..EACH).map(|number| guild.add_channel(&format!("raid-{number}"))).collect();
    drained(places, size, "Ten thousand due at once, each in its own channel", meaning, channels).await
}

async fn drained(
    places: &Places,
    size: Size,
    title: &'static str,
    meaning: &str,
    channels: impl Fn(&Guild) -> Vec<Channel>,
) -> Result<Table> {
    let count = size.of(1_000 * EACH);
    let mut table = Table::new(
        title,
        format!(
            "{count} events {meaning} The lateness runs from that instant to the arrival at Discord; the target is \
             1.05 × due / 45 s + 0.1 s."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(count / EACH, 3);
    let due = guilds.iter().flat_map(channels).map(|channel| (channel, TimeDelta::zero()));
    let dues = Dues::new(guilds.len(), due);
    let mut running = dues.begin(&ground, &[]).await?;
    running.until_sent(count).await?;
    let arrived = running.arrived();
    running.program.stop().await?;
    table.add_times("lateness", &arrived.first(), Target::AtMost(Amount::Time(bound(count))));
    arrived.add_rate(&mut table);
    arrived.add_exactness(&mut table);
    Ok(table)
}
