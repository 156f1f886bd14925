//! What a channel would show, in a terminal.
#![expect(clippy::print_stdout, reason = "showing something is what the demo is for")]

use std::io::IsTerminal;

use chrono::{DateTime, Utc};
use discord_emulator::{Button, Member, Message};
use muster::clock::{Clock, SystemClock};

use crate::markup::rendered;

/// The terminal, with colours where it has them.
pub(crate) struct Screen {
    coloured: bool,
    clock: SystemClock,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            coloured: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            clock: SystemClock,
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const BLUE: &str = "34;1";
const GREEN: &str = "32";
const YELLOW: &str = "33";

impl Screen {
    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The name of the play.
    pub(crate) fn title(&self, text: &str) {
        println!("\n{}", self.paint(BOLD, text));
    }

    /// A new scene.
    pub(crate) fn scene(&self, text: &str) {
        println!("\n{}", self.paint(BOLD, &format!("── {text} ──")));
    }

    /// A word of the narrator's.
    pub(crate) fn note(&self, text: &str) {
        println!("{}", self.paint(DIM, text));
    }

    /// What somebody types.
    pub(crate) fn types(&self, who: &Member, command: &str) {
        println!("{} {}", self.paint(GREEN, &who.name()), self.paint(YELLOW, command));
    }

    /// What somebody does.
    pub(crate) fn action(&self, who: &Member, what: &str) {
        println!("{} {what}", self.paint(GREEN, &who.name()));
    }

    /// What only one member sees.
    pub(crate) fn whisper(&self, to: &Member, text: &str) {
        let text = rendered(text, Some(&to.guild()), self.now());
        self.boxed(&format!("Muster, only to {}", to.name()), &text, DIM);
    }

    /// A message in the channel, with its buttons.
    pub(crate) fn message(&self, message: &Message) {
        let buttons: Vec<String> =
            message.buttons().iter().map(|button| format!("[ {} ]", shown(button))).collect();
        let text = rendered(&message.text(), message.channel().guild().as_ref(), self.now());
        self.boxed("Muster", format!("{text}\n{}", buttons.join("  ")).trim_end(), BLUE);
    }

    fn boxed(&self, head: &str, text: &str, colour: &str) {
        println!("  {}", self.paint(colour, &format!("┌ {head}")));
        for line in text.lines() {
            println!("  {} {line}", self.paint(colour, "│"));
        }
        println!("  {}", self.paint(colour, "└"));
    }
}

/// A button as it looks: its emoji, then its words.
fn shown(button: &Button) -> String {
    let parts = [button.emoji.as_deref().unwrap_or_default(), &button.label];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}
