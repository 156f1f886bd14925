//! `/event show`, and the ways of naming an event.

use discord_emulator::Permissions;

use crate::stage::{Stage, picture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_shows_who_answered_what_and_who_is_missing() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let [anna, ben, _chloe] = ["Anna", "Ben", "Chloé"].map(|name| guild.add_member(name));
    let event = stage.create(&owner, &general, "Board games").await;
    anna.presses(&event, "Coming").await.unwrap();
    ben.presses(&event, "Not coming").await.unwrap();
    insta::assert_snapshot!(stage.told(&owner, &general, "/event show", &[("event", "Board games")]).await, @"
    Event
    **[Board games](https://discord.com/channels/#/#/#)**
    2 of 4 members have answered, 2 are missing.
    I remind every hour, next <t:F> (<t:R>).

    ✅ Coming (1) @Anna
    ❌ Not coming (1) @Ben
    ❓ Maybe (0)
    Missing (2): @Owner of Chess club @Chloé
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_paused_or_over_shows_what_was_answered() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Board games").await;
    owner.presses(&event, "Maybe").await.unwrap();
    let link = event.link();
    let named = [("event", link.as_str())];
    stage.told(&owner, &general, "/event pause", &named).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event show", &named).await, @"
    Event
    **[Board games](https://discord.com/channels/#/#/#)**
    The only member whom I ask has answered.
    Reminders rest; answers still count. `/event resume` goes on.

    ✅ Coming (0)
    ❌ Not coming (0)
    ❓ Maybe (1) @Owner of Chess club
    ");
    stage.told(&owner, &general, "/event unwatch", &named).await;
    insta::assert_snapshot!(stage.told(&owner, &general, "/event show", &named).await, @"
    Event
    **[Board games](https://discord.com/channels/#/#/#)**
    The only member whom I ask has answered.
    It is over. Somebody stopped watching it.

    ✅ Coming (0)
    ❌ Not coming (0)
    ❓ Maybe (1) @Owner of Chess club
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_named_by_suggestion_link_id_or_title() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let event = stage.create(&owner, &general, "Board games").await;
    stage.create(&owner, &general, "Board meeting").await;
    let seen = owner.completes(&general, "/event show").option("event", "games").await.unwrap();
    let [choice] = seen.as_slice() else { panic!("{seen:?}") };
    for named in [
        choice.input(),
        event.link(),
        event.link().replace("discord.com", "canary.discord.com"),
        event.id().to_string(),
        "Board games".into(),
        "board GAMES".into(),
        " games ".into(),
    ] {
        let told = stage.told(&owner, &general, "/event show", &[("event", &named)]).await;
        assert!(told.contains("**[Board games]"), "{named}: {told}");
    }
    let mut told = Vec::new();
    for named in
        ["board", "chess", " ", "999999", &format!("https://discord.com/channels/{}/1/2", guild.id())]
    {
        told.push(stage.told(&owner, &general, "/event show", &[("event", named)]).await);
    }
    insta::assert_snapshot!(told.join("\n"), @"
    Several events match that. Choose one from the suggestions while you type, or paste the link of its message.
    I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; `/event list` shows them all.
    I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; `/event list` shows them all.
    I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; `/event list` shows them all.
    I know no such event here. Choose one from the suggestions while you type, or paste the link of its message; `/event list` shows them all.
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_title_that_is_a_number_is_found_too() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    stage.create(&owner, &general, "2027").await;
    let told = stage.told(&owner, &general, "/event show", &[("event", "2027")]).await;
    assert!(told.contains("**[2027]"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_see_an_event_is_told_the_same_as_if_there_were_none() {
    let (stage, guild) = Stage::set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    let ben = guild.add_member("Ben").with_roles([&organisers]);
    let staff = guild.add_channel("staff");
    let event = stage.create(&owner, &staff, "Salaries").await;
    staff.overwrite(&ben, Permissions::NONE, Permissions::VIEW_CHANNEL);
    let nothing = stage.told(&ben, &general, "/event show", &[("event", "No such thing")]).await;
    for command in ["show", "pause", "resume", "remind", "unwatch", "history"] {
        for named in ["Salaries", &event.link(), &event.id().to_string(), "1"] {
            let told = stage.told(&ben, &general, &format!("/event {command}"), &[("event", named)]).await;
            assert_eq!(told, nothing, "/event {command} {named}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_named_as_far_as_there_is_room() {
    let (stage, guild) = Stage::unlimited().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let crowd: Vec<_> = (0..400).map(|number| guild.add_member(&format!("Member {number}"))).collect();
    let message = owner.says(&general, "Who comes?");
    for member in &crowd[..200] {
        member.reacts(&message, "✅");
    }
    stage.told(&owner, &general, "/event watch", &[("message", &message.link())]).await;
    let reply = stage.run(&owner, &general, "/event show", &[("event", "Who comes?")]).await;
    let told = picture(&reply);
    assert!(told.contains("✅ Coming (200)") && told.contains("Missing (201)"), "{told}");
    assert_eq!(told.matches("… and ").count(), 2, "{told}");
}
