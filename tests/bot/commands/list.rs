//! `/event list`.

use discord_emulator::Permissions;

use crate::stage::{Stage, picture, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_without_events_says_how_to_begin() {
    let (stage, guild) = Stage::set().await;
    insta::assert_snapshot!(stage.told(&guild.owner(), &guild.channel("general"), "/event list", &[]).await, @"No event runs here. `/event create` posts one; `/event watch` takes a message that is already there.");
    assert!(!stage.guild_dir(&guild).exists(), "a question made a database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_each_event_with_its_numbers_and_what_comes_next() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let anna = guild.add_member("Anna");
    let event = stage.create(&owner, &general, "Board games").await;
    anna.presses(&event, "Coming").await.unwrap();
    stage.create(&owner, &guild.add_channel("side"), "Tea").await;
    stage.create(&owner, &general, "Over soon").await;
    stage.told(&owner, &general, "/event pause", &[("event", "Tea")]).await;
    stage.told(&owner, &general, "/event unwatch", &[("event", "Over soon")]).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event list", &[]).await, @"
    2 events
    **[Tea](https://discord.com/channels/#/#/#)** in #side
    0 of 2 answered · paused
    **[Board games](https://discord.com/channels/#/#/#)** in #general
    1 of 2 answered · next reminder <t:R>
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_list_has_pages_that_stay_within_reach_while_events_end() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    for number in 1..=17 {
        stage.create(&owner, &general, &format!("Event {number:02}")).await;
    }
    let first = stage.run(&owner, &general, "/event list", &[]).await;
    let titles = |screen: &str| {
        let titles = screen.split("**[").skip(1).map(|rest| rest.split(']').next().unwrap().to_owned());
        titles.collect::<Vec<_>>().join(", ")
    };
    insta::assert_snapshot!(titles(&first.screen()), @"Event 17, Event 16, Event 15, Event 14, Event 13, Event 12, Event 11, Event 10");
    let second = owner.presses(&first, "Older ▶").await.unwrap();
    assert!(second.is_update(), "a page is a new message");
    insta::assert_snapshot!(titles(&second.screen()), @"Event 09, Event 08, Event 07, Event 06, Event 05, Event 04, Event 03, Event 02");
    let third = owner.presses(&second, "Older ▶").await.unwrap();
    assert_eq!(titles(&third.screen()), "Event 01");
    assert!(third.screen().ends_with("[◀ Newer]"), "{}", third.screen());
    let second = owner.presses(&third, "◀ Newer").await.unwrap();
    assert!(second.screen().contains("17 events, page 2 of 3"), "{}", second.screen());

    stage.told(&owner, &general, "/event unwatch", &[("event", "Event 01")]).await;
    let last = owner.presses(&second, "Older ▶").await.unwrap();
    assert!(last.screen().contains("16 events, page 2 of 2"), "{}", last.screen());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_hidden_channels_are_listed_only_for_those_who_see_them() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    let [anna, ben] = ["Anna", "Ben"].map(|name| guild.add_member(name).with_roles([&organisers]));
    let staff = guild.add_channel("staff");
    stage.create(&owner, &general, "Board games").await;
    stage.create(&owner, &staff, "Salaries").await;
    staff.overwrite(&ben, Permissions::NONE, Permissions::VIEW_CHANNEL);
    let told = stage.told(&anna, &general, "/event list", &[]).await;
    assert!(told.contains("Salaries") && told.contains("Board games"), "{told}");
    let told = stage.told(&ben, &general, "/event list", &[]).await;
    assert!(!told.contains("Salaries") && told.starts_with("1 event\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_held_up_says_so_in_the_list_and_why_when_it_is_shown() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "Board games").await;
    general.deny_bot(Permissions::SEND_MESSAGES);
    stage.pass(chrono::TimeDelta::hours(1));
    within("the reminders are held up", || async {
        stage.told(&owner, &general, "/event list", &[]).await.contains("held up")
    })
    .await;
    let reply = stage.run(&owner, &general, "/event show", &[("event", "Board games")]).await;
    insta::assert_snapshot!(picture(&reply), @"
    Event
    **[Board games](https://discord.com/channels/#/#/#)**
    The only member whom I ask has not answered yet.
    Reminders are held up: I am missing **Send Messages** in #general. I try again <t:R>; `/event resume` goes on as soon as that is mended.

    ✅ Coming (0)
    ❌ Not coming (0)
    ❓ Maybe (0)
    Missing (1): @Owner of Chess club
    ");
}
