//! A database's `SqlitePool`, and the one connection of it on which everything takes its turn.
//!
//! The connection is taken from the pool once and kept. Given back after each statement, as a pool has it, it would be asked
//! each time how it is, which crosses to its thread and back: half of what a short statement costs (measured: 10.7 µs for a
//! row by its key, 5.9 µs without). Nobody can break this connection but its own thread, and a statement whose caller went
//! away is waited for by the next one in any case.

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePoolOptions, SqliteQueryResult, SqliteRow, SqliteStatement,
    SqliteTypeInfo,
};
use sqlx::{Connection, Describe, Either, Execute, Executor, SqlStr, Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

/// The right to use the connection; the next in the queue has it when this is dropped.
pub(super) type Turn = OwnedMappedMutexGuard<Option<PoolConnection<Sqlite>>, SqliteConnection>;

/// An open database. Cheap to clone; all clones share one connection, which whoever comes first uses first.
#[derive(Debug, Clone)]
pub(super) struct PoolOfOne {
    pool: SqlitePool,
    /// `None` before it is needed again, and once it is closed.
    connection: Arc<Mutex<Option<PoolConnection<Sqlite>>>>,
}

impl PoolOfOne {
    /// Opens a database.
    pub(super) async fn open(options: SqliteConnectOptions) -> sqlx::Result<Self> {
        let pool = SqlitePoolOptions::new()
            // The one that is kept, and one for whoever uses the pool itself, which goes as soon as it is given back.
            .max_connections(2)
            .after_release(|_, _| std::future::ready(Ok(false)).boxed())
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let connection = pool.acquire().await?;
        Ok(Self { pool, connection: Arc::new(Mutex::new(Some(connection))) })
    }

    /// The pool itself.
    pub(super) fn sqlx(&self) -> &SqlitePool {
        &self.pool
    }

    /// Waits for the connection and keeps it until the turn is dropped: for statements that belong together.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolClosed`], or that the connection had to be replaced and could not be.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub(super) async fn turn(&self) -> sqlx::Result<Turn> {
        let mut kept = Arc::clone(&self.connection).lock_owned().await;
        if self.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        end_transaction(&mut kept).await?;
        if kept.is_none() {
            *kept = Some(self.pool.acquire().await?);
        }
        OwnedMutexGuard::try_map(kept, Option::as_deref_mut).map_err(|_| sqlx::Error::PoolClosed)
    }

    /// Whether no more turns are given.
    pub(super) fn is_closed(&self) -> bool {
        self.pool.is_closed()
    }

    /// Lets go of the prepared statements and of the pages in memory, unless somebody has the connection at this moment.
    ///
    /// An idle store is small without them (measured: 190 KiB instead of 370 after an evening's use); its next statements are
    /// prepared anew, which takes some ten microseconds each.
    pub(super) async fn cool(&self) {
        let Ok(mut kept) = self.connection.try_lock() else { return };
        let Some(connection) = kept.as_mut().filter(|connection| !connection.is_in_transaction()) else {
            return;
        };
        let cooled = async {
            connection.clear_cached_statements().await?;
            sqlx::query("PRAGMA shrink_memory").persistent(false).execute(&mut **connection).await
        };
        if let Err(error) = cooled.await {
            tracing::debug!(%error, "a connection keeps what it prepared");
        }
    }

    /// Refuses further turns, and closes the pool once the statement that runs has ended. Nothing is left to do for who
    /// calls it again.
    ///
    /// # Cancel safety
    /// Dropping the future before the statement has ended leaves the connection open; call it again.
    pub(super) async fn close(&self) {
        // From here on nobody who waits for a turn gets one.
        let closed = self.pool.close();
        let mut kept = self.connection.lock().await;
        // A statement whose caller went away may still run: it is waited for while the connection can be kept.
        if let Some(connection) = kept.as_mut()
            && let Err(error) = connection.ping().await
        {
            tracing::debug!(%error, "a connection does not answer before it is closed");
        }
        if let Some(connection) = kept.take()
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "a connection was not closed as it should be");
        }
        closed.await;
    }
}

/// Sees to it that no transaction is left of whoever had the connection before.
///
/// On a full disk SQLite ends a transaction by itself (<https://sqlite.org/lang_transaction.html>, section 3.1). sqlx does not
/// notice, fails to roll it back, and from then on refuses to begin another one: such a connection is given up.
async fn end_transaction(kept: &mut Option<PoolConnection<Sqlite>>) -> sqlx::Result<()> {
    let Some(connection) = kept else { return Ok(()) };
    if connection.is_in_transaction() {
        // A rollback was begun and may not be over yet; it is when the connection answers.
        connection.ping().await?;
    }
    if connection.is_in_transaction()
        && let Some(stuck) = kept.take()
    {
        stuck.close().await?;
    }
    Ok(())
}

impl<'c> Executor<'c> for &'c PoolOfOne {
    type Database = Sqlite;

    fn execute<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<SqliteQueryResult>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        async move { self.turn().await?.execute(query).await }.boxed()
    }

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<SqliteQueryResult, SqliteRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        let all = async move {
            let all: Vec<_> = self.turn().await?.fetch_many(query).try_collect().await?;
            Ok(stream::iter(all.into_iter().map(Ok)))
        };
        all.try_flatten_stream().boxed()
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Vec<SqliteRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        async move { self.turn().await?.fetch_all(query).await }.boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<SqliteRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Sqlite>,
    {
        async move { self.turn().await?.fetch_optional(query).await }.boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [SqliteTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<SqliteStatement>>
    where
        'c: 'e,
    {
        async move { self.turn().await?.prepare_with(sql, parameters).await }.boxed()
    }
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Sqlite>>>
    where
        'c: 'e,
    {
        async move { self.turn().await?.describe(sql).await }.boxed()
    }
}

/// Begins a transaction that writes. It takes the write lock at once: an upgrade from reading would fail with 517.
pub(super) async fn begin(connection: &mut SqliteConnection) -> sqlx::Result<Transaction<'_, Sqlite>> {
    connection.begin_with("BEGIN IMMEDIATE").await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_stand_in_the_way_of_the_next() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let mut turn = lease.db().pool.turn().await.unwrap();
        let mut transaction = begin(&mut turn).await.unwrap();
        // As SQLite does it on a full disk: sqlx hears nothing of it.
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        drop(turn);
        assert!(lease.reminders().claim(&new_reminder(event, 60), at(61)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_transaction_that_was_rolled_back_keeps_the_connection() {
        let (_tmp, lease) = open_store().await;
        sqlx::query("CREATE TEMP TABLE mark (at INTEGER)").execute(&lease.db().pool).await.unwrap();
        let mut turn = lease.db().pool.turn().await.unwrap();
        let mut transaction = begin(&mut turn).await.unwrap();
        sqlx::query("DELETE FROM guild").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        drop(turn);
        // Only the same connection knows it.
        sqlx::query("INSERT INTO mark VALUES (1)").execute(&lease.db().pool).await.unwrap();
        assert_eq!(lease.guild().name().await.unwrap(), None, "its row is there");
    }

    #[tokio::test]
    async fn who_waits_for_a_turn_when_the_closing_begins_gets_none() {
        let (_tmp, lease) = open_store().await;
        let turn = lease.db().pool.turn().await.unwrap();
        let waits = lease.db().pool.turn();
        let mut waits = std::pin::pin!(waits);
        assert!(futures::poll!(waits.as_mut()).is_pending());
        let mut closing = std::pin::pin!(lease.db().pool.close());
        assert!(futures::poll!(closing.as_mut()).is_pending());
        drop(turn);
        assert!(matches!(waits.await, Err(sqlx::Error::PoolClosed)));
        closing.await;
        assert!(matches!(lease.db().pool.turn().await, Err(sqlx::Error::PoolClosed)));
    }

    #[tokio::test]
    async fn whoever_uses_the_pool_itself_gets_a_connection_too_and_leaves_none_behind() {
        let (_tmp, lease) = open_store().await;
        let turn = lease.db().pool.turn().await.unwrap();
        let found: i64 =
            sqlx::query_scalar("SELECT count(*) FROM guild").fetch_one(lease.pool()).await.unwrap();
        assert_eq!(found, 1);
        drop(turn);
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        while lease.pool().size() > 1 && tokio::time::Instant::now() < deadline {
            tokio::task::yield_now().await;
        }
        assert_eq!(lease.pool().size(), 1);
    }
}
