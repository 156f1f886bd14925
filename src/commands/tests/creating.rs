//! `/event create`.

use serde_json::json;

use super::{ANNA, CHANNEL, GUILD, House, ORGANISER, person, text};
use crate::app::{ChannelKind, DiscordError};
use crate::domain::permissions::Permissions;
use crate::ids::{MessageId, RoleId};

#[tokio::test]
async fn a_created_event_is_posted_and_said_to_be() {
    let house = House::new().await;
    let options =
        [text("title", "  Board   games "), text("description", "Bring snacks."), text("interval", "1h30")];
    let due = house.now().timestamp() + 5_400;
    assert_eq!(
        house.told("create", &options).await,
        format!(
            "**[Board games](https://discord.com/channels/1/20/901)** is posted in <#20>.\n\
             I ask 3 members and remind only those who have not answered.\n\
             I remind every 1 hour 30 minutes, next <t:{due}:F> (<t:{due}:R>)."
        )
    );
    let event = house.event().await;
    assert_eq!((event.message_id, event.description.as_str()), (Some(MessageId::new(901)), "Bring snacks."));
    assert_eq!(house.app.agenda.earliest().map(|due| due.timestamp()), Some(due));
}

#[tokio::test]
async fn a_role_limits_who_is_asked_and_everyone_does_not() {
    let house = House::new().await;
    let raiders = RoleId::new(7);
    house.discord.facts(|facts| {
        let mut raider = person(ANNA);
        raider.roles.push(raiders);
        facts.members[1] = raider;
    });
    let role = |id: RoleId| json!({"type": 8, "name": "role", "value": id.to_string()});
    let told = house.told("create", &[text("title", "Raid"), role(raiders)]).await;
    assert!(told.contains("I ask 1 member "), "{told}");
    let told = house.told("create", &[text("title", "All"), role(GUILD.everyone_role())]).await;
    assert!(told.contains("I ask 3 members "), "{told}");
}

#[tokio::test]
async fn an_event_that_discord_refuses_leaves_nothing_behind() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.refusal = Some(DiscordError::Unavailable("502".to_owned())));
    let refused = house.told("create", &[text("title", "Raid")]).await;
    assert!(refused.starts_with("Discord does not answer me at the moment."), "{refused}");
    let store = house.store().await;
    assert_eq!(store.events().count_live().await.unwrap(), 0);
    assert!(store.events().drafts().await.unwrap().is_empty());
    assert_eq!(house.app.agenda.earliest(), None);
}

#[tokio::test]
async fn an_event_that_discord_may_have_taken_stays_until_that_is_known() {
    let house = House::new().await;
    house.discord.facts(|facts| facts.refusal = Some(DiscordError::Unconfirmed("502".to_owned())));
    let told = house.told("create", &[text("title", "Raid")]).await;
    assert!(told.starts_with("Discord does not tell me whether it took your event."), "{told}");
    let store = house.store().await;
    assert_eq!(store.events().drafts().await.unwrap().len(), 1);
    assert_eq!(store.events().list_live(9, 0).await.unwrap(), []);
    assert_eq!(house.app.agenda.earliest(), None);
    assert!(house.app.registry.has_live_events(GUILD), "nobody would look for it");
}

#[tokio::test]
async fn nobody_makes_muster_post_where_they_may_not() {
    let house = House::new().await;
    let channel = json!({"type": 7, "name": "channel", "value": "30"});
    let elsewhere = crate::ids::ChannelId::new(30);
    let read = Permissions::VIEW_CHANNEL;
    house
        .discord
        .facts(|facts| facts.channels.insert(elsewhere, (ChannelKind::Text, Permissions::ALL, read)));
    let refused = house.told("create", &[text("title", "Raid"), channel]).await;
    assert!(refused.starts_with("For that you need **Send Messages** in <#30>."), "{refused}");
    assert!(house.discord.facts(|facts| facts.posted.is_empty()));
}

#[tokio::test]
async fn posting_needs_no_reactions() {
    let house = House::new().await;
    let mine = Permissions::ALL & !Permissions::ADD_REACTIONS & !Permissions::EMBED_LINKS;
    house.discord.facts(|facts| facts.channels.insert(CHANNEL, (ChannelKind::Text, mine, Permissions::ALL)));
    let refused = house.run(ORGANISER, "create", &[text("title", "Raid")]).await.content;
    assert!(refused.starts_with("I am missing **Embed Links** in <#20>."), "{refused}");
}
