//! The same for every guild, one after the other.

use std::time::Duration;

use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use super::arguments::Format;
use super::keeper::{Keeper, Refusal};
use super::outcome::{Errand, answer_as_json, complaint};
use super::{Failure, output, text};
use crate::upkeep::{Answer, GuildSummary, StoreState};

/// How often the bar moves by itself, to show that a long step goes on.
const TICK: Duration = Duration::from_millis(200);

/// What became of all guilds.
#[derive(Debug, Default)]
struct Tally {
    done: usize,
    damaged: usize,
    failed: usize,
}

/// Runs an errand for every guild that has a store. One that fails does not stop the others.
pub(super) async fn all(keeper: &mut Keeper, errand: Errand, format: Format) -> Result<(), Failure> {
    let mut guilds = keeper.list().await?;
    guilds.retain(|guild| guild.store != StoreState::None);
    let bar = progress_bar(guilds.len());
    let mut tally = Tally::default();
    let gone = through(keeper, errand, format, &guilds, &bar, &mut tally).await;
    bar.finish_and_clear();
    if format == Format::Text {
        output::say(format_args!("{} of {} guilds {}", tally.done, guilds.len(), errand.done()))?;
    }
    gone?;
    tally.verdict(errand, guilds.len())
}

async fn through(
    keeper: &mut Keeper,
    errand: Errand,
    format: Format,
    guilds: &[GuildSummary],
    bar: &ProgressBar,
    tally: &mut Tally,
) -> Result<(), Failure> {
    for guild in guilds {
        if keeper.is_interrupted() {
            return Ok(());
        }
        let guild = guild.guild_id;
        bar.set_message(guild.to_string());
        match keeper.ask(&errand.request(guild)).await {
            Ok(answer) => {
                tally.count(&answer);
                let line = match format {
                    Format::Text => text::lines(&answer),
                    Format::Json => answer_as_json(&answer)?,
                };
                bar.suspend(|| output::say(line))?;
            }
            Err(Refusal::Refused(sentence)) => {
                tally.failed += 1;
                if format == Format::Json {
                    let line = json!({ "guild_id": guild, "error": sentence });
                    bar.suspend(|| output::say(line))?;
                }
                bar.suspend(|| output::complain(format_args!("guild {guild}: {sentence}")));
            }
            Err(gone) => return Err(gone.into()),
        }
        bar.inc(1);
    }
    Ok(())
}

impl Tally {
    fn count(&mut self, answer: &Answer) {
        self.done += 1;
        self.damaged += usize::from(complaint(answer).is_some());
    }

    /// How it ended, after so many guilds were meant.
    fn verdict(&self, errand: Errand, guilds: usize) -> Result<(), Failure> {
        let Self { done, damaged, failed } = *self;
        let mut said = Vec::new();
        if damaged > 0 {
            let are = if damaged == 1 { "is" } else { "are" };
            said.push(format!("{damaged} of {guilds} stores {are} damaged"));
        }
        if failed > 0 {
            said.push(format!("{failed} of {guilds} guilds could not be {}", errand.done()));
        }
        if done + failed < guilds {
            said.push(format!("{} of {guilds} guilds were not begun", guilds - done - failed));
        }
        if said.is_empty() { Ok(()) } else { Err(anyhow!("{}.", said.join("; ")).into()) }
    }
}

/// A bar on standard error, if that is a terminal; nothing otherwise.
fn progress_bar(guilds: usize) -> ProgressBar {
    let length = u64::try_from(guilds).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} (left: {eta}) guild {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(done: usize, damaged: usize, failed: usize) -> Option<String> {
        let tally = Tally { done, damaged, failed };
        tally.verdict(Errand::Verify, 10).err().map(|failure| failure.to_string())
    }

    #[test]
    fn the_end_says_how_many_failed() {
        assert_eq!(verdict(10, 0, 0), None);
        assert_eq!(verdict(10, 2, 0).as_deref(), Some("2 of 10 stores are damaged."));
        assert_eq!(verdict(9, 0, 1).as_deref(), Some("1 of 10 guilds could not be looked at."));
        let interrupted = verdict(4, 1, 1).unwrap();
        assert!(interrupted.ends_with("; 5 of 10 guilds were not begun."), "{interrupted}");
    }
}
