//! A global 429 in the middle of many sends.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use discord_emulator::{Emulator, RateLimitScope};
use tokio::time::sleep;

use crate::Size;
use crate::due::Dues;
use crate::ground::Ground;
use crate::places::Places;
use crate::program::PATIENCE;
use crate::report::{Amount, Table, Target};

const PAUSE: Duration = Duration::from_secs(3);

pub(crate) async fn measure(places: &Places, size: Size) -> Result<Table> {
    let count = size.of(200);
    let mut table = Table::new(
        "A global 429 during many sends",
        format!(
            "{count} reminders fall due at once, each in a channel of its own. After a quarter of them Discord answers every request \
             with a global 429 for 3 s. What is under way at that moment is refused; nothing else should be."
        ),
    );
    let ground = Ground::new(&places.disk, Emulator::builder()).await?;
    let guilds = ground.discord.add_guilds(count.div_ceil(10), 3);
    let channels =
        guilds.iter().flat_map(|guild| (0..10).map(|number| guild.add_channel(&format!("raid-{number}"))));
    let dues = Dues::new(guilds.len(), channels.map(|channel| (channel, TimeDelta::zero())).take(count));
    let mut running = dues.begin(&ground, &[]).await?;
    let begun = Instant::now();
    while running.answered() < count / 4 {
        ensure!(begun.elapsed() < PATIENCE, "the reminders do not leave");
        sleep(Duration::from_millis(5)).await;
    }
    ground.discord.faults().on_any().always().rate_limited(RateLimitScope::Global, PAUSE);
    sleep(PAUSE).await;
    ground.discord.faults().clear();
    running.until_sent(count).await?;
    let arrived = running.arrived();
    running.program.stop().await?;
    let further = arrived.refused.saturating_sub(1);
    table.add("answers 429 after the first", Amount::Pieces(further), Target::AtMost(Amount::Pieces(10)));
    table.add(
        "reminders lost",
        Amount::Pieces(count - arrived.lateness.len()),
        Target::AtMost(Amount::Pieces(0)),
    );
    let doubled = arrived.lateness.values().filter(|times| times.len() > 1).count();
    table.add("reminders doubled", Amount::Pieces(doubled), Target::AtMost(Amount::Pieces(0)));
    table.add_times("lateness", &arrived.first(), Target::Nothing);
    Ok(table)
}
