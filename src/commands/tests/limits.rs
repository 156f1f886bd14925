//! Whatever is in an event, what a member is shown fits into Discord's messages. [`super::fits`] checks each reply.

use super::{ANNA, GUILD, House, MESSAGE, ORGANISER, invocation, message_of, number, person, shown, text};
use crate::commands::complete;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::emoji::Emoji;
use crate::ids::UserId;

/// A title in which escaping doubles every character.
fn worst_title() -> String {
    "@*".repeat(50)
}

#[tokio::test]
async fn the_longest_titles_and_a_crowd_still_fit() {
    let house = House::new().await;
    let crowd: Vec<_> = (1..=600).map(|n| person(UserId::new(1_000_000_000_000_000_000 + n))).collect();
    let yes = Emoji::parse("✅").unwrap();
    house.discord.facts(|facts| {
        facts.reactions = crowd.iter().take(300).map(|member| (member.user_id, yes.clone())).collect();
        facts.members = crowd;
    });
    for _ in 0..9 {
        let told = house.told("create", &[text("title", &worst_title())]).await;
        assert!(told.contains("I ask 600 members"), "{told}");
    }
    let list = house.told("list", &[]).await;
    assert_eq!(list.matches("next reminder").count(), 8, "no entry of a full page is cut");
    let event = house.event().await;
    house.told("remind", &[number(&event)]).await;
    let told = house.told("show", &[number(&event)]).await;
    assert!(told.contains("Missing (300): ") && told.contains("… and "), "{told}");
    for _ in 0..20 {
        house.clock.advance(1);
        let store = house.store().await;
        let pending = store.reminders().history(event.id, 1, 0).await.unwrap().remove(0);
        store.reminders().mark_failed(pending.id, &"*".repeat(3_000), house.now()).await.unwrap();
        house.told("remind", &[number(&event)]).await;
    }
    let history = house.told("history", &[number(&event)]).await;
    assert!(history.contains("These are the latest 15; there are older ones."), "{history}");
}

#[tokio::test]
async fn the_missing_of_a_crowd_are_named_as_far_as_there_is_room_and_counted_beyond() {
    let house = House::new().await;
    house.discord.facts(|facts| {
        facts.members = (1..=300).map(|n| person(UserId::new(1_000_000_000_000_000_000 + n))).collect();
    });
    house.told("create", &[text("title", &worst_title())]).await;
    let event = house.event().await;
    house.told("remind", &[number(&event)]).await;
    let log = house.store().await.reminders().history(event.id, 1, 0).await.unwrap();
    let id = CustomId { guild: GUILD, action: Action::Missing { reminder: log[0].id, part: 3 } };
    let told = shown(&house.press(ANNA, &id.to_string(), message_of(house.now())).await);
    let named = told.matches("<@").count();
    assert!(named > 50 && told.ends_with(&format!("… and {} more", 300 - named)), "{told}");
}

#[tokio::test]
async fn twenty_custom_emoji_fit() {
    let house = House::new().await;
    let emoji = |n| format!("<a:{}:{}>", "x".repeat(32), 1_000_000_000_000_000_000_u64 + n);
    let reactions: Vec<_> = (0..15).map(emoji).collect();
    house.discord.facts(|facts| {
        let message = facts.messages.get_mut(&MESSAGE).unwrap();
        message.reactions = (20..40).map(|n| Emoji::parse(&emoji(n)).unwrap()).collect();
        message.content = worst_title();
    });
    let told = house
        .told("watch", &[text("message", &MESSAGE.to_string()), text("reactions", &reactions.join(" "))])
        .await;
    assert!(told.starts_with("I am watching "), "{told}");
    house.told("show", &[number(&house.event().await)]).await;
}

#[tokio::test]
async fn suggestions_are_at_most_25_of_at_most_100_characters() {
    let house = House::new().await;
    for _ in 0..30 {
        house.told("create", &[text("title", &worst_title())]).await;
    }
    let option = serde_json::json!({"type": 3, "name": "event", "value": "", "focused": true});
    let data = super::command_data("show", &[option]);
    let choices = complete(&house.app, &invocation(ORGANISER), &data).await;
    assert_eq!(choices.len(), 25);
    for choice in &choices {
        let choice = serde_json::to_value(choice).unwrap();
        assert!(choice["name"].as_str().unwrap().chars().count() <= 100);
    }
}
