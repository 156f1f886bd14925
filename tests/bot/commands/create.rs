//! `/event create`: the bot posts an event with a button for each answer.

use chrono::TimeDelta;
use discord_emulator::{ActionError, Emulator, Guild, Message, Permissions};

use crate::stage::{Stage, picture};

/// A guild with Anna and Ben.
async fn set() -> (Stage, Guild) {
    let (stage, guild) = Stage::set().await;
    for name in ["Anna", "Ben"] {
        guild.add_member(name);
    }
    (stage, guild)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_posted_with_buttons_and_shows_who_answered_what() {
    let (stage, guild) = set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let chloe = guild.add_member("Chloé");
    let options =
        [("title", "Board games"), ("description", "Friday, 8 pm.\nBring snacks."), ("interval", "1h30")];
    insta::assert_snapshot!(stage.told(&owner, &general, "/event create", &options).await, @"
    **[Board games](https://discord.com/channels/#/#/#)** is posted in #general.
    I ask 4 members and remind only those who have not answered.
    I remind every 1 hour 30 minutes, next <t:F> (<t:R>).
    ");
    let event = general.wait_for_message(Message::is_by_bot).await;
    event.wait_until(|event| event.text().contains("of **4**")).await;
    insta::assert_snapshot!(picture(&event), @"
    Board games
    Friday, 8 pm.
    Bring snacks.

    **0** of **4** answered, **4** missing
    Reminds every 1 hour 30 minutes.
    ✅ Coming (0)
    –
    ❌ Not coming (0)
    –
    ❓ Maybe (0)
    –
    [✅ Coming] [❌ Not coming] [❓ Maybe]
    ");

    chloe.presses(&event, "Coming").await.unwrap();
    owner.presses(&event, "Not coming").await.unwrap();
    event.wait_until(|event| event.text().contains("**2** of **4**")).await;
    insta::assert_snapshot!(picture(&event), @"
    Board games
    Friday, 8 pm.
    Bring snacks.

    **2** of **4** answered, **2** missing
    Reminds every 1 hour 30 minutes.
    ✅ Coming (1)
    @Chloé
    ❌ Not coming (1)
    @Owner of Chess club
    ❓ Maybe (0)
    –
    [✅ Coming] [❌ Not coming] [❓ Maybe]
    ");
    assert!(!event.pings_everyone() && event.notified().is_empty());

    stage.pass(TimeDelta::minutes(90));
    let reminder = general.wait_for_message(|message| !message.pings().is_empty()).await;
    // Who is named first changes from reminder to reminder.
    insta::assert_snapshot!(picture(&reminder).replace("@Ben @Anna", "@Anna @Ben"), @"
    ⏰ **[Board games](https://discord.com/channels/#/#/#)**
    2 of 4 answered, 2 missing. Next <t:R>.

    @Anna @Ben
    [Go to the event] [Who is missing?]
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_can_be_posted_in_another_channel_or_in_a_thread() {
    let (stage, guild) = set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let thread = owner.starts_thread(&owner.says(&general, "A thread"), "planning");
    for place in [guild.add_channel("side"), guild.add_announcement_channel("news"), thread] {
        let id = place.id().to_string();
        let options = [("title", "Board games"), ("channel", id.as_str())];
        let told = stage.told(&owner, &general, "/event create", &options).await;
        assert!(told.contains(&format!("is posted in #{}.", place.name())), "{told}");
        place.wait_for_message(|message| message.text().contains("Board games")).await;
    }
    let options = [("title", "Board games"), ("channel", &guild.add_forum("ideas").id().to_string())];
    let refused = owner.runs(&general, "/event create").option("title", "x").option("channel", options[1].1);
    assert!(matches!(refused.send().await, Err(ActionError::Refused { .. })));
    assert!(general.messages().iter().all(|message| !message.is_by_bot()), "something was posted here, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_limits_who_is_asked_and_reminded() {
    let (stage, guild) = set().await;
    let general = guild.channel("general");
    let players = guild.add_role("players", Permissions::NONE);
    let [chloe, dora] = ["Chloé", "Dora"].map(|name| guild.add_member(name).with_roles([&players]));
    let role = players.id().to_string();
    let options = [("title", "Match"), ("role", role.as_str())];
    insta::assert_snapshot!(stage.told(&guild.owner(), &general, "/event create", &options).await, @"
    **[Match](https://discord.com/channels/#/#/#)** is posted in #general.
    I ask 2 members and remind only those who have not answered.
    I remind every hour, next <t:F> (<t:R>).
    ");
    let event = general.wait_for_message(Message::is_by_bot).await;
    let reply = guild.owner().presses(&event, "Maybe").await.unwrap();
    insta::assert_snapshot!(picture(&reply), @"You answered ❓ Maybe. If you change your mind, press another button. Only members with @players are asked here, so you are shown but not counted.");
    chloe.presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("**1** of **2**")).await;
    insta::assert_snapshot!(picture(&event), @"
    Match
    Asked: @players
    **1** of **2** answered, **1** missing
    Reminds every hour.
    ✅ Coming (1)
    @Chloé
    ❌ Not coming (0)
    –
    ❓ Maybe (1)
    @Owner of Chess club
    [✅ Coming] [❌ Not coming] [❓ Maybe]
    ");
    stage.pass(TimeDelta::hours(1));
    let reminder = general.wait_for_message(|message| !message.pings().is_empty()).await;
    assert_eq!(reminder.pings(), [dora.id()]);
    assert!(reminder.role_pings().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_everyone_narrows_nothing() {
    let (stage, guild) = set().await;
    let (general, role) = (guild.channel("general"), guild.everyone().id().to_string());
    let options = [("title", "Match"), ("role", role.as_str())];
    let told = stage.told(&guild.owner(), &general, "/event create", &options).await;
    assert!(told.contains("I ask 3 members"), "{told}");
    let event = general.wait_for_message(Message::is_by_bot).await;
    event.wait_until(|event| event.text().contains("of **3**")).await;
    assert!(!event.text().contains("Asked:") && !event.pings_everyone(), "{}", event.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_title_has_one_to_a_hundred_characters() {
    let (stage, guild) = set().await;
    let (owner, general) = (guild.owner(), guild.channel("general"));
    let longest = "x".repeat(100);
    let told = stage.told(&owner, &general, "/event create", &[("title", &longest)]).await;
    assert!(told.contains(&longest), "{told}");
    let refused = owner.runs(&general, "/event create").option("title", "x".repeat(101)).send().await;
    assert!(matches!(refused, Err(ActionError::Refused { .. })), "{refused:?}");
    let told = stage.told(&owner, &general, "/event create", &[("title", " \u{200B} \u{202E}")]).await;
    insta::assert_snapshot!(told, @"The title is empty. Write in a few words what you ask people for.");
    assert_eq!(stage.live_titles(&guild).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_permission_that_the_bot_is_missing_is_named_and_reacting_is_none_of_them() {
    let (stage, guild) = set().await;
    let owner = guild.owner();
    for (permission, name) in [
        (Permissions::VIEW_CHANNEL, Some("View Channel")),
        (Permissions::READ_MESSAGE_HISTORY, Some("Read Message History")),
        (Permissions::SEND_MESSAGES, Some("Send Messages")),
        (Permissions::EMBED_LINKS, Some("Embed Links")),
        (Permissions::ADD_REACTIONS, None),
    ] {
        let place = guild.add_channel("place");
        place.deny_bot(permission);
        let told = stage.told(&owner, &place, "/event create", &[("title", "Match")]).await;
        match name {
            Some(name) => assert!(told.contains(&format!("**{name}**")), "{told}"),
            None => assert!(told.contains("is posted"), "{told}"),
        }
        assert_eq!(place.messages().len(), usize::from(name.is_none()), "{told}");
    }
    assert_eq!(stage.live_titles(&guild).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_the_bot_post_where_they_may_not_themselves() {
    let (stage, guild) = set().await;
    let organisers = guild.add_role("organisers", Permissions::MANAGE_EVENTS);
    let dora = guild.add_member("Dora").with_roles([&organisers]);
    let news = guild.add_channel("news");
    news.overwrite(&guild.everyone(), Permissions::NONE, Permissions::SEND_MESSAGES);
    let id = news.id().to_string();
    let options = [("title", "Match"), ("channel", id.as_str())];
    let told = stage.told(&dora, &guild.channel("general"), "/event create", &options).await;
    insta::assert_snapshot!(told, @"For that you need **Send Messages** in #news. Somebody who manages this server can give you that; then try again.");
    assert_eq!(news.messages(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_members_intent_an_event_shows_who_answered_and_asks_those_it_has_met() {
    let mut stage = Stage::with(Emulator::builder().intents_allowed(discord_emulator::Intents::NONE)).await;
    let guild = stage.discord.add_guild("Chess club");
    let anna = guild.add_member("Anna");
    stage.start().await;
    let general = guild.channel("general");
    insta::assert_snapshot!(
        stage.told(&guild.owner(), &general, "/event create", &[("title", "Match")]).await,
        @"
    **[Match](https://discord.com/channels/#/#/#)** is posted in #general.
    I ask 1 member and remind only those who have not answered.
    I remind every hour, next <t:F> (<t:R>).
    Note: I run without the **Server Members Intent**, so Discord does not tell me who is in this server. I count and remind only members whom I have met, by an answer here or before. Whoever runs me can switch the intent on in Discord's developer portal.
    "
    );
    let event = general.wait_for_message(Message::is_by_bot).await;
    anna.presses(&event, "Coming").await.unwrap();
    event.wait_until(|event| event.text().contains("Coming (1)")).await;
}
