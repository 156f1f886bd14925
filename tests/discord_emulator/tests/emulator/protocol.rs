//! The gateway's protocol, frame by frame, where no library would go.

use std::time::Duration;

use discord_emulator::{Emulator, Intents};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A client that says exactly what it is told to.
struct Raw(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Raw {
    async fn connect(discord: &Emulator, query: &str) -> Self {
        let url = format!("{}/?{query}", discord.api_url().replace("http", "ws"));
        Self(connect_async(url).await.unwrap().0)
    }

    /// Connects and takes HELLO.
    async fn greeted(discord: &Emulator) -> Self {
        let mut raw = Self::connect(discord, "v=10&encoding=json").await;
        assert_eq!(raw.receive().await["op"], 10);
        raw
    }

    async fn identified(discord: &Emulator) -> (Self, Value) {
        let mut raw = Self::greeted(discord).await;
        raw.send(identify(discord)).await;
        let ready = raw.receive().await;
        assert_eq!(ready["t"], "READY");
        (raw, ready)
    }

    async fn send(&mut self, payload: Value) {
        self.0.send(Message::text(payload.to_string())).await.unwrap();
    }

    async fn receive(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no text but {other:?}"),
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
        next.expect("a message in time").map(Result::unwrap)
    }

    /// Reads to the end and returns the code that the server closed with.
    async fn closed(&mut self) -> Option<u16> {
        loop {
            match self.next().await {
                Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
                Some(_) => {}
                None => return None,
            }
        }
    }
}

fn identify(discord: &Emulator) -> Value {
    json!({ "op": 2, "d": { "token": discord.token(), "intents": 1, "properties": {} } })
}

fn resume(discord: &Emulator, session: &str, seq: u64) -> Value {
    json!({ "op": 6, "d": { "token": discord.token(), "session_id": session, "seq": seq } })
}

async fn emulator() -> Emulator {
    Emulator::builder().identify_interval(Duration::ZERO).start().await.unwrap()
}

#[tokio::test]
async fn mistakes_of_the_handshake_have_their_codes() {
    let discord = emulator().await;
    let with = |change: Value| {
        let mut payload = identify(&discord);
        payload["d"].as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        payload
    };
    let cases = [
        (json!({ "op": 3, "d": {} }), 4003),
        (json!({ "op": 99, "d": {} }), 4001),
        (json!({ "d": {} }), 4002),
        (with(json!({ "token": "x" })), 4004),
        (with(json!({ "shard": [2, 2] })), 4010),
        (with(json!({ "intents": 1_u64 << 40 })), 4013),
        (json!({ "op": 1, "d": "x".repeat(5000) }), 4002),
    ];
    for (payload, code) in cases {
        let mut raw = Raw::greeted(&discord).await;
        raw.send(payload.clone()).await;
        assert_eq!(raw.closed().await, Some(code), "{payload}");
    }
    let mut raw = Raw::connect(&discord, "v=5&encoding=json").await;
    assert_eq!(raw.closed().await, Some(4012));
}

#[tokio::test]
async fn a_second_identify_closes_with_4005() {
    let discord = emulator().await;
    let (mut raw, _) = Raw::identified(&discord).await;
    raw.send(identify(&discord)).await;
    assert_eq!(raw.closed().await, Some(4005));
}

#[tokio::test]
async fn heartbeats_are_acknowledged_and_missed() {
    let discord = Emulator::builder().heartbeat_interval(Duration::from_millis(200)).start().await.unwrap();
    let mut raw = Raw::greeted(&discord).await;
    raw.send(json!({ "op": 1, "d": null })).await;
    assert_eq!(raw.receive().await["op"], 11);
    discord.gateway().request_heartbeats();
    assert_eq!(raw.receive().await["op"], 1);
    assert_eq!(raw.closed().await, Some(4000), "who sends no heartbeats is given up");
}

#[tokio::test]
async fn too_many_payloads_close_with_4008() {
    let discord = emulator().await;
    let mut raw = Raw::greeted(&discord).await;
    for _ in 0..121 {
        raw.send(json!({ "op": 1, "d": null })).await;
    }
    assert_eq!(raw.closed().await, Some(4008));
}

#[tokio::test]
async fn a_resume_needs_a_session_and_a_number_that_was_sent() {
    let discord = emulator().await;
    let (raw, ready) = Raw::identified(&discord).await;
    let session = ready["d"]["session_id"].as_str().unwrap();
    drop(raw);
    let mut raw = Raw::greeted(&discord).await;
    raw.send(resume(&discord, session, 7)).await;
    assert_eq!(raw.closed().await, Some(4007));
    let mut raw = Raw::greeted(&discord).await;
    raw.send(resume(&discord, "nothing", 1)).await;
    assert_eq!(raw.receive().await, json!({ "op": 9, "d": false, "s": null, "t": null }));
    raw.send(identify(&discord)).await;
    assert_eq!(raw.receive().await["t"], "READY", "the same connection may identify");
}

#[tokio::test]
async fn what_was_missed_comes_before_resumed_and_is_numbered_on() {
    let discord = emulator().await;
    let (raw, ready) = Raw::identified(&discord).await;
    let session = ready["d"]["session_id"].as_str().unwrap().to_owned();
    drop(raw);
    drop(discord.add_guild("Chess club"));
    let mut raw = Raw::greeted(&discord).await;
    raw.send(resume(&discord, &session, 1)).await;
    let (missed, resumed) = (raw.receive().await, raw.receive().await);
    assert_eq!((&missed["t"], &missed["s"]), (&json!("GUILD_CREATE"), &json!(2)));
    assert_eq!((&resumed["t"], &resumed["s"]), (&json!("RESUMED"), &json!(3)));
}

#[tokio::test]
async fn a_session_is_kept_for_a_while_and_not_after_logging_off() {
    let discord = Emulator::builder()
        .identify_interval(Duration::ZERO)
        .resume_window(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let (raw, _) = Raw::identified(&discord).await;
    drop(raw);
    let is_waiting =
        |gateway: &discord_emulator::Gateway| gateway.sessions().iter().any(|session| !session.connected);
    discord.gateway().wait_for("the cut to be noticed", is_waiting).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(discord.gateway().sessions(), []);
    let (mut raw, _) = Raw::identified(&discord).await;
    raw.0.close(None).await.unwrap();
    discord.gateway().wait_for("the end", |gateway| gateway.sessions().len() < 2).await;
}

#[tokio::test]
async fn large_payloads_are_compressed_for_who_wants_that() {
    let discord = Emulator::builder().compress_from_bytes(0).start().await.unwrap();
    let mut raw = Raw::greeted(&discord).await;
    let mut payload = identify(&discord);
    payload["d"]["compress"] = json!(true);
    raw.send(payload).await;
    assert!(matches!(raw.next().await, Some(Message::Binary(bytes)) if bytes[0] == 0x78));
}

#[tokio::test]
async fn transport_compression_is_refused_clearly() {
    let discord = emulator().await;
    let url = format!("{}/?v=10&encoding=json&compress=zlib-stream", discord.api_url().replace("http", "ws"));
    let error = connect_async(url).await.unwrap_err();
    assert!(error.to_string().contains("501"), "{error}");
}

#[tokio::test]
async fn the_whole_list_of_members_needs_the_intent() {
    let discord = Emulator::builder().intents_allowed(Intents::NONE).start().await.unwrap();
    let guild = discord.add_guild("Chess club");
    let (mut raw, _) = Raw::identified(&discord).await;
    assert_eq!(raw.receive().await["t"], "GUILD_CREATE");
    raw.send(json!({ "op": 8, "d": { "guild_id": guild.id().to_string(), "query": "", "limit": 0 } })).await;
    assert_eq!(raw.closed().await, Some(4014));
}
