use super::*;

/// Runs SQL on a closed guild file.
async fn tamper(file: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
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
    assert_eq!(std::fs::read(&file).ok(), before, "the file is left as it is");
    assert_eq!(stores.is_quarantined(OTHER), None);
    assert_eq!(create(&stores, OTHER).await.events().count_live().await.unwrap(), 0);
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

#[tokio::test]
async fn a_store_found_corrupt_while_open_is_set_aside_from_then_on() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    let lease = create(&stores, GUILD).await;
    for message in 1..200 {
        watch(&lease, message).await;
    }
    drop(lease);
    stores.close(soon()).await;
    drop(stores);
    // Everything behind the first pages, which the opening reads.
    let file = guild_dir(&tmp, GUILD).join("guild.db");
    let sound = std::fs::read(&file).unwrap();
    let mut bytes = sound.clone();
    bytes.iter_mut().skip(40_960).for_each(|byte| *byte = 0xA5);
    std::fs::write(&file, bytes).unwrap();

    let stores = stores_in(&tmp, options(4));
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    let broken = lease.events().list_live(999, 0).await.unwrap_err();
    assert!(matches!(broken, StorageError::Quarantined { .. }), "{broken}");
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })));
    drop(lease);
    // Whether somebody asks for it or the sweep comes first, it is closed, though it was leased just now.
    stores.close_idle().await;
    assert_eq!(stores.stats().open, 0);
    assert!(
        matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })),
        "a look shows it again"
    );
    std::fs::write(&file, sound).unwrap();
    let lease = stores.open(GUILD).await.unwrap().unwrap();
    assert_eq!(lease.events().list_live(999, 0).await.unwrap().len(), 199, "it was put right, and is used");
}

#[tokio::test]
async fn a_store_set_aside_while_open_is_closed_when_somebody_asks_for_it() {
    let tmp = tempfile::tempdir().unwrap();
    let stores = stores_in(&tmp, options(4));
    drop(create(&stores, GUILD).await);
    stores.shared.quarantine.add(GUILD, "it turned out to be corrupt".to_owned());
    assert!(matches!(stores.open(GUILD).await, Err(StorageError::Quarantined { .. })));
    assert!(stores.open(GUILD).await.unwrap().is_some(), "a look shows that it is sound");
    assert_eq!(stores.stats().opened, 2);
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
