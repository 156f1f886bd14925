//! Stores that were damaged while the bot did not run.

use std::fs;

use discord_emulator::Guild;

use super::harm::{Harm, Left};
use super::patient::{Patient, guilds_with_backups, notices, sent, until_reminded};
use crate::stage::{HOUR, Stage, asked};

/// Every way of being damaged with everything that may be left, one guild each; and a guild that stays sound.
async fn hurt(stage: &mut Stage) -> (Guild, Vec<Patient>) {
    let mut guilds = guilds_with_backups(stage, 1 + Harm::ALL.len() * Left::ALL.len()).await;
    stage.stop().await.expect("the bot stops cleanly");
    let sound = guilds.remove(0);
    let cases = Harm::ALL.into_iter().flat_map(|harm| Left::ALL.map(|left| (harm, left)));
    let patients =
        guilds.iter().zip(cases).map(|(guild, (harm, left))| Patient::new(stage, guild, harm, left, &sound));
    let patients = patients.collect();
    stage.expect_error("the store of this guild is set aside");
    stage.expect_error("this guild has no good backup");
    (sound, patients)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_damaged_store_is_found_at_the_start_and_treated_alone() {
    let mut stage = Stage::unlimited_empty().await;
    let (sound, patients) = hurt(&mut stage).await;
    stage.start().await;
    for patient in &patients {
        stage.until("it is set aside", || patient.is_treated(&stage)).await;
        stage.until("its organisers are told", || !notices(&patient.guild).is_empty()).await;
    }
    // Without anybody using the guilds, until here.
    for patient in &patients {
        patient.expect_answer().await;
    }
    for start in 0..3 {
        stage.pass(HOUR);
        until_reminded(&stage, &[&sound], start + 1).await;
        stage.restart().await;
        stage
            .until("all stores are looked through", || stage.log().count("looked through all") > start)
            .await;
        for patient in &patients {
            patient.expect_set_aside(&stage);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reminders_that_were_due_before_a_restore_are_skipped_and_later_ones_are_sent() {
    let mut stage = Stage::unlimited_empty().await;
    let (sound, patients) = hurt(&mut stage).await;
    stage.pass(HOUR);
    stage.start().await;
    until_reminded(&stage, &[&sound], 1).await;
    for patient in &patients {
        stage.until("its organisers are told", || !notices(&patient.guild).is_empty()).await;
    }
    let (lost, restored): (Vec<_>, Vec<_>) =
        patients.iter().partition(|patient| patient.left == Left::Nothing);
    for Patient { guild, harm, left, .. } in &restored {
        assert_eq!(stage.log_rows(guild), ["skipped"], "{harm:?}, {left:?}");
        // A page in the middle may be found to be damaged after the reminder has left.
        assert!(sent(guild) == 0 || !harm.shows_at_once(), "{harm:?}, {left:?}: it was sent all the same");
    }
    let before: Vec<_> = restored.iter().map(|patient| sent(&patient.guild)).collect();
    stage.pass(HOUR);
    until_reminded(&stage, &[&sound], 2).await;
    for (Patient { guild, .. }, before) in restored.iter().zip(before) {
        stage.until("it goes on", || stage.log_rows(guild) == ["skipped", "sent"]).await;
        assert_eq!(sent(guild), before + 1);
    }
    for Patient { guild, harm, .. } in &lost {
        assert!(sent(guild) == 0 || !harm.shows_at_once(), "{harm:?}: what was not there was sent");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guilds_whose_stores_are_set_aside_in_the_same_millisecond_are_each_told() {
    let (mut stage, chess) = Stage::set().await;
    let go = stage.discord.add_guild("Go club");
    for guild in [&chess, &go] {
        drop(asked(&stage, guild).await);
    }
    stage.stop().await.expect("the bot stops cleanly");
    // As a bot leaves it that was killed before it told anybody.
    for guild in [&chess, &go] {
        let aside = stage.data().join("quarantine").join(guild.id().to_string());
        fs::create_dir_all(&aside).unwrap();
        fs::rename(stage.guild_dir(guild), aside.join("2026-01-02T03-04-05.678Z")).unwrap();
        let notice = r#"{"reason": "its file is corrupt", "restored_from": null}"#;
        fs::write(aside.join("2026-01-02T03-04-05.678Z.notice"), notice).unwrap();
    }
    stage.expect_error("this guild has no good backup");
    stage.start().await;
    for guild in [&chess, &go] {
        stage.until("its organisers are told", || notices(guild).len() == 1).await;
    }
}
