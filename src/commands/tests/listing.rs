//! List, show, history, suggestions, help and about.

use serde_json::{Value, json};

use super::{ANNA, BEN, GUILD, HIDDEN, House, ORGANISER, invocation, number, shown, text};
use crate::commands::{ReplyKind, complete, run};
use crate::domain::custom_id::{Action, CustomId};
use crate::domain::emoji::Emoji;
use crate::ids::{MessageId, UserId};
use crate::storage::NewEvent;

async fn suggested(house: &House, who: UserId, typed: &str) -> Vec<String> {
    let option = json!({"type": 3, "name": "event", "value": typed, "focused": true});
    let choices = complete(&house.app, &invocation(who), &super::command_data("show", &[option])).await;
    let name = |choice| serde_json::to_value(choice).unwrap()["name"].as_str().unwrap().to_owned();
    choices.iter().map(name).collect()
}

async fn top_level(house: &House, name: &str) -> String {
    let data = serde_json::from_value(json!({"id": "5", "name": name, "type": 1})).unwrap();
    shown(&super::fits(run(&house.app, &invocation(ANNA), &data).await))
}

#[tokio::test]
async fn a_guild_without_events_is_told_how_to_begin() {
    let house = House::new().await;
    assert!(house.told("list", &[]).await.starts_with("No event runs here. `/event create`"));
    assert!(house.told("show", &[text("event", "raid")]).await.starts_with("I know no such event here."));
    assert!(suggested(&house, ORGANISER, "").await.is_empty());
}

#[tokio::test]
async fn the_list_is_divided_into_pages() {
    let house = House::new().await;
    for n in 1..=9 {
        house.told("create", &[text("title", &format!("Raid {n}"))]).await;
    }
    let first = house.run(ORGANISER, "list", &[]).await;
    assert_eq!((first.kind, first.rows.len()), (ReplyKind::Ephemeral, 1));
    assert!(shown(&first).starts_with("9 events, page 1 of 2\n"), "{}", shown(&first));
    let second = CustomId { guild: GUILD, action: Action::ListPage { page: 1 } }.to_string();
    let second = house.press(ORGANISER, &second, MessageId::new(5)).await;
    assert_eq!(second.kind, ReplyKind::Update);
    assert_eq!(shown(&second).matches("of 3 answered · next reminder <t:").count(), 1, "{}", shown(&second));
    let beyond = CustomId { guild: GUILD, action: Action::ListPage { page: 900 } }.to_string();
    assert!(shown(&house.press(ORGANISER, &beyond, MessageId::new(5)).await).contains("page 2 of 2"));
}

#[tokio::test]
async fn an_event_shows_who_answered_what_and_who_is_missing() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.reactions = vec![(ANNA, Emoji::parse("❓").unwrap())]);
    house.watch().await;
    let told = house.told("show", &[number(&house.event().await)]).await;
    assert!(
        told.contains("✅ Coming (0)\n❌ Not coming (0)\n❓ Maybe (1) <@101>\nMissing (2): <@100> <@102>"),
        "{told}"
    );
}

#[tokio::test]
async fn an_event_is_found_by_title_link_and_id() {
    let house = House::new().await;
    house.told("create", &[text("title", "Raid")]).await;
    house.told("create", &[text("title", "Raid at night")]).await;
    let link = format!("https://canary.discord.com/channels/{GUILD}/20/902");
    for (typed, title) in
        [("raid", "Raid"), ("NIGHT", "Raid at night"), ("902", "Raid at night"), (&link, "Raid at night")]
    {
        let told = house.told("show", &[text("event", typed)]).await;
        assert!(told.contains(&format!("**[{title}]")), "{typed}: {told}");
    }
    assert!(house.told("show", &[text("event", "ra")]).await.starts_with("Several events match that."));
    let foreign = "https://discord.com/channels/2/20/902";
    assert!(
        house.told("show", &[text("event", foreign)]).await.starts_with("That link leads to another server.")
    );
}

#[tokio::test]
async fn suggestions_tell_events_of_one_title_apart() {
    let house = House::new().await;
    for title in ["Raid", "Raid", "Games"] {
        house.told("create", &[text("title", title)]).await;
    }
    house.told("pause", &[text("event", "Games")]).await;
    assert_eq!(suggested(&house, ORGANISER, "").await, ["Games · paused", "Raid · no. 2", "Raid · no. 1"]);
    assert_eq!(suggested(&house, ORGANISER, "gam").await, ["Games · paused"]);
}

#[tokio::test]
async fn events_of_a_channel_that_a_member_cannot_see_do_not_exist_for_them() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    let (title, message_id) = ("Surprise party".to_owned(), Some(MessageId::new(31)));
    let hidden = NewEvent {
        channel_id: HIDDEN,
        message_id,
        origin: event.origin,
        title,
        description: String::new(),
        interval: event.interval,
        next_due_at: house.now(),
        choices: event.choices,
        role: None,
        author_id: ORGANISER,
    };
    house.store().await.events().watch(&hidden, house.now()).await.unwrap();
    assert_eq!(suggested(&house, ORGANISER, "").await, ["Surprise party", "Raid on Friday"]);
    assert_eq!(suggested(&house, BEN, "").await, ["Raid on Friday"]);
    for subcommand in ["show", "history", "pause"] {
        let told = shown(&house.run(BEN, subcommand, &[text("event", "31")]).await);
        assert!(told.starts_with("I know no such event here."), "{subcommand}: {told}");
    }
    assert!(!shown(&house.run(BEN, "list", &[]).await).contains("Surprise"));
}

#[tokio::test]
async fn the_history_says_what_became_of_each_reminder() {
    let house = House::new().await;
    house.watch().await;
    let event = house.event().await;
    assert!(house.told("history", &[number(&event)]).await.contains("No reminder has fallen due yet."));
    house.told("remind", &[number(&event)]).await;
    let store = house.store().await;
    let pending = store.reminders().history(event.id, 1, 0).await.unwrap().remove(0);
    let at = house.now().timestamp();
    assert!(
        house
            .told("history", &[number(&event)])
            .await
            .contains(&format!("⏳ <t:{at}:F>: on its way to 3 members"))
    );
    store.reminders().mark_sent(pending.id, 3, house.now()).await.unwrap();
    assert!(
        house
            .told("history", &[number(&event)])
            .await
            .contains(&format!("✅ <t:{at}:F>: sent, 3 members mentioned"))
    );
}

#[tokio::test]
async fn help_and_about_answer_everybody() {
    let house = House::new().await;
    assert!(top_level(&house, "help").await.contains("**First steps**"));
    let about = top_level(&house, "about").await;
    assert!(about.contains("Latency to Discord: 42 ms") && about.contains("none yet"), "{about}");
    house.watch().await;
    let about = top_level(&house, "about").await;
    assert!(about.contains("Data of this server: sound, ") && about.contains("1 running event"), "{about}");
    let unknown: Value = json!({"id": "5", "name": "gone", "type": 1});
    let reply = run(&house.app, &invocation(ANNA), &serde_json::from_value(unknown).unwrap()).await;
    assert!(reply.content.starts_with("I know this command in another form by now."), "{}", reply.content);
}
