//! What each command does, with and without the bot.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Bot, Club, guild_command};

const BOTH: [Bot; 2] = [Bot::Rests, Bot::Runs];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_and_a_guilds_page_tell_what_there_is() {
    for bot in BOTH {
        let club = Club::with(bot).await;
        let list = club.says(&["list"]).done();
        let [headings, guild] = list.lines().collect::<Vec<_>>().try_into().expect("one guild");
        assert!(headings.starts_with("GUILD") && headings.contains("NEXT DUE"), "{list}");
        assert!(
            guild.starts_with(&club.id()) && guild.contains("  joined ") && guild.contains("  ready "),
            "{list}"
        );
        assert_eq!(headings.find("STORE"), guild.find("ready"), "{list}");

        let all = club.says(&["list", "--json"]).json();
        let info = club.says(&["info", "ID", "--json"]).json();
        assert_eq!(info["name"], json!("Chess club"), "{bot:?}");
        for (key, value) in
            [("guild_id", json!(club.id())), ("membership", json!("joined")), ("store", json!("ready"))]
        {
            assert_eq!((&all[0][key], &info[key]), (&value, &value), "{bot:?} {key}");
        }
        for (key, value) in [
            ("events", json!(1)),
            ("live_events", json!(1)),
            ("responses", json!(1)),
            ("problem", json!(null)),
        ] {
            assert_eq!(info[key], value, "{bot:?} {key}");
        }
        let page = club.says(&["info", "ID"]).done();
        assert!(page.contains("events:       1, 1 of them live"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_after_a_backup_is_undone_by_its_restore() {
    for bot in BOTH {
        let mut club = Club::with(bot).await;
        let backup = club.says(&["backup", "ID", "--json"]).json();
        let file = backup["file"].as_str().unwrap().to_owned();
        assert!(Path::new(&file).starts_with(club.stage.data()) && Path::new(&file).exists(), "{file}");
        if bot == Bot::Rests {
            club.stage.start().await;
        }
        let unwatch = [("event", club.message.link())];
        let unwatch = unwatch.each_ref().map(|(name, value)| (*name, value.as_str()));
        club.stage.run(&club.guild.owner(), &club.general, "/event unwatch", &unwatch).await;
        assert!(club.stage.live_titles(&club.guild).is_empty());
        if bot == Bot::Rests {
            club.stage.stop().await.unwrap();
        }
        // In full, by its name alone, and without a name: they all mean this one.
        let name = Path::new(&file).file_name().unwrap().to_str().unwrap();
        for words in [vec!["restore", "ID", &file], vec!["restore", "ID", name], vec!["restore", "ID"]] {
            let restored = club.says(&[words.as_slice(), &["--json"]].concat()).json();
            assert_eq!(restored["from"], json!(file), "{bot:?} {words:?}");
            let aside = restored["set_aside"].as_str().unwrap();
            assert!(Path::new(aside).starts_with(club.stage.data()) && Path::new(aside).exists(), "{aside}");
        }
        // A file that stands right here is meant as well.
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.env_clear().env("MUSTER__STORAGE__DATA_DIR", club.stage.data());
        let (here, id) = (tempfile::tempdir().unwrap(), club.id());
        fs::copy(&file, here.path().join("chess.db")).unwrap();
        let said = command.args(["guild", "restore", &id, "chess.db"]).current_dir(here.path()).output();
        assert!(said.as_ref().is_ok_and(|said| said.status.success()), "{bot:?}: {said:?}");
        if bot == Bot::Rests {
            club.stage.start().await;
        }
        let list = club.stage.told(&club.guild.owner(), &club.general, "/event list", &[]).await;
        assert!(list.contains("Match on Friday"), "{bot:?}: {list}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_checked_and_made_small_under_the_bots_hands() {
    for bot in BOTH {
        let club = Club::with(bot).await;
        assert_eq!(club.says(&["verify", "ID"]).done(), format!("{}: sound\n", club.id()));
        let verified = club.says(&["verify", "ID", "--json"]).json();
        assert_eq!(verified, json!({ "guild_id": club.id(), "problem": null, "restored_from": null }));
        let optimized = club.says(&["optimize", "ID", "--json"]).json();
        assert!(optimized["before_bytes"].is_u64() && optimized["after_bytes"].is_u64(), "{optimized}");
        assert!(club.says(&["optimize", "ID"]).done().starts_with(&club.id()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deleted_guild_nothing_is_left_and_it_starts_afresh() {
    for bot in BOTH {
        let mut club = Club::with(bot).await;
        club.says(&["backup", "ID"]).done();
        assert_eq!(club.says(&["delete", "ID"]).done(), format!("{}: deleted\n", club.id()));
        let left = files_that_name(&club.stage.data(), &club.id());
        assert!(left.is_empty(), "{bot:?}: {left:?}");
        if bot == Bot::Rests {
            club.stage.start().await;
        }
        let list = club.stage.told(&club.guild.owner(), &club.general, "/event list", &[]).await;
        assert!(!list.contains("Match on Friday"), "{bot:?}: {list}");
        let watch = [("message", club.message.link())];
        let watch = watch.each_ref().map(|(name, value)| (*name, value.as_str()));
        club.stage.run(&club.guild.owner(), &club.general, "/event watch", &watch).await;
        assert_eq!(club.stage.live_titles(&club.guild).len(), 1, "{bot:?}");
    }
}

/// The paths below a directory in which a guild's number stands.
fn files_that_name(folder: &Path, guild: &str) -> Vec<String> {
    let mut named = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named.extend(files_that_name(&path, guild));
        }
        let text = path.to_str().unwrap();
        named.extend(text.contains(guild).then(|| text.to_owned()));
    }
    named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_guilds_are_done_one_after_the_other_with_a_line_for_each() {
    for bot in BOTH {
        let mut club = Club::with(Bot::Runs).await;
        let others: Vec<_> = (0..3).map(|_| club.stage.discord.add_guild("Other club")).collect();
        for other in &others {
            club.stage.discord.wait_for_command("event").await;
            crate::stage::asked(&club.stage, other).await;
        }
        if bot == Bot::Rests {
            club.stage.stop().await.unwrap();
        }
        let mut ids: Vec<_> = others.iter().map(|other| other.id().to_string()).collect();
        ids.push(club.id());
        ids.sort_unstable();
        for errand in ["backup", "verify", "optimize"] {
            let printed = club.says(&[errand, "--all", "--json"]).done();
            let lines = printed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let mut done: Vec<_> = lines.map(|line| line["guild_id"].as_str().unwrap().to_owned()).collect();
            done.sort_unstable();
            assert_eq!(done, ids, "{bot:?} {errand}");
            let text = club.says(&[errand, "--all"]).done();
            assert_eq!(text.lines().count(), 5, "{text}");
            assert!(text.lines().last().unwrap().starts_with("4 of 4 guilds "), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_damaged_store_is_named_and_does_not_stop_the_others() {
    let mut club = Club::with(Bot::Runs).await;
    let other = club.stage.discord.add_guild("Other club");
    crate::stage::asked(&club.stage, &other).await;
    club.stage.stop().await.unwrap();
    fs::write(club.stage.guild_dir(&club.guild).join("guild.db"), "This is no database. ".repeat(500))
        .unwrap();

    let said = guild_command(&club.stage.data(), &["verify", "--all"]);
    let (id, other) = (club.id(), other.id().to_string());
    let line = |guild: &str| said.stdout.lines().find(|line| line.starts_with(guild)).unwrap().to_owned();
    assert!(line(&id).contains("damaged: "), "{}", said.stdout);
    assert_eq!(line(&other), format!("{other}: sound"));
    assert_eq!(said.failed(), "muster: 1 of 2 stores is damaged.\n");

    let said = guild_command(&club.stage.data(), &["backup", "--all", "--json"]);
    let lines: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |guild: &str| lines.iter().find(|line| line["guild_id"] == *guild).unwrap();
    assert!(of(&id)["error"].is_string() && of(&other)["file"].is_string(), "{}", said.stdout);
    assert!(said.failed().ends_with("muster: 1 of 2 guilds could not be backed up.\n"));
}
