//! IDENTIFY and RESUME: who gets a session.

use serde_json::{Value, json};

use super::hub::ResumeRefused;
use super::session::Shard;
use super::{Intents, close};
use crate::inner::Inner;
use crate::payload;
use crate::snowflake::Snowflake;

/// What a handshake led to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The session that the connection now serves.
    Session(String),
    /// INVALID_SESSION; the connection stays open for another try.
    Invalid { resumable: bool },
    /// The connection is closed.
    Close(close::Close),
}

/// How many guilds are announced under one lock of the world, READY included.
pub(super) const GUILDS_AT_ONCE: usize = 50;

/// Starts a session, or says why not.
pub(super) fn identify(inner: &Inner, connection: u64, data: &Value) -> Outcome {
    let outcome = match admit(inner, data) {
        Ok((shard, intents)) => start(inner, connection, shard, intents),
        Err(outcome) => outcome,
    };
    if !matches!(outcome, Outcome::Session(_)) {
        inner.hub.state().counters.refused_identifies += 1;
    }
    inner.touch();
    outcome
}

/// Checks what IDENTIFY asks for, before anything starts.
fn admit(inner: &Inner, data: &Value) -> Result<(Shard, Intents), Outcome> {
    if !is_token(inner, data) {
        return Err(Outcome::Close(close::AUTHENTICATION_FAILED));
    }
    let intents = data.get("intents").and_then(Value::as_u64).map(Intents::from_bits);
    let Some(intents) = intents.filter(|intents| Intents::ALL.contains(*intents)) else {
        return Err(Outcome::Close(close::INVALID_INTENTS));
    };
    if !inner.options.intents_allowed.contains(intents) {
        return Err(Outcome::Close(close::DISALLOWED_INTENTS));
    }
    let Some(shard) = shard(data) else { return Err(Outcome::Close(close::INVALID_SHARD)) };
    Ok((shard, intents))
}

fn is_token(inner: &Inner, data: &Value) -> bool {
    let token = data.get("token").and_then(Value::as_str).unwrap_or_default();
    token.trim_start_matches("Bot ") == inner.options.token && !inner.hub.is_token_reset()
}

fn shard(data: &Value) -> Option<Shard> {
    let Some(shard) = data.get("shard").filter(|shard| !shard.is_null()) else {
        return Some(Shard { id: 0, total: 1 });
    };
    let number = |index: usize| shard.get(index)?.as_u64().and_then(|number| u32::try_from(number).ok());
    let shard = Shard { id: number(0)?, total: number(1)? };
    (shard.id < shard.total).then_some(shard)
}

/// READY and the first guilds go out under one lock, so that nothing that happens meanwhile is missed.
fn start(inner: &Inner, connection: u64, shard: Shard, intents: Intents) -> Outcome {
    let options = &inner.options;
    let world = inner.world();
    let guilds: Vec<Snowflake> = world
        .guild_ids()
        .into_iter()
        .filter(|guild| shard.has(Some(*guild)) && world.is_bot_in(*guild))
        .collect();
    if guilds.len() > options.guilds_per_shard {
        return Outcome::Close(close::SHARDING_REQUIRED);
    }
    let mut state = inner.hub.state();
    let bucket = shard.id % options.max_concurrency;
    if state.last_identify.get(&bucket).is_some_and(|last| last.elapsed() < options.identify_interval) {
        return Outcome::Invalid { resumable: false };
    }
    if state.counters.identifies >= u64::from(options.session_starts) {
        state.reset_token();
        return Outcome::Close(close::AUTHENTICATION_FAILED);
    }
    state.last_identify.insert(bucket, std::time::Instant::now());
    state.forget_expired(options.resume_window);
    let ready_guilds: Vec<Value> =
        guilds.iter().map(|guild| json!({ "id": guild.to_string(), "unavailable": true })).collect();
    // Without the intent there is nothing to announce.
    let pending = if intents.contains(Intents::GUILDS) {
        guilds.into_iter().filter(|guild| world.is_available(*guild)).collect()
    } else {
        Vec::new()
    };
    let id = state.start(shard, intents, pending, connection);
    let ready = json!({
        "v": 10,
        "user": payload::ready_user(&world),
        "user_settings": {},
        "session_type": "normal",
        "session_id": id,
        "resume_gateway_url": inner.gateway_url(),
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guilds": ready_guilds,
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": [],
        "shard": [shard.id, shard.total],
        "application": payload::ready_application(&world),
        "_trace": [],
    });
    if let Some(session) = state.sessions.get_mut(&id) {
        session.push("READY", &ready.to_string());
        for guild in session.take_pending(GUILDS_AT_ONCE) {
            session.push("GUILD_CREATE", &payload::guild_create(&world, guild, intents).to_string());
        }
    }
    Outcome::Session(id)
}

/// Announces some of the guilds that are still due; `false` when none are left.
pub(super) fn announce_more(inner: &Inner, session: &str) -> bool {
    let world = inner.world();
    let mut state = inner.hub.state();
    let Some(session) = state.sessions.get_mut(session) else { return false };
    let guilds = session.take_pending(GUILDS_AT_ONCE);
    let intents = session.intents;
    for guild in &guilds {
        if world.is_bot_in(*guild) && world.is_available(*guild) {
            session.push("GUILD_CREATE", &payload::guild_create(&world, *guild, intents).to_string());
        }
    }
    drop(state);
    if guilds.is_empty() {
        return false;
    }
    inner.touch();
    true
}

/// Continues a session, or says why not.
pub(super) fn resume(inner: &Inner, connection: u64, data: &Value) -> Outcome {
    let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
    if !is_token(inner, data) {
        return Outcome::Close(close::AUTHENTICATION_FAILED);
    }
    let Some(sequence) = data.get("seq").and_then(Value::as_u64) else {
        return Outcome::Close(close::DECODE_ERROR);
    };
    let mut state = inner.hub.state();
    let resumed = state.resume(text("session_id"), sequence, connection, inner.options.resume_window);
    if resumed.is_err() {
        state.counters.refused_resumes += 1;
    }
    drop(state);
    inner.touch();
    match resumed {
        Ok(()) => Outcome::Session(text("session_id").to_owned()),
        Err(ResumeRefused::Unknown) => Outcome::Invalid { resumable: false },
        Err(ResumeRefused::Sequence) => Outcome::Close(close::INVALID_SEQUENCE),
    }
}
