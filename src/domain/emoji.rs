//! Emoji, as Discord names them: one written form for one picture.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// The variation selector that asks for a coloured picture. People's keyboards add it or not; Discord keeps either.
const VARIATION_SELECTOR_16: char = '\u{FE0F}';

/// An emoji of Unicode or of a guild. Two are equal when Discord shows one and the same reaction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Emoji {
    /// One from Unicode, as it was given.
    Unicode(String),
    /// One that a guild uploaded.
    Custom {
        /// Discord's id of it; the name may change, this does not.
        id: u64,
        /// Its name, 2 to 32 letters, digits or underscores; empty once it has been deleted from its guild.
        name: String,
        /// Whether it moves.
        animated: bool,
    },
}

/// A text that is not an emoji.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an emoji.")]
pub struct ParseEmojiError(String);

impl Emoji {
    /// Reads `✅`, `<:name:123>` or `<a:name:123>`.
    ///
    /// # Errors
    /// [`ParseEmojiError`] for letters, digits, several emoji, or an empty text.
    pub fn parse(text: &str) -> Result<Self, ParseEmojiError> {
        let text = text.trim();
        let invalid = || ParseEmojiError(text.chars().take(40).collect());
        if let Some(inner) = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
            return Self::parse_custom(inner).ok_or_else(invalid);
        }
        // An emoji is one cluster of up to a dozen code points; none of them is a plain letter or space. The key-cap
        // emoji (1️⃣) start with an ASCII digit, # or * and end with U+20E3.
        let keycap = text.ends_with('\u{20E3}');
        let plausible = text.graphemes(true).count() == 1
            && text.chars().count() <= 16
            && (keycap || !text.chars().any(|c| c.is_ascii() || is_letter(c) || c.is_whitespace()));
        if plausible { Ok(Self::Unicode(text.to_owned())) } else { Err(invalid()) }
    }

    fn parse_custom(inner: &str) -> Option<Self> {
        let mut fields = inner.split(':');
        let animated = match fields.next()? {
            "" => false,
            "a" => true,
            _ => return None,
        };
        let name = fields.next()?;
        let id = fields.next()?.parse().ok()?;
        let valid = fields.next().is_none() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        valid.then(|| Self::Custom { id, name: name.to_owned(), animated })
    }

    /// What stays the same however the emoji was typed: the id, or the text without variation selectors.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Unicode(text) => text.chars().filter(|&c| c != VARIATION_SELECTOR_16).collect(),
            Self::Custom { id, .. } => id.to_string(),
        }
    }
}

/// Whether a character is writing rather than a picture. Some pictures are letters in a frame: 🅰 Ⓜ ℹ 🈁.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, 'ℹ' | 'Ⓜ' | '㊗' | '㊙' | '\u{1F100}'..='\u{1F2FF}')
}

impl PartialEq for Emoji {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom { id: a, .. }, Self::Custom { id: b, .. }) => a == b,
            (Self::Unicode(_), Self::Unicode(_)) => self.key() == other.key(),
            _ => false,
        }
    }
}

impl Eq for Emoji {}

impl fmt::Display for Emoji {
    /// Writes the emoji as it is written in a message.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unicode(text) => f.write_str(text),
            Self::Custom { id, name, animated } => {
                let prefix = if *animated { "a" } else { "" };
                write!(f, "<{prefix}:{name}:{id}>")
            }
        }
    }
}

impl From<Emoji> for String {
    fn from(emoji: Emoji) -> Self {
        emoji.to_string()
    }
}

impl TryFrom<String> for Emoji {
    type Error = ParseEmojiError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_is_one_emoji_however_it_was_typed() {
        assert_eq!(Emoji::parse("❤️").unwrap(), Emoji::parse("❤").unwrap());
        assert_eq!(Emoji::parse("<:yes:5>").unwrap(), Emoji::parse("<a:renamed:5>").unwrap());
        assert_ne!(Emoji::parse("✅").unwrap(), Emoji::parse("❌").unwrap());
        assert_ne!(Emoji::parse("1️⃣").unwrap(), Emoji::parse("2️⃣").unwrap());
    }

    #[test]
    fn pictures_of_letters_are_emoji() {
        for text in ["🅰", "Ⓜ️", "ℹ️", "㊗️", "🈁", "🇨🇭", "👨‍👩‍👧", "#️⃣"]
        {
            assert!(Emoji::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn text_is_not_taken_for_an_emoji() {
        for text in [
            "",
            "yes",
            "a✅",
            "<:yes>",
            "<:y es:5>",
            "<b:yes:5>",
            "<:yes:5",
            "✅ ❌",
            "✅❌",
            "12",
            "é",
            "字",
        ] {
            assert!(Emoji::parse(text).is_err(), "{text:?}");
        }
    }
}
