//! Every route once, its request and its answer held against Discord's description.

use discord_emulator::{Emulator, Permissions};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

struct Caller {
    discord: Emulator,
    client: Client,
}

impl Caller {
    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v10{path}", self.discord.api_url());
        let request = self.client.request(method.clone(), url);
        let request = request.header("user-agent", "DiscordBot (https://example.org, 1)");
        let request = request.header("authorization", format!("Bot {}", self.discord.token()));
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {path}: {status} {body}");
        assert_eq!(status == StatusCode::NO_CONTENT, body.is_null(), "{method} {path}: {status} {body}");
        body
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn put(&self, path: &str) -> Value {
        self.call(Method::PUT, path, Value::Null).await
    }

    async fn delete(&self, path: &str) -> Value {
        self.call(Method::DELETE, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Value {
        self.call(Method::PATCH, path, body).await
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

async fn caller() -> (Caller, discord_emulator::Guild) {
    let discord = Emulator::builder().check_responses(true).rate_limits(false).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    guild.bot_role().set_permissions(Permissions::ALL);
    (Caller { discord, client: Client::new() }, guild)
}

#[tokio::test]
async fn the_application_and_its_own_things() {
    let (api, guild) = caller().await;
    let _ = api.get("/gateway").await;
    api.get("/gateway/bot").await;
    api.get("/applications/@me").await;
    api.patch("/applications/@me", json!({ "tags": ["events"] })).await;
    api.get("/oauth2/applications/@me").await;
    api.get("/users/@me").await;
    api.patch("/users/@me", json!({ "username": "muster" })).await;
    api.get("/users/@me/guilds?with_counts=true&limit=10").await;
    api.get(&format!("/users/{}", guild.owner().id())).await;
    let dm = api.post("/users/@me/channels", json!({ "recipient_id": guild.owner().id() })).await;
    api.get(&format!("/channels/{}", id(&dm))).await;
    api.discord.assert_clean();
}

#[tokio::test]
async fn guild_members_roles_and_bans() {
    let (api, guild) = caller().await;
    let anna = guild.add_member("Anna");
    let base = format!("/guilds/{}", guild.id());
    api.get(&format!("{base}?with_counts=true")).await;
    api.patch(&base, json!({ "name": "Go club" })).await;
    api.get(&format!("{base}/emojis")).await;
    api.get(&format!("{base}/members?limit=1000")).await;
    api.get(&format!("{base}/members/search?query=ann&limit=5")).await;
    let member = format!("{base}/members/{}", anna.id());
    api.get(&member).await;
    api.patch(&member, json!({ "nick": "Annie" })).await;
    api.patch(&format!("{base}/members/@me"), json!({ "nick": "Clerk" })).await;
    let role = api.post(&format!("{base}/roles"), json!({ "name": "team", "mentionable": true })).await;
    api.get(&format!("{base}/roles")).await;
    api.get(&format!("{base}/roles/{}", id(&role))).await;
    api.patch(&format!("{base}/roles/{}", id(&role)), json!({ "name": "squad" })).await;
    api.put(&format!("{member}/roles/{}", id(&role))).await;
    api.delete(&format!("{member}/roles/{}", id(&role))).await;
    api.delete(&format!("{base}/roles/{}", id(&role))).await;
    api.delete(&member).await;
    api.call(Method::PUT, &format!("{base}/bans/{}", anna.id()), json!({})).await;
    api.get(&format!("{base}/bans")).await;
    api.get(&format!("{base}/bans/{}", anna.id())).await;
    api.delete(&format!("{base}/bans/{}", anna.id())).await;
    api.delete(&format!("/users/@me/guilds/{}", guild.id())).await;
    api.discord.assert_clean();
}

#[tokio::test]
async fn channels_threads_and_invites() {
    let (api, guild) = caller().await;
    let anna = guild.add_member("Anna");
    let base = format!("/guilds/{}", guild.id());
    let side = id(&api.post(&format!("{base}/channels"), json!({ "name": "side", "topic": "x" })).await);
    let channel = format!("/channels/{side}");
    api.get(&format!("{base}/channels")).await;
    api.patch(&channel, json!({ "name": "aside", "nsfw": false })).await;
    api.post(&format!("{channel}/typing"), Value::Null).await;
    let overwrite = format!("{channel}/permissions/{}", anna.id());
    api.call(Method::PUT, &overwrite, json!({ "type": 1, "allow": "1024", "deny": "0" })).await;
    api.delete(&overwrite).await;
    let invite = api.post(&format!("{channel}/invites"), json!({ "max_age": 0 })).await;
    let code = invite["code"].as_str().unwrap().to_owned();
    api.get(&format!("{channel}/invites")).await;
    api.get(&format!("{base}/invites")).await;
    api.get(&format!("/invites/{code}?with_counts=true")).await;
    api.delete(&format!("/invites/{code}")).await;
    let message = id(&api.post(&format!("{channel}/messages"), json!({ "content": "Friday?" })).await);
    let thread =
        api.post(&format!("{channel}/messages/{message}/threads"), json!({ "name": "Friday" })).await;
    let alone = api.post(&format!("{channel}/threads"), json!({ "name": "Alone", "type": 12 })).await;
    let thread = format!("/channels/{}", id(&thread));
    api.put(&format!("{thread}/thread-members/{}", anna.id())).await;
    api.get(&format!("{thread}/thread-members")).await;
    api.get(&format!("{thread}/thread-members/{}", anna.id())).await;
    api.delete(&format!("{thread}/thread-members/{}", anna.id())).await;
    api.delete(&format!("{thread}/thread-members/@me")).await;
    api.put(&format!("{thread}/thread-members/@me")).await;
    api.get(&format!("{base}/threads/active")).await;
    api.patch(&thread, json!({ "archived": true })).await;
    api.patch(&format!("/channels/{}", id(&alone)), json!({ "archived": true })).await;
    api.get(&format!("{channel}/threads/archived/public")).await;
    api.get(&format!("{channel}/threads/archived/private")).await;
    api.get(&thread).await;
    api.delete(&thread).await;
    api.delete(&channel).await;
    api.discord.assert_clean();
}

#[tokio::test]
async fn messages_reactions_and_pins() {
    let (api, guild) = caller().await;
    let general = guild.channel("general");
    let anna = guild.add_member("Anna");
    let theirs = anna.says(&general, &format!("Friday? {}", guild.bot().mention()));
    anna.reacts(&theirs, "✅");
    let channel = format!("/channels/{}", general.id());
    let reply = api
        .post(
            &format!("{channel}/messages"),
            json!({
                "content": "Yes",
                "message_reference": { "message_id": theirs.id() },
                "embeds": [{ "title": "T", "fields": [{ "name": "a", "value": "b" }], "color": 5 }],
                "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "label": "A", "custom_id": "a" }] }],
            }),
        )
        .await;
    let message = format!("{channel}/messages/{}", id(&reply));
    api.get(&message).await;
    api.patch(&message, json!({ "content": "No", "embeds": [], "components": [] })).await;
    let reactions = format!("{message}/reactions");
    api.put(&format!("{reactions}/%E2%9C%85/@me")).await;
    anna.super_reacts(&general.last_message().unwrap(), "✅");
    api.get(&format!("{reactions}/%E2%9C%85?type=1")).await;
    api.get(&message).await;
    api.delete(&format!("{reactions}/%E2%9C%85/@me")).await;
    api.delete(&format!("{reactions}/%E2%9C%85/{}", anna.id())).await;
    anna.reacts(&general.last_message().unwrap(), "✅");
    api.delete(&format!("{reactions}/%E2%9C%85")).await;
    api.delete(&reactions).await;
    for pins in ["messages/pins", "pins"] {
        api.put(&format!("{channel}/{pins}/{}", id(&reply))).await;
        api.get(&format!("{channel}/{pins}")).await;
        api.delete(&format!("{channel}/{pins}/{}", id(&reply))).await;
    }
    api.get(&format!("{channel}/messages?limit=100")).await;
    api.get(&format!("{channel}/messages?around={}", id(&reply))).await;
    let page = api.get(&format!("{channel}/messages?after={}&limit=1", theirs.id())).await;
    assert_eq!(id(&page[0]), id(&reply));
    api.post(&format!("{channel}/messages/bulk-delete"), json!({ "messages": [theirs.id(), id(&reply)] }))
        .await;
    let last = general.last_message().unwrap();
    api.delete(&format!("{channel}/messages/{}", last.id())).await;
    api.discord.assert_clean();
}

#[tokio::test]
async fn scheduled_events() {
    let (api, guild) = caller().await;
    let (anna, room) = (guild.add_member("Anna"), guild.add_voice_channel("Room"));
    let base = format!("/guilds/{}/scheduled-events", guild.id());
    let start = api.discord.now() + std::time::Duration::from_hours(2);
    let end = start + std::time::Duration::from_hours(2);
    let body = json!({
        "name": "Match", "privacy_level": 2, "entity_type": 3, "entity_metadata": { "location": "Club" },
        "scheduled_start_time": start.to_string(), "scheduled_end_time": end.to_string(),
    });
    let event = id(&api.post(&base, body).await);
    let voice = json!({
        "name": "Talk", "privacy_level": 2, "entity_type": 2, "channel_id": room.id(),
        "scheduled_start_time": start.to_string(),
    });
    api.post(&base, voice).await;
    let handle = guild.scheduled_events().remove(0);
    anna.is_interested_in(&handle);
    assert_eq!((handle.name(), handle.interested()), ("Match".to_owned(), vec![anna.id()]));
    api.get(&format!("{base}?with_user_count=true")).await;
    api.get(&format!("{base}/{event}")).await;
    api.get(&format!("{base}/{event}/users?with_member=true")).await;
    api.patch(&format!("{base}/{event}"), json!({ "name": "Rematch", "status": 2 })).await;
    assert_eq!(handle.name(), "Rematch");
    api.delete(&format!("{base}/{event}")).await;
    assert!(!handle.exists());
    api.discord.assert_clean();
}

#[tokio::test]
async fn commands() {
    let (api, guild) = caller().await;
    let everywhere = format!("/applications/{}/commands", api.discord.application_id());
    let here = format!("/applications/{}/guilds/{}/commands", api.discord.application_id(), guild.id());
    for base in [everywhere, here] {
        let command =
            json!({ "name": "event", "description": "Events", "name_localizations": { "de": "termin" } });
        let made = api.post(&base, command.clone()).await;
        let same = api.post(&base, command.clone()).await;
        assert_eq!((&made["id"], &made["version"]), (&same["id"], &same["version"]));
        api.get(&format!("{base}?with_localizations=true")).await;
        api.get(&base).await;
        api.get(&format!("{base}/{}", id(&made))).await;
        api.patch(&format!("{base}/{}", id(&made)), json!({ "description": "All events" })).await;
        let put = api.call(Method::PUT, &base, json!([command, { "name": "Quote", "type": 3 }])).await;
        assert_eq!((put.as_array().unwrap().len(), &put[0]["id"]), (2, &made["id"]));
        api.delete(&format!("{base}/{}", id(&put[1]))).await;
    }
    api.discord.assert_clean();
}
