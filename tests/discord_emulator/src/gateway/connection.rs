//! One WebSocket connection, from HELLO to its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::handshake::{self, Outcome};
use super::session::Order;
use super::{Upset, close, frame, members};
use crate::inner::Inner;

/// The longest payload that a client may send
/// (<https://discord.com/developers/docs/events/gateway#sending-events>).
const MAX_PAYLOAD_BYTES: usize = 4096;

/// How many payloads a client may send in [`SEND_WINDOW`]
/// (<https://discord.com/developers/docs/events/gateway#rate-limiting>).
const MAX_PAYLOADS: usize = 120;
const SEND_WINDOW: Duration = Duration::from_mins(1);

/// How long a closed connection waits for the client's own close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// One connection, with or without a session.
struct Connection {
    inner: Arc<Inner>,
    number: u64,
    orders: UnboundedSender<Order>,
    session: Option<String>,
    /// Whether guilds of the session are still to be announced.
    is_announcing: bool,
    takes_compressed: bool,
    heartbeat_at: Instant,
    received_at: VecDeque<Instant>,
    upset: Option<Upset>,
}

/// Serves one connection until either side ends it.
pub(super) async fn serve(inner: Arc<Inner>, mut socket: WebSocket, upset: Option<Upset>) {
    let (sender, mut orders) = mpsc::unbounded_channel();
    let mut connection = Connection::open(Arc::clone(&inner), sender, upset);
    let code = tokio::select! {
        code = connection.run(&mut socket, &mut orders) => code,
        () = inner.shutdown.cancelled() => Some(1001),
    };
    inner.hub.state().disconnect(connection.number, !close::keeps_session(code));
    inner.touch();
}

impl Connection {
    fn open(inner: Arc<Inner>, orders: UnboundedSender<Order>, upset: Option<Upset>) -> Self {
        let mut state = inner.hub.state();
        let number = state.next_number();
        state.connections.insert(number, orders.clone());
        state.counters.connections += 1;
        drop(state);
        inner.touch();
        Self {
            inner,
            number,
            orders,
            session: None,
            is_announcing: false,
            takes_compressed: false,
            heartbeat_at: Instant::now(),
            received_at: VecDeque::new(),
            upset,
        }
    }

    /// Runs to the end of the connection and tells the code that ended it, if there was one.
    async fn run(&mut self, socket: &mut WebSocket, orders: &mut UnboundedReceiver<Order>) -> Option<u16> {
        self.greet();
        // Discord allows for some delay before it gives a client up.
        let patience = self.inner.options.heartbeat_interval.saturating_mul(2);
        loop {
            let overdue = tokio::time::Instant::from_std(self.heartbeat_at + patience);
            tokio::select! {
                order = orders.recv() => match order? {
                    Order::Send(_) if self.is_silent() => {}
                    Order::Send(text) => self.write(socket, &text).await?,
                    Order::Forget => self.session = None,
                    Order::Drop => return None,
                    Order::Close(code) => {
                        finish(socket, code).await;
                        return code.map(|(code, _)| code);
                    }
                },
                message = socket.recv() => match message?.ok()? {
                    Message::Close(close) => return close.map(|close| close.code),
                    Message::Text(text) => self.on_text(text.as_str()),
                    Message::Binary(_) => self.close(close::DECODE_ERROR),
                    Message::Ping(_) | Message::Pong(_) => {}
                },
                () = std::future::ready(()), if self.is_announcing => self.announce().await,
                () = tokio::time::sleep_until(overdue) => {
                    self.heartbeat_at = Instant::now();
                    if !self.is_silent() {
                        self.close(close::UNKNOWN_ERROR);
                    }
                }
            }
        }
    }

    fn greet(&self) {
        if self.upset == Some(Upset::NoHello) {
            return;
        }
        let interval = u64::try_from(self.inner.options.heartbeat_interval.as_millis()).unwrap_or(u64::MAX);
        self.reply(10, &json!({ "heartbeat_interval": interval, "_trace": [] }));
        if let Some(Upset::CloseAfterHello(code)) = self.upset {
            self.order(Order::Close(code.map(|code| (code, close::reason(code)))));
        }
    }

    async fn write(&self, socket: &mut WebSocket, text: &Arc<str>) -> Option<()> {
        let compress_from = self.takes_compressed.then_some(self.inner.options.compress_from_bytes);
        socket.send(frame::message(text, compress_from)).await.ok()
    }

    async fn announce(&mut self) {
        let session = self.session.as_deref();
        self.is_announcing = session.is_some_and(|session| handshake::announce_more(&self.inner, session));
        tokio::task::yield_now().await;
    }

    fn on_text(&mut self, text: &str) {
        if self.is_silent() {
            return;
        }
        if text.len() > MAX_PAYLOAD_BYTES {
            return self.close(close::DECODE_ERROR);
        }
        if self.is_too_fast() {
            return self.close(close::RATE_LIMITED);
        }
        let Ok(payload) = serde_json::from_str::<Value>(text) else { return self.close(close::DECODE_ERROR) };
        let Some(op) = payload.get("op").and_then(Value::as_u64) else {
            return self.close(close::DECODE_ERROR);
        };
        let data = payload.get("d").unwrap_or(&Value::Null);
        if op != 1 {
            self.inner.hub.state().received.push((op, without_token(data)));
        }
        match (op, &self.session) {
            (1, _) => self.on_heartbeat(data),
            (2 | 6, Some(_)) => self.close(close::ALREADY_AUTHENTICATED),
            (2 | 6, None) => self.on_handshake(op, data),
            (3 | 4 | 8 | 31, None) => self.close(close::NOT_AUTHENTICATED),
            (8, Some(session)) => {
                if let Err(code) = members::request(&self.inner, session, data) {
                    self.close(code);
                }
            }
            (3 | 4 | 31, Some(_)) => {}
            _ => self.close(close::UNKNOWN_OPCODE),
        }
    }

    fn on_heartbeat(&mut self, data: &Value) {
        self.heartbeat_at = Instant::now();
        let mut state = self.inner.hub.state();
        state.counters.heartbeats += 1;
        if let (Some(session), Some(sequence)) = (&self.session, data.as_u64())
            && let Some(session) = state.sessions.get_mut(session)
        {
            session.confirm(sequence);
        }
        let is_withheld = state.acks_withheld;
        drop(state);
        self.inner.touch();
        if !is_withheld {
            self.reply(11, &Value::Null);
        }
    }

    fn on_handshake(&mut self, op: u64, data: &Value) {
        if self.upset == Some(Upset::NoAnswer) {
            return;
        }
        if let Some(Upset::InvalidSession { resumable }) = self.upset {
            self.upset = None;
            return self.reply(9, &json!(resumable));
        }
        let outcome = if op == 2 {
            self.takes_compressed = data.get("compress").and_then(Value::as_bool).unwrap_or(false);
            handshake::identify(&self.inner, self.number, data)
        } else {
            handshake::resume(&self.inner, self.number, data)
        };
        match outcome {
            Outcome::Session(session) => self.on_session(session),
            Outcome::Invalid { resumable } => self.reply(9, &json!(resumable)),
            Outcome::Close(code) => self.close(code),
        }
    }

    fn on_session(&mut self, session: String) {
        self.session = Some(session);
        self.is_announcing = true;
        match self.upset.take() {
            Some(Upset::CloseAfterReady(code)) => {
                self.order(Order::Close(code.map(|code| (code, close::reason(code)))));
            }
            Some(Upset::ReconnectAfterReady) => self.reply(7, &Value::Null),
            _ => {}
        }
    }

    /// Counts a payload; more than Discord allows end the connection.
    fn is_too_fast(&mut self) -> bool {
        let now = Instant::now();
        self.received_at.retain(|at| now.duration_since(*at) < SEND_WINDOW);
        self.received_at.push_back(now);
        self.received_at.len() > MAX_PAYLOADS
    }

    fn is_silent(&self) -> bool {
        *self.inner.hub.silent.borrow()
    }

    fn reply(&self, op: u8, data: &Value) {
        self.order(Order::Send(frame::control(op, data)));
    }

    fn close(&self, code: close::Close) {
        self.order(Order::Close(Some(code)));
    }

    /// Queues behind what is already on its way, so that the order on the wire is the order of events.
    fn order(&self, order: Order) {
        // The receiver lives as long as `run`, which is who calls this.
        drop(self.orders.send(order));
    }
}

/// Sends the close frame and gives the client a moment to answer it, as the protocol asks.
async fn finish(socket: &mut WebSocket, code: Option<(u16, &'static str)>) {
    let close = code.map(|(code, reason)| CloseFrame { code, reason: reason.into() });
    if socket.send(Message::Close(close)).await.is_err() {
        return;
    }
    let answered = async { while let Some(Ok(_)) = socket.recv().await {} };
    // A client that never answers is left alone.
    drop(tokio::time::timeout(CLOSING, answered).await);
}

fn without_token(data: &Value) -> Value {
    let mut data = data.clone();
    if let Some(token) = data.get_mut("token") {
        *token = json!("…");
    }
    data
}
