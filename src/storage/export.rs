//! Everything that a guild's store holds, as it was at one moment.
//!
//! Here rows are read as a whole table at a time and with their stamps, which the other files of this room leave out
//! because nobody who works with an event asks for them.

use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{Connection, FromRow, Row, SqliteConnection};

use super::columns::{instant, maybe_instant};
use super::responses::parse_source;
use super::{Lease, StorageError};
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::domain::event::{Event, EventId};
use crate::domain::reminder::Reminder;
use crate::domain::response::Source;
use crate::domain::settings::GuildSettings;
use crate::ids::UserId;

/// Everything that a guild's store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildContents {
    /// The guild's own row.
    pub guild: Stamped<GuildRow>,
    /// Its members, in ascending order of id.
    pub members: Vec<Stamped<Member>>,
    /// Its events, drafts and ended ones among them, in ascending order of number.
    pub events: Vec<Stamped<EventRow>>,
    /// All answers, also those that are no choice of their event any more, by event, oldest first.
    pub responses: Vec<Stamped<ResponseRow>>,
    /// The reminder log, by event, in the order of the due instants.
    pub reminders: Vec<Stamped<Reminder>>,
}

/// A row, with when it was written first and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped<T> {
    /// What it says.
    pub row: T,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// The guild's own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildRow {
    /// What it is called, if Discord has said so.
    pub name: Option<String>,
    /// What it decided.
    pub settings: GuildSettings,
}

/// A row of `events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// The event.
    pub event: Event,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A row of `responses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseRow {
    /// What was answered.
    pub event_id: EventId,
    /// Who answered.
    pub user_id: UserId,
    /// How.
    pub source: Source,
    /// The key of the emoji.
    pub choice: String,
}

impl<'r, T: FromRow<'r, SqliteRow>> FromRow<'r, SqliteRow> for Stamped<T> {
    fn from_row(row: &'r SqliteRow) -> sqlx::Result<Self> {
        let (created_at, updated_at) = (instant(row, "created_at")?, instant(row, "updated_at")?);
        Ok(Self { row: T::from_row(row)?, created_at, updated_at })
    }
}

impl FromRow<'_, SqliteRow> for GuildRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let Json(settings) = row.try_get("settings")?;
        Ok(Self { name: row.try_get("name")?, settings })
    }
}

impl FromRow<'_, SqliteRow> for EventRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self { event: Event::from_row(row)?, ended_at: maybe_instant(row, "ended_at")? })
    }
}

impl FromRow<'_, SqliteRow> for ResponseRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            event_id: EventId(row.try_get("event_id")?),
            user_id: row.try_get("user_id")?,
            source: parse_source(row.try_get("source")?)?,
            choice: row.try_get("choice")?,
        })
    }
}

impl Lease {
    /// Everything in the store, read in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn contents(&self) -> Result<GuildContents, StorageError> {
        let read = async {
            // Reading alone: what one transaction sees is of one moment.
            let mut turn = self.db().turn().await?;
            let mut transaction = turn.begin().await?;
            let contents = read_all(&mut transaction).await?;
            transaction.commit().await?;
            Ok(contents)
        };
        self.db().run("read everything in it", read).await
    }
}

async fn read_all(connection: &mut SqliteConnection) -> sqlx::Result<GuildContents> {
    let guild = sqlx::query_as("SELECT * FROM guild");
    let members = sqlx::query_as("SELECT * FROM members ORDER BY user_id");
    let events = sqlx::query_as("SELECT * FROM events ORDER BY id");
    let responses =
        sqlx::query_as("SELECT * FROM responses ORDER BY event_id, created_at, user_id, source, choice");
    let reminders = sqlx::query_as("SELECT * FROM reminder_log ORDER BY event_id, scheduled_at");
    Ok(GuildContents {
        guild: guild.fetch_one(&mut *connection).await?,
        members: members.fetch_all(&mut *connection).await?,
        events: events.fetch_all(&mut *connection).await?,
        responses: responses.fetch_all(&mut *connection).await?,
        reminders: reminders.fetch_all(&mut *connection).await?,
    })
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::Stamped;
    use crate::domain::audience::Member;
    use crate::domain::emoji::Emoji;
    use crate::domain::event::EndReason;
    use crate::ids::UserId;
    use crate::storage::testing::{at, new_reminder, open_store, watch};

    /// What an export tells of, table by table. A column that a migration adds has to be told of too: in this list, in the
    /// export and in docs/export.md.
    const TOLD: [(&str, &str); 5] = [
        (
            "events",
            "author_id channel_id created_at description end_reason ended_at grid_at id interval_ms \
                    last_reminder_at message_id next_due_at origin paused required_reactions role_id \
                    suspended_reason title title_key updated_at",
        ),
        ("guild", "created_at guild_id id name settings updated_at"),
        ("members", "created_at is_bot name roles updated_at user_id"),
        (
            "reminder_log",
            "addressed_at attempts created_at error event_id id message_ids next_attempt_at \
                          next_due_at nonce perhaps_sent_before recipients responded scheduled_at sent_at status \
                          updated_at users_notified",
        ),
        ("responses", "choice created_at event_id source updated_at user_id"),
    ];

    #[tokio::test]
    async fn every_column_of_every_table_is_told_of() {
        let (_tmp, lease) = open_store().await;
        // Notices say nothing of an event that the event does not say itself.
        let columns = sqlx::query(
            "SELECT tables.name, group_concat(columns.name, ' ' ORDER BY columns.name)
             FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
             WHERE tables.schema = 'main' AND tables.type = 'table' AND tables.name NOT IN ('sqlite_schema', 'sqlite_sequence', '_sqlx_migrations', 'notices')
             GROUP BY tables.name ORDER BY tables.name",
        );
        let columns = columns.fetch_all(&lease.db().pool).await.unwrap();
        let columns: Vec<(String, String)> = columns.iter().map(|row| (row.get(0), row.get(1))).collect();
        let told = TOLD.map(|(table, columns)| (table.to_owned(), columns.to_owned()));
        assert_eq!(columns, told);
    }

    #[tokio::test]
    async fn what_is_over_and_what_counts_no_more_is_told_of_too() {
        let (_tmp, lease) = open_store().await;
        let (first, second) = (watch(&lease, 1).await.id, watch(&lease, 2).await.id);
        let cross = Emoji::Unicode("❌".into());
        for (event, user, seconds) in [(second, 5, 1), (first, 7, 3), (first, 6, 4)] {
            let user = UserId::new(user);
            assert!(lease.responses().add_reaction(event, user, &cross, at(seconds)).await.unwrap());
        }
        let member = Member { user_id: UserId::new(7), name: "Zoë".into(), is_bot: false, roles: vec![] };
        lease.members().upsert(&member, at(2)).await.unwrap();
        lease.reminders().claim(&new_reminder(first, 60), at(61)).await.unwrap();
        assert!(lease.events().end(first, EndReason::Unwatched, at(70)).await.unwrap());

        let contents = lease.contents().await.unwrap();
        let ended = &contents.events[0];
        assert_eq!((ended.row.event.id, ended.row.ended_at, ended.created_at), (first, Some(at(70)), at(0)));
        assert_eq!((contents.events.len(), contents.events[1].row.ended_at), (2, None));
        let answers = contents.responses.iter().map(|answer| (answer.row.event_id, answer.row.user_id.get()));
        assert_eq!(answers.collect::<Vec<_>>(), [(first, 7), (first, 6), (second, 5)]);
        assert_eq!(contents.members, [Stamped { row: member, created_at: at(2), updated_at: at(2) }]);
        assert_eq!(contents.reminders.len(), 1);
        assert_eq!(contents.guild.row.name, None);
    }
}
