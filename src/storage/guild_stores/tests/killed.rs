//! Damage to a store whose process was killed: its log is still there.

use super::*;
use crate::storage::testing::fast_dir;

/// A data directory as a killed process leaves it: the latest writes are only in the log.
async fn killed() -> TempDir {
    let (tmp, after) = (fast_dir(), fast_dir());
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    for message in 1..30 {
        watch(&lease, message).await;
    }
    let (from, to) = (guild_dir(&tmp, GUILD), guild_dir(&after, GUILD));
    std::fs::create_dir_all(&to).unwrap();
    for name in ["guild.db", "guild.db-wal"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
    after
}

#[tokio::test]
async fn a_page_that_the_log_still_has_is_mended_by_it() {
    let tmp = killed().await;
    let file = guild_dir(&tmp, GUILD).join("guild.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..20].copy_from_slice(b"This was a database.");
    std::fs::write(&file, bytes).unwrap();
    let stores = stores_in(&tmp, options(4));
    assert_eq!(stores.verify(GUILD).await.unwrap(), Some(Verdict::Sound));
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().count_live().await.unwrap(), 29, "nothing that was acknowledged is lost");
}

#[tokio::test]
async fn a_store_damaged_behind_its_log_is_set_aside_with_it() {
    let tmp = killed().await;
    let file = guild_dir(&tmp, GUILD).join("guild.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[2 * 2_048..].fill(0xA5);
    std::fs::write(&file, &bytes).unwrap();
    let log = std::fs::read(file.with_extension("db-wal")).unwrap();
    let stores = stores_in(&tmp, options(4));
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })));
    let aside = tmp.path().join("data/quarantine").join(GUILD.to_string());
    let aside =
        std::fs::read_dir(aside).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let aside = aside.expect("it is set aside");
    assert!(std::fs::read(aside.join("guild.db")).unwrap() == bytes, "the database was changed");
    assert!(std::fs::read(aside.join("guild.db-wal")).unwrap() == log, "the log was changed");
}
