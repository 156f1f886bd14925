//! Keeping a damaged database as it was found, although SQLite writes its log into it when it is closed.

use std::io;
use std::path::{Path, PathBuf};

use crate::storage::files;

/// Copies of a database and its log, taken while both are open.
///
/// Best effort: where there is no room for them, what is set aside has the log written into it, which mends rather than harms.
pub(super) struct AsFound {
    /// Each copy, with the file whose place it takes.
    copies: Vec<(PathBuf, PathBuf)>,
}

impl AsFound {
    /// Copies a database and its log beside them; nothing if there is no log.
    pub(super) fn copy(database: &Path) -> Self {
        let log = database.with_extension("db-wal");
        let has_log = std::fs::metadata(&log).is_ok_and(|found| found.len() > 0);
        let files = if has_log { vec![database.to_owned(), log] } else { Vec::new() };
        let copies: io::Result<Vec<_>> = files.into_iter().map(copy).collect();
        Self { copies: copies.unwrap_or_default() }
    }

    /// Puts the copies in the place of what the closing left. Nobody may have the database open any more.
    pub(super) fn put_back(self) {
        for (copy, file) in self.copies {
            if let Err(error) = std::fs::rename(&copy, &file) {
                tracing::warn!(file = %file.display(), %error, "a damaged file is not kept as it was found");
            }
        }
    }
}

fn copy(file: PathBuf) -> io::Result<(PathBuf, PathBuf)> {
    let copy = file.with_added_extension("as-found");
    let mut source = std::fs::File::open(&file)?;
    let mut target = files::private_file(&copy)?;
    let copied = io::copy(&mut source, &mut target);
    if copied.is_err() {
        // Whatever of it was written only takes room.
        drop(std::fs::remove_file(&copy));
    }
    copied.map(|_| (copy, file))
}
