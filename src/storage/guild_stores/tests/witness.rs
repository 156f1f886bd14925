//! Remembers every write that a store acknowledged, so that no loss and no mix-up stays unseen.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// One life of a guild's store, from its creation to its deletion.
///
/// Whoever writes first gives it a number, which the file keeps; a write that carries it can be told from one of an
/// earlier life, and from one of another guild.
pub(super) type Life = u64;

/// Everything that was acknowledged, by any task.
#[derive(Debug, Default)]
pub(super) struct Witness {
    guilds: Mutex<HashMap<GuildId, Known>>,
    numbers: AtomicU64,
}

/// What is known about one guild at some instant.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    acknowledged: HashMap<Life, BTreeSet<u64>>,
    over: HashSet<Life>,
    /// How many writes were acknowledged, in all lives.
    writes: u64,
    /// The life that has to be found, unless a deletion begins.
    current: Option<Life>,
    deletions_begun: u64,
    deletions_running: u64,
}

impl Known {
    /// Whether a deletion was under way at some time between `self` and `later`.
    pub(super) fn was_deleted_before(&self, later: &Self) -> bool {
        self.deletions_running > 0 || self.deletions_begun != later.deletions_begun
    }
}

impl Witness {
    /// What is known about the guild now.
    pub(super) fn known(&self, guild: GuildId) -> Known {
        self.guilds.lock().unwrap().entry(guild).or_default().clone()
    }

    /// Writes one row and remembers it once it is acknowledged.
    pub(super) async fn write(&self, lease: &Lease) -> sqlx::Result<Life> {
        let [life, row] = [(); 2].map(|()| self.numbers.fetch_add(1, Ordering::Relaxed) + 1);
        // The first to write names the life; all others take its name over.
        let write = sqlx::query_scalar(
            "INSERT INTO members (user_id, name, is_bot, created_at, updated_at)
             SELECT $1, coalesce((SELECT name FROM members WHERE user_id = 0), $2), 0, $3, 0
             UNION ALL SELECT 0, $2, 0, $3, 0 WHERE NOT EXISTS (SELECT 1 FROM members WHERE user_id = 0)
             RETURNING name",
        )
        .bind(i64::try_from(row).unwrap())
        .bind(life.to_string())
        .bind(i64::try_from(lease.guild_id().get()).unwrap());
        let written: Vec<String> = write.fetch_all(&lease.db().pool).await?;
        let life = written[0].parse().unwrap();
        let mut guilds = self.guilds.lock().unwrap();
        let known = guilds.entry(lease.guild_id()).or_default();
        known.acknowledged.entry(life).or_default().insert(row);
        known.writes += 1;
        if known.deletions_running == 0 && !known.over.contains(&life) {
            known.current = Some(life);
        }
        Ok(life)
    }

    /// Reads everything in the store and compares it with what was known before.
    pub(super) async fn read(&self, lease: &Lease) -> sqlx::Result<()> {
        let guild = lease.guild_id();
        let before = self.known(guild);
        let rows: Vec<(i64, String, i64)> = sqlx::query_as("SELECT user_id, name, created_at FROM members")
            .fetch_all(&lease.db().pool)
            .await?;
        let after = self.known(guild);
        let lives: BTreeSet<Life> = rows.iter().map(|(_, life, _)| life.parse().unwrap()).collect();
        assert!(lives.len() <= 1, "guild {guild}: rows of more than one life: {lives:?}");
        let strangers =
            rows.iter().filter(|(.., written_for)| u64::try_from(*written_for) != Ok(guild.get()));
        assert_eq!(strangers.count(), 0, "guild {guild}: rows of another guild: {rows:?}");
        let life = lives.first().copied();
        if let (Some(expected), false) = (before.current, before.was_deleted_before(&after)) {
            assert_eq!(life, Some(expected), "guild {guild}: the store is another one");
        }
        let Some(life) = life else { return Ok(()) };
        assert!(!before.over.contains(&life), "guild {guild}: a deleted store is back");
        let present: BTreeSet<u64> = rows.iter().map(|(row, ..)| u64::try_from(*row).unwrap()).collect();
        let acknowledged = before.acknowledged.get(&life).cloned().unwrap_or_default();
        let lost: Vec<_> = acknowledged.difference(&present).collect();
        assert!(lost.is_empty(), "guild {guild}: acknowledged and not there: {lost:?}");
        Ok(())
    }

    /// Notes that the guild has no store, as somebody found who knew this beforehand.
    pub(super) fn found_none(&self, guild: GuildId, before: &Known) {
        let after = self.known(guild);
        if !before.was_deleted_before(&after) {
            assert_eq!(before.current, None, "guild {guild}: the store is gone");
        }
    }

    /// Deletes the guild, however long it takes, and notes that no life known by now may be seen again.
    pub(super) async fn delete(&self, stores: &GuildStores, guild: GuildId) -> Result<(), StorageError> {
        let lives: Vec<Life> = {
            let mut guilds = self.guilds.lock().unwrap();
            let known = guilds.entry(guild).or_default();
            known.current = None;
            known.deletions_begun += 1;
            known.deletions_running += 1;
            known.acknowledged.keys().copied().collect()
        };
        let deleted = loop {
            match stores.delete(guild).await {
                Err(StorageError::InUse { .. }) => {}
                other => break other,
            }
        };
        // An old connection would remove the log of the guild's next database when it is closed.
        assert_eq!(still_open(stores, guild), Vec::<PathBuf>::new(), "removed, and still open");
        let mut guilds = self.guilds.lock().unwrap();
        let known = guilds.entry(guild).or_default();
        // After a failure it is not over: what is there may go with the next deletion.
        deleted?;
        known.deletions_running -= 1;
        known.acknowledged.retain(|life, _| !lives.contains(life));
        known.over.extend(lives);
        Ok(())
    }

    /// Whether a deletion of the guild was ever begun.
    pub(super) fn was_ever_deleted(&self, guild: GuildId) -> bool {
        self.known(guild).deletions_begun > 0
    }

    /// How many writes were acknowledged so far, in all lives.
    pub(super) fn writes(&self, guild: GuildId) -> u64 {
        self.guilds.lock().unwrap().get(&guild).map_or(0, |known| known.writes)
    }
}

/// SQLite's own opinion of the whole file.
pub(super) async fn integrity(lease: &Lease) -> String {
    sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&lease.db().pool).await.unwrap()
}

/// Every path in the data directory that names the guild, whatever it is: a store, a backup, what was set aside.
pub(super) fn traces(tmp: &TempDir, guild: GuildId) -> Vec<PathBuf> {
    let (number, mut found, mut folders) = (guild.to_string(), Vec::new(), vec![tmp.path().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.split('.').next() == Some(&number) {
                found.push(path);
            } else if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// The files of this process that are open although their guild's directory was removed.
pub(super) fn still_open(stores: &GuildStores, guild: GuildId) -> Vec<PathBuf> {
    let removed = stores.shared.dir.guild_dir(guild).with_added_extension("0.deleted");
    let files = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    targets.filter(|target| target.starts_with(&removed)).collect()
}
