//! Durations as the operator writes them: "90s", "5m", "24h".

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a duration; for `#[serde(with = "span")]`.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(text.trim()).map_err(|_| {
        D::Error::custom(format!(
            "`{text}` is not a duration; write a number and a unit, such as 90s, 5m, 24h or 30d"
        ))
    })
}

/// The same for an [`Interval`](crate::domain::interval::Interval), which is never zero.
pub(super) mod interval {
    use serde::de::{Deserializer, Error};

    use crate::domain::interval::Interval;

    /// Reads an interval; for `#[serde(with = "span::interval")]`.
    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Interval, D::Error> {
        let duration = super::deserialize(deserializer)?;
        Interval::from_duration(duration)
            .ok_or_else(|| D::Error::custom("an interval is between 1ms and 100 years"))
    }
}

/// A duration as the operator would write it: a whole number of the largest unit that fits.
pub(super) fn as_written(duration: Duration) -> String {
    const UNITS: [(u128, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let ms = duration.as_millis();
    let fitting = UNITS.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit));
    match fitting {
        Some((unit, name)) => format!("{}{name}", ms / unit),
        None if ms == 0 => "0s".to_owned(),
        None => format!("{ms}ms"),
    }
}
