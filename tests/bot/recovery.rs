//! What comes back after something on the disk was lost, was broken, or could not be reached.

use crate::stage::{HOUR, Stage, asked, ids, pinged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_system_store_loses_no_reminder() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    std::fs::remove_file(stage.data().join("system.db")).unwrap();
    stage.start().await;
    stage.pass(HOUR);
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_knows_of_no_live_event_is_put_right_after_a_crash() {
    let (mut stage, guild) = Stage::set().await;
    let anna = guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.write_system("UPDATE guilds SET live = 0, next_due_at = NULL");
    stage.write_system("UPDATE key_values SET value = 'no' WHERE key = 'clean_stop'");
    stage.start().await;
    stage.pass(HOUR);
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    assert_eq!(pinged(&general), ids(&[&anna]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guild_that_left_stays_away_after_a_crash() {
    let (mut stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (general, _) = asked(&stage, &guild).await;
    stage.stop().await.expect("the bot stops cleanly");
    stage.write_system("UPDATE guilds SET membership = 'left', left_at = joined_at");
    stage.write_system("UPDATE key_values SET value = 'no' WHERE key = 'clean_stop'");
    stage.configure("MUSTER__STORAGE__DELETE_GRACE", "30d");
    guild.remove_bot();
    stage.start().await;
    let other = stage.discord.add_guild("Metronomes");
    other.add_member("Maelzel");
    asked(&stage, &other).await;
    stage.pass(HOUR);
    stage.until("another guild has its reminder", || stage.log_rows(&other) == ["sent"]).await;
    assert!(stage.log_rows(&guild).is_empty() && pinged(&general).is_empty());
}
