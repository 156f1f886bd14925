//! Opening the system store, making one, and making one anew in the place of a damaged one.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use crate::clock::Timestamp;
use crate::storage::data_dir::DataDir;
use crate::storage::pool_of_one::PoolOfOne;
use crate::storage::schema::SYSTEM;
use crate::storage::{StorageError, files, quarantine};

/// The most memory that the page caches of all databases of this process may take together, in bytes. SQLite keeps
/// it for the process; it is set here because this store is opened first and once.
const SOFT_HEAP_LIMIT: &str = "67108864";

/// Why the file could not be opened.
enum NotOpened {
    /// It is not what it should be; the reason is the end of a sentence.
    Damaged(String),
    /// It cannot be used, but nothing is wrong with it that a new one would mend.
    Failed(StorageError),
}

/// Opens the system store, and creates it if it is missing. A damaged one is set aside, and a new one takes its place: what
/// it knew of the guilds is found again in their own stores.
///
/// # Errors
/// [`StorageError::SystemUnusable`] if it is from a newer version; a failure of the file system or of SQLite.
pub(super) async fn open(dir: &DataDir, now: Timestamp) -> Result<PoolOfOne, StorageError> {
    let file = dir.system_db();
    check_writable(dir)?;
    if files::kind(&file)?.is_none() {
        // SQLite would play a log that is left there into the new file.
        if dir.has_system_leftovers()? {
            let aside = dir.set_system_aside(now)?;
            tracing::warn!(set_aside = %aside.display(), "set aside what a system store that is missing has left");
        }
        create(&file).await?;
    }
    let damage = match open_file(&file).await {
        Ok(pool) => return Ok(pool),
        Err(NotOpened::Failed(error)) => return Err(error),
        Err(NotOpened::Damaged(damage)) => damage,
    };
    let aside = dir.set_system_aside(now)?;
    tracing::error!(
        file = %file.display(), damage, set_aside = %aside.display(),
        "the system store was damaged; it is set aside, and made anew from the guilds' stores"
    );
    create(&file).await?;
    open_file(&file).await.map_err(|not_opened| match not_opened {
        NotOpened::Damaged(reason) => unusable(&file, &reason),
        NotOpened::Failed(error) => error,
    })
}

async fn open_file(file: &Path) -> Result<PoolOfOne, NotOpened> {
    let found = files::kind(file).map_err(NotOpened::Failed)?;
    if found.is_none_or(|found| !found.is_file() || found.len() == 0) {
        return Err(NotOpened::Damaged("it is empty or not a file".to_owned()));
    }
    let options = SqliteConnectOptions::new()
        .filename(file)
        .synchronous(SqliteSynchronous::Full)
        .pragma("soft_heap_limit", SOFT_HEAP_LIMIT);
    let pool = PoolOfOne::open(options).await.map_err(refused)?;
    match check(&pool, file).await {
        Ok(()) => Ok(pool),
        Err(not_opened) => {
            pool.close().await;
            Err(not_opened)
        }
    }
}

/// Sees whether the file is a sound system store, and brings an older one up to this version.
async fn check(pool: &PoolOfOne, file: &Path) -> Result<(), NotOpened> {
    let identity = sqlx::query_as::<_, (i64, i64)>(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)",
    );
    let (application_id, version) = identity.fetch_one(pool).await.map_err(refused)?;
    let known = SYSTEM.version();
    if application_id != SYSTEM.application_id {
        return Err(NotOpened::Damaged("it is not a system store of Muster's".to_owned()));
    }
    if version > known {
        let newer = format!("it has schema {version}, and this version of Muster knows {known}");
        return Err(NotOpened::Failed(unusable(file, &newer)));
    }
    let found: String =
        sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(pool).await.map_err(refused)?;
    if quarantine::is_passing_fault(&found) {
        let source = sqlx::Error::Io(std::io::Error::other(found));
        return Err(NotOpened::Failed(StorageError::System { operation: "check itself", source }));
    }
    if found != "ok" {
        return Err(NotOpened::Damaged(found));
    }
    if version < known
        && let Err(error) = SYSTEM.migrate(&mut *pool.turn().await.map_err(refused)?).await
    {
        let why = format!("its schema could not be brought up to date: {error}");
        return Err(NotOpened::Failed(unusable(file, &why)));
    }
    Ok(())
}

/// What a failed statement says about the file.
fn refused(source: sqlx::Error) -> NotOpened {
    if quarantine::is_corruption(&source) || quarantine::is_foreign_schema(&source) {
        return NotOpened::Damaged(source.to_string());
    }
    NotOpened::Failed(StorageError::System { operation: "open", source })
}

/// Makes an empty system store, whole or not at all.
async fn create(file: &Path) -> Result<(), StorageError> {
    let unfinished = file.with_extension("new");
    files::private_file(&unfinished).map_err(files::failed("write", &unfinished))?;
    let filled = SYSTEM.fill(&unfinished).await;
    filled.map_err(|error| unusable(file, &format!("it could not be created: {error}")))?;
    let flush = std::fs::File::open(&unfinished).and_then(|written| written.sync_all());
    flush.map_err(files::failed("flush", &unfinished))?;
    std::fs::rename(&unfinished, file).map_err(files::failed("create", file))?;
    files::sync_dir(file.parent().unwrap_or(file))
}

/// Checks that what there is of the system store can be written. SQLite would open it for reading without a word, and
/// fail at the first write.
pub(super) fn check_writable(dir: &DataDir) -> Result<(), StorageError> {
    for ending in ["", "-wal", "-shm"] {
        let mut file = dir.system_db().into_os_string();
        file.push(ending);
        let file = PathBuf::from(file);
        if files::kind(&file)?.is_some_and(|found| found.is_file()) {
            let opened = OpenOptions::new().read(true).write(true).open(&file);
            opened.map_err(files::failed("write", &file))?;
        }
    }
    Ok(())
}

fn unusable(file: &Path, reason: &str) -> StorageError {
    StorageError::SystemUnusable { path: file.to_owned(), reason: reason.to_owned() }
}
