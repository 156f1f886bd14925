//! Intervals: how they are typed, their limits, and `/event interval`.

use chrono::TimeDelta;
use discord_emulator::Message;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intervals_are_typed_as_people_do() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    let mut told = Vec::new();
    for typed in ["90", "90m", "1h30", "1h", "2 days", "45s", "1 d 12 h", "1 Stunde"] {
        let options = [("event", "Match"), ("interval", typed)];
        let answer = stage.told(&owner, &general, "/event interval", &options).await;
        told.push(format!("{typed}: {}", answer.split(". ").nth(1).unwrap()));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    90: I remind every 1 hour 30 minutes, next <t:F> (<t:R>).
    90m: I remind every 1 hour 30 minutes, next <t:F> (<t:R>).
    1h30: I remind every 1 hour 30 minutes, next <t:F> (<t:R>).
    1h: I remind every hour, next <t:F> (<t:R>).
    2 days: I remind every 2 days, next <t:F> (<t:R>).
    45s: I remind every 45 seconds, next <t:F> (<t:R>).
    1 d 12 h: I remind every 1 day 12 hours, next <t:F> (<t:R>).
    1 Stunde: I remind every hour, next <t:F> (<t:R>).
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intervals_lie_between_five_minutes_and_thirty_days_unless_configured_otherwise() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__REMINDERS__MIN_INTERVAL", "5m");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let message = owner.says(&general, "Who comes?");
    let link = message.link();
    let mut told = Vec::new();
    for typed in ["4m59s", "45s", "30 days 1 m", "0", "-5", "soon", "1.5h", &"9".repeat(60)] {
        let watch = [("message", link.as_str()), ("interval", typed)];
        told.push(stage.told(&owner, &general, "/event watch", &watch).await);
        let create = [("title", "Match"), ("interval", typed)];
        assert_eq!(stage.told(&owner, &general, "/event create", &create).await, told[told.len() - 1]);
    }
    insta::assert_snapshot!(told.join("\n"), @"
    Reminders must be at least 5 minutes apart; you asked for 4 minutes 59 seconds.
    Reminders must be at least 5 minutes apart; you asked for 45 seconds.
    Reminders can be at most 30 days apart; you asked for 30 days 1 minute.
    I cannot read `0` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`.
    I cannot read `-5` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`.
    I cannot read `soon` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`.
    I cannot read `1.5h` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`.
    I cannot read `#` as an interval. Write minutes (`90`), or units, such as `90m`, `1h30`, `2 days` or `45s`.
    ");
    assert!(!stage.guild_dir(&guild).exists(), "a refusal made a database");
    for typed in ["5m", "30 days"] {
        let watch = [("message", link.as_str()), ("interval", typed)];
        let told = stage.told(&owner, &general, "/event watch", &watch).await;
        assert!(told.contains("watching"), "{told}");
    }
    let told = stage
        .told(&owner, &general, "/event interval", &[("event", "Who comes?"), ("interval", "31d")])
        .await;
    assert_eq!(told, "Reminders can be at most 30 days apart; you asked for 31 days.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_comes_from_the_configuration() {
    let mut stage = Stage::empty().await;
    stage.configure("MUSTER__REMINDERS__DEFAULT_INTERVAL", "25m");
    let guild = stage.discord.add_guild("Chess club");
    stage.start().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let told = stage.told(&owner, &general, "/event create", &[("title", "Match")]).await;
    assert!(told.contains("I remind every 25 minutes"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_interval_counts_from_now_and_is_shown_on_the_message() {
    let (stage, guild) = Stage::set().await;
    guild.add_member("Anna");
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Match").await;
    stage.pass(TimeDelta::minutes(50));
    let options = [("event", "Match"), ("interval", "20m")];
    insta::assert_snapshot!(stage.told(&owner, &general, "/event interval", &options).await, @"**[Match](https://discord.com/channels/#/#/#)** has a new interval. I remind every 20 minutes, next <t:F> (<t:R>).");
    event.wait_until(|event| event.text().contains("every 20 minutes")).await;
    stage.pass(TimeDelta::minutes(20));
    general.wait_for_message(|message: &Message| !message.pings().is_empty()).await;
    stage.until("the reminder is sent", || stage.log_rows(&guild) == ["sent"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_event_stays_paused_under_its_new_interval() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Match").await;
    stage.told(&owner, &general, "/event pause", &[("event", "Match")]).await;
    let options = [("event", "Match"), ("interval", "1 day")];
    insta::assert_snapshot!(stage.told(&owner, &general, "/event interval", &options).await, @"**[Match](https://discord.com/channels/#/#/#)** now has an interval of 1 day. Reminders rest; answers still count. `/event resume` goes on.");
}
