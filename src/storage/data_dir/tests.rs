use super::*;
use crate::ids::GuildId;
use crate::storage::files::user_id;
use crate::storage::testing::at;
use std::os::unix::fs::{PermissionsExt, symlink};

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_this_user_can_enter_the_directories_and_read_the_files() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(&tmp.path().join("data")).unwrap();
    let file = dir.create_guild(GuildId::new(7), b"bytes").unwrap();
    for path in [dir.path(), &dir.guilds_dir(), &dir.guild_dir(GuildId::new(7))] {
        assert_eq!(mode(path), 0o700, "{}", path.display());
    }
    for path in [&dir.path().join("lock"), &file] {
        assert_eq!(mode(path), 0o600, "{}", path.display());
    }
}

#[test]
fn what_a_killed_process_wrote_to_try_the_disk_is_cleared_away() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    let tried = [dir.path().to_owned(), dir.guilds_dir(), dir.backups_dir(), dir.quarantine_dir()];
    drop(dir);
    let left = tried.map(|dir| dir.join(".writable"));
    for file in &left {
        std::fs::write(file, "muster").unwrap();
    }
    let _dir = DataDir::open(tmp.path()).unwrap();
    assert!(left.iter().all(|file| !file.exists()), "{left:?}");
}

#[test]
fn a_directory_that_was_open_to_others_is_closed_to_them() {
    let tmp = tempfile::tempdir().unwrap();
    std::fs::set_permissions(tmp.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    assert_eq!(mode(dir.path()), 0o700);
}

#[test]
fn a_second_process_is_refused_until_the_first_is_gone() {
    let tmp = tempfile::tempdir().unwrap();
    let first = DataDir::open(tmp.path()).unwrap();
    let refused = DataDir::open(tmp.path()).unwrap_err();
    assert!(matches!(refused, StorageError::InUseByAnother { .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("user id {}", user_id())), "{refused}");
    drop(first);
    DataDir::open(tmp.path()).unwrap();
}

#[test]
fn symbolic_links_are_refused() {
    let tmp = tempfile::tempdir().unwrap();
    let real = tmp.path().join("real");
    let dir = DataDir::open(&real).unwrap();
    symlink(&real, tmp.path().join("link")).unwrap();
    for spelling in ["link", "link/", "link/."] {
        let refused = DataDir::open(&tmp.path().join(spelling)).unwrap_err();
        assert!(matches!(refused, StorageError::Symlink { .. }), "{spelling}: {refused}");
    }
    std::fs::create_dir(tmp.path().join("elsewhere")).unwrap();
    symlink(tmp.path().join("elsewhere"), dir.guild_dir(GuildId::new(1))).unwrap();
    assert!(matches!(dir.look_up(GuildId::new(1)), Err(StorageError::Symlink { .. })));
    assert!(matches!(dir.remove_guild(GuildId::new(1), Backups::Delete), Err(StorageError::Symlink { .. })));
    std::fs::create_dir(dir.guild_dir(GuildId::new(2))).unwrap();
    symlink("/etc/hostname", dir.guild_dir(GuildId::new(2)).join(GUILD_DB)).unwrap();
    assert!(matches!(dir.look_up(GuildId::new(2)), Err(StorageError::Symlink { .. })));
}

#[test]
fn a_path_that_cannot_be_used_is_named_with_the_user() {
    let tmp = tempfile::tempdir().unwrap();
    let file = tmp.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let refused = DataDir::open(&file.join("data")).unwrap_err().to_string();
    assert!(refused.contains("file/data") && refused.contains("user id"), "{refused}");
}

#[test]
fn what_an_interrupted_creation_or_deletion_left_is_cleared_away_and_nothing_else() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    dir.create_guild(GuildId::new(9), b"kept").unwrap();
    for name in ["5.new", "6.0.deleted", "007"] {
        std::fs::create_dir(dir.guilds_dir().join(name)).unwrap();
    }
    drop(dir);
    let dir = DataDir::open(tmp.path()).unwrap();
    let mut names = names_in(&dir.guilds_dir()).unwrap();
    names.sort_unstable();
    assert_eq!(names, ["007", "9"]);
    assert_eq!(dir.guilds_on_disk().unwrap(), [GuildId::new(9)]);
}

#[test]
fn a_file_in_place_of_a_leftover_is_cleared_away_too() {
    let tmp = tempfile::tempdir().unwrap();
    let leftover = DataDir::open(tmp.path()).unwrap().guilds_dir().join("5.new");
    std::fs::write(&leftover, "not a directory").unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    assert!(!leftover.exists());
    assert_eq!(dir.guilds_on_disk().unwrap(), []);
}

#[test]
fn a_directory_of_guilds_that_cannot_be_written_to_is_named() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    dir.check_writable().unwrap();
    std::fs::remove_dir(dir.guilds_dir()).unwrap();
    let refused = dir.check_writable().unwrap_err().to_string();
    assert!(refused.contains("/guilds") && refused.contains("user id"), "{refused}");
}

#[test]
fn removing_a_guild_leaves_nothing_of_it() {
    let tmp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(tmp.path()).unwrap();
    let guild = GuildId::new(9);
    dir.create_guild(guild, b"bytes").unwrap();
    assert!(dir.remove_guild(guild, Backups::Delete).unwrap());
    assert!(!dir.remove_guild(guild, Backups::Delete).unwrap());
    assert_eq!(dir.look_up(guild).unwrap(), OnDisk::Nothing);
    assert!(names_in(&dir.guilds_dir()).unwrap().is_empty());
}

#[test]
fn a_removed_guild_leaves_nothing_unless_its_backups_are_kept() {
    for (backups, left) in [(Backups::Delete, 0), (Backups::Keep, 1)] {
        let tmp = tempfile::tempdir().unwrap();
        let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
        dir.create_guild(guild, b"first").unwrap();
        dir.set_aside(guild, "it was odd", Telling::Organisers, at(1)).unwrap();
        dir.create_guild(guild, b"second").unwrap();
        let snapshot = dir.begin_backup(guild).unwrap();
        std::fs::write(&snapshot, b"second").unwrap();
        dir.finish_backup(guild, &snapshot, at(2), 7).unwrap();
        assert!(dir.remove_guild(guild, backups).unwrap());
        assert_eq!(dir.backups(guild).unwrap().len(), left);
        assert_eq!(dir.look_up(guild).unwrap(), OnDisk::Nothing);
        assert_eq!(dir.set_aside_notices().unwrap(), []);
        assert_eq!(names_in(&dir.guilds_dir()).unwrap(), Vec::<String>::new());
        assert!(!dir.remove_guild(guild, Backups::Keep).unwrap());
    }
}

#[test]
fn what_is_set_aside_is_told_until_it_was_told_and_remembered_for_ever() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    dir.create_guild(guild, b"odd").unwrap();
    let aside = dir.set_aside(guild, "it was odd", Telling::Organisers, at(1)).unwrap();
    assert_eq!(std::fs::read(aside.join(GUILD_DB)).unwrap(), b"odd");
    assert_eq!(dir.look_up(guild).unwrap(), OnDisk::SetAside("it was odd".into()));
    dir.note_restored(guild, at(0)).unwrap();
    let notices = dir.set_aside_notices().unwrap();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!((notice.guild, notice.at, notice.restored_from), (guild, at(1), Some(at(0))));
    dir.note_told(notice).unwrap();
    assert_eq!(dir.set_aside_notices().unwrap(), []);
    assert_eq!(dir.look_up(guild).unwrap(), OnDisk::SetAside("it was odd".into()));
}

#[test]
fn a_notice_whose_store_was_not_moved_any_more_says_nothing() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    dir.create_guild(guild, b"odd").unwrap();
    let aside = dir.set_aside(guild, "it was odd", Telling::Organisers, at(1)).unwrap();
    std::fs::rename(&aside, dir.guild_dir(guild)).unwrap();
    assert_eq!(dir.set_aside_notices().unwrap(), []);
}

#[test]
fn only_the_newest_backups_are_kept_and_none_takes_the_place_of_another() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    let take = |seconds: i64| {
        let snapshot = dir.begin_backup(guild).unwrap();
        std::fs::write(&snapshot, seconds.to_string()).unwrap();
        dir.finish_backup(guild, &snapshot, at(seconds), 3).unwrap()
    };
    for seconds in [1, 2, 3, 3, 3] {
        take(seconds);
    }
    let kept: Vec<_> = dir.backups(guild).unwrap().iter().map(|backup| backup.taken_at).collect();
    let ms = |ms| at(3) + chrono::TimeDelta::milliseconds(ms);
    assert_eq!(kept, [ms(2), ms(1), ms(0)]);
    assert_eq!(mode(take(4).file.parent().unwrap()), 0o700);
}

/// A guild with a store, and another one that only has to take its place.
fn half_replaced(tmp: &tempfile::TempDir) -> (DataDir, GuildId) {
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    dir.create_guild(guild, b"old").unwrap();
    std::fs::write(dir.begin_guild(guild).unwrap(), b"new").unwrap();
    dir.make_ready(guild).unwrap();
    (dir, guild)
}

#[test]
fn a_restore_that_was_killed_leaves_the_old_store_or_the_restored_one() {
    for (moved, left) in [(false, "old"), (true, "new")] {
        let tmp = tempfile::tempdir().unwrap();
        let (dir, guild) = half_replaced(&tmp);
        if moved {
            dir.set_aside(guild, "a backup took its place", Telling::Nobody, at(1)).unwrap();
        }
        drop(dir);
        let dir = DataDir::open(tmp.path()).unwrap();
        let OnDisk::Database(file) = dir.look_up(guild).unwrap() else { panic!("no store is left") };
        assert_eq!(std::fs::read_to_string(file).unwrap(), left);
        assert_eq!(names_in(&dir.guilds_dir()).unwrap(), ["7"]);
    }
}

#[test]
fn a_removed_guild_leaves_nothing_of_a_restore_that_did_not_come_to_its_end() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = half_replaced(&tmp);
    std::fs::write(dir.begin_guild(guild).unwrap(), b"newer").unwrap();
    assert!(dir.remove_guild(guild, Backups::Delete).unwrap());
    assert_eq!(names_in(&dir.guilds_dir()).unwrap(), Vec::<String>::new());
}

#[test]
fn a_clock_that_was_set_back_costs_no_backup() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    for seconds in [1_001, 1_002, 1_003, 4, 5] {
        let snapshot = dir.begin_backup(guild).unwrap();
        std::fs::write(&snapshot, seconds.to_string()).unwrap();
        let taken = dir.finish_backup(guild, &snapshot, at(seconds), 3).unwrap();
        assert_eq!(dir.backups(guild).unwrap().first(), Some(&taken), "the latest is the newest");
    }
    let kept = dir.backups(guild).unwrap().into_iter();
    let kept: Vec<_> = kept.map(|backup| std::fs::read_to_string(backup.file).unwrap()).collect();
    assert_eq!(kept, ["5", "4", "1003"]);
}

#[test]
fn a_link_among_the_backups_is_none_of_them() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    std::fs::create_dir(dir.backups_of(guild)).unwrap();
    let link = dir.backups_of(guild).join(stamp::stamp(at(1)) + ".db");
    std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
    assert_eq!(dir.backups(guild).unwrap(), []);
}

#[test]
fn what_one_guild_has_in_quarantine_hides_nothing_of_another() {
    let tmp = tempfile::tempdir().unwrap();
    let (dir, guild) = (DataDir::open(tmp.path()).unwrap(), GuildId::new(7));
    dir.create_guild(guild, b"odd").unwrap();
    dir.set_aside(guild, "it was odd", Telling::Organisers, at(1)).unwrap();
    std::fs::write(dir.quarantine_of(GuildId::new(5)), "no directory").unwrap();
    let notices = dir.set_aside_notices().unwrap();
    assert_eq!(notices.iter().map(|notice| notice.guild).collect::<Vec<_>>(), [guild]);
}
