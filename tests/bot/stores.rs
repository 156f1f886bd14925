//! Many guilds, few open stores, and a store that cannot be used.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use discord_emulator::{Emulator, Guild, Message};
use futures::{StreamExt, stream};

use crate::stage::{HOUR, Stage, asked, ids, pinged, reminders};

/// Guilds with an event each that one member has not answered.
async fn guilds_with_events(stage: &mut Stage, count: usize) -> Vec<Guild> {
    let guilds = stage.discord.add_guilds(count, 1);
    stage.start().await;
    let stage = &*stage;
    stream::iter(&guilds)
        .for_each_concurrent(10, |guild| async move { drop(asked(stage, guild).await) })
        .await;
    guilds
}

/// Waits until each guild was reminded so many times.
async fn until_reminded(stage: &Stage, guilds: &[Guild], times: usize) {
    let all = || guilds.iter().all(|guild| reminders(&guild.channel("general")).len() >= times);
    stage.until("everybody was reminded", all).await;
    for guild in guilds {
        stage.until("it is marked", || stage.log_rows(guild) == vec!["sent"; times]).await;
    }
}

/// How many guild databases this process has open.
fn open_databases(stage: &Stage) -> usize {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    let open: HashSet<_> =
        targets.filter(|target| target.starts_with(stage.data()) && target.ends_with("guild.db")).collect();
    open.len()
}

/// What Muster told the organisers of a guild in its first channel.
fn notices(guild: &Guild) -> Vec<String> {
    let messages = guild.channel("general").messages();
    messages.iter().map(Message::text).filter(|text| text.contains("damaged")).collect()
}

/// How many reminders were sent in a guild.
fn sent(guild: &Guild) -> usize {
    reminders(&guild.channel("general")).len() - notices(guild).len()
}

/// The stores of a guild that were set aside, oldest first.
fn set_aside(stage: &Stage, guild: &Guild) -> Vec<PathBuf> {
    let quarantine = stage.data().join("quarantine").join(guild.id().to_string());
    let entries = fs::read_dir(quarantine).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut stores: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    stores.sort_unstable();
    stores
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_without_a_backup_harms_no_other_guild_and_can_be_put_right() {
    let garbage = b"This is no database, and there is much of it. ".repeat(200);
    for content in [garbage.as_slice(), b""] {
        let mut stage = Stage::empty().await;
        let guilds = guilds_with_events(&mut stage, 3).await;
        stage.stop().await.expect("the bot stops cleanly");
        let broken = stage.guild_dir(&guilds[1]).join("guild.db");
        let good = fs::read(&broken).unwrap();
        fs::write(&broken, content).unwrap();
        stage.expect_error("the store of this guild is set aside");
        stage.start().await;
        stage.until("the organisers are told", || notices(&guilds[1]).len() == 1).await;
        stage.pass(HOUR);
        let others = [guilds[0].clone(), guilds[2].clone()];
        until_reminded(&stage, &others, 1).await;
        let general = guilds[1].channel("general");
        let message = &general.messages()[0];
        for emoji in ["❌", "❓"] {
            guilds[1].owner().reacts(message, emoji);
        }
        let reply = guilds[1].owner().runs(&general, "/event list").send().await.unwrap();
        assert!(reply.text().contains("set it aside untouched"), "{}", reply.text());
        stage.pass(HOUR);
        until_reminded(&stage, &others, 2).await;
        let aside = set_aside(&stage, &guilds[1]);
        assert_eq!(aside.len(), 1);
        assert_eq!(fs::read(aside[0].join("guild.db")).unwrap(), content, "the broken file was touched");
        assert_eq!(stage.log().errors().len(), 1, "the operator is told once");
        assert_eq!(notices(&guilds[1]).len(), 1, "the organisers are told once");
        fs::rename(&aside[0], stage.guild_dir(&guilds[1])).unwrap();
        fs::write(&broken, good).unwrap();
        stage.pass(HOUR);
        stage.until("it reminds again", || stage.log_rows(&guilds[1]) == ["sent"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_takes_the_place_of_a_damaged_store_and_nothing_is_sent_twice() {
    let mut stage = Stage::empty().await;
    let guilds = guilds_with_events(&mut stage, 2).await;
    for round in 1..=2 {
        stage.pass(HOUR);
        until_reminded(&stage, &guilds, round).await;
    }
    let backups = stage.data().join("backups").join(guilds[0].id().to_string());
    stage.until("there is a backup", || fs::read_dir(&backups).is_ok_and(|found| found.count() == 1)).await;
    stage.pass(HOUR);
    until_reminded(&stage, &guilds, 3).await;
    stage.stop().await.expect("the bot stops cleanly");
    fs::write(stage.guild_dir(&guilds[0]).join("guild.db"), "this is no database").unwrap();
    stage.expect_error("the store of this guild is set aside");
    for _ in 0..2 {
        stage.start().await;
        stage.until("the organisers are told", || notices(&guilds[0]).len() == 1).await;
        stage.stop().await.expect("the bot stops cleanly");
    }
    let notice = &notices(&guilds[0])[0];
    let owner = guilds[0].owner().id();
    assert!(notice.starts_with(&format!("<@{owner}> What I had written down")), "{notice}");
    assert!(notice.contains("I went on with my backup of <t:"), "{notice}");
    stage.start().await;
    assert_eq!(sent(&guilds[0]), 3, "what was due before the restore is not sent again");
    stage.pass(HOUR);
    stage
        .until("the next goes out", || {
            stage.log_rows(&guilds[0]).ends_with(&["skipped".into(), "sent".into()])
        })
        .await;
    until_reminded(&stage, &guilds[1..], 4).await;
    assert_eq!(sent(&guilds[0]), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_are_taken_by_schedule_and_the_newest_are_kept() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__STORAGE__BACKUP_EVERY", "1h");
    stage.configure("MUSTER__STORAGE__BACKUP_KEEP", "3");
    let guilds = guilds_with_events(&mut stage, 1).await;
    let dir = stage.data().join("backups").join(guilds[0].id().to_string());
    let names = || {
        let found = fs::read_dir(&dir).into_iter().flatten().flatten();
        let mut names: Vec<_> = found.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.retain(|name| name.ends_with("Z.db"));
        names.sort_unstable();
        names
    };
    let seen = Mutex::new(BTreeSet::new());
    let five_taken = || {
        stage.pass(HOUR / 2);
        let mut seen = seen.lock().unwrap();
        seen.extend(names());
        seen.len() >= 5
    };
    stage.until("five were taken", five_taken).await;
    stage.until("three are kept", || names().len() == 3).await;
    let mut seen = seen.into_inner().unwrap();
    seen.extend(names());
    let newest: Vec<_> = seen.iter().skip(seen.len() - 3).cloned().collect();
    assert_eq!(names(), newest, "the oldest went");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_guilds_work_with_two_open_stores() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__STORAGE__MAX_OPEN", "2");
    let guilds = guilds_with_events(&mut stage, 10).await;
    for round in 1..=2 {
        stage.pass(HOUR);
        until_reminded(&stage, &guilds, round).await;
    }
    for guild in &guilds {
        let list = guild.owner().runs(&guild.channel("general"), "/event list").send().await.unwrap();
        assert!(list.text().contains("Match on Friday"), "{}", list.text());
    }
    stage.until("two stores are left open", || open_databases(&stage) <= 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_guilds_due_at_one_instant_keep_to_discords_limits() {
    let mut stage = Stage::with(Emulator::builder().rate_limits(true)).await;
    let guilds = guilds_with_events(&mut stage, 60).await;
    stage.pass(HOUR);
    until_reminded(&stage, &guilds, 1).await;
    for guild in &guilds {
        let members = guild.members();
        let silent =
            members.iter().find(|member| **member != guild.owner() && **member != guild.bot()).unwrap();
        assert_eq!(pinged(&guild.channel("general")), ids(&[silent]));
    }
    let requests = stage.discord.requests();
    let refused: Vec<_> = requests.iter().filter(|request| request.status() == Some(429)).collect();
    assert!(refused.is_empty(), "{refused:?}");
}
