//! Commands against real guild stores and a Discord that only remembers what it was asked.

mod answering;
mod changing;
mod creating;
mod fake;
mod faults;
mod limits;
mod listing;
mod watching;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use serenity::all::CommandData;
use tempfile::TempDir;

use super::{Invocation, Invoker, Press, Reply, SeenBy};
use crate::app::App;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::domain::audience::Member;
use crate::domain::event::Event;
use crate::domain::permissions::Permissions;
use crate::ids::{ChannelId, GuildId, MessageId, UserId};
use crate::scheduler::Agenda;
use crate::storage::{DataDir, GuildStores, Lease, Registry, StoreOptions};
use crate::upkeep::Upkeep;
use fake::{FakeDiscord, TestClock};

const GUILD: GuildId = GuildId::new(1);
const CHANNEL: ChannelId = ChannelId::new(20);
const HIDDEN: ChannelId = ChannelId::new(21);
const MESSAGE: MessageId = MessageId::new(175_928_847_299_117_063);
const ORGANISER: UserId = UserId::new(100);
const ANNA: UserId = UserId::new(101);
const BEN: UserId = UserId::new(102);

/// A guild with an organiser, Anna and Ben, a channel they all see, and one that only Muster sees.
struct House {
    app: App,
    discord: Arc<FakeDiscord>,
    clock: Arc<TestClock>,
    dir: TempDir,
}

fn person(user_id: UserId) -> Member {
    Member { user_id, name: format!("member {user_id}"), is_bot: false, roles: Vec::new() }
}

impl House {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = Arc::new(DataDir::open(dir.path()).unwrap());
        let clock = Arc::new(TestClock::default());
        let discord = Arc::new(FakeDiscord::new([ORGANISER, ANNA, BEN].map(person).to_vec()));
        let registry = Arc::new(Registry::open(&data, clock.clone()).await.unwrap());
        registry.note_joined(GUILD, clock.now()).await.unwrap();
        let stores = GuildStores::new(Arc::clone(&data), StoreOptions::default(), clock.clone());
        stores.admit(GUILD);
        let agenda = Agenda::default();
        let upkeep = Upkeep {
            data_dir: data,
            stores: stores.clone(),
            registry: Arc::clone(&registry),
            agenda: agenda.clone(),
            clock: clock.clone(),
        };
        let app = App {
            stores,
            registry,
            agenda,
            upkeep,
            discord: discord.clone(),
            config: Arc::new(Config::load_from(None, HashMap::new()).unwrap()),
            clock: clock.clone(),
        };
        Self { app, discord, clock, dir }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn store(&self) -> Lease {
        self.app.stores.open(GUILD).await.unwrap().unwrap()
    }

    /// The only event there is.
    async fn event(&self) -> Event {
        self.store().await.events().list_live(1, 0).await.unwrap().remove(0)
    }

    /// Runs a subcommand of `/event`.
    async fn run(&self, who: UserId, subcommand: &str, options: &[Value]) -> Reply {
        let data = command_data(subcommand, options);
        fits(super::run(&self.app, &invocation(who), &data).await)
    }

    /// Runs a subcommand of `/event` as the organiser, and returns what is shown.
    async fn told(&self, subcommand: &str, options: &[Value]) -> String {
        shown(&self.run(ORGANISER, subcommand, options).await)
    }

    /// The organiser watches the message that is there.
    async fn watch(&self) -> String {
        self.told("watch", &[text("message", &MESSAGE.to_string())]).await
    }

    async fn press(&self, who: UserId, custom_id: &str, message: MessageId) -> Reply {
        let press = Press { custom_id, message, seen_by: SeenBy::Presser };
        fits(super::press(&self.app, &invocation(who), press).await)
    }
}

/// Who asks; the organiser has Manage Events, all others only what everybody has.
fn invocation(who: UserId) -> Invocation {
    let everybody =
        Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES | Permissions::READ_MESSAGE_HISTORY;
    let permissions = if who == ORGANISER { everybody | Permissions::MANAGE_EVENTS } else { everybody };
    let name = format!("member {who}");
    let invoker = Invoker { user_id: who, name, roles: Vec::new(), permissions, locale: "en-GB".to_owned() };
    Invocation { guild: GUILD, channel: CHANNEL, invoker, attachment_max: 10 << 20 }
}

/// The id of a message that is sent at this instant.
fn message_of(instant: Timestamp) -> MessageId {
    let since_2015 = instant.timestamp_millis() - 1_420_070_400_000;
    MessageId::new(u64::try_from(since_2015).unwrap() << 22)
}

fn text(name: &str, value: &str) -> Value {
    json!({"type": 3, "name": name, "value": value})
}

/// The option of an event, by its number as a suggestion carries it.
fn number(event: &Event) -> Value {
    text("event", &event.id.to_string())
}

fn command_data(subcommand: &str, options: &[Value]) -> CommandData {
    let subcommand = json!({"type": 1, "name": subcommand, "options": options});
    serde_json::from_value(json!({"id": "5", "name": "event", "type": 1, "options": [subcommand]})).unwrap()
}

/// All that a member reads in a reply.
fn shown(reply: &Reply) -> String {
    let embeds = reply.embeds.iter().map(|embed| {
        let embed = serde_json::to_value(embed).unwrap();
        [&embed["title"], &embed["description"]].map(|text| text.as_str().unwrap_or_default()).join("\n")
    });
    std::iter::once(reply.content.clone()).chain(embeds).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Every reply of every test is within Discord's limits.
fn fits(reply: Reply) -> Reply {
    assert!(reply.content.chars().count() <= 2_000);
    assert!(reply.embeds.len() <= 10 && reply.rows.len() <= 5);
    assert!(!shown(&reply).is_empty(), "Discord refuses an empty message");
    for embed in &reply.embeds {
        let embed = serde_json::to_value(embed).unwrap();
        let length = |key: &str| embed[key].as_str().unwrap_or_default().chars().count();
        assert!(length("title") <= 256 && length("description") <= 4_096);
    }
    reply
}
