//! Table `responses`: what members answered.
//!
//! An answer is kept by the key of its emoji, so that the same picture typed differently is one answer. Nothing is
//! written for an event that is over or was never there.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;

use super::StorageError;
use super::columns::{json, unreadable};
use super::guild_db::GuildDb;
use super::pool_of_one::begin;
use crate::clock::Timestamp;
use crate::domain::choice::Choices;
use crate::domain::emoji::Emoji;
use crate::domain::event::EventId;
use crate::domain::response::{Response, Source};
use crate::ids::UserId;

/// What the members of one guild answered.
#[derive(Debug, Clone, Copy)]
pub struct Responses<'a> {
    pub(super) db: &'a GuildDb,
}

pub(super) fn parse_source(word: &str) -> sqlx::Result<Source> {
    match word {
        "button" => Ok(Source::Button),
        "reaction" => Ok(Source::Reaction),
        other => Err(unreadable("source", format!("`{other}` is no way to answer"))),
    }
}

impl Responses<'_> {
    /// Makes this the member's answer by button, in place of an earlier one; whether something changed.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn set_button(
        self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let set = sqlx::query(
            "INSERT INTO responses (event_id, user_id, choice, source, created_at, updated_at)
             SELECT id, $2, $3, 'button', $4, $4 FROM events WHERE id = $1 AND ended_at IS NULL
             ON CONFLICT (event_id, user_id) WHERE source = 'button' DO UPDATE
             SET choice = excluded.choice, updated_at = excluded.updated_at
             WHERE responses.choice <> excluded.choice",
        );
        let set = set.bind(event.0).bind(user).bind(choice.key()).bind(now.timestamp_millis());
        self.db.change("note an answer by button", set).await
    }

    /// Adds a reaction; whether it is new.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn add_reaction(
        self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let add = sqlx::query(
            "INSERT INTO responses (event_id, user_id, choice, source, created_at, updated_at)
             SELECT id, $2, $3, 'reaction', $4, $4 FROM events WHERE id = $1 AND ended_at IS NULL
             ON CONFLICT (event_id, user_id, source, choice) DO NOTHING",
        );
        let add = add.bind(event.0).bind(user).bind(choice.key()).bind(now.timestamp_millis());
        self.db.change("note a reaction", add).await
    }

    /// Removes a reaction; whether it was there.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn remove_reaction(
        self,
        event: EventId,
        user: UserId,
        choice: &Emoji,
    ) -> Result<bool, StorageError> {
        let remove = sqlx::query(
            "DELETE FROM responses WHERE event_id = $1 AND user_id = $2 AND choice = $3 AND source = 'reaction'",
        );
        let remove = remove.bind(event.0).bind(user).bind(choice.key());
        self.db.change("remove a reaction", remove).await
    }

    /// Removes all reactions; whether there were any. Answers by button stay.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn clear_reactions(self, event: EventId) -> Result<bool, StorageError> {
        let clear =
            sqlx::query("DELETE FROM responses WHERE event_id = $1 AND source = 'reaction'").bind(event.0);
        self.db.change("clear the reactions", clear).await
    }

    /// Removes all reactions with this emoji; whether there were any.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn clear_emoji(self, event: EventId, choice: &Emoji) -> Result<bool, StorageError> {
        let clear =
            sqlx::query("DELETE FROM responses WHERE event_id = $1 AND source = 'reaction' AND choice = $2");
        let clear = clear.bind(event.0).bind(choice.key());
        self.db.change("clear the reactions with one emoji", clear).await
    }

    /// Makes these exactly the event's reactions, as they were just read from Discord; whether something changed.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn replace_reactions(
        self,
        event: EventId,
        reactions: &[(UserId, Emoji)],
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let list: Vec<_> = reactions.iter().map(|(user, emoji)| (user.get(), emoji.key())).collect();
        let list = Json(list);
        let remove = sqlx::query(
            "DELETE FROM responses
             WHERE event_id = $1 AND source = 'reaction' AND (user_id, choice) NOT IN
                   (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($2))",
        );
        let add = sqlx::query(
            "INSERT INTO responses (event_id, user_id, choice, source, created_at, updated_at)
             SELECT events.id, json_extract(value, '$[0]'), json_extract(value, '$[1]'), 'reaction', $3, $3
             FROM events, json_each($2) WHERE events.id = $1 AND events.ended_at IS NULL
             ON CONFLICT (event_id, user_id, source, choice) DO NOTHING",
        );
        let replace = async {
            let mut turn = self.db.turn().await?;
            let mut transaction = begin(&mut turn).await?;
            let removed = remove.bind(event.0).bind(&list).execute(&mut *transaction).await?;
            let add = add.bind(event.0).bind(&list).bind(now.timestamp_millis());
            let added = add.execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(removed.rows_affected() + added.rows_affected() > 0)
        };
        self.db.run("replace the reactions", replace).await
    }

    /// The event's answers, oldest first, each written as the event's choice is. What is no choice of the event
    /// does not count and is left out.
    ///
    /// # Errors
    /// [`StorageError::Sqlite`].
    pub async fn of_event(self, event: EventId) -> Result<Vec<Response>, StorageError> {
        let operation = "list the answers";
        let choices = sqlx::query("SELECT required_reactions FROM events WHERE id = $1")
            .bind(event.0)
            .try_map(|row| json::<Choices>(&row, "required_reactions"));
        let Some(choices) = self.db.run(operation, choices.fetch_optional(&self.db.pool)).await? else {
            return Ok(Vec::new());
        };
        let by_key: Vec<_> = choices.iter().map(|choice| (choice.emoji.key(), &choice.emoji)).collect();
        let read = |row: SqliteRow| {
            let key: &str = row.try_get("choice")?;
            let Some((_, emoji)) = by_key.iter().find(|(known, _)| known == key) else { return Ok(None) };
            let source = parse_source(row.try_get("source")?)?;
            Ok(Some(Response { user_id: row.try_get("user_id")?, choice: (*emoji).clone(), source }))
        };
        let rows = sqlx::query(
            "SELECT user_id, choice, source FROM responses WHERE event_id = $1
             ORDER BY updated_at, user_id, choice",
        );
        let rows = rows.bind(event.0).try_map(read).fetch_all(&self.db.pool);
        Ok(self.db.run(operation, rows).await?.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EndReason;
    use crate::storage::testing::{at, open_store, watch};

    const ANNA: UserId = UserId::new(1_200_000_000_000_000_001);
    const BEN: UserId = UserId::new(1_200_000_000_000_000_002);

    fn emoji(text: &str) -> Emoji {
        Emoji::parse(text).unwrap()
    }

    async fn shown(responses: Responses<'_>, event: EventId) -> Vec<(UserId, String, Source)> {
        let all = responses.of_event(event).await.unwrap();
        all.into_iter()
            .map(|response| (response.user_id, response.choice.to_string(), response.source))
            .collect()
    }

    #[tokio::test]
    async fn a_member_has_one_answer_by_button_and_any_number_of_reactions() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let responses = lease.responses();
        assert!(responses.set_button(event, ANNA, &emoji("✅"), at(1)).await.unwrap());
        assert!(!responses.set_button(event, ANNA, &emoji("✅"), at(2)).await.unwrap());
        assert!(responses.add_reaction(event, ANNA, &emoji("✅"), at(3)).await.unwrap());
        assert!(responses.add_reaction(event, ANNA, &emoji("❓"), at(4)).await.unwrap());
        assert!(!responses.add_reaction(event, ANNA, &emoji("❓\u{FE0F}"), at(5)).await.unwrap());
        assert!(responses.set_button(event, ANNA, &emoji("❌"), at(6)).await.unwrap());
        let expected = [
            (ANNA, "✅".to_owned(), Source::Reaction),
            (ANNA, "❓".to_owned(), Source::Reaction),
            (ANNA, "❌".to_owned(), Source::Button),
        ];
        assert_eq!(shown(responses, event).await, expected);
    }

    #[tokio::test]
    async fn reactions_go_one_by_one_by_emoji_and_all_at_once_but_buttons_stay() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let responses = lease.responses();
        responses.set_button(event, BEN, &emoji("✅"), at(1)).await.unwrap();
        for (user, text) in [(ANNA, "✅"), (ANNA, "❓"), (BEN, "❓"), (BEN, "❌")] {
            responses.add_reaction(event, user, &emoji(text), at(2)).await.unwrap();
        }
        assert!(responses.remove_reaction(event, ANNA, &emoji("✅")).await.unwrap());
        assert!(!responses.remove_reaction(event, ANNA, &emoji("✅")).await.unwrap());
        assert!(responses.clear_emoji(event, &emoji("❓")).await.unwrap());
        assert_eq!(responses.of_event(event).await.unwrap().len(), 2);
        assert!(responses.clear_reactions(event).await.unwrap());
        assert!(!responses.clear_reactions(event).await.unwrap());
        assert_eq!(shown(responses, event).await, [(BEN, "✅".to_owned(), Source::Button)]);
    }

    #[tokio::test]
    async fn after_replacing_there_are_exactly_the_reactions_that_discord_has() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        let other = watch(&lease, 2).await.id;
        let responses = lease.responses();
        responses.set_button(event, ANNA, &emoji("❌"), at(1)).await.unwrap();
        responses.add_reaction(event, ANNA, &emoji("✅"), at(2)).await.unwrap();
        responses.add_reaction(event, BEN, &emoji("❓"), at(2)).await.unwrap();
        responses.add_reaction(other, BEN, &emoji("❓"), at(2)).await.unwrap();

        let on_discord = [(ANNA, emoji("✅")), (BEN, emoji("✅")), (BEN, emoji("✅\u{FE0F}"))];
        assert!(responses.replace_reactions(event, &on_discord, at(3)).await.unwrap());
        assert!(!responses.replace_reactions(event, &on_discord, at(4)).await.unwrap());
        let expected = [
            (ANNA, "❌".to_owned(), Source::Button),
            (ANNA, "✅".to_owned(), Source::Reaction),
            (BEN, "✅".to_owned(), Source::Reaction),
        ];
        assert_eq!(shown(responses, event).await, expected);
        assert!(responses.replace_reactions(event, &[], at(5)).await.unwrap());
        assert_eq!(shown(responses, event).await.len(), 1);
        assert_eq!(shown(responses, other).await.len(), 1, "another event's reactions are left alone");
    }

    #[tokio::test]
    async fn an_event_that_is_over_or_unknown_takes_no_answers() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        lease.events().end(event, EndReason::Unwatched, at(1)).await.unwrap();
        let responses = lease.responses();
        for event in [event, EventId(404)] {
            assert!(!responses.set_button(event, ANNA, &emoji("✅"), at(2)).await.unwrap());
            assert!(!responses.add_reaction(event, ANNA, &emoji("✅"), at(2)).await.unwrap());
            assert!(!responses.replace_reactions(event, &[(ANNA, emoji("✅"))], at(2)).await.unwrap());
            assert_eq!(responses.of_event(event).await.unwrap(), []);
        }
    }

    #[tokio::test]
    async fn an_emoji_that_is_no_choice_does_not_count() {
        let (_tmp, lease) = open_store().await;
        let event = watch(&lease, 1).await.id;
        lease.responses().add_reaction(event, ANNA, &emoji("🍕"), at(1)).await.unwrap();
        assert_eq!(lease.responses().of_event(event).await.unwrap(), []);
    }
}
