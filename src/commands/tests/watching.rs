//! `/event watch` and the message command.

use serde_json::json;

use super::{ANNA, CHANNEL, GUILD, HIDDEN, House, MESSAGE, ORGANISER, invocation, shown, text};
use crate::app::{ChannelKind, MembersMode};
use crate::domain::emoji::Emoji;
use crate::domain::event::State;
use crate::domain::permissions::Permissions;

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).unwrap()
}

#[tokio::test]
async fn a_watched_message_shows_title_numbers_interval_and_next_reminder() {
    let house = House::new().await;
    house.discord.facts(|facts| {
        facts.reactions = vec![(ANNA, emoji("✅"))];
        facts.messages.get_mut(&MESSAGE).unwrap().reactions = vec![emoji("✅"), emoji("🎉")];
    });
    let due = house.now().timestamp() + 3_600;
    assert_eq!(
        house.watch().await,
        format!(
            "I am watching **[Raid on Friday](https://discord.com/channels/1/20/{MESSAGE})**.\n\
             1 of 3 members has answered, 2 are missing.\n\
             I remind every hour, next <t:{due}:F> (<t:{due}:R>).\n\
             Answers that count: ✅ Coming · ❌ Not coming · ❓ Maybe\n\
             The message also carries 🎉, which does not count; name it in `reactions` of `/event watch` to change that."
        )
    );
    let reacted = house.discord.facts(|facts| facts.reacted.clone());
    assert_eq!(reacted, ["✅", "❌", "❓"].map(emoji));
    assert_eq!(house.app.agenda.earliest().map(|due| due.timestamp()), Some(due));
    assert!(house.app.registry.has_live_events(GUILD));
}

#[tokio::test]
async fn watching_again_changes_the_interval_and_nothing_else() {
    let house = House::new().await;
    house.watch().await;
    let before = house.event().await;
    let again = house.told("watch", &[text("message", &before.link(GUILD)), text("interval", "2h")]).await;
    assert!(again.starts_with("I go on watching **[Raid on Friday]"), "{again}");
    assert!(again.contains("every 2 hours"), "{again}");
    let after = house.event().await;
    assert_eq!((after.id, after.author_id, after.title), (before.id, before.author_id, before.title));
    let third = house.watch().await;
    assert!(third.contains("every 2 hours"), "an interval that was not named stays: {third}");
}

#[tokio::test]
async fn the_emoji_that_count_are_those_that_were_named_last() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.reactions = vec![(ANNA, emoji("👍"))]);
    let message = text("message", &MESSAGE.to_string());
    let first = house.told("watch", &[message.clone(), text("reactions", "👍 👎")]).await;
    assert!(first.contains("1 of 3 members has") && first.ends_with("that count: 👍 · 👎"), "{first}");
    let again = house.told("watch", &[message.clone(), text("reactions", "🎉")]).await;
    assert!(again.contains("0 of 3 members have") && again.ends_with("that count: 🎉"), "{again}");
    let third = house.told("watch", &[message]).await;
    assert!(third.ends_with("that count: 🎉"), "reactions that were not named stay: {third}");
    assert_eq!(house.discord.facts(|facts| facts.reacted.clone()), [emoji("🎉")]);
}

#[tokio::test]
async fn an_event_that_ended_goes_on_when_it_is_watched_again() {
    let house = House::new().await;
    house.watch().await;
    house.told("unwatch", &[text("event", "Raid on Friday")]).await;
    assert!(!house.app.registry.has_live_events(GUILD));
    house.watch().await;
    assert_eq!(house.event().await.state, State::Active);
}

#[tokio::test]
async fn only_organisers_start_events() {
    let house = House::new().await;
    let refused = house.run(ANNA, "watch", &[text("message", &MESSAGE.to_string())]).await;
    assert!(shown(&refused).starts_with("Only members with **Manage Events**"), "{}", shown(&refused));
    assert!(house.app.stores.open(GUILD).await.unwrap().is_none(), "a refusal creates no store");
}

#[tokio::test]
async fn each_permission_that_muster_is_missing_is_named() {
    let house = House::new().await;
    let some = Permissions::VIEW_CHANNEL | Permissions::READ_MESSAGE_HISTORY;
    house.discord.facts(|facts| {
        facts.channels.insert(CHANNEL, (ChannelKind::Thread, some, Permissions::ALL));
    });
    let refused = house.watch().await;
    let missing = "I am missing **Send Messages in Threads** and **Add Reactions** in <#20>.";
    assert!(refused.starts_with(missing), "{refused}");
}

#[tokio::test]
async fn a_message_that_the_member_cannot_read_is_not_watched() {
    let house = House::new().await;
    let link = format!("https://ptb.discord.com/channels/{GUILD}/{HIDDEN}/{MESSAGE}");
    let refused = house.told("watch", &[text("message", &link)]).await;
    assert_eq!(
        refused,
        "For that you need **View Channel** and **Read Message History** in <#21>. Somebody who manages this server can \
         give you that; then try again."
    );
}

#[tokio::test]
async fn what_cannot_be_watched_is_said_in_a_sentence() {
    let house = House::new().await;
    for (message, starts) in [
        ("hello", "That is not a message."),
        ("https://discord.com/channels/2/20/5", "That link leads to another server."),
        ("https://discord.com/channels/1/99/5", "I cannot see <#99>."),
        ("5", "There is no such message in <#20>."),
    ] {
        let refused = house.told("watch", &[text("message", message)]).await;
        assert!(refused.starts_with(starts), "{message}: {refused}");
    }
    let refused =
        house.told("watch", &[text("message", &MESSAGE.to_string()), text("interval", "31 days")]).await;
    assert_eq!(refused, "Reminders can be at most 30 days apart; you asked for 31 days.");
}

#[tokio::test]
async fn without_the_members_intent_watching_explains_what_follows() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.mode = MembersMode::Degraded);
    assert!(house.watch().await.contains("**Server Members Intent**"));
}

#[tokio::test]
async fn the_message_command_does_the_same() {
    let house = House::new().await;
    let data = json!({"id": "5", "name": "Watch for answers", "type": 3, "target_id": MESSAGE.to_string()});
    let data = serde_json::from_value(data).unwrap();
    let reply = crate::commands::run(&house.app, &invocation(ORGANISER), &data).await;
    assert!(shown(&reply).starts_with("I am watching **[Raid on Friday]"), "{}", shown(&reply));
    assert_eq!(house.event().await.message_id, Some(MESSAGE));
}
