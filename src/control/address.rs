//! Where the socket is, also in a directory whose path is longer than a socket's may be.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The name of the socket in the data directory.
pub(super) const NAME: &str = "control.sock";

/// Longest path of a socket in bytes, without the zero at its end.
///
/// Source: <https://man7.org/linux/man-pages/man7/unix.7.html>
const LONGEST: usize = 107;

/// A path that the system takes for the socket of a data directory.
#[derive(Debug)]
pub(super) struct Address {
    path: PathBuf,
    /// What a short path leads through; it is good for as long as this is open.
    _dir: Option<File>,
}

impl Address {
    /// The address of the socket in `dir`: its path, or a short way to it through the open directory.
    pub(super) fn of(dir: &Path) -> io::Result<Self> {
        let path = dir.join(NAME);
        if path.as_os_str().as_bytes().len() <= LONGEST {
            return Ok(Self { path, _dir: None });
        }
        let dir = File::open(dir)?;
        let path = Path::new("/proc/self/fd").join(dir.as_raw_fd().to_string()).join(NAME);
        Ok(Self { path, _dir: Some(dir) })
    }

    /// The path to bind or to connect to.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_fits_is_taken_as_it_is() {
        let address = Address::of(Path::new("/data")).unwrap();
        assert_eq!(address.path(), Path::new("/data/control.sock"));
    }

    #[test]
    fn a_path_that_is_too_long_is_reached_by_a_short_one() {
        let tmp = tempfile::tempdir().unwrap();
        let deep = tmp.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let address = Address::of(&deep).unwrap();
        assert!(address.path().as_os_str().len() <= LONGEST);
        drop(std::os::unix::net::UnixListener::bind(address.path()).unwrap());
        assert!(deep.join(NAME).exists());
    }
}
