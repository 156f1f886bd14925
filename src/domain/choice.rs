//! The answers that an event offers.

use serde::{Deserialize, Serialize};

use super::emoji::Emoji;

/// One of the answers offered: a reaction that counts, and the words on its button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The emoji on the button; as a reaction on the message it counts just the same.
    pub emoji: Emoji,
    /// What it means, in words, at most 80 characters; empty where only the emoji was given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// The choices of an event, in the order in which they are shown; never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Choices(Vec<Choice>);

/// Why a list of reactions cannot be the choices of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoicesError {
    /// One of the texts is no emoji.
    #[error("{0} Write the emoji that count, with a space between them: `✅ ❌ ❓`.")]
    NotAnEmoji(#[from] super::emoji::ParseEmojiError),
    /// No emoji at all.
    #[error("Name at least one emoji that counts as an answer, such as `✅ ❌ ❓`.")]
    Empty,
    /// More than Discord lets a message carry.
    #[error("A message can carry at most {MAX_CHOICES} reactions that count; you named {0}.")]
    TooMany(usize),
}

/// Different reactions that one message can carry.
///
/// Source: Discord answers 30010 for the twenty-first.
pub const MAX_CHOICES: usize = 20;

impl Default for Choices {
    /// ✅ Coming, ❌ Not coming, ❓ Maybe.
    fn default() -> Self {
        let choice =
            |emoji: &str, label: &str| Choice { emoji: Emoji::Unicode(emoji.into()), label: label.into() };
        Self(vec![choice("✅", "Coming"), choice("❌", "Not coming"), choice("❓", "Maybe")])
    }
}

impl Choices {
    /// Reads emoji with spaces between them. Those of the default keep their words; repeated ones count once.
    ///
    /// # Errors
    /// [`ChoicesError`], which says what to write instead.
    pub fn parse(text: &str) -> Result<Self, ChoicesError> {
        let defaults = Self::default();
        let mut choices: Vec<Choice> = Vec::new();
        for word in text.split([' ', ',', '\u{a0}', '\n', '\t']).filter(|word| !word.is_empty()) {
            let emoji = Emoji::parse(word)?;
            if choices.iter().any(|choice| choice.emoji == emoji) {
                continue;
            }
            let label = defaults.find(&emoji).map(|choice| choice.label.clone()).unwrap_or_default();
            choices.push(Choice { emoji, label });
        }
        match choices.len() {
            0 => Err(ChoicesError::Empty),
            1..=MAX_CHOICES => Ok(Self(choices)),
            count => Err(ChoicesError::TooMany(count)),
        }
    }

    /// The choice with this emoji, however it was typed.
    #[must_use]
    pub fn find(&self, emoji: &Emoji) -> Option<&Choice> {
        self.0.iter().find(|choice| choice.emoji == *emoji)
    }

    /// The choice at this place, counted from zero.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Choice> {
        self.0.get(index)
    }

    /// The choices, first shown first.
    pub fn iter(&self) -> std::slice::Iter<'_, Choice> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Choices {
    type Item = &'a Choice;
    type IntoIter = std::slice::Iter<'a, Choice>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_with_spaces_between_them_become_choices() {
        let choices = Choices::parse("✅ <:party:77>, ✅️").unwrap();
        let shown: Vec<_> =
            choices.iter().map(|choice| (choice.emoji.to_string(), choice.label.as_str())).collect();
        assert_eq!(shown, [("✅".to_owned(), "Coming"), ("<:party:77>".to_owned(), "")]);
    }

    #[test]
    fn an_empty_or_overlong_list_is_refused_with_what_to_do() {
        assert_eq!(Choices::parse(" ").unwrap_err(), ChoicesError::Empty);
        assert!(Choices::parse("yes no").unwrap_err().to_string().starts_with("`yes` is not an emoji."));
    }

    #[test]
    fn the_default_survives_its_json() {
        let json = serde_json::to_string(&Choices::default()).unwrap();
        assert_eq!(serde_json::from_str::<Choices>(&json).unwrap(), Choices::default());
    }
}
