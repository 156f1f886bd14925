//! Reading and writing in an open store, next to the same statement on the same data.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use muster::domain::audience::Member;
use muster::domain::emoji::Emoji;
use muster::domain::event::EventId;
use muster::ids::UserId;
use muster::storage::{Lease, Synchronous};
use rusqlite::{Connection, params};
use serde_json::json;

use crate::bound;
use crate::ground::{Ground, member, some_time, watch};
use crate::places::Places;
use crate::report::{Report, Row, Target};
use crate::samples::{Rounds, in_turns};

const GUILD: u64 = 1_000_000_000_000_000_007;

// Numbered with `?` rather than `$`, which rusqlite would number by order of appearance.

const POINT_READ: &str = "SELECT name, roles FROM members WHERE user_id = ?1";

/// What the bot is about: who has not answered.
const JOIN: &str = "SELECT members.user_id, members.name, members.roles
                    FROM members LEFT JOIN responses
                         ON responses.event_id = ?1 AND responses.user_id = members.user_id
                    WHERE responses.user_id IS NULL AND NOT members.is_bot ORDER BY members.user_id";

/// Next to nothing for SQLite: what is left is what it takes to carry a row.
const ANSWERS: &str = "SELECT user_id, choice, source FROM responses WHERE event_id = ?1
                       ORDER BY user_id LIMIT 50";

/// As in [`muster::storage::Events::find`].
const EVENT: &str = "SELECT * FROM events WHERE id = ?1";

/// As in [`muster::storage::Responses::add_reaction`].
const INSERT: &str = "INSERT INTO responses (event_id, user_id, choice, source, created_at, updated_at)
                      SELECT id, ?2, ?3, 'reaction', ?4, ?4 FROM events WHERE id = ?1 AND ended_at IS NULL
                      ON CONFLICT (event_id, user_id, source, choice) DO NOTHING";

/// As in [`muster::storage::Members::insert_unknown`].
const BATCH: &str = "INSERT OR IGNORE INTO members (user_id, name, is_bot, roles, created_at, updated_at)
                     SELECT json_extract(value, '$.user_id'), json_extract(value, '$.name'),
                            json_extract(value, '$.is_bot'), json_extract(value, '$.roles'), ?2, ?2
                     FROM json_each(?1)";

const QUICK: Rounds = Rounds { rounds: 50, times: 100 };
/// For what is flushed to a disk each time.
const SLOW: Rounds = Rounds { rounds: 40, times: 25 };

pub(crate) async fn measure(places: &Places) -> Result<Report> {
    let mut report = Report::new("Statements in an open store (one processor)");
    report.add(point_read(Desk::new(&places.disk, Synchronous::Full).await?).await?);
    report.add(find(Desk::new(&places.disk, Synchronous::Full).await?).await?);
    for (what, sql, target) in [
        ("a join of 50 rows: who has not answered", JOIN, Target::Times(2.5)),
        ("50 rows without a join: the first who answered", ANSWERS, Target::Nothing),
    ] {
        let desk = Desk::new(&places.disk, Synchronous::Full).await?;
        report.add(fifty_rows(what, sql, target, desk).await?);
    }
    for (place, name) in [(Some(&places.disk), "on a disk"), (places.tmpfs.as_ref(), "in memory")] {
        let Some(place) = place else { continue };
        for synchronous in [Synchronous::Full, Synchronous::Normal] {
            let what = format!("a committed insert, {synchronous:?}, {name}");
            let rounds = if name == "on a disk" { SLOW } else { QUICK };
            report.add(insert(what, rounds, Desk::new(place, synchronous).await?).await?);
        }
    }
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        let what = format!("100 rows in one committed statement, {synchronous:?}, on a disk");
        report.add(batch(what, Desk::new(&places.disk, synchronous).await?).await?);
    }
    Ok(report)
}

/// A store with 200 members, all but 50 of whom answered an event, and a copy of it, both open.
struct Desk {
    lease: Lease,
    connection: Connection,
    event: EventId,
    /// Last, so that the files go after what has them open.
    _ground: Ground,
}

impl Desk {
    async fn new(place: &Path, synchronous: Synchronous) -> Result<Self> {
        let ground = Ground::new(place, synchronous, 4)?;
        let lease = ground.create(GUILD).await?;
        let event = watch(&lease, 1).await?;
        let members: Vec<_> = (0..200).map(member).collect();
        let answers: Vec<_> = members.iter().skip(50).map(|member| (member.user_id, yes())).collect();
        lease.members().replace_all(&members, some_time()).await?;
        lease.responses().replace_reactions(event, &answers, some_time()).await?;
        drop(lease);
        let copy = ground.copy_for_bound(GUILD).await?;
        let connection = bound::open(&copy, synchronous)?;
        let lease = ground.open(GUILD).await?;
        Ok(Self { lease, connection, event, _ground: ground })
    }
}

async fn point_read(desk: Desk) -> Result<Row> {
    let Desk { _ground, lease, connection, .. } = desk;
    let user = member(7).user_id.get().cast_signed();
    let muster = || async {
        let started = Instant::now();
        let query = sqlx::query_as(POINT_READ).bind(user);
        let (name, _roles): (String, String) = query.fetch_one(lease.pool()).await?;
        let elapsed = started.elapsed();
        ensure!(name == "Member 7");
        Ok(elapsed)
    };
    let bound = move || {
        let started = Instant::now();
        let mut statement = connection.prepare_cached(POINT_READ)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let (name, _roles): (String, String) = statement.query_row([user], read)?;
        let elapsed = started.elapsed();
        ensure!(name == "Member 7");
        Ok(elapsed)
    };
    in_turns("one row by its key", QUICK, Target::Times(4.0), muster, bound).await
}

/// The same for a whole event, which Muster reads into its own type; the bound stops at the columns.
async fn find(desk: Desk) -> Result<Row> {
    let Desk { _ground, lease, connection, event } = desk;
    let muster = || async {
        let started = Instant::now();
        let found = lease.events().find(event).await?;
        let elapsed = started.elapsed();
        ensure!(found.is_some());
        Ok(elapsed)
    };
    let bound = move || {
        let started = Instant::now();
        let mut statement = connection.prepare_cached(EVENT)?;
        let columns = statement.column_count();
        let read = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
        let found: Vec<rusqlite::types::Value> = statement.query_row([event.0], read)?;
        let elapsed = started.elapsed();
        ensure!(found.len() == columns);
        Ok(elapsed)
    };
    in_turns("an event by its number, all columns", QUICK, Target::Times(4.0), muster, bound).await
}

async fn fifty_rows(what: &str, sql: &'static str, target: Target, desk: Desk) -> Result<Row> {
    let Desk { _ground, lease, connection, event } = desk;
    let muster = || async {
        let started = Instant::now();
        let rows = sqlx::query_as(sql).bind(event.0).fetch_all(lease.pool()).await?;
        let elapsed = started.elapsed();
        let rows: Vec<(i64, String, String)> = rows;
        ensure!(rows.len() == 50);
        Ok(elapsed)
    };
    let bound = move || {
        let started = Instant::now();
        let mut statement = connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let rows: rusqlite::Result<Vec<(i64, String, String)>> =
            statement.query_map([event.0], read)?.collect();
        let elapsed = started.elapsed();
        ensure!(rows?.len() == 50);
        Ok(elapsed)
    };
    in_turns(what, QUICK, target, muster, bound).await
}

async fn insert(what: String, rounds: Rounds, desk: Desk) -> Result<Row> {
    let Desk { _ground, lease, connection, event } = desk;
    let (yes, key) = (yes(), yes().key().clone());
    let now = some_time();
    let (mut next, mut next_of_bound) = (1_000, 1_000);
    let (lease, yes) = (&lease, &yes);
    let muster = || {
        next += 1;
        let user = UserId::new(next);
        async move {
            let started = Instant::now();
            let added = lease.responses().add_reaction(event, user, yes, now).await?;
            let elapsed = started.elapsed();
            ensure!(added);
            Ok(elapsed)
        }
    };
    let bound = move || {
        next_of_bound += 1;
        let started = Instant::now();
        let mut statement = connection.prepare_cached(INSERT)?;
        let added = statement.execute(params![event.0, next_of_bound, key, now.timestamp_millis()])?;
        let elapsed = started.elapsed();
        ensure!(added == 1);
        Ok(elapsed)
    };
    in_turns(what, rounds, Target::Times(4.0), muster, bound).await
}

async fn batch(what: String, desk: Desk) -> Result<Row> {
    let Desk { _ground, lease, connection, .. } = desk;
    let now = some_time();
    let (mut next, mut next_of_bound) = (1_000, 1_000);
    let lease = &lease;
    let muster = || {
        let members = hundred(&mut next);
        async move {
            let started = Instant::now();
            lease.members().insert_unknown(&members, now).await?;
            Ok(started.elapsed())
        }
    };
    let bound = move || {
        let members = hundred(&mut next_of_bound);
        let started = Instant::now();
        let mut statement = connection.prepare_cached(BATCH)?;
        let added = statement.execute(params![as_json(&members), now.timestamp_millis()])?;
        let elapsed = started.elapsed();
        ensure!(added == members.len());
        Ok(elapsed)
    };
    in_turns(what, SLOW, Target::Times(2.5), muster, bound).await
}

fn yes() -> Emoji {
    Emoji::Unicode("✅".into())
}

/// The next hundred members.
fn hundred(next: &mut u64) -> Vec<Member> {
    let first = *next;
    *next += 100;
    (first..*next).map(member).collect()
}

/// Members as one parameter, as Muster writes them.
fn as_json(members: &[Member]) -> String {
    let fields = |member: &Member| {
        json!({
            "user_id": member.user_id.get(),
            "name": member.name,
            "is_bot": u8::from(member.is_bot),
            "roles": member.roles,
        })
    };
    members.iter().map(fields).collect::<serde_json::Value>().to_string()
}
