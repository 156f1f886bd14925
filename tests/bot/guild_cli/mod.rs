//! `muster guild …`, as an operator uses it: while the bot runs and while it does not.

mod exporting;
mod refusals;
mod running;
mod terminal;
mod work;

use std::path::Path;

use discord_emulator::{Channel, Guild, Message};
use serde_json::Value;

use crate::stage::{Program, Stage, asked};

/// What a command said.
pub(crate) struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Said {
    /// What it printed, after it did what was asked and complained of nothing.
    fn done(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// The one JSON document that it printed.
    fn json(self) -> Value {
        let printed = self.done();
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// The sentence with which it failed.
    fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.starts_with("muster: ") && self.stderr.ends_with(".\n"), "{}", self.stderr);
        self.stderr
    }
}

/// Runs `muster guild` with these words on a data directory.
fn guild_command(data: &Path, words: &[&str]) -> Said {
    let words: Vec<_> = ["guild"].iter().chain(words).copied().collect();
    let output = Program::run(&words, data, &[]);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Whether the bot runs meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bot {
    Runs,
    Rests,
}

/// A guild whose owner has asked something and answered it.
struct Club {
    stage: Stage,
    guild: Guild,
    general: Channel,
    message: Message,
}

impl Club {
    async fn with(bot: Bot) -> Self {
        let (mut stage, guild) = Stage::set().await;
        let (general, message) = asked(&stage, &guild).await;
        if bot == Bot::Rests {
            stage.stop().await.expect("the bot stops cleanly");
        }
        Self { stage, guild, general, message }
    }

    fn id(&self) -> String {
        self.guild.id().to_string()
    }

    /// Runs `muster guild` with these words, `ID` standing for the guild's number.
    fn says(&self, words: &[&str]) -> Said {
        let id = self.id();
        let words: Vec<_> =
            words.iter().map(|word| if *word == "ID" { id.as_str() } else { *word }).collect();
        guild_command(&self.stage.data(), &words)
    }
}
