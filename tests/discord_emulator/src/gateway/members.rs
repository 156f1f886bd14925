//! REQUEST_GUILD_MEMBERS: members in chunks, and the whole list only now and then.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Intents, close};
use crate::inner::Inner;
use crate::payload;
use crate::snowflake::Snowflake;

/// The most members in one chunk.
const CHUNK: usize = 1000;

/// The most members that a search or a list of users returns.
const MAX_FOUND: usize = 100;

/// The longest nonce that comes back, in bytes.
const MAX_NONCE_BYTES: usize = 32;

/// What was asked for (<https://discord.com/developers/docs/events/gateway-events#request-guild-members>).
struct Request {
    guild: Snowflake,
    query: String,
    limit: usize,
    users: Vec<Snowflake>,
    nonce: Option<String>,
}

impl Request {
    fn parse(data: &Value) -> Option<Self> {
        // A list with one guild is still understood.
        let guild = data.get("guild_id").and_then(|guild| guild.get(0).or(Some(guild))).and_then(id)?;
        let users = match data.get("user_ids") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(users)) => users.iter().map(id).collect::<Option<_>>()?,
            Some(user) => vec![id(user)?],
        };
        let query = data.get("query").and_then(Value::as_str).map(ToOwned::to_owned);
        if users.is_empty() && query.is_none() {
            return None;
        }
        let limit = data.get("limit").and_then(Value::as_u64).unwrap_or(0);
        let nonce = data.get("nonce").and_then(Value::as_str).map(ToOwned::to_owned);
        Some(Self {
            guild,
            query: query.unwrap_or_default(),
            limit: usize::try_from(limit).ok()?,
            users,
            nonce: nonce.filter(|nonce| nonce.len() <= MAX_NONCE_BYTES),
        })
    }

    fn is_for_all(&self) -> bool {
        self.users.is_empty() && self.query.is_empty() && self.limit == 0
    }

    fn limit(&self) -> usize {
        if self.is_for_all() {
            usize::MAX
        } else if self.limit == 0 {
            MAX_FOUND
        } else {
            self.limit.min(MAX_FOUND)
        }
    }
}

/// Answers the request with chunks, or with RATE_LIMITED; an error closes the connection.
pub(super) fn request(inner: &Inner, session: &str, data: &Value) -> Result<(), close::Close> {
    let request = Request::parse(data).ok_or(close::DECODE_ERROR)?;
    let world = inner.world();
    let mut state = inner.hub.state();
    let Some(asking) = state.sessions.get(session) else { return Ok(()) };
    if request.is_for_all() && !asking.intents.contains(Intents::GUILD_MEMBERS) {
        return Err(close::DISALLOWED_INTENTS);
    }
    if !asking.shard.has(Some(request.guild)) || !world.is_bot_in(request.guild) {
        return Ok(());
    }
    if request.is_for_all() {
        let interval = inner.options.members_request_interval;
        let elapsed = state.members_requested.get(&request.guild).map(Instant::elapsed);
        if let Some(left) = elapsed.and_then(|elapsed| interval.checked_sub(elapsed)) {
            let refusal = json!({
                "opcode": 8,
                "retry_after": left.as_secs_f64(),
                "meta": { "guild_id": request.guild.to_string(), "nonce": request.nonce },
            });
            drop(state);
            inner.hub.dispatch_to(session, "RATE_LIMITED", &refusal);
            return Ok(());
        }
        state.members_requested.insert(request.guild, Instant::now());
    }
    drop(state);
    let users = request.users.get(..MAX_FOUND).unwrap_or(&request.users);
    let listed = (!users.is_empty()).then_some(users);
    let found = payload::members_chunk(&world, request.guild, Some(&request.query), request.limit(), listed);
    for chunk in chunks(&request, users, &found) {
        inner.hub.dispatch_to(session, "GUILD_MEMBERS_CHUNK", &chunk);
    }
    Ok(())
}

fn chunks(request: &Request, users: &[Snowflake], found: &[Value]) -> Vec<Value> {
    let none: &[Value] = &[];
    let parts: Vec<&[Value]> = if found.is_empty() { vec![none] } else { found.chunks(CHUNK).collect() };
    let count = parts.len();
    let chunk = |(index, members): (usize, &&[Value])| {
        let mut chunk = json!({
            "guild_id": request.guild.to_string(),
            "members": members,
            "chunk_index": index,
            "chunk_count": count,
        });
        if let Some(nonce) = &request.nonce {
            chunk["nonce"] = json!(nonce);
        }
        if !users.is_empty() {
            chunk["not_found"] = json!(not_found(users, found));
        }
        chunk
    };
    parts.iter().enumerate().map(chunk).collect()
}

fn not_found(users: &[Snowflake], found: &[Value]) -> Vec<String> {
    let is_found = |user: &str| found.iter().any(|member| member.pointer("/user/id") == Some(&json!(user)));
    users.iter().map(ToString::to_string).filter(|user| !is_found(user)).collect()
}

fn id(value: &Value) -> Option<Snowflake> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    number.map(Snowflake::new)
}
