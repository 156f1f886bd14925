use std::path::PathBuf;

use super::*;
use crate::storage::quarantine::Case;

/// Runs SQL on a closed guild file.
async fn tamper(file: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// What is in quarantine of a guild: the directories, oldest first.
fn set_aside(tmp: &TempDir, guild: GuildId) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tmp.path().join("data/quarantine").join(guild.to_string()));
    let entries = entries.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut dirs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "000Z")).collect();
    dirs.sort_unstable();
    dirs
}

/// Expects `GUILD` to be set aside for a reason with `word` in it, with its file as it is, and `OTHER` to go on.
async fn expect_set_aside(tmp: &TempDir, word: &str) {
    let file = guild_dir(tmp, GUILD).join("guild.db");
    let before = std::fs::read(&file).ok();
    let stores = stores_in(tmp, options(4));
    stores.admit(GUILD);
    for _ in 0..2 {
        let refused = stores.open_or_create(GUILD).await.unwrap_err();
        assert!(
            matches!(&refused, StorageError::Quarantined { reason, .. } if reason.contains(word)),
            "{refused}"
        );
    }
    assert!(stores.is_quarantined(GUILD).unwrap().contains(word));
    let aside = set_aside(tmp, GUILD);
    assert_eq!(aside.len(), 1, "once, however often it is asked for");
    assert_eq!(std::fs::read(aside[0].join("guild.db")).ok(), before, "the file is left as it is");
    assert_eq!(stores.is_quarantined(OTHER), None);
    assert_eq!(create(&stores, OTHER).await.events().count_live().await.unwrap(), 0);
    stores.close(soon()).await;
    drop(stores);
    // A restart remembers.
    let stores = stores_in(tmp, options(4));
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })));
    stores.close(soon()).await;
}

#[tokio::test]
async fn a_missing_file_is_not_a_new_guild() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    std::fs::remove_file(guild_dir(&tmp, GUILD).join("guild.db")).unwrap();
    expect_set_aside(&tmp, "is missing").await;
    assert!(!guild_dir(&tmp, GUILD).join("guild.db").exists());
}

#[tokio::test]
async fn an_empty_or_garbage_file_is_set_aside() {
    for (content, word) in
        [(&b""[..], "is empty"), (b"not a database at all", "corrupt"), (&[7; 8192], "corrupt")]
    {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), content).unwrap();
        expect_set_aside(&tmp, word).await;
    }
}

#[tokio::test]
async fn a_truncated_file_is_set_aside() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    let file = std::fs::File::options().write(true).open(guild_dir(&tmp, GUILD).join("guild.db")).unwrap();
    file.set_len(4_096).unwrap();
    expect_set_aside(&tmp, "corrupt").await;
}

#[tokio::test]
async fn a_file_of_another_guild_another_program_or_a_newer_version_is_set_aside() {
    for (sql, word) in [
        ("UPDATE guild SET guild_id = 5", "another guild"),
        ("PRAGMA application_id = 5", "not a guild database"),
        ("PRAGMA user_version = 999", "schema 999"),
        ("PRAGMA user_version = 0", "its schema 0 became 0"),
        ("DROP TABLE guild", "not a guild database"),
    ] {
        let tmp = tempfile::tempdir().unwrap();
        closed_store(&tmp).await;
        tamper(&guild_dir(&tmp, GUILD).join("guild.db"), sql).await;
        expect_set_aside(&tmp, word).await;
    }
}

#[tokio::test]
async fn a_file_that_was_put_right_is_used_again_without_a_restart() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    let file = guild_dir(&tmp, GUILD).join("guild.db");
    let sound = std::fs::read(&file).unwrap();
    std::fs::write(&file, b"garbage").unwrap();
    let stores = stores_in(&tmp, options(4));
    stores.open(GUILD).await.unwrap_err();
    std::fs::create_dir(guild_dir(&tmp, GUILD)).unwrap();
    std::fs::write(&file, sound).unwrap();
    assert!(stores.open(GUILD).await.unwrap().is_some());
    assert_eq!(stores.is_quarantined(GUILD), None);
}

#[tokio::test]
async fn a_quarantined_guild_can_be_deleted_and_begun_anew() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), b"garbage").unwrap();
    let stores = stores_in(&tmp, options(4));
    stores.open(GUILD).await.unwrap_err();
    assert!(stores.delete(GUILD).await.unwrap());
    assert_eq!(stores.is_quarantined(GUILD), None);
    create(&stores, GUILD).await;
}

/// A closed store of `GUILD` with many events, of which everything behind the first pages is noise.
async fn store_with_noise(tmp: &TempDir) {
    let stores = stores_in(tmp, options(4));
    let lease = create(&stores, GUILD).await;
    for message in 1..200 {
        watch(&lease, message).await;
    }
    drop(lease);
    stores.back_up(GUILD).await.unwrap().unwrap();
    stores.close(soon()).await;
    let file = guild_dir(tmp, GUILD).join("guild.db");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.iter_mut().skip(40_960).for_each(|byte| *byte = 0xA5);
    std::fs::write(&file, bytes).unwrap();
}

#[tokio::test]
async fn a_store_found_corrupt_while_open_is_replaced_by_its_backup_once_nobody_uses_it() {
    let tmp = tempfile::tempdir().unwrap();
    store_with_noise(&tmp).await;
    let stores = stores_in(&tmp, options(4));
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    let broken = lease.events().list_live(999, 0).await.unwrap_err();
    assert!(matches!(broken, StorageError::Quarantined { .. }), "{broken}");
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })), "it is still used");
    drop(lease);
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().list_live(999, 0).await.unwrap().len(), 199);
    assert_eq!(stores.is_quarantined(GUILD), None);
    assert_eq!(set_aside(&tmp, GUILD).len(), 1);
    assert_eq!(stores.casualties().await.into_iter().collect::<Vec<_>>(), [GUILD]);
}

#[tokio::test]
async fn a_look_through_finds_what_no_opening_sees() {
    let tmp = tempfile::tempdir().unwrap();
    store_with_noise(&tmp).await;
    let stores = stores_in(&tmp, options(4));
    drop(create(&stores, OTHER).await);
    let verdict = stores.verify(GUILD).await.unwrap().unwrap();
    assert!(matches!(&verdict, Verdict::Restored { problem } if problem.contains("corrupt")), "{verdict:?}");
    for guild in [GUILD, OTHER] {
        assert_eq!(stores.verify(guild).await.unwrap(), Some(Verdict::Sound));
    }
    assert_eq!(stores.verify(GuildId::new(3)).await.unwrap(), None);
    std::fs::remove_dir_all(tmp.path().join("data/backups")).unwrap();
    stores.close_idle().await;
    eventually(|| stores.stats().open <= 1).await;
    std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), b"garbage").unwrap();
    let verdict = stores.verify(GUILD).await.unwrap().unwrap();
    assert!(matches!(&verdict, Verdict::SetAside { problem } if problem.contains("corrupt")), "{verdict:?}");
}

#[tokio::test]
async fn a_doubted_store_that_is_sound_is_used_again() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    drop(create(&stores, GUILD).await);
    stores.shared.quarantine.doubt(GUILD, "it turned out to be corrupt".to_owned());
    assert!(matches!(stores.shared.quarantine.find(GUILD), Some(Case::Doubted(_))));
    assert!(stores.open(GUILD).await.unwrap().is_some(), "a look shows that it is sound");
    assert_eq!((stores.is_quarantined(GUILD), stores.stats().opened), (None, 2));
    assert_eq!(set_aside(&tmp, GUILD), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_newest_good_backup_takes_the_place_of_a_damaged_store() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    watch(&lease, 1).await;
    stores.back_up(GUILD).await.unwrap().unwrap();
    watch(&lease, 2).await;
    let newest = stores.back_up(GUILD).await.unwrap().unwrap();
    watch(&lease, 3).await;
    drop(lease);
    stores.close(soon()).await;
    drop(stores);
    std::fs::write(&newest.file, b"no backup either").unwrap();
    std::fs::write(guild_dir(&tmp, GUILD).join("guild.db"), b"garbage").unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    let titles = lease.events().list_live(9, 0).await.unwrap();
    assert_eq!(titles.iter().map(|event| event.message_id).collect::<Vec<_>>(), [Some(MessageId::new(1))]);
    let event = watch(&lease, 4).await;
    assert!(event.id.0 > 1_000_000, "no number stands for two events");
}

/// A closed store of `GUILD` that is damaged, and its backup somewhere else.
async fn damaged_with_its_backup_away(tmp: &TempDir) -> PathBuf {
    let stores = stores_in(tmp, options(4));
    watch(&create(&stores, GUILD).await, 1).await;
    let backup = stores.back_up(GUILD).await.unwrap().unwrap().file;
    stores.close(soon()).await;
    let away = tmp.path().join(backup.file_name().unwrap());
    std::fs::rename(backup, &away).unwrap();
    std::fs::write(guild_dir(tmp, GUILD).join("guild.db"), b"garbage").unwrap();
    away
}

#[tokio::test]
async fn a_backup_takes_the_place_of_a_damaged_store_only_once_that_is_noted() {
    let tmp = tempfile::tempdir().unwrap();
    let away = damaged_with_its_backup_away(&tmp).await;
    let stores = stores_in(&tmp, options(4));
    stores.open(GUILD).await.unwrap_err();
    drop(stores);
    let stores = stores_in(&tmp, options(4));
    let name = away.file_name().unwrap();
    std::fs::copy(&away, tmp.path().join("data/backups").join(GUILD.to_string()).join(name)).unwrap();
    // As on a full disk: the notice cannot be written.
    let notice = set_aside(&tmp, GUILD)[0].with_added_extension("notice.unfinished");
    std::fs::create_dir(&notice).unwrap();
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::DataDir { .. })));
    std::fs::remove_dir(&notice).unwrap();
    assert!(stores.open(GUILD).await.unwrap().is_some());
    let notices = stores.shared.dir.set_aside_notices().unwrap();
    assert_eq!(notices.iter().map(|notice| notice.restored_from).collect::<Vec<_>>(), [Some(at(0))]);
    let heard = tokio::time::timeout(Duration::from_secs(10), stores.casualties()).await.unwrap();
    assert_eq!(heard.into_iter().collect::<Vec<_>>(), [GUILD], "what is due there is looked at again");
}

#[tokio::test]
async fn organisers_hear_of_a_restore_that_came_before_the_news_of_the_damage() {
    let tmp = tempfile::tempdir().unwrap();
    let away = damaged_with_its_backup_away(&tmp).await;
    let stores = stores_in(&tmp, options(4));
    stores.open(GUILD).await.unwrap_err();
    stores.restore(GUILD, &away).await.unwrap();
    let notices = stores.shared.dir.set_aside_notices().unwrap();
    assert_eq!(notices.iter().map(|notice| notice.restored_from).collect::<Vec<_>>(), [Some(at(0))]);
}

#[tokio::test]
async fn a_symbolic_link_in_place_of_a_guild_is_refused() {
    let tmp = tempfile::tempdir().unwrap();
    closed_store(&tmp).await;
    std::os::unix::fs::symlink(guild_dir(&tmp, GUILD), guild_dir(&tmp, OTHER)).unwrap();
    let stores = stores_in(&tmp, options(4));
    assert!(matches!(stores.open(OTHER).await, Err(StorageError::Symlink { .. })));
    assert!(matches!(stores.delete(OTHER).await, Err(StorageError::Symlink { .. })));
    assert!(stores.open(GUILD).await.unwrap().is_some());
}
