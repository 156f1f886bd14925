//! The rules of interactions, held against raw requests.

use std::time::{Duration, Instant};

use discord_emulator::{Emulator, Injected, Member};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

struct Desk {
    discord: Emulator,
    anna: Member,
    client: Client,
}

impl Desk {
    async fn open() -> Self {
        let discord = Emulator::builder().check_responses(true).start().await.unwrap();
        let anna = discord.add_guild("Chess club").add_member("Anna");
        Self { discord, anna, client: Client::new() }
    }

    /// An interaction of Anna's with this id and token.
    fn interaction(&self, id: u64, kind: u8) -> Injected {
        let (guild, general) = (self.anna.guild().id(), self.anna.guild().channel("general").id());
        self.discord.inject_interaction(json!({
            "id": id.to_string(), "token": format!("token{id}"), "type": kind, "version": 1,
            "guild_id": guild, "channel_id": general, "data": { "id": "1", "name": "x", "type": 1 },
            "member": { "user": { "id": self.anna.id() } },
        }))
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/api/v10{path}", self.discord.api_url());
        let response = self.client.request(method, url).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    async fn respond(&self, id: u64, body: Value) -> (u16, Value) {
        let (status, body) =
            self.call(Method::POST, &format!("/interactions/{id}/token{id}/callback"), body).await;
        (status.as_u16(), body["code"].clone())
    }

    /// Sends a body with a file beside it.
    async fn upload(&self, method: Method, path: &str, body: Value, bytes: usize) -> (u16, Value) {
        let url = format!("{}/api/v10{path}", self.discord.api_url());
        let file = Part::bytes(vec![7; bytes]).file_name("raw.json");
        let form = Form::new().text("payload_json", body.to_string()).part("files[0]", file);
        let agent = "DiscordBot (https://example.org, 1)";
        let request = self.client.request(method, url).header("user-agent", agent).multipart(form);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    async fn webhook(&self, method: Method, id: u64, rest: &str, body: Value) -> (u16, Value) {
        let path = format!("/webhooks/{}/token{id}{rest}", self.discord.application_id());
        let (status, body) = self.call(method, &path, body).await;
        (status.as_u16(), body["code"].clone())
    }
}

fn hello() -> Value {
    json!({ "type": 4, "data": { "content": "Hello" } })
}

#[tokio::test]
async fn the_first_answer_counts_and_a_late_one_does_not() {
    let desk = Desk::open().await;
    let first = desk.interaction(1, 2);
    assert_eq!(desk.respond(1, hello()).await, (204, Value::Null));
    assert_eq!(first.answer().await.unwrap().text(), "Hello");
    assert_eq!(desk.respond(1, hello()).await, (400, json!(40060)));
    assert_eq!(desk.respond(9, hello()).await, (404, json!(10062)));
    let _late = desk.interaction(2, 2);
    desk.discord.advance(Duration::from_secs(4));
    assert_eq!(desk.respond(2, hello()).await, (404, json!(10062)));
}

#[tokio::test]
async fn how_long_an_interaction_waited_for_its_answer_is_known() {
    let desk = Desk::open().await;
    let start = Instant::now();
    let (_answered, _ignored) = (desk.interaction(1, 2), desk.interaction(2, 2));
    desk.respond(1, hello()).await;
    let waited = desk.discord.acknowledgements(start);
    assert_eq!(waited.len(), 2);
    assert_eq!(waited.iter().flatten().count(), 1);
    assert!(waited.iter().flatten().all(|waited| *waited <= start.elapsed()));
    assert!(desk.discord.acknowledgements(Instant::now()).is_empty());
}

#[tokio::test]
async fn a_follow_up_needs_an_answer_and_a_living_token() {
    let desk = Desk::open().await;
    let _asked = desk.interaction(1, 2);
    let words = json!({ "content": "More" });
    assert_eq!(desk.webhook(Method::POST, 1, "", words.clone()).await, (404, json!(10015)));
    assert_eq!(
        desk.webhook(Method::PATCH, 1, "/messages/@original", words.clone()).await,
        (404, json!(10015))
    );
    assert_eq!(desk.webhook(Method::POST, 7, "", words.clone()).await, (401, json!(50027)));
    desk.respond(1, hello()).await;
    assert_eq!(desk.webhook(Method::POST, 1, "", words.clone()).await, (200, Value::Null));
    assert_eq!(
        desk.webhook(Method::PATCH, 1, "/messages/@original", words.clone()).await,
        (200, Value::Null)
    );
    assert_eq!(desk.webhook(Method::DELETE, 1, "/messages/@original", json!({})).await, (204, Value::Null));
    assert_eq!(desk.webhook(Method::GET, 1, "/messages/@original", json!({})).await, (404, json!(10008)));
    desk.discord.advance(Duration::from_mins(16));
    assert_eq!(desk.webhook(Method::POST, 1, "", words).await, (401, json!(50027)));
}

#[tokio::test]
async fn the_first_follow_up_of_a_deferred_answer_fills_it() {
    let desk = Desk::open().await;
    let asked = desk.interaction(1, 2);
    desk.respond(1, json!({ "type": 5, "data": { "flags": 64 } })).await;
    let general = desk.anna.guild().channel("general");
    assert_eq!(general.messages_for(&desk.anna)[0].text(), "is thinking…");
    desk.webhook(Method::POST, 1, "", json!({ "content": "There you are" })).await;
    let reply = asked.answer().await.unwrap();
    assert_eq!((reply.text().as_str(), reply.is_ephemeral()), ("There you are", true));
    assert_eq!(general.messages_for(&desk.anna).len(), 1);
    assert_eq!(general.messages(), []);
}

#[tokio::test]
async fn an_answer_must_fit_the_interaction() {
    let desk = Desk::open().await;
    let _asked = (desk.interaction(1, 2), desk.interaction(2, 4));
    assert_eq!(desk.respond(1, json!({ "type": 7, "data": { "content": "x" } })).await, (400, json!(50035)));
    assert_eq!(desk.respond(1, json!({ "type": 8, "data": { "choices": [] } })).await, (400, json!(50035)));
    assert_eq!(desk.respond(1, json!({ "type": 4, "data": { "content": "" } })).await, (400, json!(50006)));
    assert_eq!(desk.respond(2, hello()).await, (400, json!(50035)));
    assert_eq!(desk.respond(2, json!({ "type": 8, "data": { "choices": [] } })).await, (204, Value::Null));
}

#[tokio::test]
async fn the_callback_describes_what_it_made() {
    let desk = Desk::open().await;
    let _asked = desk.interaction(1, 2);
    let (status, body) =
        desk.call(Method::POST, "/interactions/1/token1/callback?with_response=true", hello()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["interaction"]["response_message_ephemeral"], json!(false));
    assert_eq!(body["resource"]["message"]["content"], json!("Hello"));
}

#[tokio::test]
async fn a_file_that_only_one_person_sees_comes_with_an_answer_a_deferred_one_and_a_follow_up() {
    let desk = Desk::open().await;
    let general = desk.anna.guild().channel("general");
    let described = json!([{ "id": "0", "filename": "all.json" }]);
    let message = json!({ "content": "All of it", "flags": 64, "attachments": described });
    let at_once = desk.interaction(1, 2);
    let answer = json!({ "type": 4, "data": message });
    let sent = desk.upload(Method::POST, "/interactions/1/token1/callback", answer, 3).await;
    assert_eq!(sent.0, 204);
    let later = desk.interaction(2, 2);
    desk.respond(2, json!({ "type": 5, "data": { "flags": 64 } })).await;
    let hooks = format!("/webhooks/{}/token2", desk.discord.application_id());
    let edit = json!({ "content": "All of it", "attachments": described });
    let original = format!("{hooks}/messages/@original");
    let (status, edited) = desk.upload(Method::PATCH, &original, edit, 3).await;
    assert_eq!((status, &edited["attachments"][0]["ephemeral"]), (200, &json!(true)), "{edited}");
    assert_eq!(desk.upload(Method::POST, &hooks, message, 3).await.0, 200);
    let file = ("all.json".to_owned(), vec![7; 3]);
    let later = later.answer().await.unwrap();
    for reply in [at_once.answer().await.unwrap(), later.clone()] {
        assert!(reply.is_ephemeral());
        assert_eq!(reply.files(), std::slice::from_ref(&file));
        assert_eq!(reply.screen(), "All of it\n📎 all.json");
    }
    assert_eq!(later.follow_ups()[0].files(), [file]);
    assert_eq!(general.messages(), []);
    let violations = desk.discord.violations();
    assert!(violations.iter().all(|violation| violation.rule == "user-agent"), "{violations:?}");
}

#[tokio::test]
async fn a_file_larger_than_the_interaction_allows_is_refused() {
    let discord = Emulator::builder().attachment_size_limit(1_000).start().await.unwrap();
    let anna = discord.add_guild("Chess club").add_member("Anna");
    let desk = Desk { discord, anna, client: Client::new() };
    let _asked = desk.interaction(1, 2);
    let answer = json!({ "type": 4, "data": { "content": "All of it" } });
    let callback = "/interactions/1/token1/callback";
    let (status, body) = desk.upload(Method::POST, callback, answer.clone(), 1_001).await;
    assert_eq!((status, &body["code"]), (413, &json!(40005)));
    assert!(desk.discord.violations().iter().any(|violation| violation.rule == "files.size"));
    assert_eq!(desk.upload(Method::POST, callback, answer, 1_000).await.0, 204);
}
