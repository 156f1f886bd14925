//! How much room is left on the data directory's file system.
//!
//! A disk that runs full takes no answer and lets no reminder be claimed. So there is a reserve: below it nothing new is
//! begun, and what was begun goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytesize::ByteSize;

use crate::lifecycle::Shutdown;

/// The reserve is at most this part of the file system, so that a small volume can be used at all.
const AT_MOST_ONE_IN: u64 = 20;

/// How often the file system is asked; at some megabytes a second the reserve outlasts many of these.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The room on the disk, as it was when it was last looked at. Cheap to clone.
///
/// Asking never blocks: who looks is [`DiskSpace::watch`], on a thread that may wait for a file system that does not
/// answer.
#[derive(Debug, Clone)]
pub struct DiskSpace {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: PathBuf,
    min_free: u64,
    free: AtomicU64,
    is_low: AtomicBool,
}

impl DiskSpace {
    /// Has not looked yet, and takes the disk to be roomy until it has.
    pub(super) fn new(dir: &Path, min_free: ByteSize) -> Self {
        let (dir, ByteSize(min_free)) = (dir.to_owned(), min_free);
        let (free, is_low) = (AtomicU64::new(u64::MAX), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { dir, min_free, free, is_low }) }
    }

    /// Whether there is so little room that nothing new should be begun.
    #[must_use]
    pub fn is_low(&self) -> bool {
        self.shared.is_low.load(Ordering::Relaxed)
    }

    /// Bytes that Muster may still write; `None` if nobody has looked yet.
    #[must_use]
    pub fn free(&self) -> Option<ByteSize> {
        let free = self.shared.free.load(Ordering::Relaxed);
        (free != u64::MAX).then_some(ByteSize(free))
    }

    /// Looks at the disk every second until a stop is asked for.
    ///
    /// # Errors
    /// Never; it is a part that runs as long as Muster does.
    pub async fn watch(self, shutdown: Shutdown) -> Result<(), std::convert::Infallible> {
        loop {
            let disk = self.clone();
            let look = tokio::task::spawn_blocking(move || disk.look());
            tokio::select! {
                () = shutdown.requested() => return Ok(()),
                _ = look => {}
            }
            tokio::select! {
                () = shutdown.requested() => return Ok(()),
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Asks the file system, and tells the operator when room becomes scarce and when it no longer is.
    fn look(&self) {
        let path = &self.shared.dir;
        match rustix::fs::statvfs(path) {
            Ok(found) => {
                let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
                self.note(bytes(found.f_bavail), bytes(found.f_blocks));
            }
            Err(error) => {
                // Whether the directory can be used at all is asked elsewhere, and told there.
                tracing::debug!(path = %path.display(), %error, "the room on the disk is not known");
            }
        }
    }

    /// Takes over what the file system said, in bytes.
    pub(crate) fn note(&self, free: u64, total: u64) {
        self.shared.free.store(free, Ordering::Relaxed);
        let reserve = self.shared.min_free.min(total / AT_MOST_ONE_IN);
        let was_low = self.is_low();
        let is_low = is_low(free, reserve, was_low);
        self.shared.is_low.store(is_low, Ordering::Relaxed);
        let (path, free, reserve) = (self.shared.dir.display(), ByteSize(free), ByteSize(reserve));
        if is_low && !was_low {
            tracing::warn!(%path, %free, %reserve, "the disk is nearly full; reminders and answers go on, new events are refused");
        }
        if was_low && !is_low {
            tracing::info!(%path, %free, %reserve, "the disk has room again; new events are taken");
        }
    }
}

/// Whether the room is scarce. Once it is, it takes a quarter more than the reserve to end that, or every checkpoint
/// would change it.
fn is_low(free: u64, reserve: u64, was_low: bool) -> bool {
    free < if was_low { reserve.saturating_add(reserve / 4) } else { reserve }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    fn disk() -> DiskSpace {
        DiskSpace::new(Path::new("/"), ByteSize::mb(64))
    }

    #[test]
    fn a_disk_is_low_below_the_reserve_and_until_there_is_a_quarter_more() {
        let disk = disk();
        for (free, low) in
            [(65, false), (64, false), (63, true), (65, true), (79, true), (80, false), (64, false)]
        {
            disk.note(free * MB, 100_000 * MB);
            assert_eq!(disk.is_low(), low, "at {free} MB");
            assert_eq!(disk.free(), Some(ByteSize::mb(free)));
        }
    }

    #[test]
    fn of_a_small_disk_a_twentieth_is_kept_free() {
        let disk = disk();
        disk.note(6 * MB, 100 * MB);
        assert!(!disk.is_low());
        disk.note(4 * MB, 100 * MB);
        assert!(disk.is_low());
    }

    #[test]
    fn without_a_reserve_no_disk_is_low() {
        let disk = DiskSpace::new(Path::new("/"), ByteSize(0));
        disk.note(0, 100 * MB);
        assert!(!disk.is_low());
    }

    #[test]
    fn a_look_finds_room_and_a_directory_that_is_gone_changes_nothing() {
        let tmp = tempfile::tempdir().unwrap();
        let disk = DiskSpace::new(tmp.path(), ByteSize(1));
        assert_eq!(disk.free(), None);
        disk.look();
        let free = disk.free().unwrap();
        assert!(free > ByteSize(0) && !disk.is_low());
        drop(tmp);
        disk.look();
        assert_eq!(disk.free(), Some(free));
    }
}
