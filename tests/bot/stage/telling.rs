//! Using commands, and reading the answers as members do.

use discord_emulator::{Channel, Member, Message, Reply};

use super::Stage;

impl Stage {
    /// Has `member` use a command with these options, and returns the answer, which only they see and which pings nobody.
    pub(crate) async fn run(
        &self,
        member: &Member,
        channel: &Channel,
        command: &str,
        options: &[(&str, &str)],
    ) -> Reply {
        let mut run = member.runs(channel, command);
        for (name, value) in options {
            run = run.option(name, *value);
        }
        let reply = run.send().await.unwrap_or_else(|error| {
            panic!("{command} {options:?}: {error}; the log:\n  {}", self.log().lines().join("\n  "))
        });
        assert_private(&reply);
        reply
    }

    /// The picture of the answer to a command.
    pub(crate) async fn told(
        &self,
        member: &Member,
        channel: &Channel,
        command: &str,
        options: &[(&str, &str)],
    ) -> String {
        picture(&self.run(member, channel, command, options).await)
    }

    /// Has `member` post an event under this title in `channel`.
    pub(crate) async fn create(&self, member: &Member, channel: &Channel, title: &str) -> Message {
        let before = channel.last_message().map(|message| message.id());
        let told = self.told(member, channel, "/event create", &[("title", title)]).await;
        assert!(told.contains("is posted"), "{told}");
        let is_it = |message: &Message| Some(message.id()) > before && message.buttons().len() > 2;
        channel.messages().into_iter().find(is_it).expect("the event is posted")
    }
}

/// Only the member who asked sees the answer, and it pings nobody.
pub(crate) fn assert_private(reply: &Reply) {
    let message = reply.message().expect("the answer is a message");
    assert!(reply.is_ephemeral(), "everybody sees {:?}", reply.text());
    assert!(message.notified().is_empty() && !message.pings_everyone(), "{:?} pings somebody", reply.text());
}

/// Something that stands on a screen.
pub(crate) trait OnScreen {
    /// The screen.
    fn on_screen(&self) -> String;
}

impl OnScreen for Reply {
    fn on_screen(&self) -> String {
        self.screen()
    }
}

impl OnScreen for Message {
    fn on_screen(&self) -> String {
        self.screen()
    }
}

/// What is on the screen without what differs from run to run: `<t:F>` for an instant, `#` for an id. A space of no width
/// shows itself as `▯`.
pub(crate) fn picture(shown: &impl OnScreen) -> String {
    without_numbers(&shown.on_screen())
}

/// The text with `<t:F>` for each instant and `#` for each id.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut picture = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(Some('\n')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        match digits.len() {
            0..=9 => picture.push_str(&digits),
            // `<t:1800000000:F>`
            10 if picture.ends_with("<t:") => {
                digits.clear();
                continue;
            }
            _ => picture.push('#'),
        }
        digits.clear();
        picture.push(if c == '\u{200B}' { '▯' } else { c });
    }
    picture.pop();
    picture
}
