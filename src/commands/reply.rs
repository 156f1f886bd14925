//! What the member is shown, always within Discord's limits.

use serenity::all::{CreateActionRow, CreateEmbed, CreateModal};

use crate::domain::text;

/// Longest text of a message, in characters.
///
/// Source: <https://docs.discord.com/developers/resources/message#create-message>
pub(super) const CONTENT_MAX: usize = 2_000;

/// Longest description of an embed, in characters.
///
/// Source: <https://docs.discord.com/developers/resources/message#embed-object-embed-limits>
pub(super) const DESCRIPTION_MAX: usize = 4_096;

/// The colour of Muster's embeds.
const COLOUR: u32 = 0x005B_7FDE;

/// What the member is shown.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The text, at most 2,000 characters.
    pub content: String,
    /// Embeds, at most 10.
    pub embeds: Vec<CreateEmbed>,
    /// Rows of buttons.
    pub rows: Vec<CreateActionRow>,
    /// Files, at most 10.
    pub files: Vec<Attachment>,
    /// A form that opens in place of all this. Discord opens one as a first answer only, never after a deferral.
    pub form: Option<CreateModal>,
    /// Who sees it.
    pub kind: ReplyKind,
}

/// A file that comes with a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What it is called, without a path.
    pub name: String,
    /// What is in it, at most as much as the [`Invocation`](super::Invocation) allows.
    pub content: Vec<u8>,
}

/// Who sees a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyKind {
    /// Only the member who asked.
    #[default]
    Ephemeral,
    /// Everyone in the channel.
    Public,
    /// It takes the place of the message whose button was pressed.
    Update,
}

impl Reply {
    /// A text for the member who asked.
    pub(super) fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// Lines for the member who asked.
    pub(super) fn lines(lines: &[String]) -> Self {
        Self::text(lines.join("\n"))
    }

    /// A text with a file, for the member who asked.
    pub(super) fn file(content: impl Into<String>, file: Attachment) -> Self {
        Self { files: vec![file], ..Self::text(content) }
    }

    /// A form for the member who asked; once it is filled in it comes back to [`submit`](super::submit).
    pub(super) fn form(form: CreateModal) -> Self {
        Self { form: Some(form), ..Self::default() }
    }

    /// A page with a heading, for the member who asked; both are cut where Discord would refuse them.
    pub(super) fn page(title: &str, description: &str) -> Self {
        let embed = CreateEmbed::new()
            .title(text::shorten(title, 256))
            .description(text::shorten(description, DESCRIPTION_MAX))
            .colour(COLOUR);
        Self { embeds: vec![embed], ..Self::default() }
    }

    /// The reply with its text cut where Discord would refuse it.
    pub(super) fn fitted(mut self) -> Self {
        self.content = text::shorten(&self.content, CONTENT_MAX);
        self
    }
}
