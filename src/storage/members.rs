//! Table `members`: who is in the guild, as far as Muster has to know.

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row};

use super::StorageError;
use super::columns::json;
use super::guild_db::GuildDb;
use super::pool_of_one::begin;
use crate::clock::Timestamp;
use crate::domain::audience::Member;
use crate::ids::UserId;

/// The members of one guild.
#[derive(Debug, Clone, Copy)]
pub struct Members<'a> {
    pub(super) db: &'a GuildDb,
}

impl FromRow<'_, SqliteRow> for Member {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            user_id: row.try_get("user_id")?,
            name: row.try_get("name")?,
            is_bot: row.try_get("is_bot")?,
            roles: json(row, "roles")?,
        })
    }
}

/// Members as one JSON parameter, so that any number of them is one statement.
fn as_json(members: &[Member]) -> Json<Vec<serde_json::Value>> {
    let fields = |member: &Member| {
        json!({
            "user_id": member.user_id.get(),
            "name": member.name,
            "is_bot": u8::from(member.is_bot),
            "roles": member.roles,
        })
    };
    Json(members.iter().map(fields).collect())
}

impl Members<'_> {
    /// Makes this the list of members: adds, changes and removes what differs, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn replace_all(self, members: &[Member], now: Timestamp) -> Result<(), StorageError> {
        let replace = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let list = as_json(members);
            sqlx::query(
                "DELETE FROM members
                 WHERE user_id NOT IN (SELECT json_extract(value, '$.user_id') FROM json_each($1))",
            )
            .bind(&list)
            .execute(&mut *transaction)
            .await?;
            upsert_all(&list, now).execute(&mut *transaction).await?;
            transaction.commit().await
        };
        self.db.run("replace the list of members", replace).await
    }

    /// Adds a member or brings one up to date; whether something changed.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn upsert(self, member: &Member, now: Timestamp) -> Result<bool, StorageError> {
        let list = as_json(std::slice::from_ref(member));
        self.db.change("write a member", upsert_all(&list, now)).await
    }

    /// Adds those who are not known yet; of the others everything stays as it is.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn insert_unknown(self, members: &[Member], now: Timestamp) -> Result<(), StorageError> {
        let insert = sqlx::query(
            "INSERT OR IGNORE INTO members (user_id, name, is_bot, roles, created_at, updated_at)
             SELECT json_extract(value, '$.user_id'), json_extract(value, '$.name'), json_extract(value, '$.is_bot'),
                    json_extract(value, '$.roles'), $2, $2
             FROM json_each($1)",
        );
        let insert = insert.bind(as_json(members)).bind(now.timestamp_millis());
        self.db.change("add members", insert).await.map(drop)
    }

    /// Removes a member who left; whether there was one. The answers stay, in case of a return.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn remove(self, user: UserId) -> Result<bool, StorageError> {
        let remove = sqlx::query("DELETE FROM members WHERE user_id = $1").bind(user);
        self.db.change("remove a member", remove).await
    }

    /// All members, in ascending order of id.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn list(self) -> Result<Vec<Member>, StorageError> {
        let list = sqlx::query_as("SELECT user_id, name, is_bot, roles FROM members ORDER BY user_id");
        self.db.run("list the members", list.fetch_all(&self.db.pool)).await
    }
}

type Upsert<'a> = sqlx::query::Query<'a, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn upsert_all(list: &Json<Vec<serde_json::Value>>, now: Timestamp) -> Upsert<'_> {
    // `WHERE true` keeps SQLite from reading ON CONFLICT as the condition of a join.
    sqlx::query(
        "INSERT INTO members (user_id, name, is_bot, roles, created_at, updated_at)
         SELECT json_extract(value, '$.user_id'), json_extract(value, '$.name'), json_extract(value, '$.is_bot'),
                json_extract(value, '$.roles'), $2, $2
         FROM json_each($1) WHERE true
         ON CONFLICT (user_id) DO UPDATE
         SET name = excluded.name, is_bot = excluded.is_bot, roles = excluded.roles, updated_at = excluded.updated_at
         WHERE (members.name, members.is_bot, members.roles)
               IS DISTINCT FROM (excluded.name, excluded.is_bot, excluded.roles)",
    )
    .bind(list)
    .bind(now.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoleId;
    use crate::storage::testing::{at, open_store};

    fn member(id: u64, name: &str) -> Member {
        // Larger than a double can hold exactly, as Discord's ids are.
        let user_id = UserId::new(1_200_000_000_000_000_001 + id);
        let roles = vec![RoleId::new(1_100_000_000_000_000_003)];
        Member { user_id, name: name.to_owned(), is_bot: false, roles }
    }

    #[tokio::test]
    async fn replacing_the_list_keeps_exactly_these_members() {
        let (_tmp, lease) = open_store().await;
        let members = lease.members();
        members.replace_all(&[member(1, "Anna"), member(2, "Ben")], at(1)).await.unwrap();
        let renamed = Member { is_bot: true, ..member(2, "Ben's \"bot\" 🦑") };
        let list = [renamed.clone(), member(3, "Cleo")];
        members.replace_all(&list, at(2)).await.unwrap();
        assert_eq!(members.list().await.unwrap(), list);
        members.replace_all(&[], at(3)).await.unwrap();
        assert_eq!(members.list().await.unwrap(), []);
    }

    #[tokio::test]
    async fn somebody_who_is_known_is_not_made_a_stranger_again() {
        let (_tmp, lease) = open_store().await;
        let members = lease.members();
        members.upsert(&member(1, "Anna"), at(1)).await.unwrap();
        let stranger = |id| Member { roles: Vec::new(), ..member(id, "somebody") };
        members.insert_unknown(&[stranger(1), stranger(2)], at(2)).await.unwrap();
        assert_eq!(members.list().await.unwrap(), [member(1, "Anna"), stranger(2)]);
    }

    #[tokio::test]
    async fn thousands_of_members_are_one_statement() {
        let (_tmp, lease) = open_store().await;
        let list: Vec<_> = (0..5_000).map(|id| member(id, "somebody")).collect();
        lease.members().replace_all(&list, at(1)).await.unwrap();
        assert_eq!(lease.members().list().await.unwrap(), list);
    }

    #[tokio::test]
    async fn a_member_that_did_not_change_is_not_written() {
        let (_tmp, lease) = open_store().await;
        let members = lease.members();
        assert!(members.upsert(&member(1, "Anna"), at(1)).await.unwrap());
        assert!(!members.upsert(&member(1, "Anna"), at(2)).await.unwrap());
        assert!(members.upsert(&member(1, "Änna"), at(3)).await.unwrap());
        assert!(members.remove(member(1, "").user_id).await.unwrap());
        assert!(!members.remove(member(1, "").user_id).await.unwrap());
    }
}
