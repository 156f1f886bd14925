//! How often Muster reminds: reading what people type, and saying it back.

use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;

/// The distance between two reminders of an event; whole milliseconds, positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    ms: i64,
}

/// The shortest and the longest interval that the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalLimits {
    /// Anything shorter is refused.
    pub min: Interval,
    /// Anything longer is refused.
    pub max: Interval,
}

/// Why a text or a duration is not an interval.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// Nobody can tell what was meant.
    #[error(
        "I cannot read `{0}` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`."
    )]
    Unreadable(String),
    /// Shorter than the operator allows.
    #[error("Reminders must be at least {min} apart; you asked for {asked}.")]
    TooShort {
        /// What was typed.
        asked: Interval,
        /// The limit.
        min: Interval,
    },
    /// Longer than the operator allows.
    #[error("Reminders can be at most {max} apart; you asked for {asked}.")]
    TooLong {
        /// What was typed.
        asked: Interval,
        /// The limit.
        max: Interval,
    },
}

const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
const MS_PER_HOUR: i64 = 60 * MS_PER_MINUTE;
const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;
/// A hundred years; keeps every sum of an instant and an interval inside the calendar.
const CEILING_MS: i64 = 36_525 * MS_PER_DAY;

impl Interval {
    /// An interval of whole milliseconds, or `None` for zero, less, or more than a hundred years.
    #[must_use]
    pub fn from_millis(ms: i64) -> Option<Self> {
        (1..=CEILING_MS).contains(&ms).then_some(Self { ms })
    }

    /// An interval as long as `duration`, under the same limits as [`Interval::from_millis`].
    #[must_use]
    pub fn from_duration(duration: Duration) -> Option<Self> {
        i64::try_from(duration.as_millis()).ok().and_then(Self::from_millis)
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.ms
    }

    /// Its length, to add to an instant.
    #[must_use]
    pub fn as_delta(self) -> TimeDelta {
        TimeDelta::milliseconds(self.ms)
    }

    /// How often that is, in words: `every hour`, `every 2 days`.
    #[must_use]
    pub fn every(self) -> String {
        let words = self.to_string();
        // One of a single unit is said without the number.
        match words.strip_prefix("1 ") {
            Some(unit) if !unit.contains(' ') => format!("every {unit}"),
            _ => format!("every {words}"),
        }
    }

    /// Reads what a member typed: `90` (minutes), `90m`, `1h30`, `2 days`, `1d 12h`, `45s`.
    ///
    /// A number without a unit counts in the next smaller unit than the one before it; alone, in minutes.
    ///
    /// # Errors
    /// [`IntervalError::Unreadable`]; or one of the limits, with the value that was asked for.
    pub fn parse(text: &str, limits: IntervalLimits) -> Result<Self, IntervalError> {
        let unreadable = || IntervalError::Unreadable(text.trim().chars().take(40).collect());
        let total = parse_millis(text).ok_or_else(unreadable)?;
        let asked = Self::from_millis(total.min(CEILING_MS)).ok_or_else(unreadable)?;
        limits.check(asked)
    }
}

impl IntervalLimits {
    /// Returns `asked` if it lies within the limits.
    ///
    /// # Errors
    /// [`IntervalError::TooShort`] or [`IntervalError::TooLong`].
    pub fn check(self, asked: Interval) -> Result<Interval, IntervalError> {
        if asked < self.min {
            return Err(IntervalError::TooShort { asked, min: self.min });
        }
        if asked > self.max {
            return Err(IntervalError::TooLong { asked, max: self.max });
        }
        Ok(asked)
    }
}

/// Milliseconds of one unit, by the words people use in the three languages Muster speaks.
fn unit_ms(word: &str) -> Option<i64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" | "seconde" | "secondes" | "sekunde" | "sekunden" => {
            MS_PER_SECOND
        }
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => MS_PER_MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" | "heure" | "heures" | "stunde" | "stunden" | "std" => {
            MS_PER_HOUR
        }
        "d" | "day" | "days" | "j" | "jour" | "jours" | "tag" | "tage" | "tagen" => MS_PER_DAY,
        "w" | "week" | "weeks" | "semaine" | "semaines" | "woche" | "wochen" => 7 * MS_PER_DAY,
        _ => return None,
    })
}

/// The unit in which a bare number after `unit` counts: `1h30` is an hour and thirty minutes.
fn smaller_unit(unit: i64) -> Option<i64> {
    match unit {
        MS_PER_MINUTE => Some(MS_PER_SECOND),
        MS_PER_HOUR => Some(MS_PER_MINUTE),
        MS_PER_DAY => Some(MS_PER_HOUR),
        _ => None,
    }
}

fn parse_millis(text: &str) -> Option<i64> {
    let lower = text.trim().to_lowercase();
    let mut rest = lower.as_str();
    let mut total: i64 = 0;
    let mut previous_unit: Option<i64> = None;
    while !rest.is_empty() {
        let (digits, after) = take_while(rest, |c| c.is_ascii_digit());
        let number: i64 = digits.parse().ok()?;
        let (word, after) = take_while(after.trim_start(), char::is_alphabetic);
        let unit = match (word, previous_unit) {
            ("", None) => MS_PER_MINUTE,
            ("", Some(unit)) => smaller_unit(unit)?,
            (word, _) => unit_ms(word)?,
        };
        // Units go from large to small, each once: "30m 2h" is more likely a slip than a wish.
        if previous_unit.is_some_and(|previous| unit >= previous) {
            return None;
        }
        total = total.saturating_add(number.saturating_mul(unit));
        previous_unit = Some(unit);
        rest = after.trim_start();
    }
    previous_unit.map(|_| total)
}

fn take_while(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !wanted(c)).unwrap_or(text.len());
    text.split_at(end)
}

impl fmt::Display for Interval {
    /// Writes the interval in words, the two or three units it needs: `1 hour 30 minutes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [
            (MS_PER_DAY, "day"),
            (MS_PER_HOUR, "hour"),
            (MS_PER_MINUTE, "minute"),
            (MS_PER_SECOND, "second"),
        ];
        let mut left = self.ms;
        let mut first = true;
        for (unit, name) in units {
            let count = left / unit;
            left %= unit;
            if count > 0 {
                let (space, plural) = (if first { "" } else { " " }, if count == 1 { "" } else { "s" });
                write!(f, "{space}{count} {name}{plural}")?;
                first = false;
            }
        }
        if first { write!(f, "{} ms", self.ms) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> IntervalLimits {
        IntervalLimits {
            min: Interval::from_millis(5 * MS_PER_MINUTE).unwrap(),
            max: Interval::from_millis(30 * MS_PER_DAY).unwrap(),
        }
    }

    #[test]
    fn intervals_are_read_as_people_type_them() {
        for (text, minutes) in [
            ("90", 90),
            ("90m", 90),
            ("1h30", 90),
            ("1h30m", 90),
            (" 1 h 30 min ", 90),
            ("2 days", 2880),
            ("1d12h", 2160),
            ("600s", 10),
            ("1 week", 10_080),
            ("2 Stunden", 120),
            ("1 jour", 1440),
        ] {
            let read = Interval::parse(text, limits()).map(Interval::as_millis);
            assert_eq!(read, Ok(minutes * MS_PER_MINUTE), "{text}");
        }
    }

    #[test]
    fn how_often_is_said_as_people_say_it() {
        let said = |ms| Interval::from_millis(ms).map(Interval::every);
        for (ms, words) in [
            (MS_PER_HOUR, "every hour"),
            (MS_PER_DAY, "every day"),
            (2 * MS_PER_HOUR, "every 2 hours"),
            (90 * MS_PER_MINUTE, "every 1 hour 30 minutes"),
            (11 * MS_PER_DAY, "every 11 days"),
        ] {
            assert_eq!(said(ms).as_deref(), Some(words));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for text in ["", "soon", "1x", "-5m", "1.5h", "30m 2h", "h", "5m5m", "1:30"] {
            assert!(matches!(Interval::parse(text, limits()), Err(IntervalError::Unreadable(_))), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_named_with_the_value() {
        let long = Interval::parse("45 days", limits()).unwrap_err();
        assert_eq!(long.to_string(), "Reminders can be at most 30 days apart; you asked for 45 days.");
        let short = Interval::parse("45s", limits()).unwrap_err();
        assert_eq!(
            short.to_string(),
            "Reminders must be at least 5 minutes apart; you asked for 45 seconds."
        );
        assert!(matches!(
            Interval::parse("99999999999999999 days", limits()),
            Err(IntervalError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,60}") {
            drop(Interval::parse(&text, limits()));
        }

        #[test]
        fn what_is_said_can_be_read_back(minutes in 5i64..43_200) {
            let interval = Interval::from_millis(minutes * MS_PER_MINUTE).unwrap();
            prop_assert_eq!(Interval::parse(&interval.to_string(), limits()), Ok(interval));
        }
    }
}
