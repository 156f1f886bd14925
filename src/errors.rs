//! An error with all its causes in one line, for the log.

use std::error::Error;

/// The whole chain of an error in one line: each cause after a colon, unless what stands before it says it already.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            let before = text.trim_end_matches('.').len();
            text.truncate(before);
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[derive(Debug, thiserror::Error)]
    enum Sentence {
        #[error("The store failed to open.")]
        Plain(#[source] io::Error),
        #[error("The store failed: {0}")]
        Quoting(#[source] io::Error),
    }

    #[test]
    fn each_cause_is_told_once_and_in_one_sentence() {
        let full = || io::Error::other("disk full");
        assert_eq!(chain(&Sentence::Plain(full())), "The store failed to open: disk full");
        assert_eq!(chain(&Sentence::Quoting(full())), "The store failed: disk full");
        assert_eq!(chain(&full()), "disk full");
    }
}
