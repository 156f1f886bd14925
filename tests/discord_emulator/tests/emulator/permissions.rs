//! What the bot may do, one missing permission at a time.

use discord_emulator::{Emulator, Permissions};
use serde_json::{Value, json};

const PNG: &str = "https://example.org/a.png";

/// Sends one request and returns Discord's error code, 0 for none.
async fn code(discord: &Emulator, method: &str, path: &str, body: Option<Value>) -> u64 {
    let request = reqwest::Client::new()
        .request(method.parse().unwrap(), format!("{}/api/v10{path}", discord.api_url()))
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)");
    let request = if let Some(body) = body { request.json(&body) } else { request };
    let response = request.send().await.unwrap();
    if response.status().is_success() {
        return 0;
    }
    response.json::<Value>().await.unwrap()["code"].as_u64().unwrap()
}

#[tokio::test]
async fn each_action_needs_its_permission() {
    let discord = Emulator::builder().rate_limits(false).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let (general, anna) = (guild.channel("general"), guild.add_member("Anna"));
    let message = anna.says(&general, "Match on Friday");
    let thread = anna.starts_thread(&anna.says(&general, "Lifts"), "Lifts");
    let (channel, guild_path) = (format!("/channels/{}", general.id()), format!("/guilds/{}", guild.id()));
    let messages = format!("{channel}/messages");
    let one = format!("{messages}/{}", message.id());
    let in_thread = format!("/channels/{}/messages", thread.id());
    let text = json!({ "content": "Who comes?" });
    let embed = json!({ "embeds": [{ "title": "Match", "image": { "url": PNG } }] });
    let event = json!({
        "name": "Match", "privacy_level": 2, "entity_type": 3, "entity_metadata": { "location": "Club" },
        "scheduled_start_time": "2030-01-01T18:00:00Z", "scheduled_end_time": "2030-01-01T20:00:00Z",
    });
    let cases: Vec<(Permissions, &str, String, Option<Value>)> = vec![
        (Permissions::SEND_MESSAGES, "POST", messages.clone(), Some(text.clone())),
        (Permissions::EMBED_LINKS, "POST", messages.clone(), Some(embed)),
        (Permissions::SEND_MESSAGES_IN_THREADS, "POST", in_thread, Some(text)),
        (Permissions::ADD_REACTIONS, "PUT", format!("{one}/reactions/%E2%9C%85/@me"), None),
        (Permissions::READ_MESSAGE_HISTORY, "PUT", format!("{one}/reactions/%F0%9F%91%8D/@me"), None),
        (Permissions::PIN_MESSAGES, "PUT", format!("{messages}/pins/{}", message.id()), None),
        (
            Permissions::CREATE_PUBLIC_THREADS,
            "POST",
            format!("{one}/threads"),
            Some(json!({ "name": "Board two" })),
        ),
        (Permissions::CREATE_EVENTS, "POST", format!("{guild_path}/scheduled-events"), Some(event)),
        (Permissions::MANAGE_ROLES, "POST", format!("{guild_path}/roles"), Some(json!({ "name": "team" }))),
        (
            Permissions::MANAGE_CHANNELS,
            "POST",
            format!("{guild_path}/channels"),
            Some(json!({ "name": "side" })),
        ),
        (Permissions::MANAGE_MESSAGES, "DELETE", format!("{one}/reactions"), None),
        (Permissions::CREATE_INSTANT_INVITE, "POST", format!("{channel}/invites"), Some(json!({}))),
        (Permissions::MANAGE_GUILD, "GET", format!("{guild_path}/invites"), None),
        (Permissions::MANAGE_MESSAGES, "DELETE", one.clone(), None),
    ];
    let everything = Permissions::ALL - Permissions::ADMINISTRATOR;
    // `@everyone` would grant what the bot's own role lacks.
    guild.everyone().set_permissions(Permissions::NONE);
    for (needed, method, path, body) in cases {
        guild.set_bot_permissions(everything - needed);
        assert_eq!(
            code(&discord, method, &path, body.clone()).await,
            50013,
            "{method} {path} without {needed:?}"
        );
        guild.set_bot_permissions(everything);
        assert_eq!(code(&discord, method, &path, body).await, 0, "{method} {path} with all");
    }
    discord.assert_clean();
}

#[tokio::test]
async fn what_is_out_of_sight_is_refused_by_what_it_is() {
    let discord = Emulator::builder().rate_limits(false).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let general = guild.channel("general");
    let anna = guild.add_member("Anna");
    let message = anna.says(&general, "Match on Friday");
    let messages = format!("/channels/{}/messages", general.id());
    assert_eq!(code(&discord, "GET", "/channels/1/messages", None).await, 10003);
    assert_eq!(code(&discord, "GET", &format!("{messages}/1"), None).await, 10008);
    assert_eq!(code(&discord, "GET", "/users/1", None).await, 10013);
    let members = format!("/guilds/{}/members", guild.id());
    assert_eq!(code(&discord, "GET", &format!("{members}/1"), None).await, 10013);
    anna.leave();
    assert_eq!(code(&discord, "GET", &format!("{members}/{}", anna.id()), None).await, 10007);
    general.hide_from_bot();
    assert_eq!(code(&discord, "GET", &format!("{messages}/{}", message.id()), None).await, 50001);
    assert_eq!(code(&discord, "POST", &messages, Some(json!({ "content": "x" }))).await, 50001);
    guild.remove_bot();
    assert_eq!(code(&discord, "GET", &format!("/guilds/{}", guild.id()), None).await, 10004);
}

#[tokio::test]
async fn without_history_the_list_is_empty() {
    let discord = Emulator::start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let general = guild.channel("general");
    guild.add_member("Anna").says(&general, "Match on Friday");
    general.deny_bot(Permissions::READ_MESSAGE_HISTORY);
    let url = format!("{}/api/v10/channels/{}/messages", discord.api_url(), general.id());
    let request = reqwest::Client::new()
        .get(url)
        .header("authorization", format!("Bot {}", discord.token()))
        .header("user-agent", "DiscordBot (https://example.org, 1)");
    let messages: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(messages, json!([]));
}
