//! The bound: what the same work costs with rusqlite, on the same thread, with nothing around it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use muster::storage::Synchronous;
use rusqlite::{Connection, OpenFlags, params};

/// What [`muster::storage`] asks a file that it opens.
const IDENTITY: &str = "SELECT (SELECT application_id FROM pragma_application_id),
                               (SELECT user_version FROM pragma_user_version),
                               (SELECT guild_id FROM guild)";

/// Opens a guild's file with Muster's settings and looks whose it is.
pub(crate) fn open(file: &Path, synchronous: Synchronous) -> Result<Connection> {
    let connection = connect(file, synchronous)?;
    let (application, version, guild) = connection.query_row(IDENTITY, (), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
    })?;
    ensure!(application != 0 && version > 0 && guild.is_some(), "{} is no guild's store", file.display());
    Ok(connection)
}

/// Makes the store of a guild from the bytes of an empty one, flushed as Muster does, and opens it.
pub(crate) fn create(
    guilds: &Path,
    guild: u64,
    template: &[u8],
    synchronous: Synchronous,
) -> Result<Connection> {
    let unfinished = guilds.join(format!("{guild}.new"));
    let finished = directory(guilds, guild);
    fs::create_dir(&unfinished)?;
    let mut file = File::create(unfinished.join("guild.db"))?;
    file.write_all(template)?;
    file.sync_all()?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, &finished)?;
    File::open(guilds)?.sync_all()?;
    let connection = connect(&finished.join("guild.db"), synchronous)?;
    connection.execute_batch("PRAGMA synchronous = OFF")?;
    connection.execute(
        "INSERT INTO guild (id, guild_id, created_at, updated_at) VALUES (1, $1, $2, $2)",
        params![guild.cast_signed(), 0],
    )?;
    set_synchronous(&connection, synchronous)?;
    Ok(connection)
}

/// Removes a guild's directory as Muster does: its name first.
pub(crate) fn delete(guilds: &Path, guild: u64) -> Result<()> {
    let discarded = guilds.join(format!("{guild}.0.deleted"));
    fs::rename(directory(guilds, guild), &discarded)?;
    File::open(guilds)?.sync_all()?;
    Ok(fs::remove_dir_all(discarded)?)
}

/// Where a guild's file is kept.
pub(crate) fn directory(guilds: &Path, guild: u64) -> PathBuf {
    guilds.join(guild.to_string())
}

fn connect(file: &Path, synchronous: Synchronous) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 1048576")?;
    set_synchronous(&connection, synchronous)?;
    Ok(connection)
}

fn set_synchronous(connection: &Connection, synchronous: Synchronous) -> Result<()> {
    Ok(connection.execute_batch(match synchronous {
        Synchronous::Full => "PRAGMA synchronous = FULL",
        Synchronous::Normal => "PRAGMA synchronous = NORMAL",
    })?)
}
