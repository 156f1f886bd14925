//! What the two sides of the socket say to each other: a greeting, then requests and outcomes in turn, each one line
//! of JSON.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest request in bytes; the longest real one carries a path.
pub(super) const REQUEST_LIMIT: u64 = 64 * 1024;

/// Longest line that the bot may say. An export carries a whole guild, and the bot is trusted: this only keeps a file
/// that is no bot's socket from filling the memory.
pub(super) const ANSWER_LIMIT: u64 = 4 * 1024 * 1024 * 1024;

/// The first line, with which the bot says what it is.
///
/// Requests and answers may differ from one version of Muster to the next, so both sides must be of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Greeting {
    /// The version of the program.
    pub(super) muster: String,
}

impl Greeting {
    /// The greeting of this program.
    pub(super) fn ours() -> Self {
        Self { muster: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome<A> {
    /// It was done.
    Answer(A),
    /// It was not; a sentence says why.
    Error(String),
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// More than the limit without an end; the rest was not read.
    TooLong,
    /// Nothing, or a line that broke off: the other side is gone.
    End,
}

/// Reads a line of at most `limit` bytes.
pub(super) async fn read_line<R: AsyncBufRead + Unpin>(reader: &mut R, limit: u64) -> io::Result<Line> {
    let mut bytes = Vec::new();
    let read = reader.take(limit + 1).read_until(b'\n', &mut bytes).await?;
    Ok(match bytes.pop() {
        Some(b'\n') => Line::Whole(bytes),
        Some(_) if u64::try_from(read).is_ok_and(|read| read > limit) => Line::TooLong,
        _ => Line::End,
    })
}

/// Writes a value as one line. JSON escapes line breaks, so there is no other in it.
pub(super) async fn write_line<W, T>(writer: &mut W, value: &T) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
    T: Serialize + Sync,
{
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    writer.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(mut input: &[u8], limit: u64) -> Vec<Line> {
        let mut read = Vec::new();
        loop {
            let line = read_line(&mut input, limit).await.unwrap();
            let goes_on = matches!(line, Line::Whole(_));
            read.push(line);
            if !goes_on {
                return read;
            }
        }
    }

    #[tokio::test]
    async fn lines_are_read_up_to_the_limit_and_not_beyond() {
        let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
        assert_eq!(lines(b"one\n\nfour\n", 4).await, [whole("one"), whole(""), whole("four"), Line::End]);
        assert_eq!(lines(b"fives\n", 4).await, [Line::TooLong]);
        assert_eq!(lines(b"one\ntw", 4).await, [whole("one"), Line::End]);
    }

    #[tokio::test]
    async fn what_is_written_is_one_line_whatever_is_in_it() {
        let mut written = Vec::new();
        write_line(&mut written, &Outcome::<()>::Error("two\nlines".into())).await.unwrap();
        assert_eq!(str::from_utf8(&written).unwrap().lines().count(), 1);
        let read: Outcome<()> = serde_json::from_slice(&written).unwrap();
        assert_eq!(read, Outcome::Error("two\nlines".into()));
    }
}
