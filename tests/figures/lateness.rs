//! How late reminders are: while the limiter is free, and when very many fall due at once.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use discord_emulator::Emulator;

use crate::Size;
use crate::due::{Dues, RATE};
use crate::ground::Ground;
use crate::places::Places;
use crate::report::{Amount, Table, Target};

/// Reminders that fall due one after the other, far below the rate at which they may leave.
pub(crate) async fn free(places: &Places, size: Size) -> Result<Table> {
    let count = size.of(300);
    let mut table = Table::new(
        "Lateness with a free limiter",
        format!(
            "{count} events in 30 guilds fall due one by one, 100 ms apart. The lateness is the time from the instant at which \
             the reminder should fire to the arrival of the message at Discord. Below: what the reminder log says, which is when Muster had \
             the answer."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(30, 3);
    let channels: Vec<_> = guilds.iter().map(|guild| guild.channel("general")).collect();
    let apart =
        (0..count).map(|number| TimeDelta::milliseconds(100 * i64::try_from(number).unwrap_or_default()));
    let dues = Dues::new(guilds.len(), channels.iter().cloned().cycle().zip(apart));
    let mut running = dues.begin(&ground, &[]).await?;
    running.until_sent(count).await?;
    let arrived = running.arrived();
    running.program.stop().await?;
    let most = Target::AtMost(Amount::Time(Duration::from_millis(250)));
    table.add_times("arrived at Discord", &arrived.first(), most);
    let logged = ground.logged_lateness(&guilds).await?.into_iter().collect();
    table.add_times("`sent_at` in the log", &logged, most);
    arrived.add_exactness(&mut table);
    Ok(table)
}

/// A thousand within one second, each in a channel of its own, so that none can share a message.
pub(crate) async fn burst(places: &Places, size: Size) -> Result<Table> {
    let count = size.of(1_000);
    let mut table = Table::new(
        "A thousand due within one second",
        format!(
            "{count} events fall due within one second, each in a channel of its own, ten in each guild. What the limiter lets \
             out, {RATE} a second, bounds the lateness from below."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(count.div_ceil(10), 3);
    let channels =
        guilds.iter().flat_map(|guild| (0..10).map(|number| guild.add_channel(&format!("raid-{number}"))));
    let spread = i64::try_from(count)?;
    let apart = (0..spread).map(|number| TimeDelta::milliseconds(number * 1_000 / spread));
    let dues = Dues::new(guilds.len(), channels.zip(apart));
    let mut running = dues.begin(&ground, &[]).await?;
    running.until_sent(count).await?;
    let arrived = running.arrived();
    running.program.stop().await?;
    table.add_times("arrived at Discord", &arrived.first(), Target::AtMost(Amount::Time(bound(count))));
    arrived.add_rate(&mut table);
    arrived.add_exactness(&mut table);
    Ok(table)
}

/// How late the last of so many may be that fall due at once.
pub(crate) fn bound(due: usize) -> Duration {
    let due = u32::try_from(due).unwrap_or(u32::MAX);
    Duration::from_secs(1).mul_f64(1.05 * f64::from(due) / f64::from(RATE)) + Duration::from_millis(100)
}
