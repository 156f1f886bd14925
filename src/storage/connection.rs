//! The one connection that each database has.

use futures::FutureExt;
use futures::future::BoxFuture;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool};

/// A pool of one connection, opened when it is first needed: everything of a database takes its turn on it.
///
/// It stays open until the pool is closed, unless it can be used no more.
pub(super) fn one_connection(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_release(|connection, _| is_usable(connection))
        .connect_lazy_with(options)
}

/// Whether a connection that was given back can be used again.
///
/// On a full disk SQLite ends a transaction by itself (<https://sqlite.org/lang_transaction.html>, section 3.1). sqlx does
/// not notice, fails to roll it back, and from then on refuses to begin another one: such a connection is closed, and the
/// next statement opens a new one.
fn is_usable(connection: &mut SqliteConnection) -> BoxFuture<'_, sqlx::Result<bool>> {
    if !connection.is_in_transaction() {
        return std::future::ready(Ok(true)).boxed();
    }
    async move {
        // A rollback was begun and may not be over yet; it is when the connection answers.
        connection.ping().await?;
        Ok(!connection.is_in_transaction())
    }
    .boxed()
}

#[cfg(test)]
mod tests {
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_stand_in_the_way_of_the_next() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let mut transaction = lease.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        // As SQLite does it on a full disk: sqlx hears nothing of it.
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        assert!(lease.reminders().claim(&new_reminder(event, 60), at(61)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_transaction_that_was_rolled_back_keeps_the_connection() {
        let (_tmp, lease) = open_store().await;
        sqlx::query("CREATE TEMP TABLE mark (at INTEGER)").execute(lease.pool()).await.unwrap();
        let mut transaction = lease.pool().begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("DELETE FROM guild").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        // Only the same connection knows it.
        sqlx::query("INSERT INTO mark VALUES (1)").execute(lease.pool()).await.unwrap();
        assert_eq!(lease.guild().name().await.unwrap(), None, "its row is there");
    }
}
