//! Pause, resume, interval, remind, unwatch, and who may.

use super::{ANNA, BEN, CHANNEL, GUILD, House, MESSAGE, ORGANISER, number, shown, text};
use crate::app::ChannelKind;
use crate::domain::emoji::Emoji;
use crate::domain::event::State;
use crate::domain::notice::Cause;
use crate::domain::permissions::Permissions;
use crate::domain::reminder::Status;

#[tokio::test]
async fn an_event_resumed_in_time_keeps_its_instant() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    let paused = house.told("pause", &[number(&event)]).await;
    assert!(
        paused.ends_with("is paused. Reminders rest; answers still count. `/event resume` goes on."),
        "{paused}"
    );
    assert_eq!(house.app.agenda.earliest(), None);
    house.clock.advance(30);
    let resumed = house.told("resume", &[number(&event)]).await;
    assert!(!resumed.contains("fell due"), "{resumed}");
    assert_eq!(house.event().await.next_due_at, event.next_due_at);
    assert_eq!(house.app.agenda.earliest(), event.next_due_at);
}

#[tokio::test]
async fn an_overdue_event_goes_on_with_the_next_instant_of_its_grid_and_says_so() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    house.told("pause", &[number(&event)]).await;
    house.clock.advance(150);
    let resumed = house.told("resume", &[number(&event)]).await;
    assert!(resumed.contains("A reminder fell due meanwhile. I leave that one out"), "{resumed}");
    let due = house.event().await.next_due_at.unwrap();
    assert_eq!((due - event.created_at).num_minutes(), 180);
}

#[tokio::test]
async fn pausing_and_resuming_twice_says_so() {
    let house = House::new().await;
    house.watch().await;
    let event = [number(&house.event().await)];
    assert!(house.told("resume", &event).await.contains("is running already. I remind every hour"));
    house.told("pause", &event).await;
    assert!(house.told("pause", &event).await.contains("was paused already."));
}

#[tokio::test]
async fn a_new_interval_counts_from_now_and_a_paused_event_stays_paused() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    house.clock.advance(10);
    let told = house.told("interval", &[number(&event), text("interval", "2 days")]).await;
    assert!(told.contains("has a new interval. I remind every 2 days, next"), "{told}");
    assert_eq!((house.event().await.next_due_at.unwrap() - house.now()).num_hours(), 48);
    house.told("pause", &[number(&event)]).await;
    house.told("interval", &[number(&event), text("interval", "90")]).await;
    assert_eq!(house.event().await.state, State::Paused);
}

#[tokio::test]
async fn reminding_now_claims_a_reminder_for_those_who_are_missing() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.reactions = vec![(ANNA, Emoji::parse("✅").unwrap())]);
    house.watch().await;
    let event = house.event().await;
    let told = house.told("remind", &[number(&event)]).await;
    assert!(told.starts_with("On its way: 2 members will be mentioned for **[Raid on Friday]"), "{told}");
    let log = house.store().await.reminders().history(event.id, 9, 0).await.unwrap();
    let mut recipients = log[0].recipients.clone();
    recipients.sort_unstable();
    assert_eq!((log.len(), log[0].status, recipients), (1, Status::Pending, vec![ORGANISER, BEN]));
    assert_eq!(house.app.agenda.earliest(), Some(house.now()), "the scheduler is woken");
    assert_eq!(house.event().await.next_due_at, event.next_due_at, "the due grid stays");
    let again = house.told("remind", &[number(&event)]).await;
    assert!(again.contains("already on its way"), "{again}");
}

#[tokio::test]
async fn nobody_is_reminded_when_nobody_is_missing() {
    let house = House::new().await;
    let yes = Emoji::parse("✅").unwrap();
    house
        .discord
        .facts(|facts| facts.reactions = [ORGANISER, ANNA, BEN].map(|user| (user, yes.clone())).to_vec());
    house.watch().await;
    let told = house.told("remind", &[number(&house.event().await)]).await;
    assert!(told.starts_with("There is nobody to remind of "), "{told}");
    assert!(told.ends_with("All 3 members have answered; nobody is missing."), "{told}");
}

#[tokio::test]
async fn a_suspended_event_is_tried_again_once_the_permission_is_there() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    let retry = house.now() + chrono::TimeDelta::hours(3);
    house
        .store()
        .await
        .events()
        .suspend(event.id, Cause::Permission, "I may not send there.", retry, house.now())
        .await
        .unwrap();
    let mine = Permissions::ALL & !Permissions::SEND_MESSAGES;
    let channel = |mine| (ChannelKind::Text, mine, Permissions::ALL);
    house.discord.facts(|facts| facts.channels.insert(CHANNEL, channel(mine)));
    let refused = house.told("resume", &[number(&event)]).await;
    assert!(refused.starts_with("I am missing **Send Messages** in <#20>."), "{refused}");
    house.discord.facts(|facts| facts.channels.insert(CHANNEL, channel(Permissions::ALL)));
    let resumed = house.told("resume", &[number(&event)]).await;
    assert!(resumed.contains("goes on."), "{resumed}");
    let event = house.event().await;
    assert_eq!(
        (event.state, event.next_due_at),
        (State::Active, Some(event.created_at + event.interval.as_delta()))
    );
}

#[tokio::test]
async fn members_change_only_their_own_events() {
    let house = House::new().await;
    house.watch().await;
    let event = [number(&house.event().await)];
    for subcommand in ["pause", "resume", "remind", "unwatch"] {
        let refused = shown(&house.run(ANNA, subcommand, &event).await);
        assert!(
            refused.starts_with("Only its author, members with an organiser role"),
            "{subcommand}: {refused}"
        );
    }
    let settings = crate::domain::settings::GuildSettings {
        default_interval_ms: None,
        organiser_roles: vec![crate::ids::RoleId::new(7)],
    };
    house.store().await.guild().set_settings(&settings, house.now()).await.unwrap();
    let mut organiser = super::invocation(ANNA);
    organiser.invoker.roles.push(crate::ids::RoleId::new(7));
    let data = super::command_data("pause", &event);
    let told = shown(&crate::commands::run(&house.app, &organiser, &data).await);
    assert!(told.contains("is paused."), "an organiser role is enough: {told}");
}

#[tokio::test]
async fn an_ended_event_is_not_changed_any_more() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    let told = house.told("unwatch", &[number(&event)]).await;
    assert!(told.contains("is over: I count no more answers"), "{told}");
    assert_eq!(house.app.agenda.earliest(), None);
    assert!(!house.app.registry.has_live_events(GUILD));
    let refused = house.told("pause", &[text("event", &MESSAGE.to_string())]).await;
    assert_eq!(refused, "**Raid on Friday** is over. Somebody stopped watching it.");
}
