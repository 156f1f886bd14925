//! Scheduled events.

use axum::http::Method;
use serde_json::{Value, json};

use super::call::{Call, id_of, text_of};
use super::{Answer, Refusal, Route};
use crate::api::ApiResponse;
use crate::payload;
use crate::permissions::Permissions;
use crate::snowflake::Snowflake;
use crate::world::{ScheduledEvent, Timestamp, World};

pub(super) const ROUTES: &[Route] = &[
    (Method::GET, "/guilds/{guild_id}/scheduled-events", list),
    (Method::POST, "/guilds/{guild_id}/scheduled-events", create),
    (Method::GET, "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}", get),
    (Method::PATCH, "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}", update),
    (Method::DELETE, "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}", delete),
    (Method::GET, "/guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/users", users),
];

/// How many events that are not over a guild bears.
const MOST_EVENTS: usize = 100;

fn list(call: &Call<'_>) -> Answer {
    let (id, world) = (call.id("guild_id")?, call.world());
    let with_count = call.is_set("with_user_count");
    let events = world.seen_guild(id)?.scheduled_events.values().filter(|event| event.status < 3);
    let values: Vec<Value> =
        events.map(|event| payload::scheduled_event(&world, event, with_count)).collect();
    Ok(ApiResponse::ok(json!(values)))
}

fn found<'w>(call: &Call<'_>, world: &'w World) -> Result<&'w ScheduledEvent, Refusal> {
    let (guild, id) = (call.id("guild_id")?, call.id("guild_scheduled_event_id")?);
    world.seen_guild(guild)?.scheduled_events.get(&id).ok_or(Refusal::UNKNOWN_SCHEDULED_EVENT)
}

fn get(call: &Call<'_>) -> Answer {
    let world = call.world();
    let event = found(call, &world)?;
    Ok(ApiResponse::ok(payload::scheduled_event(&world, event, call.is_set("with_user_count"))))
}

fn instant(body: &Value, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = text_of(body, name) else { return Ok(None) };
    let parsed = Timestamp::parse(text);
    parsed.map(Some).ok_or_else(|| {
        Refusal::form(name, "DATE_TIME_TYPE_PARSE", format!("Could not parse {text}. Should be ISO8601."))
    })
}

fn create(call: &Call<'_>) -> Answer {
    let (guild, body) = (call.id("guild_id")?, call.body());
    let mut change = call.change();
    let home = change.seen_guild(guild)?;
    if home.scheduled_events.values().filter(|event| event.status < 3).count() >= MOST_EVENTS {
        return Err(Refusal::TOO_MANY_EVENTS);
    }
    let entity_type = body["entity_type"].as_u64().and_then(|kind| u8::try_from(kind).ok());
    let event = ScheduledEvent {
        id: change.next_id(),
        guild,
        channel: id_of(body, "channel_id"),
        creator: change.bot_id(),
        name: text_of(body, "name").ok_or_else(|| Refusal::required("name"))?.to_owned(),
        description: text_of(body, "description").map(ToOwned::to_owned),
        start: instant(body, "scheduled_start_time")?
            .ok_or_else(|| Refusal::required("scheduled_start_time"))?,
        end: instant(body, "scheduled_end_time")?,
        status: 1,
        entity_type: entity_type.ok_or_else(|| Refusal::required("entity_type"))?,
        location: text_of(&body["entity_metadata"], "location").map(ToOwned::to_owned),
        interested: std::collections::BTreeSet::new(),
    };
    may_create(&change, &event)?;
    validate(&event, change.now())?;
    let id = event.id;
    change.add_scheduled_event(event);
    let event =
        change.seen_guild(guild)?.scheduled_events.get(&id).ok_or(Refusal::UNKNOWN_SCHEDULED_EVENT)?;
    Ok(ApiResponse::ok(payload::scheduled_event(&change, event, false)))
}

/// Create Events, in the guild or in the voice channel where it takes place, which the bot must be able to enter.
fn may_create(world: &World, event: &ScheduledEvent) -> Result<(), Refusal> {
    let needed = Permissions::CREATE_EVENTS;
    match event.channel {
        Some(channel) => {
            world.managed_channel(channel, needed | Permissions::CONNECT)?;
        }
        None => {
            world.managed_guild(event.guild, needed)?;
        }
    }
    Ok(())
}

/// What depends on the kind of event
/// (<https://discord.com/developers/docs/resources/guild-scheduled-event#guild-scheduled-event-object-field-requirements-by-entity-type>).
fn validate(event: &ScheduledEvent, now: Timestamp) -> Result<(), Refusal> {
    let is_external = event.entity_type == 3;
    if is_external && event.location.as_deref().is_none_or(str::is_empty) {
        return Err(Refusal::required("entity_metadata"));
    }
    if is_external && event.end.is_none() {
        return Err(Refusal::required("scheduled_end_time"));
    }
    if !is_external && event.channel.is_none() {
        return Err(Refusal::required("channel_id"));
    }
    if event.status == 1 && event.start <= now {
        let message = "Cannot schedule event in the past.";
        return Err(Refusal::form("scheduled_start_time", "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", message));
    }
    if event.end.is_some_and(|end| end <= event.start) {
        let message = "Cannot schedule event to end before it starts.";
        return Err(Refusal::form("scheduled_end_time", "GUILD_SCHEDULED_EVENT_END_BEFORE_START", message));
    }
    Ok(())
}

/// Its own events the bot manages with Create Events, those of others with Manage Events.
fn may_manage(world: &World, event: &ScheduledEvent) -> Result<(), Refusal> {
    let held = event.channel.map_or_else(
        || world.permissions_in_guild(event.guild, world.bot_id()),
        |channel| world.permissions_in(channel, world.bot_id()),
    );
    let owns = event.creator == world.bot_id() && held.contains(Permissions::CREATE_EVENTS);
    if owns || held.contains(Permissions::MANAGE_EVENTS) { Ok(()) } else { Err(Refusal::MISSING_PERMISSIONS) }
}

fn update(call: &Call<'_>) -> Answer {
    let body = call.body();
    let mut change = call.change();
    let old = found(call, &change)?.clone();
    may_manage(&change, &old)?;
    if old.status >= 3 {
        return Err(Refusal::EVENT_IS_OVER);
    }
    let mut new = old.clone();
    if let Some(name) = text_of(body, "name") {
        name.clone_into(&mut new.name);
    }
    if let Some(description) = body.get("description") {
        new.description = description.as_str().map(ToOwned::to_owned);
    }
    if let Some(kind) = body["entity_type"].as_u64().and_then(|kind| u8::try_from(kind).ok()) {
        new.entity_type = kind;
    }
    if body.get("channel_id").is_some() {
        new.channel = id_of(body, "channel_id");
    }
    if let Some(location) = text_of(&body["entity_metadata"], "location") {
        new.location = Some(location.to_owned());
    }
    if let Some(start) = instant(body, "scheduled_start_time")? {
        new.start = start;
    }
    if body.get("scheduled_end_time").is_some() {
        new.end = instant(body, "scheduled_end_time")?;
    }
    if let Some(status) = body["status"].as_u64().and_then(|status| u8::try_from(status).ok()) {
        // Scheduled becomes active or cancelled, active becomes completed, and nothing else.
        if !matches!((old.status, status), (1, 1 | 2 | 4) | (2, 2 | 3)) {
            return Err(Refusal::form("status", "BASE_TYPE_CHOICES", "Invalid status transition"));
        }
        new.status = status;
    }
    let is_same_start = new.start == old.start;
    validate(&new, if is_same_start { Timestamp::from_millis(0) } else { change.now() })?;
    let (guild, id) = (new.guild, new.id);
    change.update_scheduled_event(guild, id, |event| *event = new);
    let event = found(call, &change)?;
    Ok(ApiResponse::ok(payload::scheduled_event(&change, event, false)))
}

fn delete(call: &Call<'_>) -> Answer {
    let mut change = call.change();
    let event = found(call, &change)?;
    may_manage(&change, event)?;
    let (guild, id) = (event.guild, event.id);
    change.delete_scheduled_event(guild, id);
    Ok(ApiResponse::no_content())
}

fn users(call: &Call<'_>) -> Answer {
    let (limit, before, after) = (call.limit(100, 100)?, call.query_id("before")?, call.query_id("after")?);
    let world = call.world();
    let event = found(call, &world)?;
    let guild = world.seen_guild(event.guild)?;
    let page: Vec<Snowflake> = event
        .interested
        .iter()
        .copied()
        .filter(|user| before.is_none_or(|before| *user < before) && after.is_none_or(|after| *user > after))
        .take(limit)
        .collect();
    let with_member = call.is_set("with_member");
    let values: Vec<Value> = page
        .into_iter()
        .map(|user| {
            let mut value = json!({
                "guild_scheduled_event_id": event.id,
                "user_id": user,
                "user": payload::user(&world, user),
                "response": 1,
            });
            if with_member && let Some(member) = payload::member(&world, guild, user) {
                value["member"] = member;
            }
            value
        })
        .collect();
    Ok(ApiResponse::ok(json!(values)))
}
