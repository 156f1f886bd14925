//! The message of an event keeps up with its answers, in few edits.

use discord_emulator::{Guild, Member, Message, Method};

use crate::stage::Stage;

fn edits(stage: &Stage) -> usize {
    stage.discord.requests_to(&Method::PATCH, "/channels/{id}/messages/{id}").len()
}

/// An event, and this many members; the message shows how many are asked.
async fn posted(stage: &Stage, guild: &Guild, count: usize) -> (Message, Vec<Member>) {
    let crowd: Vec<_> = (0..count).map(|number| guild.add_member(&format!("Member {number}"))).collect();
    let event = stage.create(&guild.owner(), &guild.channel("general"), "Match").await;
    event.wait_until(|event| event.text().contains(&format!("of **{}**", count + 1))).await;
    (event, crowd)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clicks_make_a_handful_of_edits_and_exact_numbers() {
    let (stage, guild) = Stage::unlimited().await;
    let (event, crowd) = posted(&stage, &guild, 50).await;
    let before = edits(&stage);
    let started = std::time::Instant::now();
    for (number, member) in crowd.iter().enumerate() {
        let reply = member.presses(&event, ["Coming", "Not coming", "Maybe"][number % 3]).await.unwrap();
        assert!(reply.text().starts_with("You answered"), "{}", reply.text());
    }
    event.wait_until(|event| event.text().contains("**50** of **51** answered, **1** missing")).await;
    let text = event.text();
    for numbers in ["✅ Coming (17)", "❌ Not coming (17)", "❓ Maybe (16)"] {
        assert!(text.contains(numbers), "{text}");
    }
    // One for each second that it took, and one at either end; the clicks come one after the other.
    let allowed = usize::try_from(started.elapsed().as_secs()).unwrap() + 2;
    let made = edits(&stage) - before;
    assert!((1..=allowed).contains(&made), "{made} edits in {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_press_that_changes_nothing_edits_nothing() {
    let (stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    crowd[0].presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
    let before = edits(&stage);
    for _ in 0..5 {
        let reply = crowd[0].presses(&event, "Coming").await.unwrap();
        assert!(reply.text().starts_with("You answered ✅ Coming."), "{}", reply.text());
    }
    crowd[1].presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (2)")).await;
    assert_eq!(edits(&stage), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_that_fail_are_made_up_for() {
    let (stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    let route = "/channels/{id}/messages/{id}";
    stage.discord.faults().on(Method::PATCH, route).times(2).status(503);
    stage.discord.faults().on(Method::PATCH, route).times(1).drop_after();
    for member in &crowd {
        member.presses(&event, "Coming").await.unwrap();
    }
    event.wait_until(|event| event.text().contains("Coming (2)")).await;
    assert!(stage.discord.faults().are_spent());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_to_be_shown_is_shown_before_a_stop() {
    let (mut stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 3).await;
    for member in &crowd {
        member.presses(&event, "Coming").await.unwrap();
    }
    stage.stop().await.unwrap();
    assert!(event.text().contains("**3** of **4** answered, **1** missing"), "{}", event.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_message_was_deleted_unnoticed_ends_with_the_next_edit() {
    let (stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    let route = "/channels/{id}/messages/{id}";
    stage.discord.faults().on(Method::PATCH, route).always().error(404, 10_008, "Unknown Message");
    crowd[0].presses(&event, "Coming").await.unwrap();
    stage.until("the event is over", || stage.live_titles(&guild).is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_is_one_request_and_leaves_the_event_as_it_is() {
    let (stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    assert!(
        event.text().contains("**0** of **3** answered, **3** missing\nReminds every hour."),
        "{}",
        event.text()
    );
    let before = edits(&stage);
    for reminders in 1..=3 {
        stage.pass(chrono::TimeDelta::hours(1));
        stage.until("it is sent", || stage.log_rows(&guild).len() == reminders).await;
    }
    crowd[0].presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
    assert_eq!(edits(&stage), before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_shows_that_its_reminders_are_held_up_and_that_they_go_on() {
    let (stage, guild) = Stage::set().await;
    let (event, _) = posted(&stage, &guild, 2).await;
    let general = guild.channel("general");
    stage.discord.faults().on(Method::POST, "/channels/{id}/messages").times(1).error(403, 50_013, "No");
    stage.pass(chrono::TimeDelta::hours(1));
    event.wait_until(|event| event.text().contains("Reminders cannot be sent at the moment.")).await;
    stage.pass(chrono::TimeDelta::hours(13));
    general.wait_for_message(|message| !message.pings().is_empty()).await;
    event.wait_until(|event| event.text().contains("Reminds every hour.")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_shown_before_a_stop_is_shown_after_the_next_start() {
    let (mut stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    let route = "/channels/{id}/messages/{id}";
    stage.discord.faults().on(Method::PATCH, route).always().error(429, 30_046, "Too many edits");
    crowd[0].presses(&event, "Coming").await.unwrap();
    stage.stop().await.unwrap();
    assert!(event.text().contains("Coming (0)"), "{}", event.text());
    stage.discord.faults().clear();
    stage.start().await;
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_rewrites_nothing_that_is_right_already() {
    let (mut stage, guild) = Stage::set().await;
    let (event, crowd) = posted(&stage, &guild, 2).await;
    crowd[0].presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
    let before = edits(&stage);
    stage.restart().await;
    stage.pass(chrono::TimeDelta::hours(1));
    stage.until("it is sent", || stage.log_rows(&guild) == ["sent"]).await;
    crowd[1].presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (2)")).await;
    assert_eq!(edits(&stage), before + 1);
}
