//! What stands in a guild's database, read as an operator would: with another program.

use std::path::Path;

use discord_emulator::{Guild, Member};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::Stage;

impl Stage {
    /// The statuses in the guild's reminder log, oldest first.
    pub(crate) fn log_rows(&self, guild: &Guild) -> Vec<String> {
        log_rows(&self.data(), guild)
    }

    /// How many members have answered something.
    pub(crate) fn answers(&self, guild: &Guild) -> usize {
        self.column(guild, "SELECT DISTINCT CAST(user_id AS TEXT) FROM responses").len()
    }

    /// Whether a member has answered something.
    pub(crate) fn has_answered(&self, guild: &Guild, member: &Member) -> bool {
        let answered = self.column(guild, "SELECT DISTINCT CAST(user_id AS TEXT) FROM responses");
        answered.contains(&member.id().to_string())
    }

    /// The titles of the events that are not over.
    pub(crate) fn live_titles(&self, guild: &Guild) -> Vec<String> {
        self.column(guild, "SELECT title FROM events WHERE ended_at IS NULL ORDER BY id")
    }

    /// What the guild is called, by its database.
    pub(crate) fn names(&self, guild: &Guild) -> Vec<String> {
        self.column(guild, "SELECT name FROM guild WHERE name IS NOT NULL")
    }

    /// How many events there are whose message the bot does not know.
    pub(crate) fn drafts(&self, guild: &Guild) -> usize {
        self.column(guild, "SELECT title FROM events WHERE message_id IS NULL").len()
    }

    /// Changes a guild's database while the bot does not run.
    pub(crate) fn write_guild(&self, guild: &Guild, statement: &'static str, values: &[&str]) {
        self.write(&self.guild_dir(guild).join("guild.db"), statement, values);
    }

    /// Changes the system store while the bot does not run.
    pub(crate) fn write_system(&self, statement: &'static str) {
        self.write(&self.data().join("system.db"), statement, &[]);
    }

    fn write(&self, database: &Path, statement: &'static str, values: &[&str]) {
        assert!(self.bot.is_none(), "the bot runs");
        assert_ne!(change(database, statement, values), 0, "{statement} changed nothing");
    }

    /// The ids of the members whom the guild's store knows.
    pub(crate) fn members(&self, guild: &Guild) -> Vec<String> {
        self.column(guild, "SELECT CAST(user_id AS TEXT) FROM members")
    }

    /// The roles of a member as the guild's store knows them: a list of ids in JSON.
    pub(crate) fn roles(&self, guild: &Guild, member: &Member) -> String {
        let members = self.column(guild, "SELECT user_id || ' ' || roles FROM members");
        let id = member.id().to_string();
        members.into_iter().find(|row| row.starts_with(&id)).unwrap_or_default()
    }

    fn column(&self, guild: &Guild, query: &'static str) -> Vec<String> {
        read(&self.guild_dir(guild).join("guild.db"), query)
    }
}

/// Runs a statement on a database that nobody else has open; how many rows it changed.
pub(crate) fn change(database: &Path, statement: &'static str, values: &[&str]) -> u64 {
    let options = SqliteConnectOptions::new().filename(database);
    let changed = on_a_thread(async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let query = values.iter().fold(sqlx::query(statement), |query, value| query.bind(*value));
        let done = query.execute(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(done.rows_affected())
    });
    changed.expect("the database can be changed")
}

/// The statuses in the reminder log of a guild, oldest first.
pub(crate) fn log_rows(data: &Path, guild: &Guild) -> Vec<String> {
    let file = data.join("guilds").join(guild.id().to_string()).join("guild.db");
    read(&file, "SELECT status FROM reminder_log ORDER BY scheduled_at, id")
}

/// The only column of a query's rows; nothing if there is no database.
pub(crate) fn read(database: &Path, query: &'static str) -> Vec<String> {
    if !database.exists() {
        return Vec::new();
    }
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let rows = async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let rows = sqlx::query_scalar(query).fetch_all(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(rows)
    };
    on_a_thread(rows).unwrap_or_default()
}

/// A test waits for this from inside its own runtime, so it gets a thread of its own.
fn on_a_thread<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let work = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
        });
        work.join().unwrap()
    })
}
