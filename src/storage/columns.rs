//! Between Rust's types and SQLite's columns: instants are Unix milliseconds, lists are JSON, enums are words.

use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{Decode, Row, Sqlite, Type};

use crate::clock::Timestamp;

/// Reads an instant.
pub(super) fn instant(row: &SqliteRow, column: &'static str) -> sqlx::Result<Timestamp> {
    let ms: i64 = row.try_get(column)?;
    Timestamp::from_timestamp_millis(ms).ok_or_else(|| unreadable(column, format!("{ms} is no instant")))
}

/// Reads an instant that may be missing.
pub(super) fn maybe_instant(row: &SqliteRow, column: &'static str) -> sqlx::Result<Option<Timestamp>> {
    row.try_get::<Option<i64>, _>(column)?.map(|_| instant(row, column)).transpose()
}

/// Reads what is kept as JSON.
pub(super) fn json<T>(row: &SqliteRow, column: &'static str) -> sqlx::Result<T>
where
    Json<T>: for<'r> Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get::<Json<T>, _>(column).map(|Json(value)| value)
}

/// Reads a number that is never negative.
pub(super) fn number<T: TryFrom<i64>>(row: &SqliteRow, column: &'static str) -> sqlx::Result<T> {
    let number: i64 = row.try_get(column)?;
    T::try_from(number).map_err(|_| unreadable(column, format!("{number} is out of range")))
}

/// A length or a count as SQLite counts.
pub(super) fn as_integer(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Says that a column holds what this version of Muster never writes.
pub(super) fn unreadable(column: &'static str, what: impl Into<BoxDynError>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: what.into() }
}
