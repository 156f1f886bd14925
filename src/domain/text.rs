//! Text from people on its way into a message: made harmless, and cut to fit.

use crate::clock::Timestamp;

/// Characters that change the direction of what stands around them, or take no room at all; used to disguise links.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}'
        | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
}

/// The text without control and direction characters; line breaks stay, the ends are trimmed.
#[must_use]
pub fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|&c| c == '\n' || !(c.is_control() || is_invisible(c))).collect();
    kept.trim().to_owned()
}

/// The text in one line: every run of white space is one space.
#[must_use]
pub fn one_line(text: &str) -> String {
    let spaced = text.replace(|c: char| c.is_whitespace(), " ");
    printable(&spaced).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text, cut to at most `max` characters, an ellipsis in place of what was cut.
#[must_use]
pub fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The text with Discord's markup made inert: it reads as it was typed, pings nobody, and hides no link.
///
/// Mentions are kept from pinging by `allowed_mentions` as well; this keeps them from looking like one.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut line_start = true;
    for c in text.chars() {
        let marks = matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '>' | '(' | ')')
            || (line_start && matches!(c, '#' | '-' | '+'));
        if marks {
            escaped.push('\\');
        }
        escaped.push(c);
        if c == '@' {
            escaped.push('\u{200B}');
        }
        line_start = c == '\n' || (line_start && c == ' ');
    }
    // A link in plain sight may stay, but must not unfold into a preview of somebody else's page.
    escaped.replace("://", ":\u{200B}//")
}

/// An instant as each reader sees it in the own time zone: `<t:…:F>`, a full date with its time.
#[must_use]
pub fn full_time(at: Timestamp) -> String {
    format!("<t:{}:F>", at.timestamp())
}

/// An instant as a distance that keeps itself up to date: `<t:…:R>`, "in 5 minutes".
#[must_use]
pub fn relative_time(at: Timestamp) -> String {
    format!("<t:{}:R>", at.timestamp())
}

/// A number with its noun: `1 member`, `2 members`.
#[must_use]
pub fn count(number: impl TryInto<u64>, singular: &str, plural: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    if number == 1 { format!("1 {singular}") } else { format!("{number} {plural}") }
}

/// Things one after the other as people say them: `a, b and c`.
#[must_use]
pub fn enumerate(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_hostile_text_becomes_harmless() {
        assert_eq!(
            escape("@everyone [free](https://x.y)"),
            "@\u{200B}everyone \\[free\\]\\(https:\u{200B}//x.y\\)"
        );
        assert_eq!(escape("<@&5> # no"), "\\<@\u{200B}&5\\> # no");
        assert_eq!(escape("# title\n- item"), "\\# title\n\\- item");
        assert_eq!(one_line("a\u{202E}b\n\n c\u{0007}\td"), "ab c d");
    }

    #[test]
    fn things_are_enumerated_as_people_say_them() {
        let said = |items: &[&str]| enumerate(&items.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["a"]), "a");
        assert_eq!(said(&["a", "b", "c"]), "a, b and c");
    }

    proptest! {
        #[test]
        fn shortened_text_fits(text in ".{0,80}", max in 1usize..60) {
            prop_assert!(shorten(&text, max).chars().count() <= max);
        }
    }
}
