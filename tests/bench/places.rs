//! Where it is measured: a directory on a disk, and one in memory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// What `statfs` calls a file system in memory.
///
/// Source: <https://man7.org/linux/man-pages/man2/statfs.2.html>
const TMPFS: i64 = 0x0102_1994;

/// The directories to measure in.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) disk: PathBuf,
    /// `None` on a machine without one.
    pub(crate) tmpfs: Option<PathBuf>,
}

impl Places {
    /// Makes sure that the disk is one.
    pub(crate) fn new(disk: PathBuf, tmpfs: PathBuf) -> Result<Self> {
        fs::create_dir_all(&disk).with_context(|| format!("{} cannot be made", disk.display()))?;
        ensure!(!is_in_memory(&disk)?, "{} is in memory; name a directory on a disk", disk.display());
        Ok(Self { disk, tmpfs: is_in_memory(&tmpfs).unwrap_or(false).then_some(tmpfs) })
    }

    /// Memory where there is some, for what is not about the disk.
    pub(crate) fn quickest(&self) -> &Path {
        self.tmpfs.as_deref().unwrap_or(&self.disk)
    }
}

fn is_in_memory(path: &Path) -> Result<bool> {
    Ok(rustix::fs::statfs(path)?.f_type == TMPFS)
}
