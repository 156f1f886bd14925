//! Directories and files that only this user can read, and refusals that say what was refused to whom.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::StorageError;

/// What is at `path` itself; `None` if nothing is, and an error if it is a symbolic link.
pub(super) fn kind(path: &Path) -> Result<Option<Metadata>, StorageError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(StorageError::Symlink { path: path.to_owned() }),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("look at", path)(error)),
    }
}

/// Makes sure of a directory that only this user can enter.
pub(super) fn make_private_dir(path: &Path) -> Result<(), StorageError> {
    let Some(found) = kind(path)? else {
        return DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create", path));
    };
    if !found.is_dir() {
        return Err(failed("use", path)(io::Error::from(io::ErrorKind::NotADirectory)));
    }
    // A volume that somebody else owns keeps its mode; whether it can be used is checked by writing to it.
    if found.permissions().mode() & 0o077 != 0
        && let Err(error) = std::fs::set_permissions(path, PermissionsExt::from_mode(0o700))
    {
        tracing::warn!(path = %path.display(), %error, "the data directory is open to other users and stays so");
    }
    Ok(())
}

/// Creates, or empties, a file that only this user can read.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes a file that only this user can read, whole or not at all, and flushes it to the disk.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_added_extension("unfinished");
    let mut file = private_file(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}

/// Makes sure that the names in a directory survive a power cut.
pub(super) fn sync_dir(path: &Path) -> Result<(), StorageError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(failed("flush", path))
}

/// Removes a directory and everything in it, or a file in its place, without following links.
pub(super) fn remove_all(path: &Path) -> Result<(), StorageError> {
    let is_file = kind(path)?.is_some_and(|found| !found.is_dir());
    let removed = if is_file { std::fs::remove_file(path) } else { std::fs::remove_dir_all(path) };
    removed.map_err(failed("remove", path))
}

/// Makes sure that a file's content survives a power cut, and that only this user can read it.
pub(super) fn seal(path: &Path) -> Result<(), StorageError> {
    let seal = |file: File| {
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
        file.sync_all()
    };
    File::open(path).and_then(seal).map_err(failed("flush", path))
}

/// The user that this process runs as.
pub(super) fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Adds the path and the user to a refusal of the file system.
pub(super) fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StorageError {
    move |error| StorageError::DataDir { path: path.to_owned(), uid: user_id(), operation, error }
}
