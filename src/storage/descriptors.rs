//! File descriptors: how many this process may have, and whether `storage.max_open` can work with them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What an open guild store takes: the database, its write-ahead log, and the index of that log in shared memory.
const PER_STORE: u64 = 3;

/// What everything else may take: the system store, the connections to Discord and to the port, a guild's second
/// database while it is backed up or restored, and stores opened over `max_open` while all others are leased.
const RESERVE: u64 = 200;

/// The system allows fewer file descriptors than so many open stores need.
#[derive(Debug, thiserror::Error)]
#[error(
    "storage.max_open is {max_open}, which needs {} file descriptors, and the system allows {}. Lower storage.max_open, \
     or raise the limit (ulimit -n {needed}; docker run --ulimit nofile={needed}).",
    grouped(*.needed), grouped(*.allowed)
)]
pub struct TooFewDescriptors {
    /// The key's value.
    pub max_open: usize,
    /// What that needs.
    pub needed: u64,
    /// What there is.
    pub allowed: u64,
}

/// Raises the limit of this process as far as the system lets it, and says how many descriptors so many open stores
/// need, the rest of Muster included.
///
/// The limit that a process starts with is often 1,024, for the sake of programs that use `select`; Muster does not.
///
/// # Errors
/// [`TooFewDescriptors`]; better at the start than for the member whose guild comes in at the wrong moment.
pub fn reserve_descriptors(max_open: usize) -> Result<u64, TooFewDescriptors> {
    let limit = getrlimit(Resource::Nofile);
    // Refused only where somebody forbids the call itself; then what there is has to do.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_ok();
    let allowed = if raised { limit.maximum } else { limit.current };
    check(max_open, allowed.unwrap_or(u64::MAX))
}

fn check(max_open: usize, allowed: u64) -> Result<u64, TooFewDescriptors> {
    let stores = u64::try_from(max_open).unwrap_or(u64::MAX);
    let needed = stores.saturating_mul(PER_STORE).saturating_add(RESERVE);
    if needed > allowed { Err(TooFewDescriptors { max_open, needed, allowed }) } else { Ok(needed) }
}

/// A number with a comma before every three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_named_with_what_is_needed() {
        let refused = check(400, 1_024).unwrap_err().to_string();
        let said = "storage.max_open is 400, which needs 1,400 file descriptors, and the system allows 1,024. Lower \
                    storage.max_open, or raise the limit (ulimit -n 1400; docker run --ulimit nofile=1400).";
        assert_eq!(refused, said);
        assert_eq!(check(400, 1_400).unwrap(), 1_400);
        assert!(check(usize::MAX, u64::MAX - 1).is_err());
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_goes() {
        reserve_descriptors(1).unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }

    #[test]
    fn numbers_are_read_in_groups() {
        for (number, said) in [(7, "7"), (100, "100"), (1_400, "1,400"), (1_048_576, "1,048,576")] {
            assert_eq!(grouped(number), said);
        }
    }
}
