//! Instants as names of files: UTC, to the millisecond, sorting as time does.

use chrono::NaiveDateTime;

use crate::clock::Timestamp;

const FORMAT: &str = "%Y-%m-%dT%H-%M-%S%.3fZ";

/// The name of an instant, such as `2026-11-20T18-30-00.000Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    at.format(FORMAT).to_string()
}

/// The instant of a name; `None` if it is no such name.
pub(super) fn parse_stamp(name: &str) -> Option<Timestamp> {
    let at = NaiveDateTime::parse_from_str(name, FORMAT).ok()?.and_utc();
    (stamp(at) == name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::at;

    #[test]
    fn a_name_is_read_back_and_nothing_else_is_taken_for_one() {
        assert_eq!(stamp(at(0)), "2027-01-15T08-00-00.000Z");
        assert_eq!(parse_stamp(&stamp(at(5))), Some(at(5)));
        for other in ["", "2027-01-15", "2027-01-15T08-00-00Z", "2027-01-15T08-00-00.000Z.db", "../x"] {
            assert_eq!(parse_stamp(other), None, "{other}");
        }
    }
}
