//! Buttons: answers, who is missing, and buttons that do not belong where they are pressed.

use chrono::TimeDelta;

use super::{ANNA, BEN, CHANNEL, GUILD, House, message_of, number, shown, text};
use crate::app::DiscordError;
use crate::commands::ReplyKind;
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::event::EventId;
use crate::domain::reminder::ReminderId;
use crate::ids::{GuildId, MessageId};

const POSTED: MessageId = MessageId::new(901);

fn answer(event: EventId, choice: u8) -> String {
    CustomId { guild: GUILD, action: Action::Answer { event, choice } }.to_string()
}

async fn house_with_event() -> (House, EventId) {
    let house = House::new().await;
    house.told("create", &[text("title", "Raid")]).await;
    let id = house.event().await.id;
    house.discord.facts(|facts| facts.changed.clear());
    (house, id)
}

#[tokio::test]
async fn an_answer_is_confirmed_to_who_gave_it_and_can_be_changed() {
    let (house, event) = house_with_event().await;
    let reply = house.press(ANNA, &answer(event, 0), POSTED).await;
    assert_eq!(reply.kind, ReplyKind::Ephemeral);
    assert_eq!(reply.content, "You answered ✅ Coming. If you change your mind, press another button.");
    house.press(ANNA, &answer(event, 0), POSTED).await;
    assert_eq!(house.discord.facts(|facts| facts.changed.len()), 1, "the same answer again changes nothing");
    house.press(ANNA, &answer(event, 1), POSTED).await;
    let responses = house.store().await.responses().of_event(event).await.unwrap();
    let given: Vec<_> =
        responses.iter().map(|response| (response.user_id, response.choice.to_string())).collect();
    assert_eq!(given, [(ANNA, "❌".to_owned())]);
}

#[tokio::test]
async fn an_answer_to_an_ended_event_is_refused_with_the_reason() {
    let (house, event) = house_with_event().await;
    house.told("unwatch", &[text("event", &event.to_string())]).await;
    let refused = house.press(ANNA, &answer(event, 0), POSTED).await.content;
    assert_eq!(refused, "**Raid** is over. Somebody stopped watching it.");
}

#[tokio::test]
async fn a_button_works_only_where_it_belongs() {
    let (house, event) = house_with_event().await;
    let foreign =
        CustomId { guild: GuildId::new(2), action: Action::Answer { event, choice: 0 } }.to_string();
    for (custom_id, message) in [
        (foreign.as_str(), POSTED),
        (answer(event, 0).as_str(), MessageId::new(7)),
        (answer(event, 9).as_str(), POSTED),
        (answer(EventId(99), 0).as_str(), POSTED),
        ("m0.whatever", POSTED),
    ] {
        let refused = house.press(ANNA, custom_id, message).await.content;
        assert!(refused.starts_with("This button is not one of mine"), "{custom_id}: {refused}");
    }
    assert!(house.store().await.responses().of_event(event).await.unwrap().is_empty());
}

#[tokio::test]
async fn while_an_event_is_being_posted_only_a_new_message_can_be_its_own() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.refusal = Some(DiscordError::Unconfirmed("502".to_owned())));
    house.told("create", &[text("title", "Raid")]).await;
    let draft = house.store().await.events().drafts().await.unwrap().remove(0).id;
    let before = message_of(house.now() - TimeDelta::minutes(2));
    let refused = house.press(ANNA, &answer(draft, 0), before).await.content;
    assert!(refused.starts_with("This button is not one of mine"), "{refused}");
    let told = house.press(ANNA, &answer(draft, 0), message_of(house.now())).await.content;
    assert!(told.starts_with("You answered"), "{told}");
}

#[tokio::test]
async fn the_missing_are_listed_with_the_total() {
    let (house, event) = house_with_event().await;
    house.press(BEN, &answer(event, 0), POSTED).await;
    house.told("remind", &[number(&house.event().await)]).await;
    let log = house.store().await.reminders().history(event, 1, 0).await.unwrap();
    let action = Action::Missing { reminder: log[0].id, part: 0 };
    let id = CustomId { guild: GUILD, action }.to_string();
    let refused = house.press(ANNA, &id, MessageId::new(950)).await.content;
    assert!(refused.starts_with("This button is not one of mine"), "older than the reminder: {refused}");
    let told = house.press(ANNA, &id, message_of(house.now())).await;
    assert_eq!(told.kind, ReplyKind::Ephemeral);
    let link = format!("https://discord.com/channels/1/{CHANNEL}/{POSTED}");
    assert_eq!(
        told.content,
        format!("**[Raid]({link})**\n1 of 3 members has answered, 2 are missing.\n<@100> <@101>")
    );
    let unknown = CustomId { guild: GUILD, action: Action::Missing { reminder: ReminderId(99), part: 0 } };
    let refused = house.press(ANNA, &unknown.to_string(), MessageId::new(950)).await;
    assert!(shown(&refused).starts_with("This button is not one of mine"));
}
