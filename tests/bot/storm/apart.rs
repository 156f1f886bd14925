//! A message of several reminders that Discord refuses is taken apart, and the program is killed in the middle of that.

use std::time::Duration;

use crate::stage::{Club, NonceWindow, SHORT_WINDOW, change, reminders};

/// Two reminders set out together, are refused, and go out alone; the program dies when the first of them is there.
async fn killed_when_the_first_is_out(window: NonceWindow) -> Club {
    let mut club = Club::of(0, window).await;
    let (owner, general) = (club.guild.owner(), club.general.clone());
    let other = owner.says(&general, "And the one on Sunday?");
    let watch = owner.runs(&general, "/event watch").option("message", other.link());
    watch.option("interval", "1h").send().await.unwrap();
    club.kill();
    let now = club.discord.now().as_millis().to_string();
    let store = club.data().join("guilds").join(club.guild.id().to_string()).join("guild.db");
    let due = "UPDATE events SET next_due_at = CAST($1 AS INTEGER), grid_at = CAST($1 AS INTEGER)";
    change(&store, due, &[&now]);
    change(&club.data().join("system.db"), "UPDATE guilds SET next_due_at = CAST($1 AS INTEGER)", &[&now]);
    club.on_sending().error(400, 50035, "Invalid Form Body");
    club.on_sending().after(1).delay_answer(Duration::from_mins(1));
    club.start();
    club.discord.wait_until("the first is out", || reminders(&general).len() == 1).await;
    club.kill();
    club.discord.faults().clear();
    club
}

async fn expect_both(mut club: Club) {
    club.start();
    club.until_sent(2).await;
    let texts: Vec<_> = reminders(&club.general).iter().map(discord_emulator::Message::text).collect();
    for title in ["Match on Friday", "And the one on Sunday"] {
        assert_eq!(texts.iter().filter(|text| text.contains(title)).count(), 1, "{title}: {texts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_a_refused_message_is_taken_apart_each_reminder_is_sent_once() {
    expect_both(killed_when_the_first_is_out(NonceWindow::Usual).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_after_a_refused_message_was_taken_apart_each_reminder_is_sent_once() {
    let club = killed_when_the_first_is_out(NonceWindow::Short).await;
    club.discord.advance(SHORT_WINDOW);
    expect_both(club).await;
}
