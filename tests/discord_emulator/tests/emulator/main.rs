//! The emulator, held against a real client: serenity 0.12 over real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

mod clerk;
mod events;
mod faults;
mod gateway;
mod intents;
mod interactions;
mod messages;
mod outages;
mod people;
mod permissions;
mod protocol;
mod requests;
mod routes;
mod shards;
mod support;
mod sweep;
