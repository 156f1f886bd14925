//! The ways in which a store is damaged, and what is left for its restoration.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::stage::change;

/// A way in which a store is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Harm {
    /// The first bytes are not SQLite's.
    GarbageHeader,
    /// A page in the middle is noise.
    FlippedPage,
    /// The second half is missing.
    Halved,
    /// It ends in the middle of a page.
    EndsInAPage,
    /// It has no bytes at all.
    Empty,
    /// It is not there, though its directory is.
    Missing,
    /// In its place is a directory with something in it.
    Directory,
    /// It is the file of another guild.
    AnotherGuilds,
    /// It was written by a later version.
    Newer,
    /// It is older, and its migration fails in the middle.
    MigrationFails,
}

impl Harm {
    pub(super) const ALL: [Self; 10] = [
        Self::GarbageHeader,
        Self::FlippedPage,
        Self::Halved,
        Self::EndsInAPage,
        Self::Empty,
        Self::Missing,
        Self::Directory,
        Self::AnotherGuilds,
        Self::Newer,
        Self::MigrationFails,
    ];

    /// Whether a look at the file is enough, rather than at each of its pages.
    pub(super) fn shows_at_once(self) -> bool {
        self != Self::FlippedPage
    }

    /// Damages the store in this directory; `neighbour` is that of a sound one.
    pub(super) fn befall(self, dir: &Path, neighbour: &Path) {
        let file = &dir.join("guild.db");
        let length = file.metadata().unwrap().len();
        match self {
            Self::GarbageHeader => overwrite(file, 0, b"This was a database."),
            Self::FlippedPage => {
                let page = length / PAGE / 2;
                overwrite(file, page * PAGE, &noise(PAGE));
            }
            Self::Halved => cut(file, length / PAGE / 2 * PAGE),
            Self::EndsInAPage => cut(file, length * 2 / 3 / PAGE * PAGE + 777),
            Self::Empty => cut(file, 0),
            Self::Missing => fs::remove_file(file).unwrap(),
            Self::Directory => {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
                fs::write(file.join("note"), "Who put this here?").unwrap();
            }
            Self::AnotherGuilds => _ = fs::copy(neighbour.join("guild.db"), file).unwrap(),
            Self::Newer => _ = change(file, "PRAGMA user_version = 99", &[]),
            Self::MigrationFails => {
                change(file, "DELETE FROM _sqlx_migrations", &[]);
                change(file, "PRAGMA user_version = 0", &[]);
            }
        }
    }
}

/// Makes noise of everything behind the first page.
pub(super) fn ruin(file: &Path) {
    let length = file.metadata().unwrap().len();
    overwrite(file, PAGE, &noise(length - PAGE));
}

/// The page size of a guild's database.
const PAGE: u64 = 2_048;

fn overwrite(file: &Path, place: u64, bytes: &[u8]) {
    let mut file = File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(bytes).unwrap();
}

pub(super) fn cut(file: &Path, length: u64) {
    File::options().write(true).open(file).unwrap().set_len(length).unwrap();
}

/// Bytes without any meaning.
fn noise(length: u64) -> Vec<u8> {
    (1..=length).map(|n| u8::try_from(n * n * 31 % 251).unwrap()).collect()
}

/// What is left for the restoration of a damaged store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// The newest backup is good.
    GoodBackup,
    /// The newest backup is damaged too; the one before it is good.
    OlderBackup,
}

impl Left {
    pub(super) const ALL: [Self; 3] = [Self::Nothing, Self::GoodBackup, Self::OlderBackup];

    /// Leaves only this of the backups in a directory, of which there are some.
    pub(super) fn arrange(self, backups: &Path) {
        match self {
            Self::Nothing => fs::remove_dir_all(backups).unwrap(),
            Self::GoodBackup => {}
            Self::OlderBackup => {
                let mut files: Vec<_> =
                    fs::read_dir(backups).unwrap().map(|file| file.unwrap().path()).collect();
                files.sort();
                assert!(files.len() > 1, "{files:?}");
                let newest = files.pop().unwrap();
                let length = newest.metadata().unwrap().len();
                cut(&newest, length / 2);
            }
        }
    }
}
