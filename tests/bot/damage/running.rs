//! Stores that are damaged while the bot runs.

use std::fs;
use std::path::PathBuf;

use discord_emulator::Guild;

use super::harm::{Harm, Left, ruin};
use super::patient::{Patient, guilds_with_backups, notices, sent, set_aside, until_reminded};
use crate::stage::{HOUR, Stage};

/// The guild databases that this process has open.
fn open_databases(stage: &Stage) -> Vec<PathBuf> {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok());
    targets.filter(|target| target.starts_with(stage.data().join("guilds"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_damaged_while_it_is_closed_is_treated_when_somebody_uses_it() {
    let mut stage = Stage::unlimited_empty().await;
    stage.configure("MUSTER__STORAGE__MAX_OPEN", "1");
    let cases: Vec<_> = Harm::ALL
        .into_iter()
        .filter(|harm| harm.shows_at_once())
        .flat_map(|harm| Left::ALL.map(|left| (harm, left)))
        .collect();
    let guilds = guilds_with_backups(&mut stage, 1 + cases.len()).await;
    let (sound, guilds) = guilds.split_first().unwrap();
    stage.expect_error("the store of this guild is set aside");
    stage.expect_error("this guild has no good backup");
    // The only store that may stay open is this one, so the others are closed.
    let list =
        || async { sound.owner().runs(&sound.channel("general"), "/event list").send().await.unwrap() };
    list().await;
    let is_only = || open_databases(&stage).iter().all(|file| file.starts_with(stage.guild_dir(sound)));
    stage.until("the others are closed", is_only).await;
    let patients: Vec<_> = guilds
        .iter()
        .zip(cases)
        .map(|(guild, (harm, left))| Patient::new(&stage, guild, harm, left, sound))
        .collect();
    for patient in &patients {
        patient.expect_answer().await;
        assert!(patient.is_treated(&stage), "{:?}, {:?}", patient.harm, patient.left);
    }
    for patient in &patients {
        stage.until("its organisers are told", || !notices(&patient.guild).is_empty()).await;
        patient.expect_set_aside(&stage);
    }
    assert!(list().await.text().contains("Match on Friday"));
    stage.pass(HOUR);
    until_reminded(&stage, &[sound], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_ruined_while_it_is_open_harms_no_other_guild_and_is_replaced() {
    let mut stage = Stage::unlimited_empty().await;
    let guilds = guilds_with_backups(&mut stage, 3).await;
    let [sound, saved, given_up] = guilds.iter().collect::<Vec<_>>().try_into().unwrap();
    fs::remove_dir_all(stage.data().join("backups").join(given_up.id().to_string())).unwrap();
    let known = [
        "the store of this guild is set aside",
        "this guild has no good backup",
        // Whatever SQLite still has in memory goes on for a while.
        "failed to",
    ];
    for error in known {
        stage.expect_error(error);
    }
    for guild in [saved, given_up] {
        ruin(&stage.guild_dir(guild).join("guild.db"));
    }
    for guild in [saved, given_up, sound] {
        let (owner, general) = (guild.owner(), guild.channel("general"));
        for command in ["/event list", "/event list", "/event remind"] {
            let run = owner.runs(&general, command);
            let run = match command {
                "/event remind" => run.option("event", general.messages()[0].link()),
                _ => run,
            };
            let answer = run.send().await.unwrap().text();
            assert!(
                guild.id() != sound.id()
                    || answer.contains("Match on Friday")
                    || answer.contains("On its way"),
                "{answer}"
            );
        }
    }
    stage.pass(HOUR);
    stage.until("the sound guild is reminded", || sent(sound) >= 2).await;
    stage.restart().await;
    for guild in [saved, given_up] {
        stage.until("it is set aside", || set_aside(&stage.data(), guild).len() == 1).await;
        stage.until("its organisers are told", || notices(guild).len() == 1).await;
    }
    let list = async |guild: &Guild| {
        guild.owner().runs(&guild.channel("general"), "/event list").send().await.unwrap().text()
    };
    assert!(list(saved).await.contains("Match on Friday") && list(sound).await.contains("Match on Friday"));
    assert!(list(given_up).await.contains("set it aside"));
    assert!(set_aside(&stage.data(), sound).is_empty());
}
